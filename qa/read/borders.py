"""Where an answer may begin and end: what a reader marks is cut where it would tear a sentence, a line or a bracket, and made whole
where it begins or ends inside a number, a range or a date (15日至30日 of 4月15日至30日).
"""

from __future__ import annotations

import re

from qa.figures import FIGURE, SCALES

_OPENING = {c: kind for kind, pair in enumerate(("（(", "《", "〈", "「", "『", "【", "[［", "〔", "“")) for c in pair}
_CLOSING = {c: kind for kind, pair in enumerate(("）)", "》", "〉", "」", "』", "】", "]］", "〕", "”")) for c in pair}
_SENTENCE_ENDS = "。！？；"
_BETWEEN_LINES = "\n\t"  # a tab parts the cells of a row
_HANGING = re.compile(r"[\s，。；：、！？,;:!?]+")


def clean(text: str, start: int, end: int) -> tuple[int, int] | None:
    """What is to be said of text[start:end]: `whole`, then `complete`. None where no words are left."""
    part = whole(text, start, end)
    return None if part is None else complete(text, *part)


def whole(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The longest part of text[start:end] that tears nothing; None where no words are left.

    It keeps to one line, has both halves of its brackets, goes beyond a sentence only up to the end of another, and
    neither begins nor ends with a stop.
    """
    while start < end:
        start, end = _without_stops(text, start, end)
        cuts = _cuts(text, start, end)
        if not cuts:
            break
        borders = [start - 1, *cuts, end]
        parts = [(a + 1, b) for a, b in zip(borders, borders[1:], strict=False)]
        start, end = max(parts, key=lambda part: part[1] - part[0])
    return (start, end) if start < end else None


def _without_stops(text: str, start: int, end: int) -> tuple[int, int]:
    lead = _HANGING.match(text, start, end)
    start = lead.end() if lead else start
    while end > start and _HANGING.match(text[end - 1]):
        end -= 1
    return start, end


def _cuts(text: str, start: int, end: int) -> list[int]:
    """Where text[start:end] must be cut, in order: at line ends, else at brackets without their other half, else at the
    last end of a sentence where it stops in the midst of another."""
    if lines := [at for at in range(start, end) if text[at] in _BETWEEN_LINES]:
        return lines
    if halves := _halves(text, start, end):
        return halves
    last = max(text.rfind(stop, start, end) for stop in _SENTENCE_ENDS)
    if last < 0 or all(character in _CLOSING for character in text[last + 1 : end]):
        return []  # “…。” ends with its sentence
    ends_there = end == len(text) or text[end] in _SENTENCE_ENDS or text[end] == "\n"
    return [] if ends_there else [last]


def _halves(text: str, start: int, end: int) -> list[int]:
    """The brackets in text[start:end] whose other half is not there."""
    opened: list[tuple[int, int]] = []
    alone: list[int] = []
    for at in range(start, end):
        character = text[at]
        if character in _OPENING:
            opened.append((_OPENING[character], at))
        elif character in _CLOSING:
            if opened and opened[-1][0] == _CLOSING[character]:
                opened.pop()
            else:
                alone.append(at)
    return sorted([*alone, *(at for _, at in opened)])


_DIGIT = r"[\d０-９]"
_NUMBER_GOES_ON = re.compile(rf"(?<={_DIGIT})(?:[.,．]?{_DIGIT}+)+")
_NUMBER_BEGUN = re.compile(rf"{_DIGIT}+(?:[.,．]{_DIGIT}+)*[.,．]?$")
_TO = r" *(?:至|到|[-—－–~～]{1,2}) *"
_DATE = r"\d{4}年(?:\d{1,2}月(?:\d{1,2}[日号])?)?|\d{1,2}月(?:\d{1,2}[日号])?"
_POINT = rf"(?:{_DATE}|第?(?:{FIGURE.pattern})(?:[日号时点]|以?[前后])?)"
_FROM_HERE = re.compile(_POINT)
_RANGE_BEGUN = re.compile(rf"{_POINT}{_TO}$")
_RANGE_GOES_ON = re.compile(rf"{_TO}{_POINT}")
_MONTH_BEGUN = re.compile(r"(?:\d{4}年)?\d{1,2}月$")
_DAY = re.compile(r"\d{1,2}[日号]")
_UNIT = re.compile(rf"\s*(?:{SCALES})?(?:美元|元|%|％|个月|个工作日|工作日|周岁|平方米)")
_FURTHEST = 24
"""Characters before an answer in which the beginning of a range is looked for."""
_JOINS_AT_END = re.compile(r"(?:或者|或|以及|并且|、)+$")
_JOINS_AT_BEGIN = re.compile(r"(?:或者|以及|并且|、|[①-⑳])+")


def complete(text: str, start: int, end: int) -> tuple[int, int]:
    """What is whole of text[start:end] (see `whole`), with the number, the range or the date that it begins or ends inside of, and
    without a word at its ends that joins it to something else; as it is where that would not keep to one line. Never empty where it
    was not."""
    given = start, end
    while True:
        begun, ended = _begun(text, start, end), _ended(text, start, end)
        if (begun, ended) == (start, end):
            break
        start, end = begun, ended
    if (lead := _JOINS_AT_BEGIN.match(text, start, end)) and lead.end() < end:
        start = lead.end()
    if (tail := _JOINS_AT_END.search(text[start:end])) and tail.start() > 0:
        end = start + tail.start()
    return given if any(stop in text[start:end] for stop in _BETWEEN_LINES) else (start, end)


def _begun(text: str, start: int, end: int) -> int:
    """Where it begins once a number, a date or a range that it begins inside of is taken in."""
    before = text[max(0, start - _FURTHEST) : start]
    if re.match(_DIGIT, text[start]) and (torn := _NUMBER_BEGUN.search(before)):
        return start - len(torn[0])
    if text[start - 1 : start] == "第" and _FROM_HERE.match(text, start, end):
        return start - 1
    if _DAY.match(text, start, end) and (month := _MONTH_BEGUN.search(before)):
        return start - len(month[0])
    if _FROM_HERE.match(text, start, end) and (other := _RANGE_BEGUN.search(before)):
        return start - len(other[0])
    return start


def _ended(text: str, start: int, end: int) -> int:
    """Where it ends likewise."""
    if torn := _NUMBER_GOES_ON.match(text, end):
        return torn.end()
    if re.match(_DIGIT, text[end - 1]) and (unit := _UNIT.match(text, end)):
        return unit.end()
    last = next((m for m in _FROM_HERE.finditer(text, max(start, end - _FURTHEST), end) if m.end() == end), None)
    if last is not None and (other := _RANGE_GOES_ON.match(text, end)):
        return other.end()
    return end
