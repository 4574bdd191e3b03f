"""Settings -> index and engine: the only place where the real parts are put together."""

from __future__ import annotations

import hashlib
from pathlib import Path

from corpus.ingest import PARSER
from corpus.store import Store
from index.encoder import Encoder, load_encoder
from index.errors import SnapshotError
from index.passages import VERSION as PASSAGES_VERSION
from index.passages import passages_of_all
from index.searcher import Searcher
from index.snapshot import Progress, build_snapshot, open_snapshot
from index.tokens import Tokenizer
from qa.engine import Engine
from qa.lexicon import load_lexicon
from qa.typos import Spelling
from qa.understand import Understander

INDEX = "index"
"""The folder of the index inside a data folder."""

LEXICON = "lexicon.toml"
"""The operator's own words inside a data folder."""

_INDEXED = "indexed"


def build_engine(data: Path, encoder: str = "builtin") -> Engine:
    """The engine over a data folder; the encoder is loaded at the first search.

    Raises StoreError or SnapshotError where nothing was ingested, and BadLexicon.
    """
    store = Store(data, create=False)
    snapshot = open_snapshot(data / INDEX)
    tokenizer = Tokenizer()
    searcher = Searcher(snapshot, lambda: load_encoder(encoder), tokenizer)
    lexicon = load_lexicon(data / LEXICON)
    spelling = Spelling(searcher.document_frequency, len(snapshot), tokenizer, lexicon.lay)
    regions = store.regions()
    return Engine(store, searcher, Understander(lexicon, tokenizer.words, spelling, regions))


def update_index(store: Store, data: Path, encoder: str = "builtin", progress: Progress | None = None) -> int | None:
    """Builds the index anew where the documents, the encoder or the way of cutting changed.

    Returns the number of passages, or None where the index was up to date. Raises SnapshotError, EncoderError.
    """
    model = load_encoder(encoder)
    wanted = _fingerprint(store, model)
    if store.note(_INDEXED) == wanted and _is_usable(data / INDEX, model):
        return None
    passages = passages_of_all((document, store.clauses(document.id)) for document in store.documents())
    build_snapshot(passages, data / INDEX, model, progress)
    store.set_note(_INDEXED, wanted)
    return len(passages)


def _fingerprint(store: Store, encoder: Encoder) -> str:
    parts = (store.digest(), PARSER, encoder.id, Tokenizer().settings_id, str(PASSAGES_VERSION))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _is_usable(folder: Path, encoder: Encoder) -> bool:
    try:
        open_snapshot(folder, encoder_id=encoder.id)
    except SnapshotError:
        return False
    return True
