"""What was meant by words that no passage holds."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import corpus
from corpus.reading import read_documents
from index.passages import passages_of_all
from index.tokens import Tokenizer
from qa.lexicon import load_lexicon
from qa.typos import Correction, Spelling, _by_sound, _lines
from qa.understand import Understander

SAMPLES = sorted((Path(corpus.__file__).parent / "samples").iterdir())
TOKENIZER = Tokenizer()
LEXICON = load_lexicon()


def _passages() -> list[str]:
    out = []
    for path in SAMPLES:
        out += [p.text + p.context for p in passages_of_all(read_documents(path.read_bytes(), path.name))]
    return out


PASSAGES = _passages()
FREQUENCY = Counter(token for text in PASSAGES for token in set(TOKENIZER.tokens(text)))


def _spelling(frequency: Callable[[str], int] = FREQUENCY.__getitem__) -> Spelling:
    return Spelling(frequency, len(PASSAGES), TOKENIZER, LEXICON.lay)


SPELLING = _spelling()


def corrected(question: str) -> dict[str, str]:
    return {c.typed: c.meant for c in SPELLING.corrections(TOKENIZER.words(question))}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("小巨人企业的讲励标准", "小巨人企业的奖励标准"),  # the same sound
        ("人材落户要什么条件", "人才落户要什么条件"),  # a word of the dictionary for another
        ("户外招牌摄置要求", "户外招牌设置要求"),
        ("加装店梯补多少", "加装电梯补多少"),
        ("电动自型车停放", "电动自行车停放"),
        ("便民升活圈有几个", "便民生活圈有几个"),
        ("行政粗罚由谁作出", "行政处罚由谁作出"),  # z c s for zh ch sh
        ("户外招牌置设要求", "户外招牌设置要求"),  # swapped
        ("政府补站标准", "政府补贴标准"),  # a part in common
        ("驾玲满几年", "驾龄满几年"),  # a word of the lexicon that no passage holds
    ],
)
def test_slips(typed: str, meant: str) -> None:
    for wrong, right in corrected(typed).items():
        typed = typed.replace(wrong, right)
    assert typed == meant


def test_a_latin_word_one_letter_off() -> None:
    spelling = _spelling(lambda token: {"qflp": 3, "plc": 2}.get(token, 0))
    for typed in ("qfpl", "qlfp", "qflpp", "qflq"):
        assert spelling.corrections(["什么", "是", typed]) == [Correction(typed, "qflp")]
    assert spelling.corrections(["qflp", "abcd"]) == []


@pytest.mark.parametrize(
    "question",
    [
        "我家养了只猫要不要登记",
        "明天下不下雨",
        "能把狗带上公交车不",
        "上哪儿领钱",
        "听说你们那儿能给补点钱",
        "孩子他爸不肯掏钱",
        "",
        "？！",
        "a b c",
    ],
)
def test_everyday_words_are_not_taken_for_slips(question: str) -> None:
    assert corrected(question) == {}


@given(st.integers(0, len(PASSAGES) - 1), st.data())
def test_what_stands_in_the_corpus_is_never_changed(at: int, data: st.DataObject) -> None:
    sentences = re.findall(r"[^。；\n]{4,60}", PASSAGES[at])
    if sentences:
        assert corrected(data.draw(st.sampled_from(sentences))) == {}


@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    words = TOKENIZER.words(text)
    joined = "".join(words)
    for found in SPELLING.corrections(words):
        assert found.typed in joined and found.typed != found.meant


def test_most_words_with_a_sound_alike_are_set_right() -> None:
    rng = random.Random(11)
    same, _ = _by_sound(_lines("syllables.txt"))
    words = sorted({w for text in PASSAGES for w in TOKENIZER.words(text) if re.fullmatch(r"[一-鿿]{2,4}", w)})
    right = wrong = 0
    for word in rng.sample(words, 300):
        at = rng.randrange(len(word))
        others = [c for c in same.get(word[at], "") if c != word[at] and FREQUENCY[c]]
        if not others:
            continue
        typed = word[:at] + rng.choice(others) + word[at + 1 :]
        fixed = typed
        for c in SPELLING.corrections(TOKENIZER.words(typed)):
            fixed = fixed.replace(c.typed, c.meant)
        right += fixed == word
        wrong += fixed not in (word, typed)
    assert right > 8 * wrong and right > 100


def test_the_question_is_searched_as_it_was_meant_and_shown_as_it_was_typed() -> None:
    asked = Understander(LEXICON, TOKENIZER.words, SPELLING).read("加装店梯补多少")
    assert "电梯" in asked.query and "电梯" in asked.content
    assert asked.text == "加装店梯补多少"
    plain = Understander(LEXICON, TOKENIZER.words, SPELLING).read("加装电梯补多少")
    assert plain.query == plain.text and plain.corrections == ()


def test_words_that_merely_meet_are_no_slip() -> None:
    held = dict.fromkeys(("小微", "法人", "违法"), 50)
    spelling = _spelling(lambda token: held.get(token, 50 if len(token) == 1 else 0))
    assert not spelling.corrections(["小", "微法", "人", "户数"])
