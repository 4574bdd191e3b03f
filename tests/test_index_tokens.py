"""What the tokeniser emits, and that it is the same however the text is written."""

import subprocess
import sys
import unicodedata
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.tokens import Tokenizer, normalise

TOKENIZER = Tokenizer()


@pytest.fixture(scope="module")
def words() -> Tokenizer:
    return Tokenizer(["条问示范区"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("奖励", ["奖", "励", "奖励"]),
        ("300万", ["300", "万"]),
        ("３００万元", ["300", "万", "元", "万元"]),
        ("1,000万", ["1000", "万"]),
        ("5G", ["5g"]),
        ("ZL201680040482.0", ["zl201680040482.0"]),
        ("第20条", ["第", "20", "条"]),
        ("奖、励", ["奖", "励"]),  # no bigram over a comma
        ("二〇二五", ["二", "〇", "二", "五", "二〇", "〇二", "二五"]),
        ("2.5%", ["2.5"]),
        ("", []),
        ("，。！ \n", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert TOKENIZER.tokens(text) == expected


def test_every_token_is_said_as_often_as_it_occurs() -> None:
    assert Counter(TOKENIZER.tokens("奖励奖励"))["奖励"] == 2


@settings(deadline=None)
@given(st.text())
def test_form_of_writing_does_not_matter(text: str) -> None:
    tokens = TOKENIZER.tokens(text)
    assert all(tokens)
    assert TOKENIZER.tokens(unicodedata.normalize("NFKC", text)) == tokens
    assert TOKENIZER.tokens(" " + text + "\n") == tokens


@settings(deadline=None)
@given(st.text("的奖励3５万g，", max_size=20), st.text("的奖励3５万g，", max_size=20))
def test_joined_texts_keep_their_tokens(left: str, right: str) -> None:
    joined = Counter(TOKENIZER.tokens(left + "。" + right))
    assert joined == Counter(TOKENIZER.tokens(left)) + Counter(TOKENIZER.tokens(right))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("专精特新企业免申即享", ["专精特新", "企业", "免申即享"]),
        ("瞪羚企业奖励３００万元", ["瞪羚企业", "奖励", "300", "万元"]),
        ("责任单位：市工信局", ["责任单位", ":", "市工信局"]),
        ("条问示范区补贴标准", ["条问示范区", "补贴标准"]),
    ],
)
def test_words_know_policy_terms(words: Tokenizer, text: str, expected: list[str]) -> None:
    assert words.words(text) == expected


@settings(deadline=None)
@given(text=st.text("专精特新企业奖励三百万元5G 。", max_size=30))
def test_words_joined_are_the_text(words: Tokenizer, text: str) -> None:
    assert "".join(words.words(text)) == "".join(normalise(text).split())


def test_settings_id_does_not_depend_on_words(words: Tokenizer) -> None:
    assert words.settings_id == TOKENIZER.settings_id


def test_words_print_nothing_and_leave_the_shared_jieba_alone() -> None:
    program = (
        "import sys; from index.tokens import Tokenizer; Tokenizer().tokens('奖励'); assert 'jieba' not in sys.modules;"
        "Tokenizer().words('免申即享'); import jieba; assert not jieba.dt.initialized"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
