"""PDF files -> lines with pages: running heads go, tables are rows, and what is refused."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from corpus.canonical import paragraphs
from corpus.errors import BadFile, EmptyFile, TooLarge
from corpus.readers import pdf
from corpus.readers.errors import Damaged, Encrypted, NoTextLayer
from corpus.readers.lines import LeftOut

FONT = "STSong-Light"  # a font that every reader has: nothing is embedded


def made(*pages: Callable[[Canvas], None], password: str = "", compress: int = 1) -> bytes:
    """A PDF whose pages are drawn by these functions (A4, origin at the bottom left)."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    out = io.BytesIO()
    encrypt = StandardEncryption(password, strength=128) if password else None
    canvas = Canvas(out, pagesize=(595, 842), pageCompression=compress, encrypt=encrypt, invariant=1)
    for draw in pages:
        canvas.setFont(FONT, 16)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def text(*lines: str, top: int = 700) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        for n, line in enumerate(lines):
            canvas.drawString(80, top - 28 * n, line)

    return draw


def with_head(number: int, *lines: str) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(80, 800, "澜江市人民政府公报")
        text(*lines)(canvas)
        canvas.drawString(250 + 100 * (number % 2), 40, f"— {number} —")

    return draw


def picture(canvas: Canvas) -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    canvas.drawImage(ImageReader(Image.new("L", (20, 20), 128)), 0, 0, 595, 842)


def texts(data: bytes) -> list[str]:
    return [line.text for line in pdf.read(data) if line.text]


def test_lines_have_pages_and_running_heads_go() -> None:
    data = made(*[with_head(n, f"第{n}条 为了加强管理，", "制定本办法。") for n in range(1, 5)])
    lines = pdf.read(data)
    own = [line for line in lines if line.left_out is None]
    assert [line.text for line in own] == [t for n in range(1, 5) for t in (f"第{n}条 为了加强管理，", "制定本办法。")]
    assert [line.page for line in own] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert [line.number for line in lines] == list(range(1, 17))
    assert [line.left_out for line in lines if line.page == 2 and line.left_out] == [
        LeftOut("running_head", "澜江市人民政府公报"), LeftOut("page_number", "— 2 —"),
    ]  # fmt: skip


def test_page_numbers_go_in_a_short_file_too_and_other_numbers_stay() -> None:
    def draw(canvas: Canvas) -> None:
        text("第一条 甲。", "2025")(canvas)
        canvas.drawString(290, 40, "- 1 -")

    assert texts(made(draw)) == ["第一条 甲。", "2025"]
    assert texts(made(text("2025", "甲。", top=800))) == ["2025", "甲。"]


def test_a_line_that_stands_once_at_the_top_stays() -> None:
    pages = [text(f"第{n}条 内容。", top=800) for n in ("一", "二", "三", "四")]
    assert len(texts(made(*pages))) == 4


def test_pieces_set_apart_have_a_space_and_bold_by_overprint_counts_once() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(80, 700, "总")
        canvas.drawString(120, 700, "则")
        for shift in (0, 0.3):
            canvas.drawString(80 + shift, 650, "第一条 重印。")

    assert texts(made(draw)) == ["总 则", "第一条 重印。"]


def test_an_indent_is_kept_and_words_have_spaces() -> None:
    def draw(canvas: Canvas) -> None:
        text("第一条", top=780)(canvas)
        canvas.drawString(112, 700, "为了加强管理，根据有关法律、法规的规定，")
        canvas.drawString(80, 672, "结合本市实际，制定本办法，本办法自发布之日起施行。")
        canvas.setFont("Helvetica", 12)
        for x, word in ((80, "Open"), (113, "data"), (142, "API")):
            canvas.drawString(x, 600, word)

    assert texts(made(draw)) == [
        "第一条", "　　为了加强管理，根据有关法律、法规的规定，", "结合本市实际，制定本办法，本办法自发布之日起施行。", "Open data API",
    ]  # fmt: skip


def table(canvas: Canvas) -> None:
    canvas.drawString(80, 760, "补贴标准如下：")
    for y in (720, 690, 660, 630):
        canvas.line(80, y, 480, y)
    canvas.line(80, 660, 80, 660)
    for x in (80, 200, 320, 480):
        canvas.line(x, 630, x, 720)
    for row, y in enumerate((698, 668, 638)):
        for column, x in enumerate((90, 210, 330)):
            canvas.drawString(
                x, y, [["类别", "项目", "额度"], ["工业", "技改", "300"], ["农业", "", "50"]][row][column]
            )
    canvas.drawString(80, 590, "以上补贴不重复享受。")


def test_a_ruled_table_is_rows_between_the_text_around_it() -> None:
    lines = pdf.read(made(table))
    assert [line.text for line in lines if line.text] == [
        "补贴标准如下：", "\t类别\t项目\t额度", "\t工业\t技改\t300", "\t农业\t \t50", "以上补贴不重复享受。",
    ]  # fmt: skip
    assert {line.page for line in lines} == {1}
    assert ("工业", "技改", "300") in [paragraph.cells for paragraph in paragraphs(lines)]


def test_a_frame_around_text_is_no_table() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rect(60, 600, 480, 200)
        canvas.line(60, 750, 540, 750)
        text("第一条 甲。", "第二条 乙。")(canvas)

    assert texts(made(draw)) == ["第一条 甲。", "第二条 乙。"]


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.fixture
def good() -> bytes:
    return made(*[text(f"第{n}条 内容。" * 3, "甲乙丙丁。") for n in range(1, 8)])


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_file_cut_off_is_damaged(good: bytes, share: float) -> None:
    data = good[: int(len(good) * share)]
    assert pdf.matches(data)
    with pytest.raises(Damaged) as caught:
        pdf.read(data)
    assert caught.value.code == "damaged_file"


def test_flipped_bytes_are_damaged_or_read(good: bytes) -> None:
    for at in range(20, len(good), len(good) // 25):
        try:
            pdf.read(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
        except BadFile as error:
            assert error.hint


def test_a_file_under_a_password_is_named_so() -> None:
    with pytest.raises(Encrypted, match="密码") as caught:
        pdf.read(made(text("第一条 甲。"), password="secret"))
    assert caught.value.code == "encrypted_file"


@pytest.mark.parametrize("mark", ["", "扫描王创建"])
def test_pages_that_are_pictures_need_ocr(mark: str) -> None:
    def draw(canvas: Canvas) -> None:
        picture(canvas)
        canvas.drawString(400, 30, mark)

    with pytest.raises(NoTextLayer, match="图片") as caught:
        pdf.read(made(draw, draw, draw))
    assert "OCR" in caught.value.hint


def test_text_over_a_picture_is_a_text_layer() -> None:
    def draw(canvas: Canvas) -> None:
        picture(canvas)
        text("第一条 识别出的文字在图片之上，可以直接读取。")(canvas)

    assert texts(made(draw)) == ["第一条 识别出的文字在图片之上，可以直接读取。"]


def test_pages_without_anything_are_empty() -> None:
    with pytest.raises(EmptyFile, match="没有文字"):
        pdf.read(made(lambda canvas: None))


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_stream_that_is_a_bomb_is_too_large(good: bytes, layers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MAX_STREAM", 5_000_000)
    packed = bytes(8_000_000)
    for _ in range(layers):
        packed = zlib.compress(packed)
    bomb = b"9 0 obj\n<< /Filter /FlateDecode >>\nstream\n" + packed + b"\nendstream\nendobj\n"
    with pytest.raises(TooLarge, match="展开"):
        pdf.read(good.replace(b"xref", bomb + b"xref", 1))


@pytest.mark.parametrize("limit", ["MAX_PAGES", "MAX_CHARACTERS"])
def test_a_file_too_large_is_refused(good: bytes, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, limit, 3)
    with pytest.raises(TooLarge):
        pdf.read(good)


def test_only_pdf_files_match(good: bytes) -> None:
    assert pdf.matches(good)
    assert pdf.matches(b"\n\n" + good)
    for other in (b"", b"PK\x03\x04", b"PDF", "关于PDF的通知".encode()):
        assert not pdf.matches(other)
