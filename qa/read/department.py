"""Who is responsible: the departments that the clause of a sentence names, or the words 由…负责, 向…提出, 报…备案 of it.

Several brackets in one clause hold each for the sentences before it, so the first bracket after the evidence counts; a
clause without one has those of its heading, of the list that it is in, or of the line that names them for all clauses.
Of these the question gets the ones that it asks for: who leads, who assists, or all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from corpus.departments import Bracket, Named, brackets
from corpus.types import Clause, Document, Responsible, Span
from qa.evidence import Sentence
from qa.read.candidate import Candidate, Context

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
_JOINT = re.compile(
    r"(?:局|委|厅|部门|机构|政府|办公室|办|中心|委员会|单位|法院|检察院|海关|银行|企业|公司|管委会|指挥部|部|窗口|集团|大队|所|站|院|协会|平台)[和及或]"
)
_JOINTS = (
    12  # of one sentence. 和 may stand inside of a name: each more doubles the ways in which names can be told apart
)
_ASKED_DEED = re.compile(
    r"(?:由|归|该|是)?(?:谁|哪[一几两]?[个些家]?(?:部门|单位|机构|局|委员会|方面)?)(?:来|去|负责|具体)?(?P<deed>[一-鿿]{2})(?:的|吗|呢)?(?=[？?，。的]|$)"
)
_NO_DEED = re.compile(r"部门|单位|机构|负责|牵头|管理|哪个|哪些|什么|处理|领导")
_ASKS_LEAD = re.compile(
    r"牵头|主管|主办|为主|哪(?:一)?个(?:部门|单位|机构|局)|哪家|找谁|[由归]谁|谁(?:来|去)?(?:负责|管|落实|抓)"
)
_ASKS_ASSIST = re.compile(
    r"(?:配合|参与|参加|协助|协办)的?(?:单位|部门)|(?:谁|哪[一几些个两]+(?:家|个)?(?:部门|单位|机构|局)?)[^，。？?]{0,6}?"
    r"(?:配合|参与|参加|协助|协办)(?=[？?，。的、吗呢]|$)"
)
_ASKS_OTHERS = re.compile(r"主要责任(?:单位|部门)")
_FAR = 6000  # characters after a sentence within which the bracket that ends its clause is looked for
_LONGEST_BRACKET = 600
_QUOTED = 600
_FIT = {"own": 0.85, "inherited": 0.8, "before": 0.6}


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """Candidates for the departments that are responsible for what a sentence says."""
    yield from _doer(sentence, context)
    others = 0.5 if _ASKS_ASSIST.search(context.question.text) else 1.0  # 由…负责 does not say who helps
    for role in () if _is_tangled(sentence.text) else _ROLES:
        for match in role.finditer(sentence.text):
            start = sentence.start + match.start("name")
            around = sentence.text[max(0, match.start() - 30) : match.end() + 30]
            yield Candidate(
                match["name"],
                sentence,
                (sentence.span, Span(start, start + len(match["name"]))),
                (0.35 + 0.65 * context.cover(around)) * others,
            )
    yield from _stated(sentence, context.question.text)


def _is_tangled(text: str) -> bool:
    """Whether names are joined so often that telling them apart would take too long. No clause that people wrote is."""
    return len(_JOINT.findall(text)) > _JOINTS


def _stated(sentence: Sentence, question: str) -> Iterator[Candidate]:
    """What the bracket after a sentence says, else what holds for its clause from elsewhere."""
    clause = sentence.source.clause_at(sentence.start, sentence.end)
    document = sentence.source.document
    for bracket in _after(document, clause, sentence):
        if names := _asked(bracket.named, question):
            quoted = Span(min(sentence.start, bracket.span.start), max(sentence.end, bracket.span.end))
            spans = (quoted if len(quoted) <= _QUOTED else sentence.span, bracket.span)
            yield Candidate("、".join(names), sentence, spans, _FIT["own"])
            return
    for fit, known in (
        ("before", [r for r in clause.responsible if not r.inherited]),
        ("inherited", [r for r in clause.responsible if r.inherited]),
    ):
        if names := _asked(known, question):
            wanted = [r for r in known if r.name in names]
            stated = dict.fromkeys(_stating(document, r) for r in wanted)
            yield Candidate("、".join(names), sentence, (sentence.span, *stated), _FIT[fit])
            return


def _after(document: Document, clause: Clause, sentence: Sentence) -> Iterator[Bracket]:
    """The brackets of a clause that stand after a sentence, or in which it stands, in order."""
    start = max(clause.span.start, sentence.start - _LONGEST_BRACKET)
    for bracket in brackets(document.text, start, min(clause.span.end, sentence.end + _FAR)):
        inside = bracket.span.start <= sentence.start and sentence.end <= bracket.span.end + 1
        if inside or (bracket.span.start > sentence.start and bracket.reach == "item"):
            yield bracket


def _stating(document: Document, responsible: Responsible) -> Span:
    """The bracket, or the table cell, in which a department is named."""
    at = responsible.span
    start = document.text.rfind("\n", 0, at.start) + 1
    end = document.text.find("\n", at.end)
    line = brackets(document.text, start, end if end >= 0 else len(document.text))
    return next((b.span for b in line if b.span.contains(at)), at)


def _asked(named: Sequence[Named] | Sequence[Responsible], question: str) -> list[str]:
    """The names in the role that a question asks for, each once. Who leads is a good answer to who is responsible."""
    roles = {role: [n.name for n in named if n.role == role] for role in ("lead", "responsible", "assist")}
    lead, assist = _ASKS_LEAD.search(question), _ASKS_ASSIST.search(question)
    if assist:
        names = (roles["lead"] + roles["assist"] if lead else roles["assist"]) if roles["assist"] else []
    elif _ASKS_OTHERS.search(question) and roles["responsible"]:
        names = roles["responsible"]
    elif lead and roles["lead"]:
        names = roles["lead"]
    else:
        names = roles["lead"] + roles["responsible"] or roles["assist"]
    return list(dict.fromkeys(names))


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
