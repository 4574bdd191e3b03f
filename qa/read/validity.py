"""From when and until when a document is in force: the sentence that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.types import Span
from qa.evidence import Sentence
from qa.read.candidate import Candidate, Context

_SAYS = re.compile(
    r"(?:自|从)[^。；]{2,30}?起?(?:施行|实施|执行|生效)(?:[，,]\s*(?:[^，。；]{0,20}?有效期|执行期|试行期)[^，。；]{2,30})?"
    r"|(?:有效期|执行期|试行期|实施期|政策期)(?:限)?(?=[为是至到自从：:]|暂定|截至|[一二三四五六七八九十\d])[^，。；]{2,40}"
)
_UNTIL = re.compile(r"\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日|\d{4}\s*年底")
_ASKS_END = re.compile(r"截止|到期|失效|为止|届满|过期|到(?:哪|什么时候|何时)")
_ASKS_START = re.compile(r"生效|起施行|开始|(?:哪天|何时|什么时候|几时)[^，]{0,4}(?:起|施行|实施|执行)")


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """The dates that the question asks for: the first, the last, or both, as the sentence has them."""
    question = context.question.text
    matches = list(_SAYS.finditer(sentence.text))
    if not matches:
        return
    start, end = matches[0].start(), matches[-1].end()
    said = sentence.text[start:end]
    dates = list(_UNTIL.finditer(said))
    if "有效期" not in question and _ASKS_END.search(question) and not _ASKS_START.search(question):
        until = re.search(rf"(?:至|到)+\s*({_UNTIL.pattern})|({_UNTIL.pattern})\s*(?:止|失效)", said)
        years = re.search(r"有效期(?:为|是)?[^，。；]{1,8}年", said)
        if until:
            a = said.rfind(until[1] or until[2])
            start, end = start + a, start + a + len(until[1] or until[2])
        elif years:
            start, end = start + years.start(), start + years.end()
        else:
            return  # the document does not say when it ends
    elif _ASKS_START.search(question) and "有效期" not in question and dates:
        start, end = start + dates[0].start(), start + dates[0].end()
    elif "有效期" in question and not re.search(r"有效期|执行期|试行期|实施期|政策期|至", said):
        return
    text = sentence.text[start:end]
    yield Candidate(text, sentence, (sentence.span, Span(sentence.start + start, sentence.start + end)), 0.95)
