"""Who is responsible: every form of department bracket, and the clauses that each of them holds for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.departments import brackets
from corpus.reading import read_documents
from corpus.types import Clause, Document

TITLE = "澜江市测试若干措施"


def named(text: str) -> list[tuple[str, str]]:
    """What the brackets of a text name: names with the first letter of their role, and + where it is for later clauses."""
    found = brackets(text)
    for bracket in found:
        for n in bracket.named:
            assert text[n.span.start : n.span.end] == n.name
            assert bracket.span.contains(n.span)
    return [(n.name, n.role[0] + "+" * n.onward) for b in found for n in b.named]


def every(role: str, *names: str) -> list[tuple[str, str]]:
    return [(name, role) for name in names]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("推进建设。（责任单位：市工信局、市财政局）", every("r", "市工信局", "市财政局")),
        ("推进建设。(责任部门:市科技局)", every("r", "市科技局")),
        ("推进建设。【责任单位：市工信局、市委宣传部（市文明办）】", every("r", "市工信局", "市委宣传部（市文明办）")),
        ("推进建设。[牵头部门：市工信局]", every("l", "市工信局")),
        ("推进建设。（责任单位：市工信局 市财政局）", every("r", "市工信局", "市财政局")),
        ("推进建设。（责任单位：市工信局,市财政局;联系电话：12345678）", every("r", "市工信局", "市财政局")),
        ("推进建设。（责任单位：市委组织部、市人社局等）", every("r", "市委组织部", "市人社局")),
        (
            "推进建设。（责任单位：市发展和改革委、市住房和城乡建设局）",
            every("r", "市发展和改革委", "市住房和城乡建设局"),
        ),
        ("推进建设。（责任单位：市工信局、澜江工业园区）", every("r", "市工信局", "澜江工业园区")),
        ("条例（自2024年5月1日起施行。报送单位：市残联、市教育局）；", every("r", "市残联", "市教育局")),
        ("责任单位：市商务局、市财政局", every("r", "市商务局", "市财政局")),
        ("推进建设。责任单位：市商务局。其他。", every("r", "市商务局")),
    ],
)
def test_labels(text: str, names: list[tuple[str, str]]) -> None:
    assert named(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "（牵头单位：市工信局；配合单位：市财政局、市科技局）",
            [("市工信局", "l"), *every("a", "市财政局", "市科技局")],
        ),
        ("（市工信局牵头，市财政局、澜江海关配合）", [("市工信局", "l"), *every("a", "市财政局", "澜江海关")]),
        ("（市工信局牵头，市财政局等参与）", [("市工信局", "l"), ("市财政局", "a")]),
        ("（市商务局牵头市贸促会配合）", [("市商务局", "l"), ("市贸促会", "a")]),
        ("（市工信局会同市财政局、市税务局负责）", [("市工信局", "l"), *every("a", "市财政局", "市税务局")]),
        ("（责任单位：市工信局（牵头）、市财政局）", [("市工信局", "l"), ("市财政局", "r")]),
        (
            "（责任单位：市工信局牵头，市财政局、市科技局配合）",
            [("市工信局", "l"), *every("a", "市财政局", "市科技局")],
        ),
        (
            "（牵头单位：市商务局；主要责任单位：市发改委，各市、区政府）",
            [("市商务局", "l"), *every("r", "市发改委", "各市、区政府")],
        ),
        (
            "（市数据局牵头，市相关部门及各市<区>按职责分工负责）",
            [("市数据局", "l"), *every("r", "市相关部门", "各市<区>")],
        ),
        ("（市发改委、市住建局按职责分工负责）", every("r", "市发改委", "市住建局")),
        ("（市商务局负责）", every("r", "市商务局")),
        ("（由市商务局负责）", every("r", "市商务局")),
        (
            "（市发改委、市财政局等单位与各市、区政府<管委会>负责）",
            every("r", "市发改委", "市财政局", "各市、区政府<管委会>"),
        ),
        ("（市“双随机、一公开”联席会议办公室牵头）", every("l", "市“双随机、一公开”联席会议办公室")),
        (
            "（市推进职能转变协调小组办公室<以下称市协调办>牵头，市财政局配合）",
            [("市推进职能转变协调小组办公室", "l"), ("市财政局", "a")],
        ),
    ],
)
def test_verbs(text: str, names: list[tuple[str, str]]) -> None:
    assert named("推进建设。" + text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "推进建设。（市商务局、市财政局、各县级市（区）人民政府）",
            ["市商务局", "市财政局", "各县级市（区）人民政府"],
        ),
        ("推进建设。（市委宣传部、市文广旅局，各市、区人民政府）", ["市委宣传部", "市文广旅局", "各市、区人民政府"]),
        ("推进建设。（各市、县（市、区）人民政府）", ["各市、县（市、区）人民政府"]),
        ("推进建设。（各区<管委会>、市市场监管局<知识产权局>）", ["各区<管委会>", "市市场监管局<知识产权局>"]),
        ("推进建设。（市纪委监委机关及相关部门）", ["市纪委监委机关", "相关部门"]),
        ("推进建设。（澜江海关）", ["澜江海关"]),
        ("一、加大支持（市工信局、市财政局）", ["市工信局", "市财政局"]),
    ],
)
def test_names_alone(text: str, names: list[str]) -> None:
    assert named(text) == every("r", *names)


@pytest.mark.parametrize(
    "text",
    [
        "推进建设（含农村地区）。",
        "区（市）政府说明（见附件）",
        "（2025年3月1日）",
        "政策（由市工信局负责解释）。",
        "推进建设（企业牵头，高校参与）。",
        "成员：市发改委、市委宣传部（市文明办）",
        "成员：市委宣传部（市文明办）、市发改委",
        "交通局（以下简称交通部门）负责管理。",
        "支持平台。（省级实验室）",
        "对平台（市级工程研究中心）给予奖励。",
        "上述规定由市司法局负责解释。",
        "上述工作由县级以上人民政府负责。",
        "机关（政府、事业单位）推广应用。",
        "明确责任单位和配合单位。",
    ],
)
def test_no_bracket(text: str) -> None:
    assert named(text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "推进建设。（责任单位：市工信局；以下均需各县级市<区>人民政府<管委会>落实，不再列出）",
            [("市工信局", "r"), ("各县级市<区>人民政府<管委会>", "r+")],
        ),
        (
            "推进建设。（市发改委按职责分工负责，各区政府落实，本项及以下均需各区政府负责落实，不再列出）",
            [*every("r", "市发改委", "各区政府"), ("各区政府", "r+")],
        ),
        (
            "推进建设。（市民政局，各县级市<区>人民政府，下同，不再单独列出）",
            [("市民政局", "r"), ("各县级市<区>人民政府", "r+")],
        ),
        ("以下各项措施均由市工信局、市财政局负责，不再逐一列出。", every("r+", "市工信局", "市财政局")),
        ("以上各项由市民政局牵头，市财政局、市医保局配合。", [("市民政局", "l"), *every("a", "市财政局", "市医保局")]),
    ],
)
def test_for_many_clauses(text: str, names: list[tuple[str, str]]) -> None:
    assert named(text) == names


# -- clauses -----------------------------------------------------------------------------------------------------------


def read(text: str) -> tuple[Document, tuple[Clause, ...]]:
    ((document, clauses),) = read_documents(f"{TITLE}\n\n为支持发展，制定本措施。\n\n{text}\n".encode(), "test.txt")
    return document, clauses


def held(text: str) -> dict[str, list[str]]:
    """For each address the names that hold, with the first letter of the role; inherited ones in brackets."""
    document, clauses = read(text)
    assert_spans(document, clauses)
    return {
        c.address: [f"({r.name} {r.role[0]})" if r.inherited else f"{r.name} {r.role[0]}" for r in c.responsible]
        for c in clauses
    }


def assert_spans(document: Document, clauses: tuple[Clause, ...]) -> None:
    """Names are what stands at their span; own ones stand in a bracket inside their clause, inherited ones outside of it
    or before what it is part of."""
    found = brackets(document.text)
    for clause in clauses:
        assert list(clause.departments) == list(dict.fromkeys(r.name for r in clause.responsible))
        for r in clause.responsible:
            assert document.quote(r.span) == r.name
            assert clause.span.contains(r.span) or r.inherited
            if not r.inherited and "\t" not in document.quote(clause.span):
                assert any(b.span.contains(r.span) and clause.span.contains(b.span) for b in found)


def test_at_the_end_of_an_item() -> None:
    got = held("一、支持企业\n\n（一）奖励。给予奖励。（责任单位：市工信局）\n\n（二）补贴。给予补贴。")
    assert got["一、（一）"] == ["市工信局 r"]
    assert got["一、（二）"] == []
    assert got["一、"] == ["市工信局 r"]


def test_in_a_paragraph_after_the_item() -> None:
    text = "一、支持企业\n\n（一）奖励。给予奖励。\n\n责任单位：市工信局\n\n（二）补贴。给予补贴。\n\n（牵头单位：市商务局；配合单位：市贸促会）\n\n二、其他\n\n无。"
    got = held(text)
    assert got["一、（一）"] == ["市工信局 r"]
    assert got["一、（二）"] == ["市商务局 l", "市贸促会 a"]
    assert got["二、"] == []


def test_at_the_end_of_several_paragraphs() -> None:
    got = held(
        "一、支持企业\n\n1．数字金融。\n\n扩大试点。\n\n支持征信。（责任单位：市财政局）\n\n2．数字物流。\n\n支持物流。"
    )
    assert got["一、1．"] == ["市财政局 r"]
    assert got["一、1．第一段"] == ["(市财政局 r)"]
    assert got["一、2．"] == []


def test_a_paragraph_of_the_command_is_not_of_the_list() -> None:
    text = "一、指挥部\n\n总指挥：市政府副市长\n\n牵头单位：市发改委\n\n成员：市公安局。"
    got = held(text)
    assert got["一、"] == ["市发改委 l"]
    assert not any("市发改委" in name for a, names in got.items() if a == "一、第一段" for name in names)


def test_after_a_list() -> None:
    text = "一、支持园区\n\n（一）园区建设。\n\n1．建设园区。\n\n2．升级园区。\n\n（责任单位：市发改委）\n\n（二）园区招商。开展招商。"
    got = held(text)
    assert got["一、（一）"] == ["市发改委 r"]
    assert got["一、（一）1．"] == ["(市发改委 r)"]
    assert got["一、（二）"] == []


def test_at_a_heading() -> None:
    text = "一、加大支持（市工信局牵头）\n\n（一）奖励。给予奖励。\n\n（二）补贴。给予补贴。（责任单位：市商务局）\n\n二、其他\n\n（一）宣传。加强宣传。"
    got = held(text)
    assert got["一、（一）"] == ["(市工信局 l)"]
    assert got["一、（二）"] == ["市商务局 r", "(市工信局 l)"]
    assert got["二、（一）"] == []


def test_onward_from_the_first_bracket_of_the_document() -> None:
    text = (
        "一、支持企业\n\n（一）奖励。给予奖励。（责任单位：市工信局；以下均需各区政府落实，不再列出）\n\n"
        "（二）补贴。给予补贴。（责任单位：市商务局）\n\n二、其他\n\n（一）宣传。加强宣传。\n\n本措施自2026年1月1日起施行。"
    )
    got = held(text)
    assert got["一、（一）"] == ["市工信局 r", "各区政府 r"]
    assert got["一、（二）"] == ["市商务局 r", "(各区政府 r)"]
    assert got["二、（一）"] == ["(各区政府 r)"]
    assert got["结尾第一段"] == got["开头第一段"] == []


def test_onward_from_a_later_section() -> None:
    text = (
        "一、支持企业\n\n（一）奖励。给予奖励。（责任单位：市工信局）\n\n二、服务\n\n（一）窗口。设立窗口。（市数据局，下同）\n\n"
        "（二）热线。开通热线。\n\n三、其他\n\n（一）宣传。加强宣传。"
    )
    got = held(text)
    assert got["二、（二）"] == ["(市数据局 r)"]
    assert got["三、（一）"] == []


def test_in_the_head_of_a_section() -> None:
    text = (
        "一、支持企业\n\n（一）奖励。给予奖励。\n\n二、优化服务。以下各项措施均由市数据局、各区政府负责，不再逐一列出。\n\n"
        "（一）窗口。设立窗口。\n\n（二）热线。开通热线。\n\n三、其他\n\n（一）宣传。加强宣传。"
    )
    got = held(text)
    assert got["二、（一）"] == got["二、（二）"] == ["(市数据局 r)", "(各区政府 r)"]
    assert got["一、（一）"] == got["三、（一）"] == []


def test_for_all_items_above() -> None:
    text = (
        "一、补助\n\n（一）建设补助。给予补助。\n\n（二）服务补助。给予补助。\n\n二、监督\n\n（一）处罚。责令退回。\n\n"
        "以上各项由市民政局牵头，市财政局配合。\n\n本办法自2026年1月1日起施行。"
    )
    got = held(text)
    assert got["一、（一）"] == ["(市民政局 l)", "(市财政局 a)"]


def test_articles() -> None:
    text = "第一章　总则\n\n第一条　为加强管理，制定本办法。\n\n第二章　管理（市城管局牵头）\n\n第二条　加强巡查。\n\n第三条　加强保养。（市水务局负责）"
    got = held(text)
    assert got["第一条"] == []
    assert got["第二条"] == ["(市城管局 l)"]
    assert got["第三条"] == ["市水务局 r", "(市城管局 l)"]


def test_columns_of_a_table() -> None:
    text = "一、任务\n\n\t序号\t任务\t牵头单位\t配合单位\n\n\t1\t建设园区\t市工信局\t市财政局、市发改委\n\n\t2\t支持展会\t市商务局\t市贸促会"
    got = held(text)
    assert got["一、 序号1"] == ["市工信局 l", "市财政局 a", "市发改委 a"]
    assert got["一、 序号2"] == ["市商务局 l", "市贸促会 a"]


# -- properties --------------------------------------------------------------------------------------------------------

PIECES = (
    *("（", "）", "(", "<", ">", "【", "】", "、", "，", "；", "。", "：", " ", "\n"),
    *(
        "市工信局",
        "市财政局",
        "各县级市（区）人民政府",
        "各市",
        "区政府",
        "企业",
        "责任单位",
        "牵头单位：",
        "配合单位：",
    ),
    *("牵头", "配合", "按职责分工", "负责", "等", "与", "会同", "由", "以下均需", "下同", "不再列出", "以上各项由"),
    *("一、支持", "（一）奖励。", "1．", "第一条　", "推进建设。", "总指挥：", "\t"),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_text(text: str) -> None:
    named(text)
    documents = read_documents(f"{TITLE}\n\n为支持发展，制定本措施。\n\n{text}\n".encode(), "test.txt")
    for document, clauses in documents:
        assert_spans(document, clauses)


STATED = (
    "",
    "（责任单位：市工信局、市财政局）",
    "（市商务局牵头，市贸促会配合）",
    "\n\n责任单位：市住建局",
    "（市数据局；以下均需各区政府落实，不再列出）",
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(STATED), min_size=2, max_size=6), st.integers(0, 5))
def test_an_unrelated_paragraph_changes_nothing(stated: list[str], at: int) -> None:
    numerals = "一二三四五六七"
    items = [f"（{numerals[i]}）第{numerals[i]}措施。给予支持。{said}" for i, said in enumerate(stated)]

    def numbered(items: list[str]) -> dict[str, list[str]]:
        got = held("一、支持企业\n\n" + "\n\n".join(items) + "\n\n二、其他事项\n\n（一）宣传。加强宣传。")
        return {a: names for a, names in got.items() if re.fullmatch(r"[一二]、（.）", a)}

    changed = list(items)
    changed[at % len(items)] = changed[at % len(items)].replace("给予支持。", "给予支持。企业应当如实申报。", 1)
    assert numbered(items) == numbered(changed)
    assert numbered(items) == numbered([*items[:-1], items[-1] + "\n\n申报材料应当真实完整。"])


def test_text_full_of_openings_is_read() -> None:
    """Quadratic code would not come back from this one."""
    n = 8000
    text = "（市工信局、" * n + "推进建设。（责任单位：市工信局、市财政局）\n" * n + "以下均由" * n + "市、" * n
    found = list(brackets(text))
    assert len(found) == n and all([one.name for one in each.named] == ["市工信局", "市财政局"] for each in found)
