"""Tables in plain text: what is drawn with lines or set in columns becomes rows, as far as the text tells its columns.

* Drawn with box characters or + - |: rows and merged cells follow from the lines.
* Cells between tabs, pipes, or two or more spaces, as many on each of several lines that follow each other.
* One cell a line with lines that hold but a tab between them, as browsers copy a table: a row ends where such a line is
  missing. How far a merged cell reached is lost there, so that such rows may be shorter than others.

Lines keep their numbers. Nothing is a table that does not look like one on every line: lists and signatures stay text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from unicodedata import east_asian_width

from corpus.readers.builder import Builder
from corpus.readers.lines import Line
from corpus.readers.tables import Table, write

_BARS = "│┃║|｜┆┊"
_JOINTS = "┌┬┐├┼┤└┴┘╔╦╗╠╬╣╚╩╝┏┳┓┣╋┫┗┻┛╒╤╕╞╪╡╘╧╛╓╥╖╟╫╢╙╨╜┠╂┨┯┷┿┰┸+"
_DASHES = "─━═┄┈-="
_FRAME = re.compile(f"^\\s*[{re.escape(_JOINTS)}][{re.escape(_JOINTS + _DASHES)}\\s]*[{re.escape(_JOINTS)}]\\s*$")
_INSIDE = re.compile(f"^\\s*[{re.escape(_BARS + _JOINTS)}].*[{re.escape(_BARS + _JOINTS)}]\\s*$")
_EDGE = re.compile(f"[{re.escape(_BARS + _JOINTS)}]")
_DRAWN_LINE = re.compile(f"^[{re.escape(_DASHES)}]{{2,}}$|^[─━═]+$")
_APART = re.compile(r"(?: {2,}|\u3000{2,}|[ \u3000]{3,})")
_SENTENCE = re.compile(r"[。；！？]")
_CELL = 24  # characters: the longest cell of columns that only spaces part
_MOST_CELLS = 60
_MOST_COPIED = 20


def with_tables(lines: Sequence[Line]) -> list[Line]:
    """The lines with their tables as rows; all others as they were."""
    out: list[Line] = []
    i = 0
    while i < len(lines):
        for take in (_take_drawn, _take_piped, _take_tabbed, _take_copied, _take_spaced):
            read, taken = take(lines, i)
            if taken:
                out += read
                i += taken
                break
        else:
            out.append(lines[i])
            i += 1
    return out


# -- cells on one line -------------------------------------------------------------------------------------------------


def _take_piped(lines: Sequence[Line], at: int) -> tuple[list[Line], int]:
    return _take_run(lines, at, _piped, least_rows=2, least_cells=2)


def _take_tabbed(lines: Sequence[Line], at: int) -> tuple[list[Line], int]:
    return _take_run(lines, at, _tabbed, least_rows=2, least_cells=2, ragged=True)


def _take_spaced(lines: Sequence[Line], at: int) -> tuple[list[Line], int]:
    return _take_run(lines, at, _spaced, least_rows=3, least_cells=3)


def _take_run(
    lines: Sequence[Line],
    at: int,
    cells_of: Callable[[str], list[str]],
    *,
    least_rows: int,
    least_cells: int,
    ragged: bool = False,
) -> tuple[list[Line], int]:
    """Lines from `at` on that have as many cells each, as rows; how many lines they are, 0 where they are no table. Of `ragged`
    ones a row may lack its last cells, where these are blank and nothing marks them, save all but one."""
    first = cells_of(lines[at].text)
    if not least_cells <= len(first) <= _MOST_CELLS:
        return [], 0
    rows, end = [(lines[at], first)], at + 1
    while end < len(lines):
        cells = cells_of(lines[end].text)
        if len(cells) != len(first) and not (ragged and 1 < len(cells) < len(first)):
            break
        rows.append((lines[end], cells + [""] * (len(first) - len(cells))))
        end += 1
    if len(rows) < least_rows:
        return [], 0
    table = Table()
    for line, cells in rows:
        table.begin_row(number=line.number)
        for cell in cells:
            table.put(cell.strip())
    return _written(table), end - at


def _piped(text: str) -> list[str]:
    text = text.strip()
    if len(text) < 3 or text[0] not in "|｜│" or text[-1] not in "|｜│":
        return []
    return re.split("[|｜│]", text[1:-1])


def _tabbed(text: str) -> list[str]:
    if text.startswith("\t") or "\t" not in text.rstrip():
        return []
    return text.rstrip(" \u3000\r\n").split("\t")


def _spaced(text: str) -> list[str]:
    if len(text) > 400 or _SENTENCE.search(text):
        return []
    cells = [cell for cell in _APART.split(text.strip()) if cell]
    short = all(len(cell) <= _CELL for cell in cells) and any(len(cell) > 1 for cell in cells)
    return cells if short else []


def _written(table: Table) -> list[Line]:
    out = Builder()
    write(out, table.rows())
    return out.lines


# -- one cell a line ---------------------------------------------------------------------------------------------------


def _take_copied(lines: Sequence[Line], at: int) -> tuple[list[Line], int]:
    """Rows whose cells stand one a line, with lines that hold but a tab between them: text, tab, text, tab, text."""
    rows: list[list[Line]] = []
    end = i = at
    while (row := _copied_row(lines, i)) is not None:
        cells, i = row
        rows.append(cells)
        end = i
        while i < len(lines) and not lines[i].text.strip() and "\t" not in lines[i].text:
            i += 1
    if sum(len(cells) > 1 for cells in rows) < 2:
        return [], 0
    out: list[Line] = []
    for cells in rows:
        out += [Line("\t" + cell.text.strip(), cell.number, cell.page) for cell in cells]
        out.append(Line("", cells[-1].number, cells[-1].page))
    return out, end - at


def _copied_row(lines: Sequence[Line], at: int) -> tuple[list[Line], int] | None:
    """The cells of a row and the line behind it; None where no row of two cells or more begins here."""
    if not lines[at : at + 1] or not lines[at].text.strip() or "\t" in lines[at].text.strip():
        return None
    cells, i = [lines[at]], at + 1
    while True:
        j, tabs = i, 0
        while j < len(lines) and not lines[j].text.strip() and j - i < 4:
            tabs += lines[j].text.strip(" \u3000") == "\t"
            j += 1
        if tabs != 1 or j >= len(lines) or not lines[j].text.strip():
            return (cells, i) if len(cells) > 1 else None
        if len(cells) == _MOST_COPIED:
            return None
        cells.append(lines[j])
        i = j + 1


# -- drawn -------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Cell:
    row: int
    column: int
    across: int
    parts: list[str] = field(default_factory=list)
    down: int = 1


def _take_drawn(lines: Sequence[Line], at: int) -> tuple[list[Line], int]:
    """A table drawn with lines, from its upper frame on."""
    if not _FRAME.match(lines[at].text):
        return [], 0
    end = at + 1
    while end < len(lines) and (_FRAME.match(lines[end].text) or _INSIDE.match(lines[end].text)):
        end += 1
    drawn = [_segments(line.text) for line in lines[at:end]]
    edges = sorted({edge for segments in drawn for begin, stop, _ in segments for edge in (begin, stop)})
    if end - at < 3 or not 3 <= len(edges) <= _MOST_CELLS:
        return list(lines[at:end]), end - at  # a frame around text, or a pattern
    return _drawn_rows(lines[at:end], drawn, edges), end - at


def _segments(text: str) -> list[tuple[int, int, str]]:
    """What stands between the upright lines of a line of text: where it begins and ends, in columns of the screen."""
    out: list[tuple[int, int, str]] = []
    place, begin, part = 0, -1, ""
    for char in text.rstrip():
        if _EDGE.match(char) and not (char == "+" and part.strip(" ") and not _DRAWN_LINE.match(part.strip())):
            if begin >= 0:
                out.append((begin, place, part.strip()))
            begin, part = place, ""
        else:
            part += char
        place += 2 if east_asian_width(char) in "WF" else 1
    return out


def _drawn_rows(lines: Sequence[Line], drawn: list[list[tuple[int, int, str]]], edges: list[int]) -> list[Line]:
    """The rows between the lines that run across; a cell that such a line leaves open goes on in the row below."""
    index = {edge: n for n, edge in enumerate(edges)}
    ruled = sum(bool(_FRAME.match(line.text)) or _crosses(s) for line, s in zip(lines, drawn, strict=True))
    # a frame with one line under the header has a row on every line
    single = ruled <= 3 and len(lines) - ruled > 2
    numbers: list[int] = []
    cells: list[_Cell] = []
    current: dict[int, _Cell] = {}
    fresh = True
    for line, segments in zip(lines, drawn, strict=True):
        crossing = _crosses(segments)
        if crossing or _FRAME.match(line.text):
            for begin, _, text in segments:
                if _DRAWN_LINE.match(text):
                    current.pop(index[begin], None)
                elif text and (cell := current.get(index[begin])):
                    cell.parts.append(text)
            fresh = True
            continue
        if fresh or single:
            if single:
                current = {}
            numbers.append(line.number)
            for cell in current.values():
                cell.down += 1
        for begin, stop, text in segments:
            cell = current.get(index[begin]) or _Cell(len(numbers) - 1, index[begin], index[stop] - index[begin])
            if index[begin] not in current:
                current[index[begin]] = cell
                cells.append(cell)
            if text:
                cell.parts.append(text)
        fresh = False
    table = Table()
    placed = {(cell.row, cell.column): cell for cell in cells}
    for row, number in enumerate(numbers):
        table.begin_row(number=number)
        while (place := table.next_place()) < len(edges) - 1:
            found = placed.get((row, place))
            if found is None:
                table.blank()
            else:
                table.put("".join(found.parts), found.across, found.down)
    return _written(table)


def _crosses(segments: list[tuple[int, int, str]]) -> bool:
    return any(_DRAWN_LINE.match(text) for _, _, text in segments)
