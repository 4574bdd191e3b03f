"""Yes or no by the words alone: any text gives a probability, and questions that no model was trained on are mostly told right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eval.polarity import decided, matrix, sentence_around
from index.training.reader.data import lines
from index.training.reader.written import HELD, Texts, unpacked
from qa.decide.polarity import BUCKETS, buckets, yes_by_words

PIECES = st.sampled_from(
    ["不", "可以", "吗", "满", "30分", "以上", "不得", "1.5", "万元", "能", "35周岁", "？", "a", "除外", "没"]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=12).map("".join)


@given(TEXTS, TEXTS, TEXTS)
def test_any_words_give_a_probability(question: str, words: str, sentence: str) -> None:
    found = buckets(question, words, sentence)
    assert (found[1:] > found[:-1]).all() and found[0] >= 0 and found[-1] < BUCKETS
    assert 0 <= yes_by_words(question, words, sentence) <= 1


def test_what_forbids_is_told_from_what_allows() -> None:
    question = "住院期间门诊待遇还能享受吗？"
    denied, allowed = "住院期间不得享受门诊待遇", "住院期间可以享受门诊待遇"
    assert yes_by_words(question, denied, denied) < 0.5 < yes_by_words(question, allowed, allowed)


def test_questions_that_it_was_not_trained_on_are_mostly_told_right() -> None:
    rows = decided(unpacked((one for one in lines(HELD) if "text" in one), Texts({})))
    assert len(rows) > 120
    right = [(yes_by_words(*row[:3]) >= 0.5) == row[3] for row in rows]
    assert sum(right) > 0.68 * len(right)


def test_a_row_of_the_matrix_is_a_question() -> None:
    passage = "第一条 略。\n满30分的，可以申请；不满的除外。"
    at = passage.index("可以")
    assert sentence_around(passage, (at, at + 4)) == "满30分的，可以申请"
    row = {
        "question": "30分能申请吗？",
        "passage": passage,
        "spans": [[at, at + 4]],
        "yes_no": "yes",
        "passage_id": "p",
    }
    (one,) = decided([row, row | {"yes_no": None}])
    assert one == ("30分能申请吗？", "可以申请", "满30分的，可以申请", True, "p")
    assert sorted(matrix([one]).indices) == list(buckets(*one[:3]))
