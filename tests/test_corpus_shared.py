"""The real files beside the repository: every document found, titled and dated; laws cut into exactly their articles."""

from __future__ import annotations

import json
import lzma
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from test_corpus_properties import assert_searchable, assert_whole, visible

from corpus.canonical import _GLYPHS
from corpus.errors import BadFile
from corpus.ingest import ingest
from corpus.numerals import NUMERAL, to_int
from corpus.readers import read_lines
from corpus.reading import read_documents, read_file
from corpus.store import Store
from corpus.titles import squeeze
from corpus.types import Clause, Document

pytestmark = pytest.mark.shared


@cache
def read(folder: Path) -> dict[tuple[str, int], tuple[Document, tuple[Clause, ...]]]:
    """Every document by its file and first line; one that stands twice is there twice."""
    out = {}
    for path in sorted((folder / "corpus" / "suzhou").glob("*.txt")):
        for document, clauses in read_documents(path.read_bytes(), path.name):
            for source in document.sources:
                out[path.name, source.line_start] = (document, clauses)
    return out


def gold(folder: Path) -> dict[tuple[str, int], dict[str, Any]]:
    rows = map(json.loads, (folder / "corpus" / "documents.jsonl").read_text("utf-8").splitlines())
    return {(row["file"], row["line"]): row for row in rows}


def test_every_document_begins_where_it_should(shared: Path) -> None:
    found, wanted = set(read(shared)), set(gold(shared))
    assert wanted <= found
    assert len(wanted) == 60
    assert len(found - wanted) <= 1


def test_titles(shared: Path) -> None:
    found = read(shared)
    right = [squeeze(found[key][0].title) == squeeze(row["title"]) for key, row in gold(shared).items()]
    assert sum(right) >= 59
    untitled = [found[key][0].title_inferred for key, row in gold(shared).items() if not row["titled"]]
    assert all(untitled), "a title that the file does not give is marked as inferred"


def test_numbers(shared: Path) -> None:
    found = read(shared)
    wrong = [key for key, row in gold(shared).items() if "number" in row and found[key][0].number != row["number"]]
    assert not wrong


@pytest.mark.parametrize("name", ["effective_from", "effective_until"])
def test_validity(shared: Path, name: str) -> None:
    found = read(shared)
    listed = {key: row[name] for key, row in gold(shared).items() if name in row}
    got = {key: getattr(found[key][0].validity, name) for key in listed}
    assert {key: day and day.isoformat() for key, day in got.items()} == listed
    assert len(listed) >= 12


def test_clauses_and_passages_are_whole(shared: Path) -> None:
    for document, clauses in read(shared).values():
        assert_whole(document, clauses)
        assert_searchable(document, clauses)


def test_clauses_are_traced_to_lines_that_hold_them(shared: Path) -> None:
    texts: dict[str, list[str]] = defaultdict(list)
    for (file, _), (document, clauses) in read(shared).items():
        lines = texts[file] = texts[file] or (shared / "corpus" / "suzhou" / file).read_text("utf-8").splitlines()
        for clause in clauses:
            first, last, _ = document.lines_of(clause.span)
            quote = visible(document.quote(clause.span))[:12]
            assert first <= last <= len(lines)
            source = (
                visible("".join(lines[first - 1 : last])).replace("**", "").translate({ord("臵"): "置", ord("〃"): "·"})
            )
            assert re.sub(r"\[\d+\]", "", quote) in re.sub(r"\[\d+\]|—\d+—|播报|编辑|#", "", source), (file, clause)


def test_ingesting_the_files_rejects_none_and_again_changes_none(shared: Path, tmp_path: Path) -> None:
    store = Store(tmp_path)
    report = ingest(store, [shared / "corpus" / "suzhou"])
    assert (report.count("added"), report.count("rejected")) == (5, 0)
    before = store.digest()
    assert ingest(store, [shared / "corpus" / "suzhou"]).count("unchanged") == 5
    assert store.digest() == before
    repealed = [d.title for d in store.documents() if d.validity.repealed_by]
    assert "苏州市人才落户管理办法" not in repealed


def laws(folder: Path) -> Iterator[str]:
    """Every 20th law, without its Markdown marks."""
    with lzma.open(folder / "training" / "laws.jsonl.xz", "rt", encoding="utf-8") as lines:
        for n, line in enumerate(lines):
            if n % 20 == 0:
                text = re.sub(r"<!--.*?-->", "", json.loads(line)["markdown"])
                yield re.sub(r"^#+\s*", "", text, flags=re.M).replace("**", "")


@pytest.mark.parametrize("share", range(4))
def test_no_character_of_a_real_file_is_lost(shared: Path, share: int) -> None:
    """Every visible character that the reader gives stands in exactly one clause or is told as left out."""
    for path in sorted((shared / "cities").iterdir())[share::8]:
        data = path.read_bytes()
        try:
            lines = read_lines(data)
        except BadFile:
            continue
        reading = read_file(data, path.name, "0")
        text = Counter(c for line in lines for c in visible(line.text.translate(_GLYPHS)))
        told = Counter(c for gone in reading.left_out for c in visible(gone.text))
        found: Counter[str] = Counter()
        for document, clauses in reading.documents:
            assert_whole(document, clauses)
            found.update(visible(document.text) * len(document.sources))
        assert not found - text, path.name
        assert not text - found - told, path.name


def test_laws_are_cut_into_their_articles_and_nothing_is_lost(shared: Path) -> None:
    exact = total = 0
    for text in laws(shared):
        documents = read_documents(text.encode(), "x")
        wanted = [to_int(m) for m in re.findall(rf"^第({NUMERAL})条(?=[\s　])", text, flags=re.M)]
        labels = [c.label for _, clauses in documents for c in clauses]
        found = [to_int(m[1]) for label in labels if (m := re.fullmatch(rf"第({NUMERAL})条", label))]
        exact += found == wanted
        total += 1
        kept = visible("".join(document.text for document, _ in documents))
        noise = r"\[\d+\]"  # marks of notes
        assert re.sub(noise, "", kept) == re.sub(noise, "", visible(text)), documents[0][0].title
        for document, clauses in documents:
            assert_whole(document, clauses)
    assert total > 150
    assert exact >= 0.98 * total
