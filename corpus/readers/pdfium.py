"""What stands on the pages of a PDF as PDFium finds it: characters with their places, ruling lines and pictures.

Coordinates are points from the top left corner of a page that was turned so that most of its text stands upright, be
it turned in the file by /Rotate, by a matrix, or not at all. PDFium is not safe for two threads: `lock` is held while
pages are read, and by everybody else who calls it (ocr.py). Nothing here writes a log or to standard error.
"""

from __future__ import annotations

import ctypes
import math
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NotRequired, TypedDict

import pypdfium2
from pypdfium2 import raw

lock = threading.RLock()
"""Held by whoever calls PDFium."""

MOST_EDGES = 4000
"""Edges that are taken from one page; a drawing has more."""

_DEEPEST = 12  # forms within forms
_LEAN = 2.0  # degrees that text may lean and still stand upright
_ASKEW, _LEAST = 12, 30  # degrees that a whole page may lean, and characters that show it
_LIGHT = (0.55, 0.98)  # of white: how bright light grey is
_FAINT = 0.6  # opacity below which something shines through
_HYPHEN = 0x02  # what PDFium has in place of a hyphen at the end of a line
_DESCENT = 0.12  # of the height of type: how far it reaches below the base line


class Char(TypedDict):
    """A character and its box. `angle` is how far it is turned against the text of its page, in degrees
    counter-clockwise, 0..359; `faint` is whether it is light grey or can be seen through; `mark` is whether the file
    itself calls it a watermark."""

    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    angle: NotRequired[int]
    faint: NotRequired[bool]
    mark: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class Picture:
    """Where a picture stands, and how many pixels it has."""

    x0: float
    top: float
    x1: float
    bottom: float
    pixels: int


@dataclass(slots=True)
class Sheet:
    """A page. `edges` are upright and level lines as pdfplumber has them; none where there are too many to be rules."""

    width: float
    height: float
    chars: list[Char] = field(default_factory=list)
    edges: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    curves: int = 0


class Locked(Exception):
    """The file is under a password, or encrypted in a way that PDFium does not know."""


class Broken(Exception):
    """PDFium cannot open the file or a page of it."""


class Document:
    """An open PDF of `size` pages; nobody else can call PDFium meanwhile."""

    def __init__(self, document: pypdfium2.PdfDocument) -> None:
        self._document = document
        self.size = len(document)

    def sheets(self) -> Iterator[Sheet]:
        """The pages one after the other; each is forgotten when the next one is asked for. Raises Broken."""
        for number in range(self.size):
            try:
                page = self._document[number]
            except pypdfium2.PdfiumError as error:
                raise Broken from error
            try:
                yield _sheet(page.raw)
            finally:
                page.close()


@contextmanager
def opened(data: bytes) -> Iterator[Document]:
    """The document in these bytes. Raises Locked or Broken."""
    with lock:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
                raise Locked from error
            raise Broken from error
        try:
            yield Document(document)
        finally:
            document.close()


def _sheet(page: Any) -> Sheet:
    box = raw.FS_RECTF()
    if not raw.FPDF_GetPageBoundingBox(page, box):
        raise Broken
    frame = (box.left, box.bottom, box.right, box.top)
    chars, turns = _chars(page, frame)
    turn = _turn(turns)
    if turn:
        frame = _turned(page, frame, turn)
        chars, _ = _chars(page, frame)
    sheet = Sheet(max(1.0, frame[2] - frame[0]), max(1.0, frame[3] - frame[1]), chars)
    _Objects(sheet, frame).read(page, raw.FPDFPage_CountObjects, raw.FPDFPage_GetObject, _IDENTITY, 0)
    if len(sheet.edges) > MOST_EDGES:
        sheet.edges = []
    return sheet


# -- characters --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Style:
    """What the characters of one piece of text have in common; `width` and `height` are those of a square character."""

    angle: int
    faint: bool
    mark: bool
    width: float
    height: float


def _chars(page: Any, frame: tuple[float, float, float, float]) -> tuple[list[Char], Counter[int]]:
    """The characters of a page in the order of the file, and how many of them stand at which angle."""
    text = raw.FPDFText_LoadPage(page)
    if not text:
        raise Broken
    try:
        return _read(text, frame)
    finally:
        raw.FPDFText_ClosePage(text)


def _read(text: Any, frame: tuple[float, float, float, float]) -> tuple[list[Char], Counter[int]]:
    out: list[Char] = []
    turns: Counter[int] = Counter()
    box, tight, left, ceiling = raw.FS_RECTF(), [ctypes.c_double() for _ in range(4)], frame[0], frame[3]
    at_x, at_y = ctypes.c_double(), ctypes.c_double()
    styles: dict[int, _Style] = {}
    for i in range(raw.FPDFText_CountChars(text)):
        code = raw.FPDFText_GetUnicode(text, i)
        if code in (0x0A, 0x0D) or (code == 0x20 and raw.FPDFText_IsGenerated(text, i)):
            continue
        owner = raw.FPDFText_GetTextObject(text, i)
        key = ctypes.cast(owner, ctypes.c_void_p).value or 0
        style = styles.get(key)
        if style is None:
            style = styles[key] = _style(text, i, owner)
        raw.FPDFText_GetCharOrigin(text, i, at_x, at_y)
        if style.angle:
            raw.FPDFText_GetCharBox(text, i, *tight)
            x0, x1, low, high = (value.value for value in tight)
            if style.angle in (90, 270):
                x0, x1, low, high = _sideways((x0, x1, low, high), at_x.value, at_y.value, style, code >= 0x2E80)
        else:
            raw.FPDFText_GetLooseCharBox(text, i, box)
            x0, x1, low, high = _even(box, at_x.value, at_y.value, style)
        if code == _HYPHEN:
            code = 0x2D
        unknown = (
            code < 0x20 or 0xD800 <= code < 0xE000 or code > 0x10FFFF or raw.FPDFText_HasUnicodeMapError(text, i) == 1
        )
        turns[style.angle] += 1
        out.append(
            {
                "text": "\ufffd" if unknown else chr(code),
                "x0": x0 - left,
                "x1": x1 - left,
                "top": ceiling - high,
                "bottom": ceiling - low,
                "angle": style.angle,
                "faint": style.faint,
                "mark": style.mark,
            }
        )
    return out, turns


def _style(text: Any, i: int, owner: Any) -> _Style:
    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(text, i, matrix)
    angle = math.degrees(math.atan2(matrix.b, matrix.a)) if matrix.a or matrix.b else 0.0
    right = 90 * round(angle / 90)
    angle = right if abs(angle - right) <= _LEAN else angle
    red, green, blue, opacity = (ctypes.c_uint() for _ in range(4))
    faint = False
    if raw.FPDFText_GetFillColor(text, i, red, green, blue, opacity):
        shades = [red.value / 255, green.value / 255, blue.value / 255]
        grey = max(shades) - min(shades) <= 0.25 and _LIGHT[0] <= sum(shades) / 3 <= _LIGHT[1]
        faint = grey or opacity.value / 255 < _FAINT
    size = raw.FPDFText_GetFontSize(text, i)
    width, height = size * math.hypot(matrix.a, matrix.b), size * math.hypot(matrix.c, matrix.d)
    return _Style(round(angle) % 360, faint, bool(owner) and _is_marked(owner), width, height)


def _even(box: Any, x: float, y: float, style: _Style) -> tuple[float, float, float, float]:
    """The box (left, right, bottom, top) of a character that begins at x on the base line y, as high as its type.

    PDFium gives the box of the ink for glyphs that it cannot look up, and stretches others to their ink.
    """
    size = style.height
    low, high = y - _DESCENT * size, y + (1 - _DESCENT) * size
    if size <= 0 or abs(low + high - box.bottom - box.top) > size:  # not on the base line: set from top to bottom
        return box.left, box.right, box.bottom, box.top
    if box.left > x + 0.01 * size and box.right - x <= style.width:
        return x, x + style.width, low, high
    return min(x, box.left), max(box.right, x), low, high


def _sideways(
    ink: tuple[float, float, float, float], x: float, y: float, style: _Style, wide: bool
) -> tuple[float, float, float, float]:
    """The box (left, right, bottom, top) of a character that is turned by a right angle, as high as its type and, where
    it is square, as wide; `ink` is the box of its ink."""
    size, up = style.height, style.angle == 90
    side = (x - (1 - _DESCENT) * size, x + _DESCENT * size) if up else (x - _DESCENT * size, x + (1 - _DESCENT) * size)
    if up:
        return *side, min(y, ink[2]), max(ink[3], y + style.width if wide else y)
    return *side, min(ink[2], y - style.width if wide else y), max(y, ink[3])


def _is_marked(item: Any) -> bool:
    """Whether the file marks something as a watermark: /Artifact with /Subtype /Watermark."""
    for n in range(max(0, min(raw.FPDFPageObj_CountMarks(item), 8))):
        mark = raw.FPDFPageObj_GetMark(item, n)
        size, value = ctypes.c_ulong(), (ctypes.c_uint16 * 32)()
        if raw.FPDFPageObjMark_GetParamStringValue(mark, b"Subtype", value, ctypes.sizeof(value), size):
            name = bytes(value)[: max(0, size.value - 2)].decode("utf-16-le", "replace")
            if name == "Watermark":
                return True
    return False


# -- which way up ------------------------------------------------------------------------------------------------------


def _turn(turns: Counter[int]) -> int:
    """The angle, in degrees, at which most text of a page stands: quarter turns, and the lean of a page that was laid
    askew on a scanner and recognised there."""
    if not turns:
        return 0
    angle, size = max(turns.items(), key=lambda item: (item[1], -item[0]))
    askew = abs(angle - 90 * round(angle / 90))
    return angle if not askew or (askew <= _ASKEW and size >= _LEAST) else 0


def _turned(page: Any, frame: tuple[float, float, float, float], angle: int) -> tuple[float, float, float, float]:
    """Turns everything on a page back by that angle; the frame of the page thereafter."""
    cos, sin = (round(function(math.radians(-angle)), 9) for function in (math.cos, math.sin))
    for n in range(raw.FPDFPage_CountObjects(page)):
        raw.FPDFPageObj_Transform(raw.FPDFPage_GetObject(page, n), cos, sin, -sin, cos, 0, 0)
    xs = [cos * x - sin * y for x in frame[::2] for y in frame[1::2]]
    ys = [sin * x + cos * y for x in frame[::2] for y in frame[1::2]]
    return min(xs), min(ys), max(xs), max(ys)


# -- rules and pictures ------------------------------------------------------------------------------------------------

_Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def _matrix(item: Any, outer: _Matrix) -> _Matrix:
    """The matrix of an object within that of the form it stands in."""
    own = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(item, own):
        return outer
    a, b, c, d, e, f = outer
    return (
        own.a * a + own.b * c,
        own.a * b + own.b * d,
        own.c * a + own.d * c,
        own.c * b + own.d * d,
        own.e * a + own.f * c + e,
        own.e * b + own.f * d + f,
    )


class _Objects:
    """Collects the rules and pictures of a page."""

    def __init__(self, sheet: Sheet, frame: tuple[float, float, float, float]) -> None:
        self.sheet, self.frame = sheet, frame
        self.segments = 0

    def read(self, owner: Any, count: Any, get: Any, outer: _Matrix, depth: int) -> None:
        for n in range(count(owner)):
            item = get(owner, n)
            kind = raw.FPDFPageObj_GetType(item)
            if kind == raw.FPDF_PAGEOBJ_PATH:
                self._path(item, _matrix(item, outer))
            elif kind == raw.FPDF_PAGEOBJ_IMAGE:
                self._picture(item, _matrix(item, outer))
            elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
                form = raw.FPDFFormObj_CountObjects, raw.FPDFFormObj_GetObject
                self.read(item, *form, _matrix(item, outer), depth + 1)

    def _place(self, x: float, y: float, matrix: _Matrix) -> tuple[float, float]:
        a, b, c, d, e, f = matrix
        return a * x + c * y + e - self.frame[0], self.frame[3] - (b * x + d * y + f)

    def _picture(self, item: Any, matrix: _Matrix) -> None:
        corners = [self._place(x, y, matrix) for x in (0, 1) for y in (0, 1)]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        width, height = ctypes.c_uint(), ctypes.c_uint()
        known = raw.FPDFImageObj_GetImagePixelSize(item, width, height)
        pixels = width.value * height.value if known else 0
        self.sheet.pictures.append(Picture(min(xs), min(ys), max(xs), max(ys), pixels))

    def _path(self, item: Any, matrix: _Matrix) -> None:
        """The level and upright edges of a path; nothing more once the page has more than rules have."""
        size = raw.FPDFPath_CountSegments(item)
        self.segments += size
        x, y = ctypes.c_float(), ctypes.c_float()
        start = last = (0.0, 0.0)
        curved = False
        for n in range(size):
            if len(self.sheet.edges) > MOST_EDGES or self.segments > 20 * MOST_EDGES:
                self.sheet.curves += 1
                return
            segment = raw.FPDFPath_GetPathSegment(item, n)
            kind = raw.FPDFPathSegment_GetType(segment)
            raw.FPDFPathSegment_GetPoint(segment, x, y)
            place = self._place(x.value, y.value, matrix)
            if kind == raw.FPDF_SEGMENT_MOVETO:
                start = place
            elif kind == raw.FPDF_SEGMENT_LINETO:
                self._edge(last, place)
            else:
                curved = True
            last = place
            if raw.FPDFPathSegment_GetClose(segment):
                self._edge(last, start)
                last = start
        self.sheet.curves += curved

    def _edge(self, one: tuple[float, float], other: tuple[float, float]) -> None:
        (x0, x1), (top, bottom) = sorted((one[0], other[0])), sorted((one[1], other[1]))
        level = bottom - top < 0.1
        if level == (x1 - x0 < 0.1):  # a point, or a line that leans
            return
        self.sheet.edges.append(
            {
                "x0": x0,
                "x1": x1,
                "top": top,
                "bottom": bottom,
                "width": x1 - x0,
                "height": bottom - top,
                "orientation": "h" if level else "v",
                "object_type": "line",
            }
        )
