"""What is read of a passage: a short one whole, of a long one the stretch around its best sentence, its words unchanged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import sources, understood

from index.reader.types import Reading, ReadSpan
from index.tokens import Tokenizer
from qa.evidence import evidence, sentences_of, terms_of
from qa.shown import of_text
from qa.stretches import MOST, stretch_of
from qa.weighed import Weighed

TOKENIZER = Tokenizer()
QUESTION = "对小微企业奖励多少钱？"
BEST = "对小微企业给予最高100万元奖励。"
OTHERS = (
    "各区各部门应当加强宣传，引导规范停放。",
    "由市局会同有关部门负责。",
    "本条自发布之日起执行𠮷。",
    "甲" * 90 + "。",
)


def weighed(text: str) -> list[Weighed]:
    """The passages of a text with their sentences, for QUESTION."""
    terms = terms_of(understood(QUESTION), TOKENIZER, lambda token: 3.0)
    return [Weighed(source, tuple(sentences_of(source, terms, TOKENIZER)), 0.5) for source in sources(text)]


TEXTS = st.lists(st.sampled_from([BEST, *OTHERS]), min_size=1, max_size=24).map("".join)


def _behind(reading: Reading, lead: int) -> Reading:
    """The same reading of a text that a lead of so many characters stands before."""
    spans = tuple(replace(s, start=s.start + lead, end=s.end + lead) for s in reading.spans)
    return replace(reading, spans=spans, items=spans[: len(reading.items)])


@settings(max_examples=30)
@given(TEXTS, st.integers(5, 300))
def test_a_stretch_holds_the_best_sentence_of_its_passage(text: str, most: int) -> None:
    for one in weighed("第一条 " + text):
        passage = one.source.hit.passage
        span = stretch_of(one, most)
        assert 0 <= span.start < span.end <= len(passage.text)
        if len(span) == len(passage.text):
            continue
        best = max(one.sentences, key=evidence)
        start, end = best.start - passage.start, best.end - passage.start
        assert span.start <= start and min(end, start + 2 * most) <= span.end
        assert len(span) <= max(most, min(len(best.text), 2 * most))


@pytest.mark.parametrize("text", ["奖励。", "第一条 " + BEST, "第一条 " + "奖" * MOST])
def test_a_short_passage_is_read_whole(text: str) -> None:
    for one in weighed(text):
        assert len(stretch_of(one)) == len(one.source.hit.passage.text)


def test_a_passage_without_sentences_is_read_whole() -> None:
    (one, *_) = weighed("第一条 " + OTHERS[0] * 20)
    assert len(one.source.hit.passage.text) > 2 * MOST
    assert len(stretch_of(replace(one, sentences=()))) == len(one.source.hit.passage.text)


def test_what_leads_to_the_best_sentence_is_read_before_what_follows_it() -> None:
    (one, *_) = weighed("第一条 " + OTHERS[0] * 4 + OTHERS[1] + BEST + OTHERS[2] * 9)
    span = stretch_of(one, len(OTHERS[1] + BEST))
    assert one.source.hit.passage.text[span.start : span.end] == OTHERS[1] + BEST


def _behind(reading: Reading, lead: int) -> Reading:
    """The same reading of a text that a lead of so many characters stands before."""
    spans = tuple(replace(s, start=s.start + lead, end=s.end + lead) for s in reading.spans)
    return replace(reading, spans=spans, items=spans[: len(reading.items)])


@settings(max_examples=30)
@given(TEXTS, st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=4))
def test_what_is_found_in_a_stretch_is_the_same_words_of_its_passage(text: str, found: list[tuple[int, int]]) -> None:
    one = weighed("第一条 " + text)[0]
    passage, stretch = one.source.hit.passage, stretch_of(one, 60)
    shown = passage.text[stretch.start : stretch.end]
    spans = tuple(ReadSpan(a, min(len(shown), a + n), 0.1) for a, n in found if a < len(shown))
    reading = Reading(0.8, 0.1, 0.5, 0.9, None, spans, spans[:2])
    there = of_text(passage.text, stretch.start, stretch.end, "一条引用的条款\n").back(_behind(reading, 8))
    assert [passage.text[s.start : s.end] for s in there.spans] == [shown[s.start : s.end] for s in spans]
    assert there.items == there.spans[:2]
    assert replace(there, spans=spans, items=spans[:2]) == reading
