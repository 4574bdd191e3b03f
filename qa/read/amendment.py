"""What an amending decision changes: 第八条增加一项：“…”, 第五条修改为：“…”, 将“…”修改为“…”, 删去第九条."""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.types import Span
from qa.evidence import Sentence
from qa.read.candidate import Candidate, Context

_NUMBER = re.compile(r"^\s*(?:第[^\s]{1,8}[条款项][\s　]*|[（(][一二三四五六七八九十\d]{1,3}[）)]\s*)")
_CHANGES = tuple(
    (re.compile(asked), re.compile(said))
    for asked, said in (
        (
            r"增加|新增|增添|新添|新加|添了|加了|补充",
            r"增加(?:[一二两三四五六七八九十]{1,2})[条款项目][^：:“”]{0,30}[：:]\s*“(?P<x>[^”]{2,600})",
        ),
        (r"删[去除掉了]|去掉", r"(?P<x>(?:删去|删除)[^。；]{2,60})"),
        (
            r"修改|改成|改为|改作|改动|修正|修订|变成",
            r"(?:修改|改|修正|调整)(?:为|成)[：:]?\s*“(?P<x>[^”]{1,600})",
        ),
    )
)
"""What a question asks for, the plainest first (修正决定增加了什么 asks for what was added), and what says it."""


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """Candidates for the new words, where the question asks what was added, changed or struck out."""
    for said in [said for asked, said in _CHANGES if asked.search(context.question.text)][:1]:
        for match in said.finditer(sentence.text):
            number = _NUMBER.match(match["x"])
            start = match.start("x") + (number.end() if number else 0)
            words = sentence.text[start : match.end("x")].rstrip("。；; ”")
            if not words:
                continue
            span = Span(sentence.start + start, sentence.start + start + len(words))
            fit = 0.6 + 0.4 * context.cover(sentence.text[: match.start("x")])
            yield Candidate(words, sentence, (sentence.span, span), min(1.0, fit))
