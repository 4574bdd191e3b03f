"""The package's words and the operator's."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import PolicyError
from index.tokens import Tokenizer
from qa.errors import BadLexicon
from qa.lexicon import Lexicon, load_lexicon

TOKENIZER = Tokenizer()


def expanded(question: str, lexicon: Lexicon | None = None) -> list[str]:
    return (lexicon or load_lexicon()).expansions(TOKENIZER.words(question))


def test_everyday_words_and_departments_both_ways() -> None:
    assert "电动自行车" in expanded("电瓶车罚多少")
    assert "工业和信息化局" in expanded("找工信局")
    assert "工信局" in expanded("找工业和信息化局")


@pytest.mark.parametrize(
    ("question", "official"),
    [
        ("打工的没签合同怎么办", "劳动者"),
        ("老板拖欠工资找谁", "经营者"),
        ("五险一金要交多少", "住房公积金"),
        ("小区门口摆摊罚多少", "占道经营"),
        ("房东不退钱", "出租人"),
        ("公交车上抽烟", "吸烟"),
        ("偷税会怎样", "逃避缴纳税款"),
        ("应届生租房有补贴吗", "高校毕业生"),
        ("高企奖多少", "高新技术企业"),
        ("软著登记", "计算机软件著作权"),
        ("用AI写的软件", "人工智能"),
        ("跨境电商补贴", "跨境电子商务"),
        ("环保局电话", "生态环境局"),
    ],
)
def test_each_field_has_its_everyday_words(question: str, official: str) -> None:
    assert official in expanded(question)


@pytest.mark.parametrize(
    ("question", "not_added"),
    [
        ("电信诈骗怎么处罚", "欺诈"),
        ("公司员工人数", "职工人"),
        ("人行道上停车", "中国人民银行"),
        ("email 发到哪", "人工智能"),
    ],
)
def test_a_word_is_not_found_inside_another(question: str, not_added: str) -> None:
    assert not_added not in expanded(question)


def test_no_entry_says_the_same_word_again() -> None:
    for word, official in load_lexicon().lay.items():
        assert word not in official and official


def test_words_that_stand_in_the_question_are_not_added() -> None:
    assert "企业" not in expanded("公司和企业")
    assert expanded("") == []


def test_content_leaves_empty_words_out() -> None:
    assert load_lexicon().content(["请问", "小巨人", "企业", "奖励", "多少"]) == "小巨人企业奖励"


def test_the_operators_words_are_added(tmp_path: Path) -> None:
    own = tmp_path / "lexicon.toml"
    own.write_text(
        '[lay]\n"小电驴" = ["电动自行车"]\n[departments]\n"数管办" = ["数据管理办公室"]\n[empty]\nwords = ["劳驾"]\n',
        "utf-8",
    )
    lexicon = load_lexicon(own)
    assert expanded("小电驴进电梯", lexicon) == ["电动自行车"]
    assert expanded("数据管理办公室在哪", lexicon) == ["数管办"]
    assert lexicon.content(["劳驾", "小电驴"]) == "小电驴"
    assert "电动自行车" in expanded("电瓶车", lexicon), "the package's own words stay"


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
