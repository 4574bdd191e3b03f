"""What an amending decision adds, changes or strikes out."""

from __future__ import annotations

import pytest
from reading import best, read

DECISION = """一、第八条增加一项，作为第（六）项：“（六）按规定安装视频监控。”

二、第九条修改为：“施工单位应当每月检查一次。”

三、将第十条中的“三十日”修改为“十五日”。

四、删去第十二条。"""


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("第八条增加了哪一项？", "按规定安装视频监控"),
        ("修正的时候第八条新添了什么？", "按规定安装视频监控"),
        ("第九条改成了什么？", "施工单位应当每月检查一次"),
        ("第十条的三十日改为多少？", "十五日"),
        ("决定删去了哪一条？", "删去第十二条"),
    ],
)
def test_the_new_words(question: str, answer: str) -> None:
    assert best(DECISION, question) == answer


def test_other_questions_are_left_to_other_readers() -> None:
    assert "按规定安装视频监控" not in {c.text for c in read(DECISION, "视频监控由哪个部门负责？")}
