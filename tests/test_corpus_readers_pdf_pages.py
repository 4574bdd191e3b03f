"""What stands on the pages of a PDF and is no line of its text, and pages that are not set line by line from the left."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from corpus.canonical import paragraphs
from corpus.radicals import EQUIVALENTS
from corpus.readers import Line, pdf

FONT = "STSong-Light"
Draw = Callable[[Canvas], None]
CLAUSES = [f"第{n}条 占用道路的，每平方米每日收费{i}元。" for i, n in enumerate("一二三四五六七八九", 1)]


def made(*pages: Draw, font: UnicodeCIDFont | None = None) -> bytes:
    pdfmetrics.registerFont(font or UnicodeCIDFont(FONT))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842), invariant=1)
    for draw in pages:
        canvas.setFont(FONT, 14)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def body(canvas: Canvas, lines: Sequence[str] = CLAUSES, x: float = 80, top: float = 690, pitch: float = 26) -> None:
    for n, line in enumerate(lines):
        canvas.drawString(x, top - pitch * n, line)


def read(*pages: Draw) -> list[Line]:
    return pdf.read(made(*pages))


def texts(lines: list[Line]) -> list[str]:
    return [line.text.strip() for line in lines if line.text]


def gone(lines: list[Line]) -> list[tuple[str, str]]:
    return [(line.left_out.reason, line.left_out.text) for line in lines if line.left_out is not None]


# -- watermarks --------------------------------------------------------------------------------------------------------


def mark(canvas: Canvas, words: str, angle: float, size: float, grey: float, x: float = 150, y: float = 420) -> None:
    canvas.saveState()
    canvas.setFillGray(grey)
    canvas.setFont(FONT, size)
    canvas.translate(x, y)
    canvas.rotate(angle)
    canvas.drawString(0, 0, words)
    canvas.restoreState()


@pytest.mark.parametrize(("angle", "grey"), [(45, 0.8), (-30, 0.0), (60, 0.9), (17, 0.6), (90, 0.8), (0, 0.85)])
def test_a_watermark_is_reported_and_not_read(angle: float, grey: float) -> None:
    def draw(canvas: Canvas) -> None:
        mark(canvas, "征求意见稿 不得转发", angle, 48, grey)
        body(canvas)

    lines = read(draw, draw)
    assert texts(lines) == CLAUSES * 2
    assert gone(lines) == [("watermark", "征求意见稿 不得转发")] * 2


@pytest.mark.parametrize("angle", [30, 0])
def test_a_tiled_watermark_is_reported_once_a_page(angle: float) -> None:
    def draw(canvas: Canvas) -> None:
        body(canvas)
        for x in (60, 220, 380):
            for y in (300, 480, 660):
                mark(canvas, "枫桥市档案馆", angle, 14, 0.75, x, y)

    lines = read(draw)
    assert texts(lines) == CLAUSES
    assert gone(lines) == [("watermark", "枫桥市档案馆")]


def test_light_text_that_is_no_watermark_stays() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFillGray(0.6)
        canvas.drawString(80, 650, "注：本页为摘要。")
        canvas.setFillGray(1)
        canvas.setFont(FONT, 22)
        canvas.drawString(80, 600, "白字标题")
        canvas.setFillGray(0)
        canvas.setFont(FONT, 14)
        body(canvas, CLAUSES[:3], top=500)

    assert texts(read(draw)) == ["注：本页为摘要。", "白字标题", *CLAUSES[:3]]


@pytest.mark.parametrize("turn", [90, 180, 270, 3])
@pytest.mark.parametrize("by_matrix", [True, False])
def test_a_page_that_is_turned_is_read_upright(turn: int, by_matrix: bool) -> None:
    def draw(canvas: Canvas) -> None:
        if not by_matrix and turn % 90 == 0:
            canvas.setPageRotation(turn)
        shift = {90: (595, 0), 180: (595, 842), 270: (0, 842), 3: (20, 0)}[turn]
        canvas.translate(*shift)
        canvas.rotate(turn)
        body(canvas, CLAUSES[:6], top=400)
        for y in (250, 220, 190):
            canvas.line(80, y, 480, y)
        for x in (80, 280, 480):
            canvas.line(x, 190, x, 250)
        for y, row in ((228, ("项目", "额度")), (198, ("技改", "300万元"))):
            canvas.drawString(90, y, row[0])
            canvas.drawString(290, y, row[1])

    read_texts = texts(read(draw))
    assert read_texts[:6] == CLAUSES[:6]
    assert read_texts[6:] == ["项目\t额度", "技改\t300万元"]


@pytest.mark.parametrize("turn", [90, 270])
def test_much_text_on_its_side_is_read_after_the_page_and_a_little_is_left_out(turn: int) -> None:
    def side(canvas: Canvas, lines: Sequence[str]) -> None:
        canvas.saveState()
        canvas.translate(*((400, 80) if turn == 90 else (400, 500)))
        canvas.rotate(turn)
        for n, line in enumerate(lines):
            canvas.drawString(0, -24 * n, line)
        canvas.restoreState()

    def much(canvas: Canvas) -> None:
        body(canvas, CLAUSES[:5])
        side(canvas, CLAUSES[5:9])

    def little(canvas: Canvas) -> None:
        body(canvas, CLAUSES[5:])
        side(canvas, ["— 2 —"])

    lines = read(much, little)
    assert texts(lines) == CLAUSES + CLAUSES[5:]
    assert gone(lines) == [("page_number", "— 2 —")]


def test_a_head_that_repeats_the_heading_of_its_part_goes_after_the_first() -> None:
    def page(n: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            canvas.drawString(80, 790, "第一章 总则" if n < 4 else "第二章 附则")
            body(canvas, CLAUSES[n : n + 1])

        return draw

    lines = read(*[page(n) for n in range(8)])
    assert [t for t in texts(lines) if t.startswith("第") and "章" in t] == ["第一章 总则", "第二章 附则"]
    assert len(gone(lines)) == 6


# -- running heads and page numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heads",
    [("附件1", "附件2", "附件3"), ("附件 2", "附件 3", "附件 4"), ("第1章 总则", "第2章 管理", "第3章 附则"),
     ("附表1", "附表2", "附表3"), ("第一章 总则", "第二章 管理", "第三章 附则"), ("附件", "附件", "附件")],
)  # fmt: skip
def test_headings_at_the_top_of_pages_stay(heads: tuple[str, ...]) -> None:
    def page(n: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            canvas.drawString(80, 780, heads[n])
            body(canvas, CLAUSES[n : n + 2])
            canvas.drawString(290, 40, f"{n + 1}")

        return draw

    lines = read(*[page(n) for n in range(3)])
    assert [text for text in texts(lines) if text in heads] == list(heads)
    assert gone(lines) == [("page_number", str(n)) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    "head", ["澜江市人民政府公报 {}", "澜府规〔2025〕3号", "公报 2025年第3期 · {} ·", "澜江市住建局 第{}页"]
)
def test_heads_go_that_repeat_but_for_the_page(head: str) -> None:
    def page(n: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            canvas.drawString(80, 790, head.format(n + 4))
            body(canvas, CLAUSES[2 * n : 2 * n + 2])

        return draw

    lines = read(*[page(n) for n in range(4)])
    assert texts(lines) == CLAUSES[:8]
    assert gone(lines) == [("running_head", head.format(n + 4)) for n in range(4)]


@pytest.mark.parametrize(
    "form",
    ["－{}－", "— {} —", "第{}页/共3页", "第 {} 页 共 3 页", "{}/3", "Page {} of 3", "·{}·", "{}", "-{}-", "roman", "第{}页，共3页"],
)  # fmt: skip
def test_page_numbers_of_all_forms_are_reported(form: str) -> None:
    def page(n: int) -> Draw:
        number = ("i", "ii", "iii")[n] if form == "roman" else form.format(n + 1)

        def draw(canvas: Canvas) -> None:
            body(canvas, CLAUSES[3 * n : 3 * n + 3])
            canvas.drawString(270, 45, number)

        return draw

    lines = read(*[page(n) for n in range(3)])
    assert texts(lines) == CLAUSES
    assert [reason for reason, _ in gone(lines)] == ["page_number"] * 3


def test_a_number_in_the_margin_that_counts_nothing_stays() -> None:
    def page(year: str) -> Draw:
        def draw(canvas: Canvas) -> None:
            body(canvas, CLAUSES[:2])
            canvas.drawString(80, 60, year)

        return draw

    assert [t for t in texts(read(page("2019"), page("2035"), page("300"))) if t.isdigit()] == ["2019", "2035", "300"]


# -- columns and vertical text -----------------------------------------------------------------------------------------


def prose(count: int, width: int, first: int = 0) -> list[str]:
    """Full lines whose characters say in which order they come."""
    signs = "".join(chr(0x4E00 + 7 * n % 2000) for n in range(first, first + count * width))
    return [signs[n * width : (n + 1) * width] for n in range(count)]


@pytest.mark.parametrize("offset", [0, 3, 7, 10])
@pytest.mark.parametrize("columns", [2, 3])
def test_columns_on_grids_of_their_own_under_a_title_over_a_note(offset: float, columns: int) -> None:
    width = 18 if columns == 2 else 11
    parts = [prose(12, width, 300 * n) for n in range(columns)]
    title, note = "枫桥市夜间经济促进办法实施细则全文公布通告说明", "注" * 36

    def draw(canvas: Canvas) -> None:
        canvas.setFont(FONT, 18)
        canvas.drawString(90, 760, title)
        canvas.setFont(FONT, 12)
        for n, part in enumerate(parts):
            body(canvas, part, 72 + n * (width * 12 + 26), 700 - offset * n, 20)
        canvas.drawString(72, 400, note)

    assert texts(read(draw)) == [title, *[line for part in parts for line in part], note]


@pytest.mark.parametrize("offset", [0, 2, 5, 9, 13])
def test_columns_of_short_clauses_are_told_by_their_numbers(offset: float) -> None:
    left = [
        "第一条 为促进夜间消费，结",
        "合本市实际，制定本办法。",
        "第二条 夜市每晚十时关闭。",
        "（一）摊位；",
        "（二）商铺。",
        "第三条 依法处罚。",
    ]
    right = [
        "第四条 停车免费。",
        "第五条 公交延长至23时。",
        "（一）一路；",
        "（二）二路。",
        "第六条 投诉应当在3日内",
        "办结。",
    ]

    def draw(canvas: Canvas) -> None:
        canvas.setFont(FONT, 12)
        body(canvas, left, 72, 700, 20)
        body(canvas, right, 320, 700 - offset, 20)

    assert texts(read(draw)) == left + right


@pytest.mark.parametrize("drawn", ["table", "picture"])
def test_columns_above_and_below_a_table_or_a_picture(drawn: str) -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    parts = [prose(8, 17, 200 * n) for n in range(4)]

    def draw(canvas: Canvas) -> None:
        canvas.setFont(FONT, 12)
        for n, part in enumerate(parts):
            body(canvas, part, 72 + (n % 2) * 235, 740 - 330 * (n // 2), 20)
        if drawn == "picture":
            canvas.drawImage(ImageReader(Image.new("L", (40, 10), 99)), 72, 450, 440, 110)
            return
        for y in (560, 520, 480):
            canvas.line(72, y, 510, y)
        for x in (72, 290, 510):
            canvas.line(x, 480, x, 560)
        for y, row in ((535, ("类别", "额度")), (495, ("工业", "300"))):
            canvas.drawString(80, y, row[0])
            canvas.drawString(300, y, row[1])

    rows = ["类别\t额度", "工业\t300"] if drawn == "table" else []
    halves = [[line for part in parts[i : i + 2] for line in part] for i in (0, 2)]
    assert texts(read(draw)) == [*halves[0], *rows, *halves[1]]


VERTICAL = [
    "枫桥市临时占道管理规定",
    "第一条每平方米每日收费0.5元，最长不超过15日。",
    "第二条本规定自2026年1月1日起施行。",
]


@pytest.mark.parametrize("titled", [True, False])
@pytest.mark.parametrize("by_font", [True, False])
def test_vertical_text_is_read_from_right_to_left(by_font: bool, titled: bool) -> None:
    def draw(canvas: Canvas) -> None:
        if titled and not by_font:
            canvas.drawString(150, 770, "枫桥市人民政府公报特刊")
            canvas.drawString(290, 40, "- 1 -")
        for n, column in enumerate(VERTICAL):
            if by_font:
                canvas.drawString(480 - 34 * n, 700, column)
                continue
            for i, char in enumerate(column):
                canvas.drawString(480 - 34 * n, 700 - 16 * i, char)

    lines = pdf.read(made(draw, font=UnicodeCIDFont(FONT, isVertical=by_font)))
    head = ["枫桥市人民政府公报特刊"] if titled and not by_font else []
    assert texts(lines) == [*head, *VERTICAL]


# -- tables ------------------------------------------------------------------------------------------------------------


def ruled(canvas: Canvas, xs: Sequence[float], ys: Sequence[float]) -> None:
    for y in ys:
        canvas.line(xs[0], y, xs[-1], y)
    for x in xs:
        canvas.line(x, ys[0], x, ys[-1])


@pytest.mark.parametrize("xs", [(70, 530), (40, 70, 530), (70, 300, 530), (70, 520, 560)])
def test_lines_of_text_in_frames_are_no_table(xs: tuple[float, ...]) -> None:
    lines = prose(9, 32)

    def draw(canvas: Canvas) -> None:
        body(canvas, lines, 74)
        ruled(canvas, xs, [684 + 21 - 26 * n for n in range(10)])
        if xs[0] == 40:
            body(canvas, [str(n) for n in range(1, 10)], 50)

    found = read(draw)
    assert not any(line.text.startswith("\t") for line in found)
    assert "".join(re.sub(r"[\d ]", "", text) for text in texts(found)) == "".join(lines)


def test_the_header_that_a_table_repeats_on_the_next_page_is_no_row() -> None:
    def page(rows: list[tuple[str, str]], top: float) -> Draw:
        def draw(canvas: Canvas) -> None:
            ruled(canvas, (80, 280, 480), [top - 30 * n for n in range(len(rows) + 1)])
            for n, row in enumerate(rows):
                for x, text in zip((90, 290), row, strict=True):
                    canvas.drawString(x, top - 20 - 30 * n, text)

        return draw

    head = ("项目", "额度")
    lines = read(page([head, ("技改", "300万元"), ("冷链", "50万元")], 400), page([head, ("物流", "20万元")], 790))
    rows = [p for p in paragraphs(lines) if p.cells]
    assert [p.cells for p in rows] == [head, ("技改", "300万元"), ("冷链", "50万元"), ("物流", "20万元")]
    assert [p.header for p in rows] == [True, False, False, False]
    assert gone(lines) == [("running_head", "项目 额度")]


# -- characters --------------------------------------------------------------------------------------------------------


def test_every_radical_is_its_ideograph_one_for_one() -> None:
    kangxi = [chr(code) for code in range(0x2F00, 0x2FD6)]
    assert len(EQUIVALENTS) == 214 + 114
    assert all(len(value) == 1 and not 0x2E80 <= ord(value) <= 0x2FD5 for value in EQUIVALENTS.values())
    (one,) = paragraphs([Line("".join(kangxi), 1)])
    assert len(one.text) == 214
    (other,) = paragraphs([Line("第⼀条 ⾃2026年7⽉1⽇起施⾏，⻓期⼾籍⻋⻔⻚⻢⻝⻛⻰⻬。", 1)])
    assert other.text == "第一条 自2026年7月1日起施行，长期户籍车门页马食风龙齐。"


def test_nothing_is_written_to_the_log_or_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    data = made(body).replace(b"/FontDescriptor", b"/FontDescriptoX").replace(b"/FontBBox", b"/FontBBoX")
    assert texts(pdf.read(data)) == CLAUSES
    assert capfd.readouterr() == ("", "")


_SIGNS = st.text(st.sampled_from("企业市场监管部门应当依法开展检查处罚补贴"), min_size=20, max_size=150)


@settings(max_examples=25, deadline=None)
@given(st.lists(_SIGNS, min_size=1, max_size=24), st.integers(2, 88), st.booleans(), st.integers(4, 12))
def test_every_character_of_the_body_comes_back_once_and_in_order(
    bodies: list[str], angle: int, headed: bool, per_page: int
) -> None:
    lines = [text[i : i + 28] for text in bodies for i in range(0, len(text), 28)]
    pages = [lines[i : i + per_page] for i in range(0, len(lines), per_page)]

    def page(number: int, on: list[str]) -> Draw:
        def draw(canvas: Canvas) -> None:
            if angle > 10:
                mark(canvas, "内部资料严禁外传", angle, 50, 0.8)
            if headed:
                canvas.drawString(80, 800, "澜江市人民政府公报")
            body(canvas, on, top=700, pitch=28)
            canvas.drawString(280, 40, f"— {number} —")

        return draw

    found = read(*[page(n, on) for n, on in enumerate(pages, 1)])
    head = (
        "澜江市人民政府公报" if headed and len(pages) == 1 else ""
    )  # a head on one page only is taken for a line of it
    assert "".join(texts(found)) == head + "".join(lines)
    assert sum(reason == "page_number" for reason, _ in gone(found)) == len(pages)
