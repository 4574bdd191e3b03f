"""Training examples of the reader: questions over passages, with what is right to say.

Rows are those of `shared/reading/*.jsonl` (see its SPEC.md): question, title, passage, spans, yes_no, answerable. Reading
questions of CMRC 2018 (trial) and DRCD are read as such rows; the fifth of their contexts that `is_held_out` is never trained on.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from corpus.counterparts import FACETS, SHORT_FORMS, facets_of, places

Kind = Literal["none", "span", "yes", "no", "holds"]
"""What a passage says: nothing on the question, an answer in words, yes, no, or an answer that nobody marked."""

HELD_OUT = 5
"""One context of the general reading questions in so many is held out, by the hash of its words."""

COMPACT = 1.7
"""Items of a list that fill their envelope to more than 1/COMPACT are learnt as one span: 甲、乙和丙."""

_COMPACT_SLACK = 8  # characters
_OF_CMRC = 3  # times that a question of the smaller set is seen for one of DRCD
_WINDOW = 220  # characters of a general context that are shown


@dataclass(frozen=True, slots=True)
class Example:
    """A question over a passage. `spans` are [start, end) of the passage, in code points: the answer, or the words that
    decide a yes or no; several where the items of a list stand apart. `items` are those of any list."""

    id: str
    question: str
    title: str
    passage: str
    kind: Kind
    spans: tuple[tuple[int, int], ...] = ()
    items: tuple[tuple[int, int], ...] = ()
    type: str = ""
    source: str = ""


def is_held_out(context: str) -> bool:
    """Whether a context of the general reading questions is in the held-out fifth."""
    return int(hashlib.sha256(context.encode()).hexdigest()[:16], 16) % HELD_OUT == 0


def read_rows(paths: Iterable[Path]) -> list[Example]:
    """The examples of files of reading rows. Raises KeyError, ValueError on other files."""
    return [example_of(row) for path in paths for row in lines(path)]


def example_of(row: dict[str, Any]) -> Example:
    """A reading row as an example."""
    spans = tuple((int(a), int(b)) for a, b in row.get("spans") or ())
    title = row["title"].replace(" > ", " ")  # as Passage.context joins title and headings
    bare = Example(row["id"], row["question"], title, row["passage"], "none", type=row["type"], source=row["source"])
    if not row["answerable"]:
        return bare
    if row.get("yes_no"):
        return replace(bare, kind=row["yes_no"], spans=spans)
    if not spans:
        return replace(bare, kind="holds")
    return replace(bare, kind="span", spans=envelope(spans), items=spans)


def envelope(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """One span over all where they lie close together, else the spans."""
    first, last = min(a for a, _ in spans), max(b for _, b in spans)
    close = last - first <= COMPACT * sum(b - a for a, b in spans) + _COMPACT_SLACK
    return ((first, last),) if close else tuple(sorted(spans))


def read_general(shared: Path) -> list[Example]:
    """CMRC 2018 trial and DRCD (CC BY-SA) without the held-out fifth."""
    out = []
    for row in lines(shared / "training" / "reading.jsonl.xz"):
        context = row["context"]
        if not row["source"].startswith(("cmrc2018", "drcd")) or is_held_out(context):
            continue
        for asked in row["questions"]:
            start = context.find(asked["answers"][0]) if asked["answers"] else -1
            if start >= 0:
                span = ((start, start + len(asked["answers"][0])),)
                example = Example(
                    asked["id"], asked["question"], "", context, "span", span, span, "span", row["source"]
                )
                out += [example] * (_OF_CMRC if row["source"].startswith("cmrc") else 1)
    return out


def windowed(example: Example, rng: random.Random, width: int = _WINDOW) -> Example:
    """A stretch of a long passage that holds the answer, at a random place."""
    size = len(example.passage)
    if size <= width or not example.spans:
        return example
    first, last = min(a for a, _ in example.spans), max(b for _, b in example.spans)
    low, high = max(0, last - width), min(first, size - width)
    start = rng.randint(min(low, high), max(low, high)) if last - first < width else first
    stop = max(start + width, last)

    def moved(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
        return tuple((a - start, b - start) for a, b in spans)

    return replace(example, passage=example.passage[start:stop], spans=moved(example.spans), items=moved(example.items))


def stretch(example: Example, rng: random.Random, width: int) -> Example:
    """A stretch of about `width` characters of a long passage, at a random place, with the answer if there is one."""
    if example.spans or len(example.passage) <= width:
        return windowed(example, rng, width)
    start = rng.randint(0, len(example.passage) - width)
    return replace(example, passage=example.passage[start : start + width])


def elsewhere(example: Example, passage: str, title: str) -> Example:
    """The same question over a passage that does not answer it."""
    return replace(example, passage=passage, title=title, kind="none", spans=(), items=())


_TURNS = (("不得", "可以"), ("不予", "予以"), ("不能", "能够"), ("不需要", "需要"), ("禁止", "允许"), ("无需", "应当"))


def turned(example: Example) -> Example | None:
    """A yes/no example whose deciding words say the opposite (不得 for 可以), and so does the answer; None where the words that
    decide hold no such word, or several."""
    if example.kind not in ("yes", "no") or len(example.spans) != 1:
        return None
    (start, end), text = example.spans[0], example.passage
    deciding = text[start:end]
    found = [(a, b) for pair in _TURNS for a, b in (pair, pair[::-1]) if a in deciding]
    found = [(a, b) for a, b in found if not any(a != c and a in c for c, _ in found)]
    if len(found) != 1 or deciding.count(found[0][0]) != 1 or "除外" in deciding or "但" in deciding:
        return None
    said = deciding.replace(*found[0])
    return replace(
        example,
        id=example.id + "-turned",
        passage=text[:start] + said + text[end:],
        kind="no" if example.kind == "yes" else "yes",
        spans=((start, start + len(said)),),
    )


_YEAR = re.compile(r"(?<!\d)20[0-3]\d(?=\D|$)")
_YEARS = re.compile(r"(20[0-3]\d)\s*年?\s*[～~—\-－至到–]+\s*(20[0-3]\d)")


def misnamed(example: Example, rng: random.Random) -> Example | None:
    """The example with something in its question renamed (another place, year, level or group than the text speaks of), so that the
    text does not answer it any more; None where the question names nothing that the text names, too."""
    text, asked = example.title + example.passage, example.question
    named = facets_of(asked)
    ways: list[tuple[str, str]] = []
    for groups, whole in ((places(), None), (FACETS, named), (SHORT_FORMS, frozenset(_alone(asked, named)))):
        for names in groups:
            for name in names:
                if name in asked and name in text and (whole is None or name in whole):
                    ways += [(name, other) for other in names if other not in text and other not in asked]
    within = [(int(a), int(b)) for a, b in _YEARS.findall(text)]
    for year in _YEAR.findall(asked):
        if year in text:
            others = [int(year) + away for away in (-2, -1, 1, 2, 3)]
            others = [y for y in others if not any(a <= y <= b for a, b in within)]
            ways += [(year, str(y)) for y in others if str(y) not in text and str(y) not in asked]
    if not ways:
        return None
    name = rng.choice(sorted({name for name, _ in ways}))
    other = rng.choice([other for known, other in ways if known == name])
    return replace(
        example, id=example.id + "-misnamed", question=asked.replace(name, other), kind="none", spans=(), items=()
    )


def _alone(asked: str, named: frozenset[str]) -> Iterator[str]:
    """The short forms that stand in a question outside of longer names."""
    for name in sorted(named, key=len, reverse=True):
        asked = asked.replace(name, "\n")
    return (name for group in SHORT_FORMS for name in group if name in asked)


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines, packed by xz or not."""
    with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
