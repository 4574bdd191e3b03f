"""A clause that a question names by its number comes first, and is quoted where nothing else is asked."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from corpus.ingest import ingest
from corpus.store import Store
from qa.build import build_engine, update_index
from qa.engine import Engine
from qa.lookup import asks_for_text
from qa.types import Answer, Question, Refusal

DAY = date(2026, 11, 21)
RULES = """澜江市人才落户管理办法
江府规〔2025〕7号

第一章 总则

第一条 为了方便人才落户，制定本办法。

第二条 本办法适用于在本市就业的各类人才。

第二章 条件

第三条 符合下列条件之一的，可以申请落户：
（一）具有本科以上学历，不满四十五周岁；
（二）具有高级技师资格。
配偶和未成年子女可以随迁。

第四条 申请材料包括身份证和学历证书。

第五条 公安机关应当在五个工作日内办结，一次性补贴2万元。

第六条 本办法自2025年3月1日起施行。
"""
MEASURES = """澜江市关于支持外贸稳定增长的若干措施

一、开拓市场

（一）支持参加境外展会。对企业参加境外展会的，每个展位补助3万元。

（二）支持投保。对小微企业保费给予80%补助。

二、做强主体

（三）支持总部。对外贸总部企业奖励100万元。

附件1

展会目录

一、春季展。

二、秋季展。
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("lookup")
    (folder / "a.txt").write_text(RULES)
    (folder / "b.txt").write_text(MEASURES)
    store = Store(folder / "data")
    ingest(store, [folder / "a.txt", folder / "b.txt"])
    update_index(store, folder / "data")
    return build_engine(folder / "data")


def first(engine: Engine, question: str) -> str:
    """The address of the first passage for a question."""
    passage = engine.search(Question(question, DAY))[0].passage
    return engine.store.clause(passage.clause_id).address


@pytest.mark.parametrize(
    ("question", "address"),
    [
        ("澜江市人才落户管理办法第五条怎么规定的？", "第五条"),
        ("《澜江市人才落户管理办法》第三条第二款是什么内容", "第三条第二款"),
        ("人才落户办法第三条第一款第（二）项怎么规定的", "第三条第一款第（二）项"),
        ("人才落户办法第3条第2项", "第三条第一款第（二）项"),
        ("江府规〔2025〕7号第四条说了什么？", "第四条"),
        ("江府规[2025]7号文第四条", "第四条"),
        ("人才落户办法第六条", "第六条"),
        ("《澜江市人才落户管理办法》第二章讲什么", "第二章"),
        ("外贸稳定增长若干措施第（三）条怎么说", "二、（三）"),
        ("澜江市关于支持外贸稳定增长的若干措施一、（二）怎么规定的", "一、（二）"),
        ("《澜江市关于支持外贸稳定增长的若干措施》二、是什么", "二、"),
        ("澜江市关于支持外贸稳定增长的若干措施附件1二、", "附件1 二、"),
    ],
)
def test_the_clause_named_comes_first(engine: Engine, question: str, address: str) -> None:
    assert first(engine, question) == address
    outcome = engine.answer(Question(question, DAY))
    assert isinstance(outcome, Answer) and outcome.citations[0].clause.address == address
    assert outcome.text == outcome.citations[0].quote


def test_what_is_asked_of_a_clause_is_read_in_it(engine: Engine) -> None:
    question = Question("人才落户办法第五条规定的一次性补贴是多少？", DAY)
    assert first(engine, question.text) == "第五条"
    considered = engine.consider(question)
    assert considered is not None
    found = {s.candidate.text: s.candidate.sentence.clause.address for s in considered.scored}
    assert found.get("2万元") == "第五条"


def test_numbers_that_are_no_address_change_nothing(engine: Engine) -> None:
    outcome = engine.answer(Question("外贸稳定增长若干措施里，境外展会每个展位补助多少万元，2025年3月前有效吗", DAY))
    assert all("address" not in hit.ranks for hit in outcome.hits)


def test_an_article_that_is_not_there_is_not_made_up(engine: Engine) -> None:
    for question in ("澜江市人才落户管理办法第九十九条怎么规定的？", "人才落户管理办法第九十九条规定的补贴是多少？"):
        outcome = engine.answer(Question(question, DAY))
        assert isinstance(outcome, Refusal) and "没有第九十九条" in outcome.message, outcome


def test_the_document_of_the_turn_before(engine: Engine) -> None:
    engine.answer(Question("人才落户办法第五条怎么规定的？", DAY, session="s"))
    outcome = engine.answer(Question("第四条呢？", DAY, session="s"))
    assert isinstance(outcome, Answer) and outcome.citations[0].clause.address == "第四条"


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("办法第五条怎么规定的？", True),
        ("办法第五条", True),
        ("措施一、（二）是什么内容", True),
        ("办法第五条的原文", True),
        ("办法第五条规定的奖励是多少", False),
        ("按照第五条，多少天办结？", False),
    ],
)
def test_asking_for_the_text(question: str, asks: bool) -> None:
    assert asks_for_text(question) is asks


def test_an_address_without_a_document_is_asked_back(engine: Engine) -> None:
    outcome = engine.answer(Question("第一条怎么规定的？", DAY))
    assert isinstance(outcome, Refusal) and outcome.reason == "ambiguous"


def test_versions_of_one_title_are_told_and_the_newest_comes_first(tmp_path: Path) -> None:
    text = "澜江市停车办法\n\n{day}\n\n第一条 每小时{yuan}元。\n\n第二条 本办法自发布之日起施行。\n"
    (tmp_path / "a.txt").write_text(text.format(day="2019年3月1日", yuan=5))
    (tmp_path / "b.txt").write_text(text.format(day="2025年3月1日", yuan=3))
    store = Store(tmp_path / "data")
    ingest(store, [tmp_path / "a.txt", tmp_path / "b.txt"])
    update_index(store, tmp_path / "data")
    outcome = build_engine(tmp_path / "data").answer(Question("澜江市停车办法第一条怎么规定的？", DAY))
    assert isinstance(outcome, Answer) and "3元" in outcome.text and len(outcome.citations) == 2
    assert "conflicting" in [w.code for w in outcome.warnings]
