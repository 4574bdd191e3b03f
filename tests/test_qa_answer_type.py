"""The kind of answer that a question wants, as probabilities: of any text, always the same, and from a whole file only."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import BadScorer
from qa.question.answer_type import BUCKETS, FILE, LEAST, AnswerType, _model, answer_types, buckets, type_said

ODD = st.text(
    alphabet=st.characters(exclude_categories=()) | st.sampled_from("有效期政策多少吗？𠮷😀\ud800\x00\n"), max_size=80
)


@given(ODD)
def test_any_text_has_types_with_probabilities(question: str) -> None:
    found = answer_types(question)
    types, shares = zip(*found, strict=True)
    assert len(set(types)) == len(types) and set(types) <= set(get_args(AnswerType))
    assert list(shares) == sorted(shares, reverse=True)
    assert all(0.0 < share <= 1.0 for share in shares) and sum(shares) <= 1.0 + 1e-6
    assert all(share >= LEAST for share in shares[1:])
    assert type_said(question) in (types[0], "span")


@pytest.mark.parametrize("question", ["", "？", " \n", "\ud800", "😀" * 300, "多少" * 5000])
def test_odd_texts_are_classified_too(question: str) -> None:
    assert answer_types(question)[0][0] in get_args(AnswerType)


def test_the_same_question_has_the_same_types() -> None:
    questions = ["奖励多少？", "什么时候截止", "", "\ud800"]
    first = [answer_types(question) for question in questions]
    answer_types.cache_clear()
    assert [answer_types(question) for question in questions] == first


@given(ODD)
def test_an_ngram_counts_once_and_stops_at_the_end_do_not(question: str) -> None:
    found = buckets(question)
    assert len(found) and (np.diff(found) > 0).all() and 0 <= found[0] <= found[-1] < BUCKETS
    assert (buckets(question + "？ ") == found).all()


@pytest.mark.parametrize(
    ("question", "validity"),
    [
        ("若干措施的有效期到哪天？", True),
        ("这个办法什么时候失效？", True),
        ("本条例自何时起施行？", True),
        ("有效期内可以申请吗？", False),
        ("办法规定奖励多少钱？", False),
        ("申报什么时候截止？", False),
    ],
)
def test_until_when_a_document_holds_is_asked_in_set_words(question: str, validity: bool) -> None:
    assert (answer_types(question)[0][0] == "validity") is validity


# -- the file ----------------------------------------------------------------------------------------------------------


def told() -> dict[str, np.ndarray]:
    with np.load(FILE, allow_pickle=False) as file:
        return dict(file)


def test_the_shipped_file_knows_every_type_that_it_names(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "same.npz", **told())
    types, weights, scales, biases = _model(tmp_path / "same.npz")
    assert len(types) == len(weights) == len(scales) == len(biases)
    assert np.isfinite(scales).all() and np.isfinite(biases).all()


def saved(folder: Path, **changed: np.ndarray) -> Path:
    np.savez_compressed(folder / "changed.npz", **{**told(), **changed})
    return folder / "changed.npz"


def test_a_file_for_other_types_or_buckets_is_refused(tmp_path: Path) -> None:
    whole = told()
    for changed in ({"types": np.array(["colour", *whole["types"][1:]])}, {"weights": whole["weights"][:, :-1]}):
        with pytest.raises(BadScorer, match="changed.npz"):
            _model(saved(tmp_path, **changed))
    partial = {name: value for name, value in whole.items() if name != "scales"}
    np.savez_compressed(tmp_path / "partial.npz", **partial)
    with pytest.raises(BadScorer):
        _model(tmp_path / "partial.npz")


@pytest.mark.parametrize("kept", [0, 10, 5000])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, kept: int) -> None:
    (tmp_path / "cut.npz").write_bytes(FILE.read_bytes()[:kept])
    with pytest.raises(BadScorer, match="cut.npz"):
        _model(tmp_path / "cut.npz")


def test_no_file_and_another_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("不是模型", "utf-8")
    np.save(tmp_path / "array.npy", np.zeros(3))
    for name in ("none.npz", "text.npz", "array.npy"):
        with pytest.raises(BadScorer, match=name):
            _model(tmp_path / name)


@pytest.mark.parametrize("turn", ["那省级的呢？", "二等奖呢？", "要是过了1亿呢？", "那硕士呢", "石桥县呢？"])
def test_a_turn_without_a_question_of_its_own_says_no_type(turn: str) -> None:
    assert type_said(turn) == "span"


@pytest.mark.parametrize("turn", ["有效期呢？", "找哪个部门？", "那要多少天", "需要什么材料？"])
def test_a_turn_with_a_question_of_its_own_says_one(turn: str) -> None:
    assert type_said(turn) != "span"
