"""What a question takes for granted, against what the evidence says.

An answer to a false premise is wrong however good the match: another city, a year that the document is not about, a name
that stands nowhere in it.
"""

from __future__ import annotations

import re

from qa.evidence import Sentence
from qa.read import Candidate
from qa.understand import Understanding

_MIN_CONTENT = 3  # characters besides question words: 奖励, 申请, 1 do not say what is asked about


def broken_premise(question: Understanding, candidate: Candidate) -> str | None:
    """A Chinese sentence that says which premise of the question the evidence does not bear out, or None."""
    source = candidate.sentence.source
    document, passage = source.document, source.hit.passage
    near = passage.text + passage.context + document.title
    if len(re.sub(r"[\W_]+", "", question.content)) < _MIN_CONTENT:
        return "问题太短，看不出想问哪件事，请说得具体一些"
    for place in question.places:
        if place not in near and place not in (document.region or "") and place not in document.text:
            return f"没有找到{place}的相关规定"
    for year in question.years:
        if not year_holds(year, candidate.sentence, question.text):
            return f"《{document.title}》没有{year}年的规定"
    if (rank := _other_rank(question.text, candidate)) is not None:
        return f"《{document.title}》的相关条款没有提到{rank}"
    if (denied := _only_affirmed(question, candidate)) is not None:
        return f"《{document.title}》的相关条款没有提到“{denied}”"
    for name in question.quoted:
        core = re.sub(r"[\W_]+", "", name)
        if len(core) >= 4 and core not in re.sub(r"[\W_]+", "", document.text + document.title):
            return f"已导入的文件没有提到“{name}”"
    return None


_RANKS = (
    re.compile(r"国家级|省级|市级|区级|县级"),
    re.compile(r"特等奖|一等奖|二等奖|三等奖"),
    re.compile(r"轻度|中度|重度"),
    re.compile(r"[ⅠⅡⅢⅣ]级"),
    re.compile(r"甲级|乙级|丙级"),
    re.compile(r"博士|硕士|本科|大专|专科"),
)
"""Words that exclude each other: what is laid down for two of them is not laid down for a third."""


def _other_rank(question: str, candidate: Candidate) -> str | None:
    """A rank that the question names where the evidence has others of its kind, but not this one; None where it fits."""
    sentence = candidate.sentence
    clause = sentence.source.clause_at(sentence.start, sentence.end)
    passage = sentence.source.hit.passage
    near = passage.text + passage.context + sentence.source.document.quote(clause.span)
    for ranks in _RANKS:
        asked = ranks.findall(question)
        if asked and len(set(ranks.findall(sentence.text))) >= 2 and not any(rank in near for rank in asked):
            return str(asked[0])
    return None


_DENIED = re.compile(r"(?:不|未能?|没有?)(合格|达标|通过|完成|达到|取得|履行|续签)")
_DENIAL = re.compile(r"不(?![超低高少多得同仅])|未|没有|逾期|拒|失败|终止|撤销|取消|中止")


def _only_affirmed(question: Understanding, candidate: Candidate) -> str | None:
    """What a question denies (验收不合格) where the evidence speaks of its opposite alone (验收合格后); None where it fits.

    What is laid down for who passes says nothing of who fails. Whether something may be done is another matter: 未取得
    …的，能不能… is decided by what must be had.
    """
    if question.kind == "yesno":
        return None
    sentence = candidate.sentence
    clause = sentence.source.clause_at(sentence.start, sentence.end)
    near = sentence.text + sentence.source.document.quote(clause.span)
    for denied in _DENIED.finditer(question.text):
        if denied[1] in sentence.text and not _DENIAL.search(near):
            return denied[0]
    return None


_RANGE = re.compile(r"((?:19|20)\d\d)\s*年?\s*[～~—\-－至到–]+\s*((?:19|20)\d\d)")
_MONTH = re.compile(r"((?:19|20)\d\d)年(\d{1,2})月")


def year_holds(year: str, sentence: Sentence, question: str = "") -> bool:
    """Whether a year that the question names fits the evidence: written there, inside a range or the time in force.

    A document whose title has another year is about that year, unless the passage itself names the one asked for.
    """
    source = sentence.source
    document, passage = source.document, source.hit.passage
    near = passage.text + passage.context + document.title
    asked, titled = set(_MONTH.findall(question)), set(_MONTH.findall(document.title))
    if asked and titled and not asked & titled:
        return False
    if year in near or any(int(a) <= int(year) <= int(b) for a, b in _RANGE.findall(near)):
        return True
    if re.search(r"(?:19|20)\d\d年", document.title):
        return False
    if document.issued_on and document.issued_on.year == int(year):
        return True
    validity = document.validity
    if validity.effective_from is not None:
        end = validity.effective_until.year if validity.effective_until else None
        return validity.effective_from.year <= int(year) and (end is None or int(year) <= end)
    return year in document.text
