"""The package's words and the operator's."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import PolicyError
from qa.errors import BadLexicon
from qa.lexicon import load_lexicon


def test_everyday_words_and_departments_both_ways() -> None:
    lexicon = load_lexicon()
    assert "电动自行车" in lexicon.expansions("电瓶车罚多少")
    assert "工业和信息化局" in lexicon.expansions("找工信局")
    assert "工信局" in lexicon.expansions("找工业和信息化局")


def test_words_that_stand_in_the_question_are_not_added() -> None:
    assert "企业" not in load_lexicon().expansions("公司和企业")
    assert load_lexicon().expansions("") == []


def test_content_leaves_empty_words_out() -> None:
    assert load_lexicon().content(["请问", "小巨人", "企业", "奖励", "多少"]) == "小巨人企业奖励"


def test_the_operators_words_are_added(tmp_path: Path) -> None:
    own = tmp_path / "lexicon.toml"
    own.write_text(
        '[lay]\n"小电驴" = ["电动自行车"]\n[departments]\n"数管办" = ["数据管理办公室"]\n[empty]\nwords = ["劳驾"]\n',
        "utf-8",
    )
    lexicon = load_lexicon(own)
    assert lexicon.expansions("小电驴进电梯") == ["电动自行车"]
    assert lexicon.expansions("数据管理办公室在哪") == ["数管办"]
    assert lexicon.content(["劳驾", "小电驴"]) == "小电驴"
    assert "电动自行车" in lexicon.expansions("电瓶车"), "the package's own words stay"


def test_no_file_is_no_error(tmp_path: Path) -> None:
    assert load_lexicon(tmp_path / "none.toml").lay == load_lexicon().lay


@pytest.mark.parametrize("content", [b"[lay", b'lay = "x"', b"\xff\xfe[lay]", b"[lay]\na = 1"])
def test_a_broken_file_says_which_and_what_to_do(tmp_path: Path, content: bytes) -> None:
    own = tmp_path / "lexicon.toml"
    own.write_bytes(content)
    with pytest.raises(BadLexicon) as caught:
        load_lexicon(own)
    assert isinstance(caught.value, PolicyError) and caught.value.code == "bad_lexicon"
    assert str(own) in caught.value.message and caught.value.hint
