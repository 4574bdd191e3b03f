"""Where lines stand on a page -> which of them go on a paragraph."""

from __future__ import annotations

import pytest

from corpus.readers.flow import Place, goes_on

SIZE = 16.0
LEFT, RIGHT = 74.0, 522.0


def line(text: str, indent: float = 0.0, short: float = 0.0, size: float = SIZE, page: int = 1) -> tuple[str, Place]:
    """A line that begins `indent` and ends `short` characters off the edges."""
    return text, Place(page, LEFT + indent * SIZE, RIGHT - short * SIZE, size)


def judged(*lines: tuple[str, Place | None]) -> list[bool | None]:
    return goes_on([text for text, _ in lines], [place for _, place in lines])


BODY = [
    line("第一条 为了加强管理，保障公民、法人和其他组织的合法权益，", 2),
    line("制定本条例。", 0, 20),
    line("第二条 本市行政区域内的活动，适用本条例；违反", 2),
    line("第三条规定的，处二百元罚款。", 0, 14),
    line("第三条 前款规定的行为，由市人民政府", 2),
    line("2023年1月1日以后处理。", 0, 15),
]


def test_a_line_at_the_edge_goes_on_whatever_it_begins_with() -> None:
    assert judged(*BODY) == [None, True, False, True, False, True]


def test_a_line_after_a_short_one_begins_a_paragraph() -> None:
    assert judged(*BODY, line("各县、市、区人民政府：", 0, 17))[-1] is False


def test_pages_may_have_other_edges() -> None:
    shifted = [(text, Place(2, place.left + 30, place.right + 30, place.size)) for text, place in BODY] * 4
    assert judged(*(BODY * 4), *shifted) == [None, True, False, True, False, True, *[False, True] * 21]


@pytest.mark.parametrize(
    ("above", "below", "joined"),
    [
        (line("2018年10月26日某会议《关于修改某法等十五部法律的", 0.3, 0.3), line("决定》修正", 11, 11), True),
        (line("2018年10月26日某会议《关于修改某法的决定》修正", 0.3, 0.3), line("2020年5月1日修订", 9, 9), False),
        (line("关于执行某法确定罪名的补充规定", 1.5, 1.5, 22), line("（二）", 12, 12, 22), True),
        (line("其他组织的合法权益，保护环境和资源，促进发展。"), line("第二章 监督", 11, 11), False),
        (line("关于某事的通知", 8, 8, 22), line("市人民政府", 11, 11), False),
    ],
)
def test_centred_lines(above: tuple[str, Place], below: tuple[str, Place], joined: bool) -> None:
    assert judged(*BODY, above, below)[-1] is joined


@pytest.mark.parametrize(
    "lines",
    [
        [line(f"第{n}条 没有缩进的段落。", 0, 3 * n) for n in range(1, 6)],
        [part for n in range(5) for part in (line(f"（{n}）悬挂缩进的条目", 0, 0), line("续行。", 2, 20))],
        [],
        [("", None)],
    ],
)
def test_files_that_do_not_indent_paragraphs_are_left_to_the_text(lines: list[tuple[str, Place | None]]) -> None:
    assert judged(*lines) == [None] * len(lines)


def test_a_table_ends_nothing_and_begins_nothing() -> None:
    assert judged(*BODY, ("", None), line("续行。", 0, 20))[-2:] == [None, None]
