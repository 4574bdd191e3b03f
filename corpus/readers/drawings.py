"""The words of drawings that Word and Excel keep in parts of their own: SmartArt and charts.

Source: ECMA-376 part 1, 21.4 (diagrams) and 21.2 (charts). A diagram is a tree of points; its words come in the order of
reading along the tree. A chart gives its title and a line for each category with the values of all series.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from corpus.readers.lines import Reason
from corpus.readers.ooxml import child, local, value
from corpus.readers.wordstyles import marks_of

Piece = tuple[Reason | None, str]
"""A text, and why it is left out (None where it is shown)."""

_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,20})?(?:[eE][-+]?\d{1,2})?")


def diagram(root: Any) -> list[Piece]:
    """The words of a diagram (the data part of SmartArt), a line for each paragraph of each point."""
    points = {value(e, "modelId") or "": e for e in _list(root, "ptLst")}
    children: dict[str, list[tuple[int, list[str]]]] = defaultdict(list)
    for link in _list(root, "cxnLst"):
        if (value(link, "type") or "parOf") == "parOf":
            order = value(link, "srcOrd") or "0"
            ends = [value(link, name) or "" for name in ("parTransId", "destId", "sibTransId")]
            children[value(link, "srcId") or ""].append((int(order) if order.isdecimal() else 0, ends))
    out: list[Piece] = []
    seen: set[str] = set()
    roots = [name for name, point in points.items() if value(point, "type") == "doc"]
    for first in [*roots, *points]:  # points that no link reaches come last, as they stand
        stack = [first]
        while stack:
            name = stack.pop()
            if name in seen or name not in points:
                continue
            seen.add(name)
            if value(points[name], "type") != "pres":  # how points are drawn, not what they say
                out += _point(points[name])
            ordered = sorted(children[name], key=lambda entry: entry[0]) if name in children else []
            stack += [end for _, ends in ordered for end in ends][::-1]
    return out


def _list(root: Any, name: str) -> list[Any]:
    found = child(root, name)
    return [] if found is None else [e for e in found if local(e) in ("pt", "cxn")]


def _point(point: Any) -> list[Piece]:
    body = child(point, "t")
    if body is None:
        return []
    placeholder = value(child(point, "prSet"), "phldr") in ("1", "true")
    out: list[Piece] = []
    for paragraph in (e for e in body if local(e) == "p"):
        pieces = _runs(paragraph)
        gone = "".join(text for struck, text in pieces if struck)
        shown = "".join(text for struck, text in pieces if not struck)
        out += [("deleted", gone)] if gone.strip() else []
        out += [("markup" if placeholder else None, shown.strip())] if shown.strip() else []
    return out


def _runs(paragraph: Any) -> list[tuple[bool, str]]:
    """The texts of a DrawingML paragraph, and whether each is struck out."""
    out: list[tuple[bool, str]] = []
    for run in paragraph:
        if local(run) == "br":
            out.append((False, " "))
        elif local(run) in ("r", "fld"):
            struck = marks_of(child(run, "rPr")).reason is not None
            text = child(run, "t")
            out.append((struck, "" if text is None else text.text or ""))
    return out


# -- charts ------------------------------------------------------------------------------------------------------------


def chart(root: Any) -> list[str]:
    """The words and figures of a chart: its title, the titles of its axes, a line for each category."""
    body = child(root, "chart")
    if body is None:
        return []
    out = [title for title in [_title(body)] if title]
    plot = child(body, "plotArea")
    rows: dict[tuple[int, str], list[str]] = {}
    for group in [] if plot is None else plot:
        if local(group).endswith("Ax") and (title := _title(group)):
            out.append(title)
        for series in (e for e in group if local(e) == "ser"):
            _add_series(series, rows)
    out += [f"{name}：{'，'.join(values)}" if name else "，".join(values) for (_, name), values in sorted(rows.items())]
    return out


def _title(element: Any) -> str:
    title = child(element, "title")
    if title is None:
        return ""
    texts = [e.text or "" for e in title.iter("{*}t", "{*}v")]
    return "".join(texts).strip()


def _add_series(series: Any, rows: dict[tuple[int, str], list[str]]) -> None:
    """Adds the values of a series to the rows of its categories."""
    label = child(series, "tx")
    name = "" if label is None else "".join(e.text or "" for e in label.iter("{*}v")).strip()
    categories = _points(child(series, "cat")) or _points(child(series, "xVal"))
    values = _points(child(series, "val")) or _points(child(series, "yVal"))
    for at in sorted(categories.keys() | values.keys()):
        cell = " ".join(part for part in (name, values.get(at, "")) if part)
        rows.setdefault((at, categories.get(at, "")), []).append(cell)


def _points(source: Any) -> dict[int, str]:
    """The values that a chart keeps of the cells it was drawn from, by their place; of nested categories all levels."""
    out: dict[int, str] = {}
    if source is None:
        return out
    for cache in source.iter("{*}strCache", "{*}numCache", "{*}strLit", "{*}numLit", "{*}lvl"):
        code = child(cache, "formatCode")
        percent = code is not None and "%" in (code.text or "")
        for point in (e for e in cache if local(e) == "pt"):
            at, text = value(point, "idx") or "", child(point, "v")
            if re.fullmatch(r"\d{1,6}", at) and text is not None and text.text:
                shown = _shown(text.text, percent)
                out[int(at)] = f"{shown} {out[int(at)]}" if int(at) in out else shown
    return out


def _shown(text: str, percent: bool) -> str:
    if percent and _NUMBER.fullmatch(text):
        return f"{round(float(text) * 100, 6):g}%"
    if re.fullmatch(r"-?\d{1,15}\.\d{10,20}", text):  # what binary fractions leave behind: 0.30000000000000004
        return f"{float(text):.12g}"
    return text
