"""A file read again keeps the ids of what did not change, says what did, and can be dropped."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import NotFound
from corpus.ingest import Report, drop, ingest
from corpus.reading import read_documents
from corpus.revision import carry_over
from corpus.store import Store
from corpus.types import Clause

pytestmark = pytest.mark.usefixtures("database")

TITLE = "澜江市试点管理办法"
ARTICLES = (
    "为了规范试点工作，制定本办法。",
    "试点单位应当按季度报送情况。",
    "违反本办法的，责令改正。",
    "本办法自2026年1月1日起施行。",
)


def law(articles: tuple[str, ...] | list[str]) -> str:
    numbered = [f"第{'一二三四五六七八九'[i]}条 {text}" for i, text in enumerate(articles)]
    return TITLE + "\n\n" + "\n\n".join(numbered) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "files"
    path.mkdir()
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


def put(store: Store, folder: Path, text: str, name: str = "a.txt") -> Report:
    (folder / name).write_text(text, "utf-8")
    return ingest(store, [folder])


def ids(store: Store) -> dict[str, str]:
    """Address -> id of the articles of the only document."""
    (document,) = store.documents()
    return {c.address: c.id for c in store.clauses(document.id) if c.label}


def test_a_changed_article_keeps_its_id_and_is_reported(store: Store, folder: Path) -> None:
    put(store, folder, law(ARTICLES))
    before = ids(store)
    report = put(store, folder, law([ARTICLES[0], "试点单位应当按月报送情况。", *ARTICLES[2:]]))
    assert ids(store) == before
    (file,) = report.files
    assert (file.outcome, file.diff.added, file.diff.changed, file.diff.removed) == ("updated", (), ("第二条",), ())


def test_an_inserted_article_moves_the_others_with_their_ids(store: Store, folder: Path) -> None:
    put(store, folder, law(ARTICLES))
    before = ids(store)
    report = put(store, folder, law([ARTICLES[0], "市政府统一领导试点工作。", *ARTICLES[1:]]))
    after = ids(store)
    assert [after[a] for a in ("第一条", "第三条", "第四条", "第五条")] == [
        before[a] for a in ("第一条", "第二条", "第三条", "第四条")
    ]
    assert after["第二条"] not in before.values()
    assert report.files[0].diff.added == ("第二条",)
    assert report.files[0].diff.removed == ()


def test_a_removed_article_is_reported(store: Store, folder: Path) -> None:
    put(store, folder, law(ARTICLES))
    report = put(store, folder, law([*ARTICLES[:2], ARTICLES[3]]))
    assert report.files[0].diff.removed == ("第三条",)
    assert store.counts().documents == 1


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(4)), st.sets(st.integers(0, 3), min_size=1), st.booleans())
def test_ids_stay_unique_parents_stay_inside_and_counts_add_up(order: list[int], keep: set[int], insert: bool) -> None:
    old = read_documents(law(ARTICLES).encode(), "a.txt")
    texts = [ARTICLES[i] for i in order if i in keep] + (["新增一条规定。"] if insert else [])
    new = read_documents(law(texts).encode(), "a.txt")
    kept, diff = carry_over(old, new)
    (document, clauses) = kept[0]
    have = {c.id for c in clauses}
    assert len(have) == len(clauses)
    assert all(c.parent is None or c.parent in have for c in clauses)
    assert document.id == new[0][0].id
    shared = len(have & {c.id for c in old[0][1]})
    if document.id != old[0][0].id:
        assert shared + len(diff.added) == len(clauses)
        assert shared + len(diff.removed) == len(old[0][1])


def test_an_unchanged_document_beside_a_changed_one_keeps_everything(store: Store, folder: Path) -> None:
    other = law(ARTICLES).replace(TITLE, "澜江市另一管理办法")
    put(store, folder, law(ARTICLES))
    put(store, folder, other, "b.txt")
    before = {d.title: [c.id for c in store.clauses(d.id)] for d in store.documents()}
    report = put(store, folder, other.replace("责令改正", "责令限期改正"), "b.txt")
    assert [f.outcome for f in report.files] == ["unchanged", "updated"]
    after = {d.title: [c.id for c in store.clauses(d.id)] for d in store.documents()}
    assert after == before


def test_drop_takes_out_a_file_and_only_what_stands_nowhere_else(store: Store, folder: Path) -> None:
    put(store, folder, law(ARTICLES))
    put(store, folder, law(ARTICLES), "copy.txt")
    assert len(drop(store, ["a.txt"])) == 1
    assert [s.file for s in store.documents()[0].sources] == ["copy.txt"]
    drop(store, [str(folder / "copy.txt")])
    assert store.counts().documents == store.counts().clauses == store.counts().files == 0


def test_drop_of_an_unknown_file_changes_nothing(store: Store, folder: Path) -> None:
    put(store, folder, law(ARTICLES))
    with pytest.raises(NotFound):
        drop(store, ["a.txt", "missing.txt"])
    assert store.counts().documents == 1


def test_clauses_are_frozen() -> None:
    (_, clauses) = read_documents(law(ARTICLES).encode(), "a.txt")[0]
    with pytest.raises(AttributeError):
        clauses[0].address = "x"  # type: ignore[misc]
    assert isinstance(clauses[0], Clause)


def test_a_new_parser_adds_what_it_reads_of_the_same_text(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = law([ARTICLES[0], "试点单位应当报送情况。（责任单位：市工信局）", "违反第二条的，责令改正。"])
    monkeypatch.setattr("corpus.references.find", lambda *_: {})
    monkeypatch.setattr("corpus.responsibility.assign", lambda _, clauses: [()] * len(clauses))
    put(store, folder, text)
    before = ids(store)
    monkeypatch.undo()
    monkeypatch.setattr("corpus.ingest.PARSER", "another")
    (file,) = put(store, folder, text).files
    assert file.outcome == "updated" and ids(store) == before and file.diff.changed == ()
    (document,) = store.documents()
    clauses = {c.address: c for c in store.clauses(document.id)}
    assert clauses["第二条"].departments == ("市工信局",)
    assert [r.clause for r in clauses["第三条"].references] == [clauses["第二条"].id]
