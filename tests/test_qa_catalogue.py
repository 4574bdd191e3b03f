"""Catalogue questions over made-up documents: answered from metadata and clauses, every row with its own words; ordinary ones pass by."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_engine import engine_over

from corpus.errors import NotFound
from index.types import Filters
from qa.catalogue.intents import asked_of
from qa.catalogue.policies import Wanted
from qa.catalogue.window import window_of
from qa.engine import Engine
from qa.types import Answer, Question, Refusal, Row

DAY = date(2026, 11, 21)
FILES = {
    "1.txt": """澜江市人才公寓租赁管理暂行办法
澜府规〔2021〕3号

第一条 为规范人才公寓租赁，制定本办法。

第二条 在本市就业的硕士可以申请人才公寓，租金每月每平方米12元。

第三条 申请人应当提交身份证。

第四条 本办法自2021年3月1日起施行，有效期至2026年2月28日。
""",
    "2.txt": """澜江市人才公寓租赁管理办法
澜府规〔2025〕8号

第一条 为规范人才公寓租赁，制定本办法。

第二条 在本市就业的硕士可以申请人才公寓，租金每月每平方米15元。

第三条 申请人应当提交身份证和学历证书。

第四条 申请人才公寓应当符合下列条件：
（一）在本市没有自有住房；
（二）在本市缴纳社会保险满一年。

第五条 灵活就业人员可以按季度缴纳租金。

第六条 市住房保障局负责人才公寓的分配。

第七条 本办法自2025年9月1日起施行，有效期至2030年8月31日。《澜江市人才公寓租赁管理暂行办法》（澜府规〔2021〕3号）同时废止。
""",
    "3.txt": """澜江市养老服务补贴办法
澜民规〔2024〕2号

第一条 为做好养老服务，制定本办法。

第二条 护理补贴标准：轻度失能老年人每人每月200元，重度失能老年人每人每月600元。

第三条 高龄津贴：年满80周岁的老年人每人每月100元。人均月收入2000元以下的家庭优先。

第四条 申请护理补贴应当符合下列条件：
（一）具有本市户籍；
（二）年满60周岁。

第五条 市民政局负责补贴的审核和发放。

第六条 本办法自2024年1月1日起施行，有效期至2026年12月31日。
""",
    "4.txt": """禾山市养老服务补贴办法
禾民规〔2026〕1号

第一条 为做好养老服务，制定本办法。

第二条 护理补贴标准：失能老年人每人每月300元。

第三条 申请条件：具有本市户籍且年满65周岁。

第四条 本办法自2027年1月1日起施行。
""",
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return engine_over(tmp_path_factory.mktemp("catalogue"), FILES)


def answer(engine: Engine, question: str, day: date = DAY, filters: Filters | None = None) -> Answer:
    outcome = engine.answer(Question(question, day, filters or Filters()))
    assert isinstance(outcome, Answer), outcome
    assert outcome.rows, f"no catalogue answer: {outcome.text}"
    for row in outcome.rows:
        for citation in (row.citation, row.other):
            assert citation is None or citation.clause.document_id == citation.document.id
            assert citation is None or citation in outcome.citations
    return outcome


def titles(rows: tuple[Row, ...]) -> list[str]:
    return list(dict.fromkeys(row.title for row in rows))


NEW, OLD = "澜江市人才公寓租赁管理办法", "澜江市人才公寓租赁管理暂行办法"
CARE, OTHER_CARE = "澜江市养老服务补贴办法", "禾山市养老服务补贴办法"


# --- in force, since when, replaced by what ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "said", "quote"),
    [
        (f"《{OLD}》现在还有效吗？", "已废止：自2025年9月1日起被《澜江市人才公寓租赁管理办法》取代", "同时废止"),
        ("澜府规〔2021〕3号被哪个文件取代了", NEW, "（澜府规〔2021〕3号）同时废止"),
        (f"{NEW}什么时候到期", "有效期至2030年8月31日（现行有效）", "有效期至2030年8月31日"),
        (f"{CARE}从哪天开始施行，到哪天为止", "2024年1月1日起施行，有效期至2026年12月31日", "2024年1月1日"),
        (f"{OTHER_CARE}生效了没有", "尚未施行：2027年1月1日起施行", "2027年1月1日"),
        (f"2027年3月了，{CARE}还管用吗", "已失效", "2026年12月31日"),
        (f"{CARE}还有没有效", "现行有效", "2024年1月1日"),
    ],
)  # fmt: skip
def test_the_state_of_a_document(engine: Engine, question: str, said: str, quote: str) -> None:
    found = answer(engine, question)
    assert said in found.text
    assert any(quote in row.citation.quote for row in found.rows)


def test_before_its_successor_a_document_is_in_force(engine: Engine) -> None:
    assert "现行有效" in answer(engine, f"《{NEW}》现在还有效吗？", date(2025, 10, 1)).text
    assert answer(engine, f"《{CARE}》还有效吗", date(2025, 1, 1)).text.startswith("现行有效")


# --- which end, which begin -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "day", "wanted"),
    [
        ("今年到期的政策有哪些", DAY, [OLD, CARE]),
        ("有哪些文件60天内要到期", DAY, [CARE]),
        ("2030年有哪些办法失效？", DAY, [NEW]),
        ("下个月到期的养老政策有哪些", DAY, [CARE]),
        ("哪些办法是从2025年9月1日起施行的", DAY, [NEW]),
        ("明年开始施行的文件有哪些", DAY, [OTHER_CARE]),
    ],
)
def test_lists_by_day(engine: Engine, question: str, day: date, wanted: list[str]) -> None:
    assert titles(answer(engine, question, day).rows) == wanted


def test_a_stretch_of_time_without_any_is_said_to_be_empty(engine: Engine) -> None:
    outcome = engine.answer(Question("2040年到期的政策有哪些", DAY))
    assert isinstance(outcome, Refusal)
    assert "2040年" in outcome.message and outcome.reason == "no_evidence"


def test_filters_hold_for_lists(engine: Engine) -> None:
    only = frozenset(d.id for d in engine.store.catalogue() if d.title == CARE)
    assert titles(answer(engine, "今年到期的政策有哪些", filters=Filters(document_ids=only)).rows) == [CARE]


# --- which are for me, what is paid -----------------------------------------------------------------------------------


def test_documents_by_subject_and_place(engine: Engine) -> None:
    assert set(titles(answer(engine, "有哪些养老方面的政策？").rows)) == {CARE, OTHER_CARE}
    assert titles(answer(engine, "禾山市有哪些养老方面的政策？").rows) == [OTHER_CARE]


def test_clauses_for_a_group(engine: Engine) -> None:
    found = answer(engine, "我是灵活就业人员，有哪些政策跟我有关")
    assert [row.citation.quote for row in found.rows] == ["第五条 灵活就业人员可以按季度缴纳租金。"]


def test_clauses_of_a_department(engine: Engine) -> None:
    found = answer(engine, "由民政局负责的规定有哪些")
    assert [row.citation.quote for row in found.rows] == ["第五条 市民政局负责补贴的审核和发放。"]


def test_all_that_is_paid_with_the_amounts(engine: Engine) -> None:
    found = answer(engine, "澜江市养老服务有哪些补贴，分别多少钱")
    assert titles(found.rows) == [CARE]
    values = {value for row in found.rows for value in row.value.split("、")}
    assert values == {"200元", "600元", "100元"}, "an income is not paid"


# --- two documents ----------------------------------------------------------------------------------------------------


def test_two_documents_on_one_point(engine: Engine) -> None:
    (row, *_) = answer(engine, f"{CARE}和{OTHER_CARE}在申请条件上有什么不同").rows
    assert row.other is not None
    assert "年满60周岁" in row.citation.quote and "年满65周岁" in row.other.quote


def test_what_a_new_version_changed(engine: Engine) -> None:
    rows = answer(engine, f"《{NEW}》新旧两版有什么变化").rows
    changed = {(row.other.quote[-5:-1], row.citation.quote[-5:-1]) for row in rows if row.group == "改动" and row.other}
    assert ("米12元", "米15元") in changed
    added = [row.citation.quote for row in rows if row.group == "新增"]
    assert any("灵活就业人员" in quote for quote in added)
    assert not any(row.citation.quote.startswith("第一条") for row in rows), "what is the same is no change"


def test_a_document_with_one_version_cannot_be_compared(engine: Engine) -> None:
    outcome = engine.answer(Question(f"《{CARE}》和旧版比改了哪些", DAY))
    assert isinstance(outcome, Refusal) and "没有" in outcome.message and CARE in outcome.message


# --- ordinary questions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "question",
    [
        "硕士租人才公寓租金多少？", "申请护理补贴要什么条件？", "违反规定有什么处罚？", "高龄津贴多少钱一个月？",
        "居住证有效期多久？", "居住证过期了怎么办？", "哪些老人可以领护理补贴？", "经济适用房是什么意思", "规定的材料有哪些？",
        "一等奖二等奖分别奖多少", "2026年的补贴标准是多少", "什么情况下合同失效", "政策措施有哪些要求",
        "由谁负责审核补贴？", "第五条怎么规定的", "申请材料和学历证书有什么区别",
    ],
)  # fmt: skip
def test_an_ordinary_question_is_left_alone(engine: Engine, question: str) -> None:
    assert engine.catalogue.answer(Question(question, DAY)) is None


def test_what_metadata_do_not_tell_is_left_alone(engine: Engine) -> None:
    for question in ("海洋渔业有哪些政策", "《没有这份文件的办法》还有效吗", "今年到期的海洋政策有哪些"):
        assert engine.catalogue.answer(Question(question, DAY)) is None


@settings(max_examples=80)
@given(
    st.text(
        alphabet="今明年月日天内哪些有什么政策办法到期施行失效补贴各多少列由负责的和不同十百2026.（）《》，？我是",
        max_size=40,
    )
)
def test_no_question_breaks_the_recogniser(text: str) -> None:
    asked_of(text, DAY)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("今年", date(2026, 1, 1), date(2026, 12, 31)),
        ("2017年", date(2017, 1, 1), date(2017, 12, 31)),
        ("30天内", DAY, date(2026, 12, 21)),
        ("未来三个月", DAY, date(2027, 2, 21)),
        ("年底前", DAY, date(2026, 12, 31)),
        ("下个月", date(2026, 12, 1), date(2026, 12, 31)),
        ("明年上半年", date(2027, 1, 1), date(2027, 6, 30)),
        ("2016年2月", date(2016, 2, 1), date(2016, 2, 29)),
        ("2016年1月1日", date(2016, 1, 1), date(2016, 1, 1)),
        ("已经", date.min, date(2026, 11, 20)),
    ],
)
def test_stretches_of_time(text: str, first: date, last: date) -> None:
    window = window_of(f"{text}到期的政策", DAY)
    assert window is not None and (window.first, window.last) == (first, last)


# --- the list for programs --------------------------------------------------------------------------------------------


def test_policies_by_filters(engine: Engine) -> None:
    def found(**wanted: object) -> list[str]:
        return [p.document.title for p in engine.catalogue.policies(Wanted(**wanted)).policies]  # type: ignore[arg-type]

    assert found() == [OLD, NEW, CARE, OTHER_CARE]
    assert found(in_force_on=DAY) == [NEW, CARE]
    assert found(in_force_on=date(2025, 1, 1)) == [OLD, CARE], "before its successor the old one holds"
    assert found(ends_before=date(2027, 1, 1)) == [OLD, CARE]
    assert found(subject="养老") == [CARE, OTHER_CARE]
    assert found(subject="没有这个词语") == []
    assert found(region="禾山市") == [OTHER_CARE]
    assert found(department="民政局") == [CARE]
    (policy,) = engine.catalogue.policies(Wanted(department="民政局")).policies
    assert [c.quote for c in policy.clauses] == ["第五条 市民政局负责补贴的审核和发放。"]


def test_pages_of_policies_hold_all_once(engine: Engine) -> None:
    seen: list[str] = []
    cursor = None
    while True:
        page = engine.catalogue.policies(Wanted(limit=3, cursor=cursor))
        seen += [p.document.title for p in page.policies]
        assert page.total == 4
        if (cursor := page.following) is None:
            break
    assert seen == [OLD, NEW, CARE, OTHER_CARE]
    with pytest.raises(NotFound):
        engine.catalogue.policies(Wanted(cursor="no such id"))
