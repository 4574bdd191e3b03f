"""What a file prints in the margins of its pages and is no part of its text: running heads and feet, page numbers.

A running head repeats on most pages, unchanged but for a number that counts with the pages. What repeats with another
number and is a heading (附件1, 附件2; 第二章; 1. …) stays. Here is also what stands in the middle of most pages and is
in light type: a watermark that is printed level.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from unicodedata import normalize

from corpus.readers.layout import Item
from corpus.readers.lines import LeftOut

_SHARE, _LEAST = 0.4, 3  # of the pages, and pages, on which a running head stands
_MARKS = 0.6  # of the pages: on which a watermark stands
_PLACES = 120  # steps that a page has for comparing heights
_DIGITS = re.compile(r"\d+")
_HEADING = re.compile(
    r"^(?:附[件录表图则注]|(?:[图表例]|专栏|案例)[-#一二三四五六七八九十]|第[#〇零一二三四五六七八九十百]+[编章节条部篇款项]"
    r"|[(]?[#一二三四五六七八九十]+[).、]\D|#\.#)"
)
_UNNUMBERED = re.compile(r"^附[件录表图则注]:?$")
_ROMAN = r"(?=[ivxlcIVXLC])[xX]{0,4}(?:[iI][xX]|[iI][vV]|[vV]?[iI]{0,3})|[Ⅰ-Ⅻⅰ-ⅻ]"
_DASH = r"[-‐-―−－—–·.•~～]"
_NUMBER = re.compile(  # of text without white space, its wide forms made narrow
    rf"^(?:第(?P<named>\d{{1,4}}|[一二三四五六七八九十百]{{1,5}})页(?:[/,，、]?(?:共|总)\d{{1,4}}页)?"
    rf"|(?P<part>\d{{1,4}})(?:/|of|之)(?P<whole>\d{{1,4}})"
    rf"|(?:Page|page|PAGE|P\.|p\.)(?P<page>\d{{1,4}})(?:(?:of|/)\d{{1,4}})?"
    rf"|(?P<dashed>{_DASH}{{1,3}}(?:\d{{1,4}}|{_ROMAN}){_DASH}{{1,3}})"
    rf"|(?P<half>{_DASH}{{1,2}}\d{{1,4}}|\d{{1,4}}{_DASH}{{1,2}})"
    rf"|(?P<bare>\d{{1,4}}页?|{_ROMAN}))$"
)
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


def left_out(pages: Sequence[Sequence[Item]]) -> dict[tuple[int, int], LeftOut]:
    """What goes, by page and place on the page (both counted from 0), and why."""
    out: dict[tuple[int, int], LeftOut] = {}
    for place in _running(pages):
        out[place] = LeftOut("running_head", pages[place[0]][place[1]].text.strip())
    for place in _numbers(pages, out):
        out[place] = LeftOut("page_number", pages[place[0]][place[1]].text.strip())
    for number, items in enumerate(pages):
        for n, item in enumerate(items):
            if item.left_out is not None and is_page_number(item.left_out.text):  # set at a right angle to the page
                out[number, n] = LeftOut("page_number", item.left_out.text)
    for place in _marks(pages):
        out.setdefault(place, LeftOut("watermark", pages[place[0]][place[1]].text.strip()))
    return out


def is_page_number(text: str) -> bool:
    """Whether a text can be a page number and nothing else: it has a dash on each side, says page, or counts the pages."""
    match = _matched(text)
    return match is not None and match["bare"] is None and match["half"] is None


# -- running heads -----------------------------------------------------------------------------------------------------

_Place = tuple[int, int]


def _running(pages: Sequence[Sequence[Item]]) -> list[_Place]:
    """Where lines stand in the margin of two pages in five or more, three at least (both pages of two), that say the
    same; and one over the title of the file that repeats it in smaller type."""
    groups: dict[tuple[str, int], list[_Place]] = defaultdict(list)
    for number, items in enumerate(pages):
        for n, item in enumerate(items):
            if item.marginal and _matched(item.text) is None:
                groups[_DIGITS.sub("#", _plain(item.text)), round(item.top * _PLACES)].append((number, n))
    least = 2 if len(pages) == 2 else max(_LEAST, _SHARE * len(pages))
    out: list[_Place] = []
    for (key, height), places in groups.items():
        near = [*places, *groups.get((key, height - 1), ()), *groups.get((key, height + 1), ())]
        if key and len({number for number, _ in near}) >= least:
            out += _same(pages, key, places, near, least)
    return out + _title(pages)


def _same(
    pages: Sequence[Sequence[Item]], key: str, places: Sequence[_Place], near: Sequence[_Place], least: float
) -> list[_Place]:
    """Those of the places whose text repeats unchanged, but for the number of the page."""
    values = {place: [int(d) for d in _DIGITS.findall(_plain(pages[place[0]][place[1]].text))] for place in near}
    if _HEADING.match(key):
        return _repeated_heading(key, values, places, least)
    slots = range(key.count("#"))
    fixed = [Counter(v[n] for v in values.values()).most_common(1)[0][0] for n in slots]
    steps = [Counter(v[n] - place[0] for place, v in values.items()).most_common(1)[0][0] for n in slots]
    same = {place for place, v in values.items() if all(v[n] in (fixed[n], steps[n] + place[0]) for n in slots)}
    return [place for place in places if place in same] if len(same) >= least else []


def _repeated_heading(
    key: str, values: dict[_Place, list[int]], places: Sequence[_Place], least: float
) -> list[_Place]:
    """A heading that is printed again on each page of its part, with the same number: all but the first of each row.
    One without a number may be that of another part each time."""
    numbered = {place: tuple(v) for place, v in values.items()}
    if _UNNUMBERED.match(key):
        return []
    counts = Counter(numbered.values())
    on = {(place[0], v) for place, v in numbered.items()}
    return [
        place
        for place in places
        if counts[v := numbered[place]] >= least and ((place[0] - 1, v) in on or (place[0] - 2, v) in on)
    ]


def _title(pages: Sequence[Sequence[Item]]) -> list[_Place]:
    """A head over the title on the first page that repeats it in smaller type."""
    first = [(n, item) for n, item in enumerate(pages[0]) if item.left_out is None] if pages else []
    if len(first) < 2 or not first[0][1].marginal or first[0][1].size >= 0.8 * first[1][1].size:
        return []
    head, title = _plain(first[0][1].text), "".join(_plain(item.text) for _, item in first[1:4])
    return [(0, first[0][0])] if len(head) >= 4 and title.startswith(head) else []


# -- page numbers ------------------------------------------------------------------------------------------------------


def _numbers(pages: Sequence[Sequence[Item]], gone: dict[_Place, LeftOut]) -> list[_Place]:
    """Where lines in the margin are page numbers; a bare number is one where it counts with the pages."""
    found: list[tuple[_Place, re.Match[str]]] = []
    for number, items in enumerate(pages):
        for n, item in enumerate(items):
            if item.marginal and (number, n) not in gone and (match := _matched(item.text)) is not None:
                found.append(((number, n), match))
    steps = Counter(_value(match) - place[0] for place, match in found)
    out = []
    for place, match in found:
        value = _value(match)
        counts = value == place[0] + 1 or steps[value - place[0]] >= _LEAST
        told = (
            match["bare"] is None and match["half"] is None and (not match["whole"] or 0 < value <= int(match["whole"]))
        )
        if counts or (told and match["part"] is None):
            out.append(place)
    return out


def _matched(text: str) -> re.Match[str] | None:
    return _NUMBER.match(_plain(text))


def _value(match: re.Match[str]) -> int:
    """The number of the page that a text gives."""
    text = match["named"] or match["part"] or match["page"] or match["dashed"] or match["half"] or match["bare"]
    if digits := _DIGITS.search(text):
        return int(digits[0])
    roman = [_VALUES[c] for c in text.lower() if c in _VALUES]
    return sum(-v if any(w > v for w in roman[i + 1 : i + 2]) else v for i, v in enumerate(roman))


def _plain(text: str) -> str:
    """A text without white space, its wide digits and letters made narrow."""
    return normalize("NFKC", re.sub(r"\s", "", text))


# -- level watermarks --------------------------------------------------------------------------------------------------


def _marks(pages: Sequence[Sequence[Item]]) -> list[_Place]:
    """Where the same light text stands in the same place in the middle of most pages that are not light throughout."""
    lines = [item for items in pages for item in items if item.size]
    if len(pages) < 2 or 2 * sum(item.faint for item in lines) > len(lines):
        return []
    groups: dict[tuple[str, int, int], list[_Place]] = defaultdict(list)
    for number, items in enumerate(pages):
        for n, item in enumerate(items):
            if item.faint and not item.marginal and item.left_out is None and item.text.strip():
                groups[_plain(item.text), round(item.top * _PLACES), round(item.left)].append((number, n))
    least = max(2, _MARKS * len(pages))
    return [place for places in groups.values() if len({number for number, _ in places}) >= least for place in places]
