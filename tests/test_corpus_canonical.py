"""Lines -> paragraphs: what is joined, what is cleaned, and that a wrapped file reads like the one before wrapping."""

from __future__ import annotations

import textwrap

import pytest

from corpus.canonical import Paragraph, paragraphs
from corpus.readers import Line
from corpus.reading import read_documents


def read(text: str) -> list[Paragraph]:
    return paragraphs([Line(line, n) for n, line in enumerate(text.split("\n"), start=1)])


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("　　第一条　为了加强管理。", "第一条 为了加强管理。"),
        ("给予最高 300 万元奖励。", "给予最高300万元奖励。"),
        ("推进 5G 网络、AI 应用。", "推进5G网络、AI应用。"),
        ("use of open data", "use of open data"),
        ("设臵充电〃换电设施。", "设置充电·换电设施。"),
        ("加强\u200b管理\ufeff。", "加强管理。"),
        ("支持企业上市。[1] 支持并购。", "支持企业上市。[1] 支持并购。"),
        ("数组[1]是元素。", "数组[1]是元素。"),
        ("吴  芳  陈晓明", "吴  芳  陈晓明"),
        ("各县级市（区<管委会>）", "各县级市（区<管委会>）"),
    ],
)
def test_what_a_line_becomes(line: str, text: str) -> None:
    assert [p.text for p in read(line)] == [text]


@pytest.mark.parametrize(
    "noise", ["— 11 —", "-3-", "—15—", "第 2 页", "第2页 共10页", "播报", "编辑", "播报编辑", "", "　"]
)
def test_lines_that_are_noise_go(noise: str) -> None:
    assert [p.text for p in read(f"第一条 甲。\n{noise}\n第二条 乙。")] == ["第一条 甲。", "第二条 乙。"]


@pytest.mark.parametrize("text", ["第2页的内容", "— 甲 —", "编辑部", "播报新闻", "2025"])
def test_lines_that_only_look_like_noise_stay(text: str) -> None:
    assert [p.text for p in read(f"第一条 甲。\n{text}\n第二条 乙。")][1] == text


RULES = [
    "澜江市道路停车管理办法",
    "第一条 为了加强道路停车管理，规范停车秩序，保障道路交通安全畅通，根据有关法律、法规，结合本市实际，制定本办法。",
    "第二条 本市市区范围内道路停车泊位的规划、设置、使用、收费和监督管理活动，适用本办法，法律、法规另有规定的从其规定。",
    "第三条 道路停车泊位的设置应当遵循下列原则，并根据道路通行条件和周边停车需求的变化及时调整、定期向社会公布：",
    "（一）保障道路通行，优先满足公共交通、非机动车和行人的通行需要，不得影响消防通道和无障碍设施的正常使用；",
    "（二）统筹停车供需，在医院、学校、菜市场周边设置限时停车泊位，停放不超过三十分钟的免收停车费用。",
    "第四条 停车费按照差别化原则收取，城市中心区域高于外围区域，白天高于夜间，具体标准由市发改委会同有关部门另行制定。",
    "第五条 违反本办法第三条第（二）项规定超时停放的，由公安机关交通管理部门责令改正，并处二十元以上二百元以下罚款。",
    "第六条 本办法自2025年5月1日起施行。",
]


@pytest.mark.parametrize("width", [26, 30, 34])
@pytest.mark.parametrize("blank", ["\n", "\n\n"])
def test_a_hard_wrapped_file_gives_the_same_clauses(width: int, blank: str) -> None:
    wrapped: list[str] = []
    for rule in RULES:
        wrapped += textwrap.wrap(rule.replace(" ", "　"), width, break_on_hyphens=False)
    marked: list[str] = []
    for n, line in enumerate(wrapped, start=1):
        marked.append(line)
        if n % 9 == 0:
            marked.append(f"— {n // 9} —")  # a page ends, maybe inside a sentence
    ((plain, expected),) = read_documents("\n".join(RULES).encode(), "x")
    ((document, clauses),) = read_documents(blank.join(marked).encode(), "x")
    assert document.text == plain.text
    assert document.title == plain.title
    assert [(c.address, c.span) for c in clauses] == [(c.address, c.span) for c in expected]


def test_a_sentence_cut_by_a_page_mark_is_joined() -> None:
    joined = read(
        "市工信局、市财政局应当建立健全协同推进机制，定期研究解决企业反映的困难，\n\n— 15 —\n\n并将办理情况向市政府报告。"
    )
    assert [p.text for p in joined] == [
        "市工信局、市财政局应当建立健全协同推进机制，定期研究解决企业反映的困难，并将办理情况向市政府报告。"
    ]
    assert [line for _, line, _ in joined[0].anchors] == [1, 5]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("\t序号\n\t企业\n\n\t1\n\t甲公司\n\n\t2\n\t乙公司", ["序号\t企业", "1\t甲公司", "2\t乙公司"]),
        (
            "\t序号\n\t企业\n\n\t1\n\t某某科技（澜江）\n有限公司\n\n\t2\n\t乙公司",
            ["序号\t企业", "1\t某某科技（澜江）有限公司", "2\t乙公司"],
        ),
        ("\t序号\t企业\n\t1\t甲公司", ["序号\t企业", "1\t甲公司"]),
    ],
)
def test_flattened_tables_become_rows(text: str, rows: list[str]) -> None:
    found = read(text)
    assert [p.text for p in found] == rows
    assert all("\t".join(p.cells) == p.text for p in found)


def test_a_wrapped_cell_with_a_blank_line_inside_stays_in_its_row() -> None:
    found = read("\t序号\n\t企业\n\t地区\n\n\t1\n\t某某科技\n\n有限公司\n\t高新区\n\n\t2\n\t乙公司\n\t古城区")
    assert [p.cells for p in found][1:] == [("1", "某某科技有限公司", "高新区"), ("2", "乙公司", "古城区")]
    assert found[1].anchors == ((0, 5, None), (2, 6, None), (6, 8, None), (11, 9, None))


def test_page_numbers_alone_on_a_line_go() -> None:
    pages = "\n".join(f"第{n}段文字。\n{n}" for n in range(1, 6))
    assert [p.text for p in read(pages)] == [f"第{n}段文字。" for n in range(1, 6)]


def test_footnote_marks_go_only_from_encyclopaedia_pages() -> None:
    """播报 and 编辑 beside them say that [1] is a mark of the page, not of the document."""
    lines = ["支持企业上市。[1] 支持并购。[2-3]", "播报", "编辑", "数组[1]是元素。"]
    found = paragraphs([Line(text, n) for n, text in enumerate(lines, 1)])
    assert [p.text for p in found] == ["支持企业上市。 支持并购。", "数组[1]是元素。"]


def test_what_the_layout_of_a_page_shows_goes_before_what_the_words_suggest() -> None:
    """第二条 at the beginning of a line is a reference where the line stands at the edge under a full one."""
    lines = [
        Line("第一条 违反", 1, 1, goes_on=False),
        Line("第二条规定的，处罚款；", 2, 1, goes_on=True),
        Line("没收违法所得。", 3, 2, goes_on=True),
        Line("第二条 本条例自公布之日起施行。", 4, 2, goes_on=False),
    ]
    first, second = paragraphs(lines)
    assert first.text == "第一条 违反第二条规定的，处罚款；没收违法所得。"
    assert [(line, page) for _, line, page in first.anchors] == [(1, 1), (2, 1), (3, 2)]
    assert second.line == 4


def test_events_in_the_history_of_a_law_are_paragraphs() -> None:
    text = "澜江市燃气管理条例\n2011年11月17日 澜江市第十三届人民代表大会常务委员会第三十次会议通过\n2020年5月14日 澜江市第十五届人民代表大会常务委员会第二十一次会议修正\n第一章 总则"
    assert len(read(text)) == 4


def test_a_heading_that_breaks_off_after_a_comma_goes_on() -> None:
    lines = [Line("第二章 监察委员会、", 1, level=2), Line("人民法院、人民检察院", 2), Line("第九条 甲。", 3)]
    first, second = paragraphs(lines)
    assert (first.text, first.level, second.line) == ("第二章 监察委员会、人民法院、人民检察院", 2, 3)
    assert len(paragraphs([Line("一、总则", 1, level=2), Line("正文。", 2)])) == 2


def test_the_history_of_a_law_is_no_part_of_its_title_in_a_wrapped_file() -> None:
    title = "最高人民法院关于审理案件适用法律若干问题的解释"
    body = (
        "为依法惩治犯罪活动，根据法律的有关规定，现对审理案件具体应用法律的有关问题解释如下：对于实施犯罪的，应当依法从重处罚。"
        * 4
    )
    lines = [title, "1999年12月23日最高人民法院审判委员会第1094次", "会议通过", *textwrap.wrap(body, 23)]
    found = read("\n".join(lines))
    assert [p.text for p in found[:2]] == [title, "1999年12月23日最高人民法院审判委员会第1094次会议通过"]


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("第二条  公共租赁住房租金实行政府定价，由市价格主管", "部门会同财政部门制定。", True),
        ("第三十条 对有关单位的工作人员，在廉租住房管理的各个环节", "中利用职务便利的，给予处分。", True),
        ("（三）完善免试入学程序，规范招生行为，促进教育公平", "各校应当公开招生办法。", False),
        ("第三十四条  实现信息化管理，形成长效的协同管理机制", "建立保障性住房规划平台。", False),
    ],
)
def test_a_clause_that_breaks_off_inside_its_sentence_is_joined_and_a_heading_is_not(
    first: str, second: str, joined: bool
) -> None:
    assert len(read(f"{first}\n{second}")) == (1 if joined else 2)
