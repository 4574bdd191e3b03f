"""Pictures of pages -> lines: what is recognised, in which order, how sure, and what happens where nothing can be.

`scan.png` is a page of this project's making at 150 dpi: a title, three articles, a table and a page number.
"""

from __future__ import annotations

import importlib.util
import io
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from corpus.canonical import paragraphs
from corpus.errors import TooLarge
from corpus.ingest import ingest
from corpus.readers import Line, images, ocr, pdf, read_lines
from corpus.readers.errors import Damaged, NoTextLayer
from corpus.readers.grid import Piece
from corpus.reading import read_documents
from corpus.store import Store

SCAN = (Path(__file__).parent / "fixtures" / "scan.png").read_bytes()
TITLE = ["澜江市支持先进制造业发展若干措施", "澜府规〔2026〕3号"]
ARTICLES = [
    "第一条为了加强对先进制造业的支持，根据有关法律、法规的规定，结合本市实际，制定本措施。",
    "第二条对新认定的国家级专精特新“小巨人”企业，给予最高300万元一次性奖励；省级的给予50万元。",
    "第三条本措施自2026年7月1日起施行。",
]
TABLE = [("类别", "项目", "额度（万元）"), ("工业", "技术改造", "300"), ("农业", "冷链物流", "50")]
needs_ocr = pytest.mark.skipif(
    importlib.util.find_spec("rapidocr_onnxruntime") is None, reason="needs the extra: pip install 'tiaowen[ocr]'"
)


def scan() -> Image.Image:
    return Image.open(io.BytesIO(SCAN)).convert("L")


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def document(*pages: Callable[[Canvas], None]) -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842), invariant=1)
    for draw in pages:
        canvas.setFont("STSong-Light", 16)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def pictured(picture: Image.Image) -> Callable[[Canvas], None]:
    return lambda canvas: canvas.drawImage(ImageReader(picture), 0, 0, 595, 842) and None


def written(*lines: str) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        for n, line in enumerate(lines):
            canvas.drawString(80, 700 - 28 * n, line)

    return draw


def rows_and_texts(lines: list[Line]) -> tuple[list[str], list[tuple[str, ...]]]:
    """The paragraphs of a page as canonical.py makes them, and its table rows."""
    found = paragraphs(lines)
    return [p.text for p in found if not p.cells], [p.cells for p in found if p.cells]


# -- what is recognised ------------------------------------------------------------------------------------------------


@needs_ocr
def test_a_scanned_page_among_pages_with_text_is_read_and_marked() -> None:
    leaning = scan().rotate(0.8, fillcolor=235, resample=Image.Resampling.BICUBIC)
    data = document(lambda canvas: canvas.drawString(180, 500, "澜江市人民政府公告2026年第1号"), pictured(leaning))
    lines = read_lines(data)
    assert [(line.text, line.confidence) for line in lines if line.page == 1] == [
        ("澜江市人民政府公告2026年第1号", None)
    ]
    scanned = [line for line in lines if line.page == 2]
    texts, rows = rows_and_texts(scanned)
    assert texts == TITLE + ARTICLES
    assert rows == TABLE
    assert all(line.confidence is not None and 0.5 < line.confidence <= 1 for line in scanned)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))


@needs_ocr
@pytest.mark.parametrize("turns", [1, 2])
def test_a_page_that_lies_or_stands_on_its_head_is_turned(turns: int) -> None:
    top = scan().crop((0, 120, 1240, 440))  # a part of a page takes a part of the time
    rows = ocr.read_picture(np.rot90(np.asarray(top), turns))
    assert [row.text.strip() for row in rows][:2] == TITLE


@needs_ocr
def test_the_pages_of_a_tiff_are_pages_and_become_clauses() -> None:
    picture = scan()
    pages = [picture.crop((0, 0, 1240, 520)), picture.crop((0, 520, 1240, 1100))]
    data = saved(
        pages[0].point(lambda grey: 255 * (grey > 128)).convert("1"), "TIFF", save_all=True, append_images=[pages[1]]
    )
    ((found, clauses),) = read_documents(data, "a.tiff")
    assert found.title == TITLE[0]
    assert [clause.address for clause in clauses][:4] == ["标题", "开头第一段", "第一条", "第二条"]
    assert found.quote(clauses[3].span).endswith("省级的给予50万元。")
    assert {anchor.page for anchor in found.anchors} == {1, 2}


@needs_ocr
def test_a_picture_without_text_says_so() -> None:
    blank = Image.new("RGB", (600, 800), "white")
    for data in (saved(blank, "PNG"), document(pictured(blank))):
        with pytest.raises(NoTextLayer, match="没有识别出文字") as caught:
            read_lines(data)
        assert "dpi" in caught.value.hint


# -- without recognition -----------------------------------------------------------------------------------------------


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", None)


@pytest.mark.usefixtures("absent")
@pytest.mark.parametrize("data", [SCAN, document(pictured(scan()))], ids=["png", "pdf"])
def test_without_the_extra_the_hint_says_how_to_get_it(data: bytes) -> None:
    with pytest.raises(NoTextLayer, match="图片") as caught:
        read_lines(data)
    assert caught.value.code == "no_text_layer"
    assert "pip install 'tiaowen[ocr]'" in caught.value.hint


@pytest.mark.usefixtures("absent")
def test_without_the_extra_a_page_left_out_is_marked() -> None:
    lines = pdf.read(document(written(*["第一条 停车收费每小时3元。"] * 3), pictured(scan()), written("第二条 施行。")))
    assert [(line.text, line.page, line.confidence) for line in lines[3:]] == [("", 2, 0.0), ("第二条 施行。", 3, None)]
    assert [p.text for p in paragraphs(lines)] == ["第一条 停车收费每小时3元。"] * 3 + ["第二条 施行。"]


@pytest.mark.usefixtures("absent")
def test_a_refused_scan_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    (tmp_path / "a.png").write_bytes(SCAN)
    before = store.digest()
    (report,) = ingest(store, [tmp_path / "a.png"]).files
    assert (report.outcome, report.code) == ("rejected", "no_text_layer")
    assert store.digest() == before


def test_a_library_that_is_absent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise ImportError("libGL.so.1: cannot open shared object file")

    monkeypatch.setattr(ocr.importlib, "import_module", broken)
    problem = ocr.problem()
    assert problem is not None
    assert "libGL.so.1" in problem.hint
    assert "libgl1" in problem.hint


# -- pictures as files -------------------------------------------------------------------------------------------------


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is handed to recognition, which is left out."""
    seen: list[Any] = []

    def record(picture: Any) -> list[ocr.Row]:
        seen.append(picture)
        return [ocr.Row(0.3, "第一条 停车收费每小时3元。", 0.9)]

    monkeypatch.setattr(ocr, "problem", lambda: None)
    monkeypatch.setattr(ocr, "read_picture", record)
    return seen


def drawing(mode: str) -> Image.Image:
    """White with a black block at the left, in this mode."""
    picture = Image.new("RGB", (120, 60), "white")
    picture.paste("black", (0, 0, 40, 60))
    if mode == "P;transparent":
        picture = picture.quantize(4)
        picture.info["transparency"] = picture.getpixel((100, 30))
        return picture
    if mode == "RGBA":  # transparent where it is white: paper
        clear = Image.new("RGBA", (120, 60), (0, 0, 0, 0))
        clear.paste("black", (0, 0, 40, 60))
        return clear
    if mode == "I;16":
        return Image.fromarray(np.asarray(picture.convert("L")).astype("uint16") * 257)
    return picture.convert(mode)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "1"), ("PNG", "P;transparent"), ("PNG", "I;16"), ("PNG", "LA"),
        ("JPEG", "L"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("TIFF", "1"), ("BMP", "RGB"), ("WEBP", "RGB"), ("GIF", "P"),
    ],
)  # fmt: skip
def test_every_kind_of_picture_is_ink_on_paper(kind: str, mode: str, pictures: list[Any]) -> None:
    data = saved(drawing(mode), kind)
    (line,) = read_lines(data)
    assert (line.text, line.page, line.confidence) == ("第一条 停车收费每小时3元。", 1, 0.9)
    (seen,) = pictures
    assert seen.dtype == np.uint8
    assert seen.shape[:2] == (60, 120)
    assert seen[30, 10].max() < 60
    assert seen[30, 100].min() > 200


def test_a_photograph_is_turned_as_the_camera_says_and_scaled_down(
    pictures: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "SIDE", 30)
    exif = Image.Exif()
    exif[0x0112] = 6
    read_lines(saved(drawing("RGB"), "JPEG", exif=exif))
    assert pictures[0].shape[:2] == (30, 15)


def png_head(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = b"IDAT" + zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (head, body)
    )


@pytest.mark.parametrize("size", [(9000, 9000), (60_000, 60_000)])
def test_a_picture_with_too_many_pixels_is_not_unpacked(size: tuple[int, int], pictures: list[Any]) -> None:
    with pytest.raises(TooLarge, match="像素"):
        read_lines(png_head(*size))
    assert not pictures


def test_too_many_pages_are_refused(pictures: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "MAX_PAGES", 2)
    with pytest.raises(TooLarge, match="3 页"):
        read_lines(saved(drawing("L"), "TIFF", save_all=True, append_images=[drawing("L")] * 2))
    with pytest.raises(TooLarge, match="3 页"):
        read_lines(document(*[pictured(drawing("L"))] * 3))
    assert not pictures


def test_a_pdf_with_a_picture_of_too_many_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "MAX_PIXELS", 1000)
    with pytest.raises(TooLarge, match="像素"):
        read_lines(document(pictured(drawing("L"))))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP"])
def test_a_picture_cut_off_is_damaged(kind: str, pictures: list[Any]) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (200, 200), dtype=np.uint8))
    data = saved(noise, kind)
    with pytest.raises(Damaged, match="图片"):
        read_lines(data[: len(data) // 2])
    assert not pictures


def test_what_only_begins_like_a_picture_is_none() -> None:
    for data in (b"BM\xe5\x9c\xb0\xe9\x93\x81" * 9, b"GIF8", b"\x89PNG\r\n\x1a\n" + bytes(50), b"RIFF1234WAVE"):
        assert not images.matches(data)


# -- order, columns, marks ---------------------------------------------------------------------------------------------


def piece(x: float, y: float, text: str, confidence: float = 0.99) -> Piece:
    return Piece(x, y, x + 20 * len(text), y + 20, text, confidence)


def page_of(*pieces: Piece) -> list[str]:
    return [ocr.joined(line) for block in ocr._blocks(ocr._lines(list(pieces))) for line in block]


def test_pieces_side_by_side_are_one_line_from_left_to_right() -> None:
    assert page_of(piece(300, 102, "印发"), piece(0, 100, "甲乙丙"), piece(61, 98, "丁戊"), piece(0, 140, "己")) == [
        "甲乙丙丁戊 印发", "己",
    ]  # fmt: skip


def test_two_columns_are_read_one_after_the_other_below_their_heading() -> None:
    left = [piece(0, 100 + 30 * n, f"左栏第{n}行文字文字文字") for n in range(6)]
    right = [piece(300, 103 + 30 * n, f"右栏第{n}行文字文字文字") for n in range(6)]
    heading, end = piece(100, 50, "一份分两栏排印的公报的标题"), piece(60, 400, "这一行又从左到右贯通全页了")
    assert page_of(*left, *right, heading, end) == [p.text for p in (heading, *left, *right, end)]


def test_short_cells_without_ruling_lines_stay_in_rows() -> None:
    cells = [piece(x, 100 + 30 * n, text) for n in range(6) for x, text in ((0, f"企业{n}号"), (300, f"{n}00万元"))]
    assert page_of(*cells) == [f"企业{n}号 {n}00万元" for n in range(6)]


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("澜财[2025]146号", "澜财〔2025〕146号"),
        ("澜财[2025］146号", "澜财〔2025〕146号"),
        ("澜财2025]146号", "澜财〔2025〕146号"),
        ("澜财〔2025】146号", "澜财〔2025〕146号"),
        ('国家级“小巨人"企业,省级企业', "国家级“小巨人”企业，省级企业"),
        ("额度(万元)", "额度（万元）"),
        ("额度 (万元)", "额度（万元）"),
        ("每年:1,200.5元;其他", "每年：1,200.5元；其他"),
        ("于17:30截止", "于17:30截止"),
        ("f(x), a;b", "f(x), a;b"),
        ("（含税)和(不含税）", "（含税）和（不含税）"),
        ("—5一", "— 5 —"),
        ("一5项", "一5项"),
        ("电话0571-88306127", "电话0571-88306127"),
    ],
)
def test_marks_are_as_official_documents_have_them(read: str, meant: str) -> None:
    assert ocr._repaired(read) == meant


# -- ruled tables ------------------------------------------------------------------------------------------------------


@needs_ocr
def test_merged_cells_and_pieces_over_a_ruling_line_find_their_cells() -> None:
    from corpus.readers import grid

    picture = Image.new("RGB", (900, 700), "white")
    draw = ImageDraw.Draw(picture)
    for x, top in ((100, 100), (300, 100), (500, 150), (800, 100)):
        draw.line([(x, top), (x, 300)], fill="black", width=2)
    for y, left in ((100, 100), (150, 100), (200, 300), (250, 100), (300, 100)):
        draw.line([(left, y), (800, y)], fill="black", width=2)
    draw.rectangle([(100, 400), (800, 600)], outline="black", width=2)  # a frame is no table
    (table,) = grid.Sheet(np.asarray(picture), 0.0).tables()
    crossing = Piece(310, 160, 560, 180, "技改300", 0.8, (330.0, 350.0, 510.0, 530.0, 550.0))
    pieces = [
        piece(110, 110, "类别"), piece(310, 110, "项目和额度"), piece(110, 190, "工业"), crossing,
        piece(310, 210, "扩产"), piece(510, 210, "50"), piece(110, 260, "农业"),
    ]  # fmt: skip
    found = [(texts, sure) for texts, sure, _ in table.rows(pieces, lambda inside: "".join(p.text for p in inside))]
    assert found == [
        (["类别", "项目和额度", ""], 0.99),
        (["工业", "技改", "300"], 0.8),
        ([None, "扩产", "50"], 0.99),
        (["农业", "", ""], 0.99),
    ]
