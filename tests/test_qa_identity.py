"""Whether an answer stands where the question says: its place, its year, its level, its group, its document."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import sources, understood

from index.tokens import Tokenizer
from index.types import Hit
from qa.decide.identity import Identity, identity_of
from qa.evidence import Loaded, Sentence, Source, sentences_of, terms_of

TOKENIZER = Tokenizer()


def stated(text: str, title: str = "医疗保险办法", region: str = "") -> Sentence:
    """The first sentence of a text under a title, which stands in the passage before it."""
    first = sources(text)[0]
    document = replace(first.document, title=title, region=region or None, issuer=None)
    hit = Hit(replace(first.hit.passage, context=title), 1, 1.0)
    source = Source(hit, Loaded(document, first.clauses, first.loaded.by_id))
    return sentences_of(source, terms_of(understood("缴费"), TOKENIZER, lambda token: 3.0), TOKENIZER)[1]


def identity(question: str, sentence: Sentence, meant: frozenset[str] = frozenset()) -> Identity:
    return identity_of(sentence, understood(question), meant)


def test_a_question_that_names_nothing_is_told_nothing() -> None:
    sentence = stated("苏州市职工每人缴费400元，2025年起提高。", "苏州市2025年医疗保险办法", "苏州市")
    assert set(astuple(identity("每人缴费多少？", sentence))) == {0.0}


def test_the_place() -> None:
    text = "每人缴费400元。"
    own = identity("苏州每人缴费多少？", stated(text, "苏州市医疗保险办法", "苏州市"))
    assert (own.place, own.other_place) == (1.0, 0.0)
    other = identity("苏州每人缴费多少？", stated(text, "无锡市医疗保险办法", "无锡市"))
    assert (other.place, other.other_place) == (0.0, 1.0)
    nowhere = identity("苏州每人缴费多少？", stated(text))
    assert (nowhere.place, nowhere.other_place) == (0.0, 0.0)
    named = identity("苏州每人缴费多少？", stated("苏州市参照执行，每人缴费400元。", "江苏省办法", "江苏省"))
    assert (named.place, named.other_place) == (0.0, 0.0)
    half = identity("苏州和无锡每人缴费多少？", stated(text, "苏州市医疗保险办法", "苏州市"))
    assert (half.place, half.other_place) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("question", "title", "share"),
    [
        ("2019年每人缴费多少？", "2021年医疗保险办法", 1.0),
        ("2021年每人缴费多少？", "2021年医疗保险办法", 0.0),
        ("2021年和2019年每人缴费多少？", "2021年医疗保险办法", 0.5),
        ("2022年每人缴费多少？", "医疗保险办法（2021—2023年）", 0.0),
    ],
)
def test_the_year(question: str, title: str, share: float) -> None:
    assert identity(question, stated("每人缴费400元。", title)).other_year == share


@pytest.mark.parametrize(
    ("text", "title", "facet", "other", "other_in_sentence"),
    [
        ("职工每人缴费400元。", "医疗保险办法", 1.0, 0.0, 0.0),
        ("居民每人缴费400元。", "医疗保险办法", 0.0, 1.0, 1.0),
        ("职工和居民每人缴费400元。", "医疗保险办法", 1.0, 0.0, 0.0),
        ("居民每人缴费400元。职工每人缴费800元。", "医疗保险办法", 0.0, 0.0, 1.0),
        ("每人缴费400元。居民减半。", "医疗保险办法", 0.0, 1.0, 0.0),
        ("每人缴费400元。", "职工医疗保险办法", 1.0, 0.0, 0.0),
        ("每人缴费400元。", "居民医疗保险办法", 0.0, 1.0, 0.0),
        ("每人缴费400元。", "医疗保险办法", 0.0, 0.0, 0.0),
    ],
)
def test_the_group_of_people(text: str, title: str, facet: float, other: float, other_in_sentence: float) -> None:
    found = identity("职工每人缴费多少？", stated(text, title))
    assert (found.facet, found.other_facet, found.other_in_sentence) == (facet, other, other_in_sentence)


def test_a_word_that_only_looks_like_a_level_is_none() -> None:
    found = identity("最高级别的响应怎么启动？", stated("中级职称的人员每人缴费400元。"))
    assert (found.facet, found.other_facet) == (0.0, 0.0)
    found = identity("中级职称的人员缴多少？", stated("最高级别的响应由市长启动。"))
    assert (found.facet, found.other_facet) == (0.0, 0.0)


def test_the_document_that_is_meant() -> None:
    sentence = stated("每人缴费400元。")
    own = sentence.source.document.id
    assert identity("缴费多少？", sentence, frozenset({own, "x"})).meant == 1.0
    other = identity("缴费多少？", sentence, frozenset({"x"}))
    assert (other.meant, other.not_meant) == (0.0, 1.0)


_WORDS = st.lists(
    st.sampled_from(["职工", "居民", "苏州", "无锡市", "2019年", "2025年", "省级", "市级", "最高级别", "缴费", "，", "😀", "\u200b"]),
    max_size=8,
).map("".join)  # fmt: skip


@settings(max_examples=30)
@given(_WORDS, _WORDS, _WORDS, st.sampled_from(["", "苏州市", "江苏省"]))
def test_every_figure_is_a_share(question: str, text: str, title: str, region: str) -> None:
    found = identity(question, stated(f"{text}每人缴费。", title, region))
    assert all(0.0 <= value <= 1.0 for value in astuple(found))
    assert max(found.place + found.other_place, found.facet + found.other_facet) <= 1.0
    assert found.facet + found.other_in_sentence <= 1.0
