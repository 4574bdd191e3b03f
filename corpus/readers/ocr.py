"""Text recognition: the picture of a page -> its lines in reading order, each with how sure it is.

RapidOCR (Apache-2.0) with the PP-OCRv4 models that its wheel carries runs on the processor and offline. It is the extra
`[ocr]` and imported when the first picture is read. A page of running text takes 2 to 3 seconds on two cores,
10 where others keep them busy, and two or three times that where it lies or stands on its head; memory comes to 1 GB. Clean scans from 150 dpi on come out
with one character in a thousand wrong, noisy ones with one in two hundred; below 10-point type at 110 dpi, figures get
lost. The confidence of a line is that of its least sure figure: on noisy scans, 3 % of the lines above 0.98 had a wrong figure,
12 % at 0.9 to 0.95, half at 0.5 to 0.6. Marks that cannot be told apart by sight are set right where the text around
them leaves no doubt. Tables that ruling lines draw become rows (grid.py). Upside-down and lying pages are turned.
"""

from __future__ import annotations

import functools
import importlib
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import pypdfium2

from corpus import allowance
from corpus.errors import TooLarge
from corpus.readers import grid, pdfium
from corpus.readers.errors import NoTextLayer
from corpus.readers.grid import Piece
from corpus.readers.tables import Table

MAX_PAGES = 200
"""Pages of one file that are recognised: about ten minutes on two cores."""

MAX_PIXELS = 80_000_000
"""Pixels that a picture may have: A3 at 600 dpi has 70 million."""

PAGE_SECONDS = 120.0
"""Time that one page may take: ten times what it takes where others keep the cores busy."""

MEMORY_MB = 1536
"""Memory that recognition takes with its models, at most."""

SIDE = 2000
"""Pixels of the longer side of the picture that is recognised: 170 dpi for A4. RapidOCR takes no more."""

_A4 = 842.0  # points
_TYPE = 0.88  # height of the type in the height of its box
_LEAST = 0.3  # what is less sure than this is no text: seals, photographs, specks
_SCRAP = 5.0  # of the height of a line: how far ink that was not found may go on
_CLOSE = 0.5  # of the height of a line: how near pieces stand that are one
_SMALLEST = 30  # pixels that a picture must have each way to hold text
_POOR = 0.75  # mean confidence of a page below which it may stand on its head
_FIGURE = re.compile(r"[0-9０-９〇零一二三四五六七八九十百千万亿%％‰.]")
_CJK = re.compile(r"[\u3400-\u9fff\uff00-\uffef\u3000-\u303f“”‘’]")
_HAN = "\u3400-\u9fff"
_YEAR = re.compile(  # one of the two brackets may be lost
    rf"(?<=[{_HAN}])(?:[〔\[［【「（(]\s?((?:19|20)\d\d)\s?[〕\]］】」）)]?|((?:19|20)\d\d)\s?[〕\]］】」）)])(?=第?\d+号)"
)
_WIDE = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！"}
_NARROW = re.compile(rf"(?<=[{_HAN}）》”%])[,;:?!]|(?<=\d)[,;:](?=[{_HAN}])")
_BRACKETS = re.compile(rf"\((?=[^(){_HAN}]*+[{_HAN}])([^()]*+)\)")
_MIXED = re.compile(r"（([^（）()]+)\)|\(([^（）()]+)）")
_PAGE_MARK = re.compile(r"^[—–一-]{1,2}\s?(\d{1,4})\s?[—–一-]{1,2}$")  # 一5一: no text stands so
_QUOTED = re.compile(r"“([^“”\"]{1,60})\"")
_ABSENT = "页面是图片，需要文字识别（OCR）"
_INSTALL = (
    "请安装识别组件：pip install 'tiaowen[ocr]'，再重新导入；或先用别的软件做文字识别（OCR），存为 Word 文件后导入"
)
_LIBRARY = "文字识别（OCR）组件无法启动：{}。缺系统库时，请安装 libgl1、libglib2.0-0，或用 opencv-python-headless 替换 opencv-python"

_lock = pdfium.lock  # neither PDFium nor the engine's settings are safe for two threads


@dataclass(frozen=True, slots=True)
class Row:
    """A line of text, or a table row where it has cells; `header` is whether that names the columns.

    `top` is a share of the page's height; `left`, `right` and `size`, the ends of a line and the height of its type, are
    in points of a page as high as A4, and 0 where the line stands in a column and cannot be compared with the others.
    """

    top: float
    text: str
    confidence: float
    cells: tuple[str, ...] = ()
    left: float = 0.0
    right: float = 0.0
    size: float = 0.0
    header: bool = False


def problem() -> NoTextLayer | None:
    """Why nothing can be recognised here, as the error to raise; None where everything is ready."""
    try:
        importlib.import_module("rapidocr_onnxruntime")
    except ModuleNotFoundError:
        return NoTextLayer(_ABSENT, _INSTALL)
    except ImportError as error:  # a library of the system that OpenCV needs is absent
        return NoTextLayer(_ABSENT, _LIBRARY.format(error))
    return None


def read_pdf_pages(data: bytes, numbers: Sequence[int]) -> dict[int, list[Row]]:
    """The rows of the pages of a PDF with these 1-based numbers, drawn and recognised one at a time.

    Raises TooLarge for too many pages, NoTextLayer where recognition cannot run, and what PDFium raises.
    """
    check_pages(len(numbers))
    if (absent := problem()) is not None:
        raise absent
    out: dict[int, list[Row]] = {}
    with _lock:
        document = pypdfium2.PdfDocument(data)
        try:
            for number in numbers:
                page = document[number - 1]
                scale = SIDE / max(1.0, *page.get_size())
                bitmap = page.render(scale=scale, draw_annots=True, rev_byteorder=False)
                out[number] = _read(_colours(bitmap.to_numpy()))
                bitmap.close()
                page.close()
        finally:
            document.close()
    return out


def read_picture(picture: Any) -> list[Row]:
    """The rows of a picture: an array of height x width (grey) or height x width x 3 (blue, green, red) bytes.

    Raises NoTextLayer where recognition cannot run.
    """
    if (absent := problem()) is not None:
        raise absent
    with _lock:
        return _read(_colours(picture))


def check_pages(count: int) -> None:
    """Raises TooLarge for more pages than are recognised in one file."""
    if count > MAX_PAGES:
        raise TooLarge(f"要识别的图片页有 {count} 页，超过 {MAX_PAGES} 页", "请拆分成多个文件后重新导入")


@functools.cache
def _engine() -> Any:
    module: Any = importlib.import_module("rapidocr_onnxruntime")
    return module.RapidOCR()


def _colours(picture: Any) -> Any:
    import numpy as np

    if picture.ndim == 2:
        picture = picture[:, :, None]
    if picture.shape[2] == 1:
        picture = np.repeat(picture, 3, axis=2)
    return np.ascontiguousarray(picture[:, :, :3])


# -- one page ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Page:
    """What was recognised on a page, and the page set upright. `lying` is whether its lines run up or down."""

    sheet: grid.Sheet
    pieces: tuple[Piece, ...] = ()
    lying: bool = False

    @property
    def sure(self) -> float:
        """The mean confidence of the page's characters, in which a line counts by its length."""
        size = sum(len(piece.text) for piece in self.pieces)
        return sum(piece.sure * len(piece.text) for piece in self.pieces) / size if size else 0.0


def _read(picture: Any) -> list[Row]:
    import numpy as np

    allowance.more(PAGE_SECONDS, MEMORY_MB)
    page = _recognised(picture)
    if page.lying or (page.pieces and page.sure < _POOR):
        turns = (1, 3) if page.lying else (2,)
        others = [_recognised(np.ascontiguousarray(np.rot90(picture, turn))) for turn in turns]
        # RapidOCR turns each tall piece upright by itself, so that the words of a lying page are right, not their order.
        page = max(others if page.lying else [page, *others], key=lambda other: other.sure)
    return _rows(page)


def _recognised(picture: Any) -> _Page:
    """What stands on a picture, by the steps of RapidOCR with one between finding and reading.

    It cuts short starts off lines, （二） above all, and reads such a scrap badly or does not find it; so boxes that stand
    close together on a line are made one and reach as far as there is ink.
    """
    import numpy as np

    engine = _engine()
    found = engine.auto_text_det(picture)[0] if min(picture.shape[:2]) >= _SMALLEST else None
    boxes = [np.asarray(box, dtype=np.float32) for box in ([] if found is None else found)]
    tall = [box for box in boxes if _is_tall(box)]
    flat = [box for box in boxes if not _is_tall(box)]
    sheet = grid.Sheet(picture, _angle(flat))
    places = _merged([_placed(box, sheet) for box in flat], sheet) + [_placed(box, sheet) for box in tall]
    boxes = [np.array(_corners(place, sheet), dtype=np.float32) for place in places[: len(places) - len(tall)]] + tall
    if not boxes:
        return _Page(sheet)
    crops = engine.get_crop_img_list(picture, boxes)
    read = engine.cal_rec_boxes(crops, boxes, engine.text_rec(crops, True)[0])
    pieces = [
        _filled(place, str(text), float(score), centres, confidences, sheet)
        for place, (text, score, centres, _, confidences) in zip(places, read, strict=True)
        if score >= _LEAST and str(text).strip()
    ]
    return _Page(sheet, tuple(pieces), len(tall) > 0.6 * len(boxes))


def _is_tall(box: Any) -> bool:
    width, height = math.dist(box[0], box[1]), math.dist(box[1], box[2])
    return height > 1.5 * width


def _angle(boxes: list[Any]) -> float:
    """How far the lines of a page lean, in radians; 0 where they stand straight or say nothing."""
    long = [box for box in boxes if math.dist(box[0], box[1]) > 4 * math.dist(box[1], box[2])]
    angles = [math.atan2(box[1][1] - box[0][1], box[1][0] - box[0][0]) for box in long]
    angle = median(angles) if len(angles) >= 3 else 0.0
    return angle if 0.002 < abs(angle) < 0.25 else 0.0


def _placed(box: Any, sheet: grid.Sheet) -> Piece:
    """A box of four corners as it stands on the upright page, still without text."""
    left = sheet.upright(*((box[0] + box[3]) / 2).tolist())
    right = sheet.upright(*((box[1] + box[2]) / 2).tolist())
    half, middle = math.dist(box[0], box[3]) / 2, (left[1] + right[1]) / 2
    return Piece(left[0], middle - half, right[0], middle + half, "", 0.0)


def _corners(piece: Piece, sheet: grid.Sheet) -> list[tuple[float, float]]:
    places = ((piece.x0, piece.top), (piece.x1, piece.top), (piece.x1, piece.bottom), (piece.x0, piece.bottom))
    return [sheet.leaning(x, y) for x, y in places]


def _merged(pieces: list[Piece], sheet: grid.Sheet) -> list[Piece]:
    """Pieces made one that stand close together on a line, each as long as the ink goes on."""
    out: list[Piece] = []
    for line in _lines(pieces):
        runs: list[Piece] = []
        for piece in line:
            last = runs[-1] if runs else None
            if last and piece.x0 - last.x1 < _CLOSE * max(piece.height, last.height):
                top, bottom = min(last.top, piece.top), max(last.bottom, piece.bottom)
                runs[-1] = replace(last, top=top, bottom=bottom, x1=max(last.x1, piece.x1))
            else:
                runs.append(piece)
        for before, run, after in zip([None, *runs], runs, [*runs[1:], None], strict=False):
            low = max(run.x0 - _SCRAP * run.height, before.x1 if before else 0.0)
            high = min(run.x1 + _SCRAP * run.height, after.x0) if after else run.x1 + _SCRAP * run.height
            out.append(
                replace(
                    run,
                    x0=sheet.reach(run.x0, run.top, run.bottom, low) if low < run.x0 else run.x0,
                    x1=sheet.reach(run.x1, run.top, run.bottom, high) if high > run.x1 else run.x1,
                )
            )
    return out


def _filled(
    place: Piece, text: str, score: float, boxes: list[Any], confidences: list[Any], sheet: grid.Sheet
) -> Piece:
    """A place with what was read there: the text, how sure that is, and where its characters stand."""
    centres: tuple[float, ...] = ()
    if len(boxes) == len(text):
        centres = tuple(sheet.upright(*(sum(p[i] for p in box) / 4 for i in (0, 1)))[0] for box in boxes)
    least = score
    if len(confidences) == len(text):  # one wrong digit in a long line hardly moves its mean
        least = min([score, *(float(c) for c, char in zip(confidences, text, strict=True) if _FIGURE.match(char))])
    return replace(place, text=text, confidence=round(least, 3), sure=score, centres=centres)


def _rows(page: _Page) -> list[Row]:
    """The rows of a page from top to bottom: tables where they stand, columns of text one after the other."""
    height, pieces = page.sheet.height, list(page.pieces)
    placed: list[tuple[float, list[Row]]] = []
    for table in page.sheet.tables():
        inside = [piece for piece in pieces if table.holds(piece.x0, piece.x1, piece.middle)]
        if len(set(table.cells(inside))) < 2:
            continue
        pieces = [piece for piece in pieces if piece not in inside]
        placed.append((table.top, _table_rows(table, inside, height)))
    lines = _lines(pieces)
    left = min((line[0].x0 for line in lines if _is_long(line)), default=0.0)
    below = 0.0
    blocks = _blocks(lines)
    points = _A4 / height if len(blocks) == 1 else 0.0
    body = median(piece.height for line in lines for piece in line) if lines else 0.0
    for block in blocks:
        edge = min((line[0].x0 for line in block if _is_long(line)), default=left)
        for line in block:
            top = min(piece.top for piece in line)
            confidence = min(piece.confidence for piece in line)
            # The second of two columns begins higher than the first one ends: what comes later stands lower.
            below = max(below, top)
            size = _even(max(piece.height for piece in line), body) * points * _TYPE
            ends = line[0].x0 * points, line[-1].x1 * points
            row = Row(top / height, _indent(line[0], edge) + joined(line), confidence, (), *ends, size)
            placed.append((below, [row]))
    return [row for _, rows in sorted(placed, key=lambda entry: entry[0]) for row in rows]


def _even(height: float, body: float) -> float:
    """The height of a line; that of the body where it is near: boxes of short lines come out higher for the same type."""
    return body if 0.72 * body <= height <= 1.38 * body else height


def _is_long(line: list[Piece]) -> bool:
    return sum(len(piece.text) for piece in line) > 10


def _table_rows(table: grid.Table, pieces: list[Piece], height: float) -> list[Row]:
    """The rows of a table, its merged cells told as the readers of other formats do."""
    model = Table()
    places: list[tuple[float, float]] = []
    sizes = Counter(owner for owners in table.owner for owner in set(owners))
    for number, (texts, confidence, top) in enumerate(table.rows(pieces, _cell_text)):
        model.begin_row(number=number)
        places.append((confidence, top / height))
        owners = table.owner[number]
        while (place := model.next_place()) < len(owners):
            owner = owners[place]
            model.put(texts[place] or "", owners.count(owner), sizes[owner])
    out: list[Row] = []
    for row in model.rows():
        confidence, share = places[row.number or 0]
        out.append(Row(share, row.text, confidence, row.cells, header=row.header))
    return out


def _cell_text(pieces: list[Piece]) -> str:
    return _repaired("".join(_glued(line) for line in _lines(pieces)))


def _lines(pieces: list[Piece]) -> list[list[Piece]]:
    """Pieces that stand side by side are one line, from left to right."""
    lines: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda p: p.middle):
        last = lines[-1] if lines else []
        tallest = max(last, key=lambda p: p.height, default=None)
        if tallest and tallest.top + 0.25 * tallest.height <= piece.middle <= tallest.bottom - 0.25 * tallest.height:
            last.append(piece)
        else:
            lines.append([piece])
    for line in lines:
        line.sort(key=lambda p: p.x0)
    return lines


def _blocks(lines: list[list[Piece]]) -> list[list[list[Piece]]]:
    """Lines in reading order: where text is set in two columns, the left one before the right one.

    Columns are five lines or more, one under the other, that leave the same gap free and fill both sides of it; the
    cells of a table without ruling lines do not fill theirs.
    """
    gap = _gutter(lines)
    if gap is None:
        return [lines]
    out: list[list[list[Piece]]] = [[]]
    run: list[list[Piece]] = []
    for line in [*lines, []]:
        if line and all(piece.x1 <= gap or piece.x0 >= gap for piece in line):
            run.append(line)
            continue
        left = [side for x in run if (side := [p for p in x if p.x1 <= gap])]
        right = [side for x in run if (side := [p for p in x if p.x0 >= gap])]
        if min(len(left), len(right)) >= 5 and _fills(left) and _fills(right):
            out += [left, right, []]
        else:
            out[-1] += run
        if line:
            out[-1].append(line)
        run = []
    return [block for block in out if block]


def _gutter(lines: list[list[Piece]]) -> float | None:
    """The place near the middle of a page that the fewest pieces reach over, or None where many do."""
    pieces = [piece for line in lines for piece in line]
    if len(pieces) < 10:
        return None
    left, right = min(p.x0 for p in pieces), max(p.x1 for p in pieces)
    places = [left + (right - left) * share / 100 for share in range(35, 66)]
    crossing = [sum(p.x0 < x < p.x1 for p in pieces) for x in places]
    least = min(crossing)
    if least > 0.3 * len(pieces):
        return None
    free = [x for x, count in zip(places, crossing, strict=True) if count == least]
    return median(free)


def _fills(lines: list[list[Piece]]) -> bool:
    """Whether most of these lines are nearly as long as the longest, and long for their height."""
    widths = [line[-1].x1 - line[0].x0 for line in lines]
    height = median(piece.height for line in lines for piece in line)
    return median(widths) >= max(0.8 * max(widths), 8 * height)


def _indent(piece: Piece, left: float) -> str:
    """Two wide spaces where a line begins two characters from the left edge of the text, as paragraphs do."""
    return "\u3000\u3000" if 1.3 <= (piece.x0 - left) / max(1.0, piece.height) <= 2.6 else ""


# -- text --------------------------------------------------------------------------------------------------------------


def joined(line: list[Piece]) -> str:
    """The text of a line, with a space between pieces that stand apart."""
    return _repaired(_glued(line))


def _glued(line: list[Piece]) -> str:
    out, end = "", 0.0
    for piece in line:
        text = piece.text.strip()
        if out and text:
            wide = _CJK.match(out[-1]) or _CJK.match(text[0])
            out += " " if piece.x0 - end > (0.8 if wide else 0.15) * piece.height else ""
        out += text
        end = piece.x1
    return out


def _repaired(text: str) -> str:
    """Marks that cannot be told apart by sight, or fail first, as official documents have them (GB/T 9704-2012).

    〔〕 around the year of a document number; full-width marks beside Chinese; a straight quotation mark that closes “.
    """
    text = _YEAR.sub(lambda match: f"〔{match[1] or match[2]}〕", text)
    text = _NARROW.sub(lambda match: _WIDE[match[0]], text)
    text = re.sub(rf"(?<=[{_HAN}，。；：）]) (?=[(（{_HAN}])", "", text) if "(" in text else text
    text = _BRACKETS.sub(r"（\1）", text)
    text = _MIXED.sub(lambda match: f"（{match[1] or match[2]}）", text)
    return _PAGE_MARK.sub(r"— \1 —", _QUOTED.sub("“\\1”", text))
