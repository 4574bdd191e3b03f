"""Settings -> index and engine: the only place where the real parts are put together."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from corpus.frozen import FrozenStore
from corpus.ingest import PARSER
from corpus.queries import Queries
from corpus.store import Store
from index.adapt import Report, adapt, items_of, remove, save
from index.carriers import carrier_of
from index.encoder import BUILTIN, Encoder, StaticEncoder, is_earlier_builtin, load_encoder
from index.errors import SnapshotError
from index.passages import VERSION as PASSAGES_VERSION
from index.passages import passages_of_all
from index.reader.load import load_reader
from index.reader.types import JointReader
from index.rerank import load_reranker
from index.searcher import Searcher
from index.snapshot import CURRENT, Carrier, Progress, Snapshot, build_snapshot, open_snapshot
from index.tokens import Tokenizer
from index.types import Passage
from qa.decide.scorer import MAX_WRONG_RATE, load_scorer
from qa.engine import Engine
from qa.errors import BadSetting
from qa.lexicon import load_lexicon
from qa.turns.memory import Conversations
from qa.typos import Spelling
from qa.understand import Understander

INDEX = "index"
"""The folder of the index inside a data folder."""

MODEL = "model"
"""The encoder adapted to the documents of a data folder (`tiaowen adapt`), inside it."""

LEXICON = "lexicon.toml"
"""The operator's own words inside a data folder."""

STORE = "store.sqlite3"
"""The copy of the documents inside a snapshot: answers are read from it, so that they and the index are of one state."""

_TAKEN = ".taken.sqlite3"
"""Beside the snapshots: a copy that was taken between two changes, until the next snapshot has it."""

BUILT_FROM = "built-from.txt"
"""What a snapshot was built from, in short, inside it."""

_log = logging.getLogger(__name__)


def encoder_of(data: Path, named: str = "") -> str:
    """The encoder for a data folder: the one `named`, else the one adapted to its documents, else the builtin one."""
    adapted = data / MODEL
    return named or (str(adapted) if adapted.is_dir() else BUILTIN)


def adapt_encoder(data: Path, progress: Progress | None = None, index: str = "") -> tuple[Report, bool]:
    """Fits the builtin encoder to the documents of a data folder; it is in use from then on where it is worth it.

    Returns what it came to and whether it was kept; where it was not, all is as it was. Raises StoreError,
    SnapshotError, and EncoderError where there are too few clauses.
    """
    store = Store(data, create=False)
    update_index(store, data, progress=progress, index=index)
    snapshot = open_snapshot(data / INDEX, carrier=carrier_of(index))
    frozen = FrozenStore(snapshot.folder / STORE)
    items = items_of(((document, frozen.clauses(document.id)) for document in frozen.documents()), snapshot)
    base = load_encoder(BUILTIN)
    assert isinstance(base, StaticEncoder)
    encoder, report = adapt(snapshot, items, base, Tokenizer(), progress=progress)
    if report.reason:
        return report, False
    save(encoder, report, data / MODEL)
    update_index(store, data, progress=progress, index=index)
    return report, True


def undo_adapt(data: Path, progress: Progress | None = None, index: str = "") -> bool:
    """Goes back to the builtin encoder; False where none was adapted. Raises StoreError, SnapshotError."""
    store = Store(data, create=False)
    if not remove(data / MODEL):
        return False
    update_index(store, data, progress=progress, index=index)
    return True


def build_engine(
    data: Path,
    encoder: str = "",
    reranker: str = "",
    max_wrong_rate: str = "",
    reader: str | JointReader = "",
    *,
    conversations: Conversations | None = None,
    tokenizer: Tokenizer | None = None,
    index: str = "",
) -> Engine:
    """The engine over a data folder; the encoder, and a CrossEncoder where one is named as reranker ("" is the builtin one,
    "none" none), are loaded at the first search, and the model that reads passages ("" is the builtin one, "none" none, or a
    reader at hand, which engines may share) at the first reading.

    Documents are read from the copy that the snapshot carries: what is ingested meanwhile is seen by the next engine. An
    index of before there were such copies, or of an earlier builtin encoder, is brought up to date first, which is logged. `conversations` are kept in the
    engine's own memory where none are given; engines may share a `tokenizer`.

    `max_wrong_rate` is the share of the answers given that may be wrong, 0..1, as the operator wrote it. `index` is who carries the
    index ("" is files, see index.carriers). Raises StoreError or SnapshotError where nothing was ingested, BadLexicon, BadSetting,
    and IndexAway.
    """
    reading = load_reader(reader) if isinstance(reader, str) else reader
    threshold = _threshold(max_wrong_rate, reading is not None)
    snapshot = _brought_up(open_snapshot(data / INDEX, carrier=carrier_of(index)), data, encoder, index)
    store = FrozenStore(snapshot.folder / STORE)
    tokenizer = tokenizer or Tokenizer()
    searcher = Searcher(
        snapshot, lambda: load_encoder(encoder_of(data, encoder)), tokenizer, reranker=load_reranker(reranker)
    )
    lexicon = load_lexicon(data / LEXICON)
    spelling = Spelling(searcher.document_frequency, len(snapshot), tokenizer, lexicon.lay)
    regions = store.regions()
    understander = Understander(lexicon, tokenizer.words, spelling, regions)
    return Engine(store, searcher, understander, threshold, reading, conversations)


def stamp(data: Path, encoder: str = "") -> tuple[object, ...]:
    """What an engine over a data folder would be built from now: another one where something was published, adapted or set
    anew. To be compared with ==; costs a few looks at the file system."""
    return tuple(
        _state(path) for path in (data / INDEX / CURRENT, data / LEXICON, data / MODEL, Path(encoder or data / MODEL))
    )


def _state(path: Path) -> tuple[int, int, int] | None:
    """Changes when a file or folder is written or another takes its name; None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _threshold(max_wrong_rate: str, read: bool) -> float:
    try:
        rate = float(max_wrong_rate) if max_wrong_rate else MAX_WRONG_RATE
        return load_scorer(read).threshold_for(rate)
    except ValueError as error:
        raise BadSetting(
            f"TIAOWEN_MAX_WRONG_RATE 的值无效：{max_wrong_rate}", "填 0 到 1 之间的小数，如 0.05 表示所答至多 5% 有误"
        ) from error


def _brought_up(snapshot: Snapshot, data: Path, encoder: str, index: str) -> Snapshot:
    """The snapshot, or, where an earlier version of this program made it in another way, the one that it was brought up to date to."""
    if not (snapshot.folder / STORE).is_file():
        fault = "没有随带文件库"
    elif encoder_of(data, encoder) == BUILTIN and is_earlier_builtin(snapshot.encoder_id):
        fault = "用的是以前的内置编码模型"
    else:
        return snapshot
    _log.warning("索引 %s 由旧版本建立，%s。现在更新索引", snapshot.folder, fault)
    update_index(Store(data, create=False), data, encoder, index=index)
    return open_snapshot(data / INDEX, carrier=carrier_of(index))


def update_index(
    store: Store, data: Path, encoder: str = "", progress: Progress | None = None, *, index: str = ""
) -> int | None:
    """Brings the index up to date where the documents, the encoder, the way of cutting or who carries it (`index`) changed.

    Only passages whose text is new are tokenised and encoded; all are where the encoder, the tokeniser or the format of
    the index is another, which is logged. Returns the number of passages, or None where the index was up to date. Raises
    SnapshotError, EncoderError, IndexAway.
    """
    model, carrier = load_encoder(encoder_of(data, encoder)), carrier_of(index)
    revision = store.revision()
    if _built_from(data / INDEX, model, carrier) == _fingerprint(store, model):
        if store.unpublished():
            store.published(revision)
        return None

    def freeze(path: Path) -> None:
        store.make_lasting()
        store.freeze(path)

    return _build(store, data, freeze, model, carrier, progress)


def follow_index(
    store: Store,
    data: Path,
    settled: AbstractContextManager[None],
    encoder: str = "",
    progress: Progress | None = None,
    *,
    index: str = "",
) -> int | None:
    """`update_index` after a change of another machine: `settled` is held while the copy is taken of which the index is made, and not
    while it is made."""
    model, carrier = load_encoder(encoder_of(data, encoder)), carrier_of(index)
    copy = data / INDEX / _TAKEN
    copy.unlink(missing_ok=True)
    with settled:
        store.freeze(copy)
    try:
        frozen = FrozenStore(copy)
        if _built_from(data / INDEX, model, carrier) == _fingerprint(frozen, model):
            store.published(frozen.revision())
            return None
        return _build(store, data, copy.rename, model, carrier, progress)
    finally:
        copy.unlink(missing_ok=True)


def _build(
    store: Store,
    data: Path,
    freeze: Callable[[Path], object],
    model: Encoder,
    carrier: Carrier,
    progress: Progress | None,
) -> int:
    revision = 0

    def passages(folder: Path) -> Sequence[Passage]:
        nonlocal revision
        freeze(folder / STORE)
        frozen = FrozenStore(folder / STORE)  # whoever writes to the store meanwhile: passages are those of the copy
        revision = frozen.revision()
        (folder / BUILT_FROM).write_text(_fingerprint(frozen, model), "utf-8")
        return passages_of_all((document, frozen.clauses(document.id)) for document in frozen.documents())

    made = len(build_snapshot(passages, data / INDEX, model, progress, reuse=True, carrier=carrier))
    store.published(revision)
    return made


def _fingerprint(store: Queries, encoder: Encoder) -> str:
    parts = (store.digest(), PARSER, encoder.id, Tokenizer().settings_id, str(PASSAGES_VERSION))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _built_from(folder: Path, encoder: Encoder, carrier: Carrier) -> str:
    """The fingerprint of what the index in use was built from; "" where there is none that can be used."""
    try:
        snapshot = open_snapshot(folder, encoder_id=encoder.id, carrier=carrier)
        return (snapshot.folder / BUILT_FROM).read_text("utf-8") if (snapshot.folder / STORE).is_file() else ""
    except (SnapshotError, OSError):
        return ""
