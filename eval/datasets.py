"""Question sets from files: BEIR folders and gold rows. A broken line is an error that names the file and the line."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus.errors import PolicyError


class BadDataset(PolicyError):
    """A file of a question set is missing or has a line that cannot be read."""

    code = "bad_dataset"
    status = 400


@dataclass(frozen=True, slots=True)
class BeirDocument:
    """A row of corpus.jsonl. `heading` is `metadata.heading` where the set has it, else empty."""

    id: str
    title: str
    text: str
    heading: str = ""


@dataclass(frozen=True, slots=True)
class BeirQuery:
    """A row of queries.jsonl."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class BeirSet:
    """A corpus, the queries that one split judges, and its judgements (query id -> document id -> grade).

    `train_documents` are the documents that occur in qrels/train.tsv, None where there is no such file or it is the
    split that was read: what a model trained on the set may have seen.
    """

    folder: Path
    split: str
    documents: tuple[BeirDocument, ...] = field(repr=False)
    queries: tuple[BeirQuery, ...] = field(repr=False)
    qrels: dict[str, dict[str, int]] = field(repr=False)
    train_documents: frozenset[str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question with its right answers (any one will do) and the words of the corpus that carry them."""

    id: str
    question: str
    type: str
    style: str
    answers: tuple[str, ...]
    items: tuple[str, ...]
    quote: str
    alt_quotes: tuple[str, ...]
    document: str
    clause: str


@dataclass(frozen=True, slots=True)
class GoldConversation:
    """Questions asked one after the other, where later ones lean on earlier ones. Turns have ids `<id>.<0..>`."""

    id: str
    turns: tuple[GoldQuestion, ...]


@dataclass(frozen=True, slots=True)
class Unanswerable:
    """A question that the corpus does not answer, and why. `document` is the one that it is near to, if any."""

    id: str
    question: str
    style: str
    why: str
    document: str = ""


@dataclass(frozen=True, slots=True)
class GoldRetrieval:
    """A question with the passages that answer it, word for word."""

    id: str
    question: str
    style: str
    quotes: tuple[str, ...]
    title: str


GoldRow = GoldQuestion | GoldConversation | Unanswerable | GoldRetrieval


def is_beir(path: Path) -> bool:
    """Whether `path` is a folder in BEIR layout."""
    return (path / "queries.jsonl").is_file() and (path / "qrels").is_dir()


def corpus_file(folder: Path) -> Path:
    """corpus.jsonl or corpus.jsonl.xz of a BEIR folder. Raises BadDataset where there is neither."""
    for name in ("corpus.jsonl", "corpus.jsonl.xz"):
        if (folder / name).is_file():
            return folder / name
    raise BadDataset(f"{folder} 中没有 corpus.jsonl 或 corpus.jsonl.xz", "检查路径是否为 BEIR 格式的数据集目录")


def read_beir(folder: Path, split: str = "test") -> BeirSet:
    """Read a BEIR folder: corpus.jsonl(.xz), queries.jsonl, qrels/<split>.tsv. Raises BadDataset."""
    documents = []
    known = set()
    corpus = corpus_file(folder)
    for where, row in _objects(corpus):
        metadata = row.get("metadata")
        heading = _text(metadata, "heading", where, "") if isinstance(metadata, dict) else ""
        document = BeirDocument(
            _text(row, "_id", where), _text(row, "title", where, ""), _text(row, "text", where), heading
        )
        if document.id in known:
            raise _bad(where, f"编号 {document.id} 重复")
        known.add(document.id)
        documents.append(document)
    texts = {_text(row, "_id", where): _text(row, "text", where) for where, row in _objects(folder / "queries.jsonl")}
    judgements = folder / "qrels" / f"{split}.tsv"
    qrels = _read_qrels(judgements)
    missing = next((query for query in qrels if query not in texts), None)
    if missing is not None:
        raise BadDataset(f"{judgements} 中的问题 {missing} 不在 queries.jsonl 中", "补全 queries.jsonl")
    train = folder / "qrels" / "train.tsv"
    seen = None
    if split != "train" and train.is_file():
        seen = frozenset(document for grades in _read_qrels(train).values() for document in grades)
    queries = tuple(BeirQuery(query, texts[query]) for query in qrels)
    return BeirSet(folder, split, tuple(documents), queries, qrels, seen)


def read_gold(path: Path) -> tuple[GoldRow, ...]:
    """Read gold rows, one JSON object a line; `type` says which kind a row is. Raises BadDataset."""
    return tuple(_gold_row(row, where) for where, row in _objects(path))


@dataclass(frozen=True, slots=True)
class _Line:
    """Where a row stands: for error messages."""

    path: Path
    number: int


def _gold_row(row: dict[str, Any], where: _Line) -> GoldRow:
    identity = _text(row, "id", where)
    kind = _text(row, "type", where)
    if kind == "conversation":
        turns = row.get("turns")
        if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
            raise _bad(where, "“turns”应为对象的非空列表")
        return GoldConversation(
            identity, tuple(_gold_question(turn, f"{identity}.{n}", "turn", where) for n, turn in enumerate(turns))
        )
    if kind == "unanswerable":
        question, style = _text(row, "question", where), _text(row, "style", where, "")
        return Unanswerable(identity, question, style, _text(row, "why", where, ""), _text(row, "doc", where, ""))
    if kind == "retrieval":
        return GoldRetrieval(
            identity,
            _text(row, "question", where),
            _text(row, "style", where, ""),
            _texts(row, "quotes", where, needed=True),
            _text(row, "title", where, ""),
        )
    return _gold_question(row, identity, kind, where)


def _gold_question(row: dict[str, Any], identity: str, kind: str, where: _Line) -> GoldQuestion:
    return GoldQuestion(
        id=identity,
        question=_text(row, "question", where),
        type=kind,
        style=_text(row, "style", where, ""),
        answers=_texts(row, "answers", where, needed=True),
        items=_texts(row, "items", where),
        quote=_text(row, "quote", where),
        alt_quotes=_texts(row, "alt_quotes", where),
        document=_text(row, "doc", where, ""),
        clause=_text(row, "clause", where, ""),
    )


def _read_qrels(path: Path) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    for where, line in _lines(path):
        cells = line.split("\t")
        if where.number == 1 and not cells[-1].strip().lstrip("-").isdigit():
            continue  # the header
        if len(cells) != 3 or not cells[2].strip().lstrip("-").isdigit():
            raise _bad(where, "应为“问题编号、文档编号、等级”三列，以制表符分隔")
        qrels.setdefault(cells[0], {})[cells[1]] = int(cells[2])
    if not qrels:
        raise BadDataset(f"{path} 中没有标注", "检查该数据集划分是否完整")
    return qrels


def _objects(path: Path) -> Iterator[tuple[_Line, dict[str, Any]]]:
    for where, line in _lines(path):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise _bad(where, "不是合法的 JSON") from error
        if not isinstance(row, dict):
            raise _bad(where, "应为 JSON 对象")
        yield where, row


def _lines(path: Path) -> Iterator[tuple[_Line, str]]:
    """The lines of a UTF-8 file (.xz is unpacked) that are not blank."""
    number = 0
    try:
        with lzma.open(path, "rb") if path.suffix == ".xz" else path.open("rb") as file:
            for number, line in enumerate(file, 1):
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                if text.strip():
                    yield _Line(path, number), text
    except UnicodeDecodeError as error:
        raise _bad(_Line(path, number), "不是 UTF-8 文本") from error
    except (OSError, lzma.LZMAError, EOFError) as error:
        raise BadDataset(f"{path} 无法读取：{getattr(error, 'strerror', None) or error}", "检查路径和文件") from error


def _text(row: dict[str, Any], key: str, where: _Line, default: str | None = None) -> str:
    value = row.get(key, default)
    if not isinstance(value, str) or (default is None and not value):
        raise _bad(where, f"“{key}”应为{'非空' if default is None else ''}字符串")
    return value


def _texts(row: dict[str, Any], key: str, where: _Line, needed: bool = False) -> tuple[str, ...]:
    value = row.get(key, [])
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value) or (needed and not value):
        raise _bad(where, f"“{key}”应为{'非空' if needed else ''}字符串列表")
    return tuple(value)


def _bad(where: _Line, why: str) -> BadDataset:
    return BadDataset(f"{where.path} 第 {where.number} 行：{why}", "改正该行后再试")
