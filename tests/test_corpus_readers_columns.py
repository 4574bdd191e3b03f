"""Pages in columns: read one column after the other; what only looks like columns is read across."""

from __future__ import annotations

from typing import Any

from corpus.readers.columns import Region, gutters, regions

SIZE = 10.0


def line(text: str, left: float, row: int) -> list[dict[str, Any]]:
    """The characters of a line of square type."""
    top = 100.0 + 16 * row
    return [
        {"text": c, "x0": left + SIZE * n, "x1": left + SIZE * (n + 1), "top": top, "bottom": top + SIZE}
        for n, c in enumerate(text)
    ]


def page(*lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [char for line in lines for char in line]


def columns(rows: int, lefts: tuple[float, ...] = (50.0, 280.0), first: int = 0) -> list[dict[str, Any]]:
    return page(*[line("字" * 20, left, first + n) for left in lefts for n in range(rows)])


def read(chars: list[dict[str, Any]], found: list[Region]) -> list[str]:
    """The text of each region, its lines by height."""
    out = []
    for region in found:
        inside = [c for c in chars if region.holds((c["x0"] + c["x1"]) / 2, (c["top"] + c["bottom"]) / 2)]
        out.append("".join(c["text"] for c in sorted(inside, key=lambda c: (c["top"], c["x0"]))))
    return out


def test_two_columns_under_a_title_and_over_a_note() -> None:
    chars = [*line("题" * 44, 50, 0), *columns(8, first=2), *line("注" * 44, 50, 12)]
    found = regions(chars)
    assert [region.column for region in found] == [0, 1, 2, 0]
    assert read(chars, found) == ["题" * 44, "字" * 160, "字" * 160, "注" * 44]
    assert len(gutters(found)) == 1
    assert 250 < gutters(found)[0] < 280


def test_three_columns_are_read_from_left_to_right() -> None:
    chars = page(*[line(text * 16, left, n) for left, text in ((50, "甲"), (230, "乙"), (410, "丙")) for n in range(9)])
    assert [text[0] for text in read(chars, regions(chars))] == ["甲", "乙", "丙"]


def test_columns_of_unlike_length() -> None:
    chars = [*columns(7), *line("字" * 20, 50, 7), *line("尾" * 6, 50, 8)]
    found = regions(chars)
    assert read(chars, found)[0].endswith("尾" * 6)
    assert len(found) == 2


def test_a_page_with_little_text_keeps_the_gutter_of_the_page_before() -> None:
    known = gutters(regions(columns(8)))
    assert len(regions(columns(2))) == 1
    assert len(regions(columns(2), known)) == 2
    assert [region.column for region in regions(line("字" * 20, 50, 0), known)] == [1, 2]
    assert [region.column for region in regions(line("字" * 40, 50, 0), known)] == [0]


def test_what_is_not_columns_is_read_across() -> None:
    one = page(*[line("字" * 40, 50, n) for n in range(20)])
    names = page(*[line(text, left, n) for n in range(12) for left, text in ((50, "张三"), (280, "高新区某街道"))])
    form = page(*[line("项目" * (1 + n % 5), 50, n) + line("说明" * (1 + n % 7), 280, n) for n in range(14)])
    for chars in (one, names, form, []):
        assert len(regions(chars)) == 1
