"""The kept questions of the fit: made-up files and questions come out whole, other people's words stay out and are found again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.ingest import ingest
from corpus.store import Store
from eval.answers import is_covered
from eval.datasets import GoldQuestion, read_gold
from eval.fit_questions import MOST, OTHERS, drawn, gold_of, kept, main, packed, unpacked


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fit")
    assert main(["--out", str(folder)]) == 0
    return folder


@pytest.mark.parametrize("name", ["own", "tables"])
def test_made_up_files_hold_the_words_that_their_questions_cite(out: Path, name: str) -> None:
    store = Store(out / f"{name}.data")
    assert ingest(store, [out / name]).count("rejected") == 0
    texts = {document.title: document.text for document in store.documents()}
    rows = [row for row in read_gold(out / f"{name}.jsonl") if isinstance(row, GoldQuestion)]
    assert len(rows) > 250
    whole = "\n".join(texts.values())
    lost = [r.id for r in rows if not any(is_covered(quote, whole, 0.5) for quote in (r.quote, *r.alt_quotes))]
    assert len(lost) <= len(rows) // 50, lost


@pytest.mark.parametrize("name", OTHERS)
def test_no_words_of_other_people_are_kept(name: str) -> None:
    rows = kept(name)
    assert len(rows) > 300 and not any(row.get("quote") or row.get("alt_quotes") for row in rows)
    assert all("place" in row for row in rows if row["type"] != "unanswerable")
    assert max(len(json.dumps(row["answers"], ensure_ascii=False)) for row in rows if row.get("answers")) < 400


@given(st.text(alphabet="甲乙丙丁戊。\n \t0123", min_size=1), st.integers(0, 40), st.integers(1, 40))
def test_what_is_cited_is_found_again_whatever_its_white_space(text: str, start: int, length: int) -> None:
    quote = text[start : start + length]
    row = {"id": "x", "type": "amount", "question": "多少？", "answers": ["1"], "quote": quote}
    (again,) = unpacked([packed(row)], ["前言\n" + text.replace("\n", " \n")])
    assert "".join(again.get("quote", "").split()) == "".join(quote.split())
    missing = list(unpacked([packed(row)], ["别的"]))
    assert (missing == []) == bool("".join(quote.split()) and "".join(quote.split()) not in "别的")


def test_a_reading_question_is_asked_of_a_store_with_the_sentence_that_answers() -> None:
    passage = "第一条 略。\n第二条 每户补贴5万元，由区里发放；逾期不予受理。"
    at = passage.index("5万元")
    row = {"id": "a", "title": "办法 > 第二章", "passage": passage, "question": "补多少？", "style": "口语", "type": "amount",
           "answerable": True, "answers": ["5万元"], "items": None, "spans": [[at, at + 3]]}  # fmt: skip
    assert gold_of(row) == {
        "id": "a", "question": "补多少？", "type": "amount", "style": "口语", "doc": "办法", "answers": ["5万元"],
        "quote": "第二条 每户补贴5万元，由区里发放；", "alt_quotes": [],
    }  # fmt: skip
    assert gold_of(row | {"type": "none", "answerable": False})["type"] == "unanswerable"


@given(st.lists(st.sampled_from(["yesno", "none", "amount", "list"]), max_size=400))
def test_of_each_type_no_more_are_drawn_than_may_be(types: list[str]) -> None:
    rows = [{"type": kind, "at": at} for at, kind in enumerate(types)]
    found = drawn(rows, MOST["law"])
    for kind in set(types):
        assert sum(r["type"] == kind for r in found) == min(types.count(kind), MOST["law"].get(kind, MOST["law"][""]))
    assert found == sorted(found, key=lambda r: r["at"])
