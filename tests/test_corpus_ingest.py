"""Files and folders -> the store: what is reported, what stays the same, and what documents say of each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from corpus import reading
from corpus.errors import BadFile, NotFound, StoreError
from corpus.ingest import find_files, ingest
from corpus.queries import Counts
from corpus.readers import Line, ocr
from corpus.readers.errors import NoTextLayer
from corpus.reading import read_documents
from corpus.store import Store
from corpus.types import Anchor, Document, Span, Validity

pytestmark = pytest.mark.usefixtures("database")

OLD = "澜江市旧停车办法\n第一条 停车收费每小时5元。\n第二条 本办法自2010年1月1日起施行。\n"
NEW = "澜江市停车管理办法\n第一条 停车收费每小时3元。\n第二条 本办法自2025年1月1日起施行。《澜江市旧停车办法》同时废止。\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


def write(folder: Path, **files: str | bytes) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_a_bad_file_is_reported_and_the_others_go_in(tmp_path: Path, store: Store) -> None:
    folder = write(tmp_path / "in", a=OLD, b=b"", c=b"\x89PNG\r\n\x1a\n" + bytes(range(256)), d=NEW, e=b" \n ")
    seen: list[str] = []
    report = ingest(store, [folder], seen.append)
    assert [(f.file, f.outcome, f.code) for f in report.files] == [
        ("a.txt", "added", ""),
        ("b.txt", "rejected", "empty_file"),
        ("c.txt", "rejected", "not_text"),
        ("d.txt", "added", ""),
        ("e.txt", "rejected", "empty_file"),
    ]
    assert seen == [f.file for f in report.files]
    assert all(f.message and f.hint for f in report.files if f.outcome == "rejected")
    assert store.counts() == Counts(2, 2, sum(f.clauses for f in report.files))


def test_a_file_too_large_is_rejected_unread(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.parts.MAX_BYTES", 10)
    (report,) = ingest(store, [write(tmp_path / "in", a=OLD)]).files
    assert (report.outcome, report.code) == ("rejected", "file_too_large")


def test_ingesting_again_changes_nothing_until_the_file_changes(tmp_path: Path, store: Store) -> None:
    folder = write(tmp_path / "in", a=OLD)
    assert ingest(store, [folder]).count("added") == 1
    before = store.digest()
    again = ingest(store, [folder])
    assert again.count("unchanged") == 1
    assert not again.changed
    assert store.digest() == before
    write(folder, a=OLD.replace("5元", "6元"))
    assert ingest(store, [folder]).count("updated") == 1
    assert store.digest() != before
    assert [d.text.count("6元") for d in store.documents()] == [1]


def test_the_same_text_in_two_files_is_one_document_with_two_sources(tmp_path: Path, store: Store) -> None:
    folder = write(tmp_path / "in", a=OLD, b="\ufeff" + OLD)
    ingest(store, [folder])
    (document,) = store.documents()
    assert [source.file for source in document.sources] == ["a.txt", "b.txt"]
    store.drop_file(str((folder / "a.txt").resolve()))
    assert [source.file for source in store.document(document.id).sources] == ["b.txt"]
    store.drop_file(str((folder / "b.txt").resolve()))
    assert store.counts() == Counts(0, 0, 0)


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_repealed_document_knows_by_what(tmp_path: Path, store: Store, order: tuple[str, str]) -> None:
    folder = write(tmp_path / "in", a=OLD, b=NEW)
    for name in order:
        ingest(store, [folder / f"{name}.txt"])
    by_title = {document.title: document for document in store.documents()}
    old, new = by_title["澜江市旧停车办法"], by_title["澜江市停车管理办法"]
    assert old.validity.repealed_by == new.title
    assert old.status_on(date(2025, 6, 1)) == "repealed"
    assert new.validity.repealed_by is None
    assert [(link.kind, link.target) for link in new.links] == [("repeals", old.id)]
    store.drop_file(str((folder / "b.txt").resolve()))
    store.link()
    assert store.document(old.id).validity.repealed_by is None


def test_what_is_read_is_what_is_stored(tmp_path: Path, store: Store) -> None:
    ingest(store, [write(tmp_path / "in", a=NEW)])
    ((read, clauses),) = read_documents(NEW.encode(), "a.txt")
    (stored,) = store.documents()
    assert replace(stored, sources=(), links=()) == replace(read, sources=(), links=())
    assert stored.sources[0].line_end == read.sources[0].line_end
    assert tuple(store.clauses(stored.id)) == clauses
    assert store.clause(clauses[1].id) == clauses[1]


def test_documents_are_paged_in_order(tmp_path: Path, store: Store) -> None:
    ingest(store, [write(tmp_path / "in", **{f"f{n}": OLD.replace("5元", f"{n}元") for n in range(5)})])
    ids = [document.id for document in store.documents()]
    assert [document.id for document in store.documents(limit=2)] == ids[:2]
    assert [document.id for document in store.documents(limit=2, after=ids[1])] == ids[2:4]
    assert store.documents(after=ids[-1]) == []
    with pytest.raises(NotFound):
        store.documents(after="0" * 16)


def test_what_is_not_there_is_not_found(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        store.document("0" * 16)
    with pytest.raises(NotFound):
        store.clause("0" * 16)
    assert store.clauses("0" * 16) == []
    with pytest.raises(StoreError, match="没有导入"):
        Store(tmp_path / "nothing", create=False)


def test_a_write_that_fails_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction() as connection:
        connection.execute("INSERT INTO files VALUES ('p', 'n', 's', 'v')")
        raise RuntimeError
    assert store.counts().files == 0


def test_files_are_found_once_and_hidden_ones_are_not(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a=OLD)
    write(folder / "sub", b=NEW)
    write(folder / ".git", c=NEW)
    assert [name for _, name in find_files([folder, folder / "a.txt"])] == ["a.txt", "sub/b.txt"]
    with pytest.raises(BadFile, match="找不到"):
        find_files([tmp_path / "absent"])


# -- the values that corpus/ hands on ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("validity", "day", "status"),
    [
        (Validity(date(2025, 1, 1), date(2025, 12, 31)), date(2024, 12, 31), "not_yet"),
        (Validity(date(2025, 1, 1), date(2025, 12, 31)), date(2025, 1, 1), "in_force"),
        (Validity(date(2025, 1, 1), date(2025, 12, 31)), date(2025, 12, 31), "in_force"),
        (Validity(date(2025, 1, 1), date(2025, 12, 31)), date(2026, 1, 1), "expired"),
        (Validity(date(2025, 1, 1), None), date(2040, 1, 1), "in_force"),
        (Validity(None, date(2025, 12, 31)), date(2025, 1, 1), "in_force"),
        (Validity(), date(2025, 1, 1), "unknown"),
        (Validity(date(2025, 1, 1), None, "新办法"), date(2025, 1, 1), "repealed"),
    ],
)
def test_status_on_a_day(validity: Validity, day: date, status: str) -> None:
    assert validity.status_on(day) == status


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2)])
def test_a_span_goes_forward(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="span"):
        Span(start, end)


@pytest.mark.parametrize(
    ("span", "lines"),
    [
        ((0, 3), (2, 2, 1)),
        ((0, 6), (2, 5, 1)),
        ((5, 9), (5, 5, 1)),
        ((5, 12), (5, 9, 1)),
        ((10, 12), (9, 9, 2)),
        ((3, 3), (2, 2, 1)),
    ],
)
def test_a_quote_is_traced_to_its_lines(span: tuple[int, int], lines: tuple[int, int, int | None]) -> None:
    anchors = (Anchor(0, 2, 1), Anchor(5, 5, 1), Anchor(10, 9, 2))
    assert Document("x", "0123456789ab", "t", anchors=anchors).lines_of(Span(*span)) == lines


def test_a_clause_is_traced_to_the_line_that_holds_it() -> None:
    lines = ["澜江市停车办法", "", "第一条 收费标准：", "", "（一）甲类3元；（二）乙类5元。", "第二条 施行。"]
    ((document, clauses),) = read_documents("\n".join(lines).encode(), "x")
    for clause in clauses:
        first, last, _ = document.lines_of(clause.span)
        assert "".join(document.quote(clause.span).split()) in "".join("".join(lines[first - 1 : last]).split())
    assert {c.address: document.lines_of(c.span)[:2] for c in clauses}["第一条第（二）项"] == (5, 5)


def recognised(unread: bool) -> list[Line]:
    """Two pages: one recognised in a picture, the other a picture that may not have been read."""
    text = ["澜江市停车办法", "第一条 停车收费每小时5元。", "第二条 本办法自2025年1月1日起施行。"]
    lines = [Line(t, n, 1, confidence=c) for n, (t, c) in enumerate(zip(text, (0.99, 0.8, 0.95), strict=True), 1)]
    return [*lines, Line("", 4, 2, confidence=0.0)] if unread else lines


def test_what_was_recognised_is_known_to_be(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "read_lines", lambda data: recognised(unread=False))
    (file,) = ingest(store, [write(tmp_path / "in", a="x")]).files
    assert (file.recognised, file.unread) == ((1,), ())
    (document,) = store.documents()
    first, second = (document.text.index(f"第{n}条") for n in "一二")
    assert document.confidence_of(Span(first + 4, first + 8)) == 0.8
    assert document.confidence_of(Span(second, second + 5)) == 0.95
    assert document.confidence_of(Span(0, len(document.text))) == 0.8


def test_pages_left_unread_are_told_and_read_once_they_can_be(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "in", a="x")
    monkeypatch.setattr(reading, "read_lines", lambda data: recognised(unread=True))
    monkeypatch.setattr(ocr, "problem", lambda: NoTextLayer("没有文字识别", "请安装"))
    (file,) = ingest(store, [folder]).files
    assert file.unread == (2,)
    assert ingest(store, [folder]).files[0].outcome == "unchanged"
    monkeypatch.setattr(ocr, "problem", lambda: None)
    monkeypatch.setattr(reading, "read_lines", lambda data: recognised(unread=False))
    (file,) = ingest(store, [folder]).files
    assert (file.outcome, file.unread) == ("updated", ())
    assert ingest(store, [folder]).files[0].outcome == "unchanged"
