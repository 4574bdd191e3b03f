"""Who is responsible: the department brackets of a clause, or the words 由…负责, 向…提出, 报…备案 of a sentence.

Several brackets in one clause hold each for the sentences before it, so the first bracket after the evidence counts;
where the question asks who leads, only the leading ones are given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.types import Span
from qa.evidence import Sentence
from qa.read.candidate import Candidate, Context

_BRACKET = re.compile(
    r"[（(]\s*(?:责任单位|责任部门|牵头单位|牵头部门|负责单位|主办单位|承办单位|配合单位|报送单位)\s*[：:]\s*(?P<named>(?:[^（）()]|[（(][^（）()]{0,30}[）)]){2,400})[）)]"
    r"|[（(](?P<lead>(?:[^（）()。：:；;，,]|[（(][^（）()]{0,20}[）)]){2,300}?)(?P<leads>牵头(?:负责)?)(?:[，,](?P<assist>[^（）()]{0,300}))?[）)]"
    r"|[（(](?P<does>(?:[^（）()。：:；;]|[（(][^（）()]{0,20}[）)]){2,300}?)(?:按职责分工)?负责[）)]"
    r"|[（(](?P<bare>(?:市|省|县|区|各|国|州|人行|人民银行)[一-鿿<>〈〉]{1,24}(?:[、，][一-鿿<>〈〉]{2,30}){0,30})[）)]"
    r"|(?:责任单位|责任部门|牵头单位|报送单位|承办单位)\s*[：:]\s*(?P<plain>[^（）()。；\n]{2,200})"
)
_NAME = r"(?!由|经)[一-鿿（）()]{2,24}?(?:局|委|厅|部门|机构|政府|办公室|办|中心|委员会|单位|法院|检察院|海关|银行|企业|公司|管委会|指挥部|部|窗口|集团|大队|所|站|院|协会|平台)"
_NAMES = rf"(?:[省市县区]、)*{_NAME}(?:[、和及或]{_NAME})*"
_ROLES = (
    re.compile(
        rf"由\s*(?P<name>{_NAMES}(?:会同{_NAMES})?)(?=[^，。；]{{0,24}}?(?:负责|牵头|审批|审核|确定|决定|受理|组织|批准|责令|处|核准|认定|实施|宣布|承担|办理|制定|报|解释|公布|发布|协调|监督|出具|核发|给予|予以))"
    ),
    re.compile(
        rf"(?:向|报告|报送|报请|报|送|经|交由|提请)(?P<name>{_NAMES})(?=(?:书面)?(?:提出|申请|备案|批准|审批|报告|确认|同意|审核|申报|投诉|举报|反映|登记|办理|核准|审查|汇总|[，。；]|$))"
    ),
    re.compile(
        rf"(?:^|[，。；：])(?P<name>{_NAMES})(?:应当|可以|要|须|应|依法|具体|统一)?(?:会同{_NAMES}[，、]?)?(?:负责|牵头|主管|承担|组织|受理|审核|审批)"
    ),
    re.compile(rf"(?:设在|挂靠在?)(?P<name>{_NAMES})"),
    re.compile(rf"(?:^|[，。；：])(?P<name>{_NAMES}(?:要|应当)?会同{_NAMES})"),
    re.compile(
        rf"(?:^|[，。；：])(?P<name>{_NAMES})(?:每年|每季度|每月|定期|依法|应当|要)*对[^，。；]{{2,40}}(?:进行|开展|实施|予以)"
    ),
    re.compile(rf"(?:^|[，。；：\s])(?P<name>{_NAMES})(?:为|是)[^，。；]{{2,20}}(?:机构|单位|部门)"),
)
_ASKED_DEED = re.compile(
    r"(?:由|归|该|是)?(?:谁|哪[一几两]?[个些家]?(?:部门|单位|机构|局|委员会|方面)?)(?:来|去|负责|具体)?(?P<deed>[一-鿿]{2})(?:的|吗|呢)?(?=[？?，。的]|$)"
)
_NO_DEED = re.compile(r"部门|单位|机构|负责|牵头|管理|哪个|哪些|什么|处理|领导")
_LEADS = re.compile(r"牵头|主管|哪个(?:部门|单位)|哪家|主办|为主")


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """Candidates for the departments that are responsible for what a sentence says."""
    clause = sentence.source.clause_at(sentence.start, sentence.end)
    document = sentence.source.document
    body = document.text[clause.span.start : clause.span.end]
    at = sentence.start - clause.span.start
    if own := _BRACKET.match(sentence.text):
        at += own.end()  # it holds for the sentence before
    yield from _doer(sentence, context)
    for role in _ROLES:
        for match in role.finditer(sentence.text):
            start = sentence.start + match.start("name")
            around = sentence.text[max(0, match.start() - 30) : match.end() + 30]
            yield Candidate(
                match["name"],
                sentence,
                (sentence.span, Span(start, start + len(match["name"]))),
                0.35 + 0.65 * context.cover(around),
            )
    for match in _BRACKET.finditer(body, max(0, at)):
        if match.end() <= at:
            continue
        names = _names(match, context.question.text)
        if not names:
            continue
        quoted = Span(sentence.start, clause.span.start + match.end())
        bracket = Span(clause.span.start + match.start(), clause.span.start + match.end())
        spans = (quoted if len(quoted) <= 600 else sentence.span, bracket)
        yield Candidate("、".join(names), sentence, spans, 0.85)
        break


def _doer(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """由X签发, X解除 where the question asks 由谁签发: the whole of X, be it an office or a post."""
    asked = _ASKED_DEED.search(context.question.text)
    if asked is None or _NO_DEED.search(asked["deed"]):
        return
    for match in re.finditer(
        rf"(?<!自)由(?P<name>[^，。；、（）]{{2,24}}?)(?:负责|组织|宣布|依法)?{asked['deed']}", sentence.text
    ):
        start = sentence.start + match.start("name")
        around = sentence.text[max(0, match.start() - 30) : match.end() + 12]
        fit = 0.75 + 0.25 * context.cover(around)
        yield Candidate(match["name"], sentence, (sentence.span, Span(start, start + len(match["name"]))), fit)


def _names(match: re.Match[str], question: str) -> list[str]:
    groups = match.groupdict()
    raw = next((groups[k] for k in ("named", "lead", "does", "bare", "plain") if groups[k]), "")
    if groups["named"] and _LEADS.search(question) and (lead := re.match(r"([^，,；;]+?)牵头", raw)):
        raw = lead[1]
    parts = re.split(r"[、，,；;]|\s{2,}|(?<=[局委部厅会])(?:和|及)(?=[市省县区各])", raw)
    cleaned = [
        re.sub(r"^(?:由|及|和|等)|(?:等|牵头|负责|配合|参与|按职责分工)+(?:单位|部门)?$", "", p.strip()) for p in parts
    ]
    return [name for name in dict.fromkeys(cleaned) if len(name) >= 2]
