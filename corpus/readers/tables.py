"""One model of a table for every format: a grid with merged cells -> rows of equal length, and which of them are header.

Readers put cells row by row, as their format tells of them (`across` columns and `down` rows). What comes out:

* Every row has the same number of cells. A merged cell's text stands in every place that it covers, so that a cell is
  read under its own column and beside its own row; a place that nothing covers is blank, never filled from beside it.
* A row in which one cell covers the width (a title, a note, a heading between rows) is a line of text, not a row, and so
  is a cell that stands alone before the first row.
* Header rows are what the format says (th, thead, w:tblHeader, the row over a GFM rule), and else what merges and content
  tell (`header_rows`). A table without a header has none.

What repeating may cost is bounded for each table: MAX_PLACES places, MAX_REPEATED characters of cells up to LONG
characters, and MAX_LONG of longer ones, behind which these are blank below their first row (their text stands there once).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from corpus.errors import TooLarge
from corpus.readers.builder import Builder

MAX_PLACES = 2_000_000
"""Places (rows times columns) that one table may have."""

LONG = 200
"""Characters from which on a cell is long: it is repeated within a budget only."""

MAX_LONG = 400_000
"""Characters that the repeated long cells of one table may come to."""

MAX_REPEATED = 20_000_000
"""Characters that the repeated short cells of one table may come to."""

_SAMPLE = 30  # rows under the first that a judgement looks at
_MOST_HEADERS = 5  # storeys that a header may have
_LABEL = 30  # characters: the longest header cell, units and brackets with it
_FIGURE = re.compile(  # a value, where 第1年, 2025年标准 and 60岁以上 are names
    r"^[¥￥$约≤≥<>＜＞+\-－—~～(（\s]*\d[\d,，.．:：/\-—~～至%％‰\s]*+"
    r"(?:[十百千万亿]*元(?:[/／每].{1,6}|左右|以[上下内])?|[百千万亿]+|个?[工]?作?[日天月]|[人户家个台套项件亩吨辆次分倍平方米公里]{1,3}(?:/.{1,4})?|折)?[)）\s]*$"
    r"|\d\s*[十百千万亿]*元|\d\s*[%％‰]|\d{4}年\d{1,2}月|\d{3,4}-\d{7,8}|\d{7,}"
)
_NAMING = re.compile(r"^(?:(?:19|20)\d\d年?度?|\d{1,2}月份?|第?\d{1,3}[档级类等期年季批区]|.{2,20}以[上下内外])$")
_NUMBERING = re.compile(r"^[(（]?(\d{1,2}|[A-Z]|[甲乙丙丁戊己庚辛壬癸])[)）]?(?:\s*=.{1,20})?$")
_REMARK = re.compile(
    r"^(?:注|备注|说明)\d*\s*[：:]|^[一二三四五六七八九十]{1,3}、|^[（(][一二三四五六七八九十]{1,3}[）)]|[。；]$"
)
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_FIELD = re.compile(  # what columns are called, and the fields of a form
    r"(?:序号|编号|代码|编码|名称|名单|姓名|性别|年龄|职务|职称|学历|电话|手机|号码|地址|地点|邮箱|邮编|网址|传真|项目|事项|类别|类型|种类|等级|级别|档次|标准|金额|额度|价格|单价|票价"
    r"|收费|费用|补贴|补助|奖励|资助|比例|税率|费率|数量|面积|单位|部门|机构|主体|地区|区域|区划|区县|县区|对象|人员|人群|范围|条件|要求|材料|依据|流程|程序|环节|方式|办法|内容|指标|任务|措施|目标"
    r"|职责|分工|岗位|时间|时限|期限|日期|截止|年度|月份|备注|说明|分值|得分|分数|来源|用途|规格|型号|责任人|负责人|联系人|申请人|法定代表人|^(?:企业|公司|学校|医院|街道|乡镇|市区|活动|牵头|配合|人))"
    r"(?:[（(].{1,16}[）)])?[：:]?$"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its cells, or the text of a line where one cell covers the width (`cells` is empty then).

    `number` is that of the row in its file, where the format counts rows."""

    cells: tuple[str, ...] = ()
    header: bool = False
    text: str = ""
    number: int | None = None


_NONE: set[int] = set()  # the places of most rows; never added to


def _with(places: set[int], place: int) -> set[int]:
    if not places:
        return {place}
    places.add(place)
    return places


@dataclass(slots=True)
class _Raw:
    """A row as it was put. `beside` are the places that belong to the cell on their left, `below` those that belong to a
    cell of a row above."""

    header: bool
    number: int | None
    texts: list[str] = field(default_factory=list)
    beside: set[int] = field(default_factory=lambda: _NONE)
    below: set[int] = field(default_factory=lambda: _NONE)
    heads: int = 0  # cells with text that the format calls header cells
    named: int = 0  # cells with text

    @property
    def declared(self) -> bool:
        """Whether the format calls this a row of the header."""
        return self.header or (self.heads >= 2 and self.heads == self.named)

    def mark(self, place: int, beside: bool, below: bool) -> None:
        if beside:
            self.beside = _with(self.beside, place)
        if below:
            self.below = _with(self.below, place)

    def alone(self, width: int) -> tuple[int, int, str] | None:
        """First place, end and text of the only cell with text; None where there are more."""
        first = next((i for i, text in enumerate(self.texts) if text), None)
        if first is None:
            return None
        end = first + 1
        while end in self.beside:
            end += 1
        return None if any(self.texts[end:]) else (first, min(end, width), self.texts[first])


class Table:
    """A table that is put together row by row: `begin_row`, then `put` for each cell, in order; `rows` at the end.

    Raises TooLarge for a table whose merged cells cover more than the bounds above.
    """

    def __init__(self) -> None:
        self._rows: list[_Raw] = []
        # place -> text, rows still to come, whether it is of the cell on its left: from rows above, and begun in this row
        self._pending: dict[int, tuple[str, int, bool]] = {}
        self._begun: dict[int, tuple[str, int, bool]] = {}
        self._places = self._short = self._long = 0

    def begin_row(self, header: bool = False, number: int | None = None) -> None:
        """`header`: the format says that this row belongs to the header."""
        self._end_row()
        self._rows.append(_Raw(header, number))

    def next_place(self) -> int:
        """The next place of the row that no cell above reaches into, counted from 0; fills those that one does."""
        row = self._rows[-1]
        while (place := len(row.texts)) in self._pending:
            text, _, beside = self._pending[place]
            row.mark(place, beside, True)
            self._add(row, text, repeated=True)
        return place

    def put(self, text: str, across: int = 1, down: int = 1, header: bool = False) -> None:
        """The next cell of the row. `header`: the format calls it a header cell; a row of such cells is a header row."""
        row, first = self._rows[-1], self.next_place()
        row.heads += header and bool(text)
        row.named += bool(text)
        for place in range(first, first + max(1, across)):
            if place in self._pending:  # cells that overlap: the one that came first keeps its place
                break
            if down > 1:
                self._begun[place] = text, down - 1, place > first
            row.mark(place, place > first, False)
            self._add(row, text, repeated=place > first)

    def blank(self, count: int = 1) -> None:
        """Places of the row that no cell covers."""
        for _ in range(count):
            self.put("")

    def go_on(self, across: int = 1) -> None:
        """Places that belong to the cell right above them (docx tells so, row by row)."""
        row, above = self._rows[-1], self._rows[-2].texts if len(self._rows) > 1 else []
        first = self.next_place()
        for place in range(first, first + max(1, across)):
            row.mark(place, place > first, True)
            self._add(row, above[place] if place < len(above) else "", repeated=True)

    def rows(self) -> Iterator[Row]:
        """The rows and lines of the table, header rows told; rows without text of their own are not there. The table is used
        up."""
        self._end_row()
        rows = [row for row in self._rows if any(text and i not in row.below for i, text in enumerate(row.texts))]
        self._rows = []
        width = max((len(row.texts) for row in rows), default=0)
        self._count(sum(width - len(row.texts) for row in rows))
        for row in rows:
            row.texts += [""] * (width - len(row.texts))
        return _told(rows, width)

    def _end_row(self) -> None:
        if not self._rows:
            return
        row = self._rows[-1]
        last = max(self._pending, default=-1)
        while len(row.texts) <= last:  # cells reach in from above behind the last one
            if self.next_place() <= last:
                self._add(row, "")
        pending = {place: (text, down - 1, beside) for place, (text, down, beside) in self._pending.items() if down > 1}
        self._pending = pending | self._begun
        self._begun = {}

    def _add(self, row: _Raw, text: str, repeated: bool = False) -> None:
        self._count(1)
        if repeated and len(text) > LONG:
            self._long += len(text)
            text = text if self._long <= MAX_LONG else ""
        elif repeated:
            self._short += len(text)
            if self._short > MAX_REPEATED:
                raise _too_many()
        row.texts.append(text)

    def _count(self, places: int) -> None:
        self._places += places
        if self._places > MAX_PLACES:
            raise _too_many()


def _too_many() -> TooLarge:
    return TooLarge("表格的合并单元格过多", "请取消合并单元格后另存，再重新导入")


def write(out: Builder, rows: Iterable[Row], page: int | None = None, confidence: float | None = None) -> None:
    """The rows and lines of a table as lines of a file."""
    for row in rows:
        if row.cells:
            out.add_row(row.cells, page, confidence, header=row.header, number=row.number)
            continue
        for piece in row.text.split("\n"):
            if piece.strip():
                out.add(piece.strip(), page=page, confidence=confidence, number=row.number)


def goes_on_from(
    rows: tuple[Row, ...], above: tuple[Row, ...], header: tuple[Row, ...]
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The rows of a table that may go on with the one that the page before ends with, and the header that holds for them.

    Where they have as many columns, rows are header rows only if they repeat that header, or say so by their words."""
    widths = [{len(row.cells) for row in part if row.cells} for part in (rows, above)]
    own = tuple(row for row in rows if row.header)
    if widths[0] != widths[1] or not own:
        return rows, own if widths[0] != widths[1] else header
    repeated = {row.cells for row in own} <= {row.cells for row in header}
    named = [text for text in own[0].cells if text]
    if repeated or 2 * sum(bool(_FIELD.search(_bare(text))) for text in named) >= len(named):
        return rows, own
    return tuple(replace(row, header=False) for row in rows), header


# -- rows and lines ----------------------------------------------------------------------------------------------------


def _told(rows: list[_Raw], width: int) -> Iterator[Row]:
    """Rows told apart from lines of text, and header rows from the others."""
    lines = _lines(rows, width)
    body = [row for i, row in enumerate(rows) if i not in lines]
    heads = _header_count(body, width)
    told = not all(row.declared for row in body)  # a format that calls every row a header says nothing by it
    seen = 0
    for i, row in enumerate(rows):
        if i not in lines:
            seen += 1
            yield Row(tuple(row.texts), seen <= heads or (told and row.declared), number=row.number)
        elif lines[i]:
            yield Row(text=lines[i], number=row.number)
        row.texts = []


def _lines(rows: list[_Raw], width: int) -> dict[int, str]:
    """The rows that are lines of text, by index; "" for what only goes on with the line above."""
    lines: dict[int, str] = {}
    started = False
    for i, row in enumerate(rows):
        alone = row.alone(width)
        if alone is None or (started and alone[0] in row.below and alone[1] - alone[0] < width):
            started = True
        elif alone[0] in row.below:
            lines[i] = ""
        elif _is_line(rows, i, alone, width, started):
            lines[i] = alone[2]
        else:
            started = True
    return lines


def _is_line(rows: list[_Raw], at: int, alone: tuple[int, int, str], width: int, started: bool) -> bool:
    """Whether the only cell with text in a row is a line of text. Before the first row it is, unless it is the upper storey
    of a header: merged over columns that the next row names, and not the first of them."""
    first, end, text = alone
    if width == 1 or (first == 0 and end == width):
        return True
    if started:
        wide = end - first >= 2 and 2 * (end - first) > width
        return first == 0 and (wide or (width > 2 and bool(_REMARK.search(text))))
    below = rows[at + 1].texts if at + 1 < len(rows) else []
    upper = first > 0 and end - first >= 2 and len(text) <= 20 and not re.search(r"[：:。]", text)
    return not (upper and len(below) >= end and all(below[first:end]) and any(below[:first]))


# -- header rows -------------------------------------------------------------------------------------------------------


def header_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many of the first rows are the header, judged by content alone (flattened text, where no format says so)."""
    width = max((len(row) for row in rows), default=0)
    raws = []
    for cells in rows[: _SAMPLE + _MOST_HEADERS]:
        raw = _Raw(False, None, [*cells, *[""] * (width - len(cells))])
        raw.beside = {i for i in range(1, len(cells)) if cells[i] and cells[i] == cells[i - 1]}
        raws.append(raw)
    for above, row in zip(raws, raws[1:], strict=False):
        row.below = {i for i, text in enumerate(row.texts) if text and text == above.texts[i]}
    return _header_count(raws, width)


def _header_count(rows: Sequence[_Raw], width: int) -> int:
    if len(rows) < 2 or width < 2:
        return 0
    count = _declared(rows)
    if not count:
        count = int(_names_columns(rows, width))
    if not count:
        return 0
    while count < min(len(rows) - 1, _MOST_HEADERS) and _is_lower_storey(rows[count - 1], rows[count]):
        count += 1
    if count < len(rows) and _is_numbering(rows[count].texts):
        count += 1
    return count


def _declared(rows: Sequence[_Raw]) -> int:
    """How many of the first rows the format calls header rows. Where it calls all so, it tells nothing."""
    count = next((i for i, row in enumerate(rows) if not row.declared), 0)
    return min(count, len(rows) - 1)


def _names_columns(rows: Sequence[_Raw], width: int) -> bool:
    """Whether the first row looks like a header: short cells without figures over a body that differs from them, or the
    words that columns are called by, or a cell merged over narrower ones. Names beside values, in pairs, are none."""
    first = [_bare(text) for text in rows[0].texts]
    named = [text for text in first if text]
    if len(set(named)) < 2 or any(len(text) > _LABEL or _is_sentence(text) or _is_figure(text) for text in named):
        return False
    body = rows[1 : _SAMPLE + 1]
    columns = [[_bare(row.texts[i]) for row in body if row.texts[i]] for i in range(width)]
    if any(text.endswith(("：", ":")) for text in named) or _is_pairs(first, columns):
        return False
    if _is_lower_storey(rows[0], rows[1]):
        return True
    over = [(text, column) for text, column in zip(first, columns, strict=True) if text]
    words = sum(bool(_FIELD.search(text)) and not _mostly(_FIELD, column) for text, column in over)
    if words * 3 >= len(named) or any(_NAMING.search(text) and not _mostly(_NAMING, column) for text, column in over):
        return True
    figures = any(sum(map(_is_figure, column)) * 2 >= max(1, len(column)) for _, column in over)
    longer = any(len(column) >= 2 and median(map(len, column)) >= max(8, 3 * len(text)) for text, column in over)
    return figures or (longer and all(len(text) <= 12 for text in named))


def _is_pairs(first: list[str], columns: list[list[str]]) -> bool:
    """Whether names stand beside their values, as on a form: in every second column most cells are names of fields."""
    if len(first) % 2 or not columns[0] or all(_FIELD.search(text) for text in first):
        return False
    for i in range(0, len(first), 2):
        names, values = [first[i], *columns[i]], [first[i + 1], *columns[i + 1]]
        if not _mostly(_FIELD, names) or _mostly(_FIELD, values):
            return False
    return True


def _mostly(pattern: re.Pattern[str], texts: Sequence[str]) -> bool:
    known = [text for text in texts if text]
    return bool(known) and sum(bool(pattern.search(text)) for text in known) * 2 >= len(known)


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text) if len(text) <= LONG else text


def _is_figure(text: str) -> bool:
    return len(text) <= 60 and bool(_FIGURE.search(text)) and not _NAMING.search(text)


def _is_sentence(text: str) -> bool:
    return "。" in text or "；" in text


def _is_lower_storey(upper: _Raw, lower: _Raw) -> bool:
    """Whether a row names the columns under the wide cells of the header row above it: what does not stand under such a cell
    goes on from above or is blank, and nothing is a figure."""
    width = len(upper.texts)
    under = {i for i in range(width) if i in upper.beside or i + 1 in upper.beside}
    if not under and upper.texts[0] and not lower.texts[0]:  # merged cells that were taken apart: blanks behind a text
        under = {i for i in range(1, width) if not upper.texts[i] or (i + 1 < width and not upper.texts[i + 1])}
    if not under:
        return False
    fresh = [i for i, text in enumerate(lower.texts) if text and i not in lower.below and text != upper.texts[i]]
    texts = {_bare(lower.texts[i]) for i in fresh}
    if len(texts) < 2 or any(_is_figure(text) or len(text) > _LABEL for text in texts):
        return False
    # one text under a wide cell says nothing new of the columns: it is a value that holds for all of them
    return under.issuperset(fresh)


def _is_numbering(cells: Sequence[str]) -> bool:
    """Whether a row numbers the columns: 1 2 3 …, A B C …, 甲 乙 1 2 …, the first cell perhaps 栏次."""
    texts = [text for text in cells if text]
    if texts and re.fullmatch(r"[栏行列]\s*[次号]|编号", texts[0]):
        texts = texts[1:]
    matches = [_NUMBERING.match(text) for text in texts]
    if len(texts) < 3 or not all(matches):
        return False
    last = 0
    kind = ""
    for match in matches:
        mark = match[1] if match else ""
        value = int(mark) if mark.isdigit() else (_STEMS.find(mark) + 1 or ord(mark) - ord("A") + 1)
        now = "1" if mark.isdigit() else ("甲" if mark in _STEMS else "A")
        if value != (last + 1 if now == kind else 1):
            return False
        last, kind = value, now
    return True
