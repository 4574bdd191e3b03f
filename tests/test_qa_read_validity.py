"""From when and until when: only what says so of a document, never 有效期内的企业."""

from __future__ import annotations

import pytest
from reading import best, read

FULL = "本措施自2026年3月15日起施行，有效期至2028年12月31日。"


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (FULL, "测试若干措施有效期多久？", "自2026年3月15日起施行，有效期至2028年12月31日"),
        (FULL, "测试若干措施什么时候失效？", "2028年12月31日"),
        (FULL, "测试若干措施哪天起施行？", "2026年3月15日"),
        ("本办法自2025年9月1日起施行，有效期三年。", "测试若干措施到什么时候失效？", "有效期三年"),
    ],
)
def test_validity(text: str, question: str, answer: str) -> None:
    assert best(text, question) == answer


@pytest.mark.parametrize(
    "text", ["对认定且在有效期内的企业给予奖励。", "有效期内的证书应当保存。", "本办法自印发之日起施行。"]
)
def test_what_does_not_say_until_when_is_no_answer(text: str) -> None:
    assert not [c for c in read(text, "测试若干措施什么时候失效？") if c.found]


def test_members_in_their_validity_do_not_hide_the_statement() -> None:
    text = f"本措施所称企业，是指经认定且在有效期内的企业。\n\n{FULL}"
    assert best(text, "测试若干措施 有效期").startswith("自2026年3月15日起施行")
