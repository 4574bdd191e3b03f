"""What readers leave out of a file, in words for whoever imports it: 导航 12 处、页眉页脚 3 处."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from corpus.readers import LeftOut
from corpus.readers.lines import Reason

REASONS: dict[Reason, str] = {  # the pages have the same table: api/web/report.js
    "navigation": "导航",
    "running_head": "页眉页脚",
    "page_number": "页码",
    "watermark": "水印",
    "hidden": "隐藏内容",
    "deleted": "已删除的文字",
    "comment": "批注备注",
    "markup": "格式标记",
    "formula": "没有结果的公式",
    "unread": "不能读的部分",
}


def counts(left_out: Iterable[LeftOut]) -> dict[str, int]:
    """How often each reason occurs."""
    return dict(Counter(left.reason for left in left_out))


def summary(left_out: Iterable[LeftOut]) -> str:
    """The reasons with how often each occurs, the most frequent first; "" where nothing was left out."""
    found = Counter(left.reason for left in left_out)
    return "、".join(f"{REASONS[reason]} {n} 处" for reason, n in found.most_common())
