"""What is said: an answer with its citations and warnings, or a refusal that tells the truth about why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from index.types import Hit
from qa.decide.places import choice_of, place_taken
from qa.decide.rivals import Considered, told
from qa.decide.scorer import Scored
from qa.evidence import Source
from qa.inquiry import Inquiry
from qa.lookup import LONGEST, NAMED
from qa.read import Candidate
from qa.shelf import Shelf
from qa.types import Answer, Choice, Citation, Question, Refusal, Warning

OUT_OF_SCOPE = "我只回答已导入的政策文件里的问题，比如奖励多少、找哪个部门、什么时候截止。"
NO_EVIDENCE = "没有找到写明这件事的条款：文件可能没有规定，也可能说法不同。下面是最接近的条款，供参考。"
WHICH_DOCUMENT = "请说明是哪一份文件的这一条，比如《…办法》第五条。"
NO_ARTICLE = "《{}》没有{}。下面是最接近的条款，供参考。"
_WHICH_PLACE = "各地的规定不同，请说明是哪里：{}。"
_WHICH_OF_PLACES = "没有说是哪里，几个地方的文件都写到相近的事，规定可能不同。请说明是哪里：{}。"
_PLACE_TAKEN = "没有说是哪里，这是{}的规定；在别处的话，请说明是哪里"
_WHICH_SUBJECT = "问得有些宽，请说明是哪一项、您的情况如何。可能有关的文件：{}。"
_UNSURE = "没有找到足够确定的答案，不作回答。下面是最接近的条款，请以原文为准。"
_DOCUMENTS_TOLD = 3  # where a question is asked back
_TOLD_RIVALS = 2  # other documents whose figure is told beside the answer
_CITED_ELSEWHERE = 2  # clauses of other documents that an answer cites because its sentence names them
_SURE_ENOUGH, _UNSURE_READING = 0.9, 0.7
"""Of lines recognised in pictures: below, one in eight and one in three has a wrong figure."""
_LOOKED_UP = 0.99  # how sure an answer is that was looked up by its number


def asked_back(shelf: Shelf, question: str, sure: float, nearest: tuple[Hit, ...]) -> Refusal:
    """What is said to a question that is too wide for an answer: the documents that it may mean, to choose from."""
    titles = dict.fromkeys(shelf.load(hit.passage.document_id).document.title for hit in nearest)
    named = [f"《{title}》" for title in titles][:_DOCUMENTS_TOLD]
    choices = tuple(Choice(name, name + question) for name in named)
    return Refusal("ambiguous", _WHICH_SUBJECT.format("".join(named)), sure, nearest, choices=choices)


def refused(best: Scored, sure: float, nearest: tuple[Hit, ...], places: tuple[Choice, ...]) -> Refusal:
    """The refusal of an answer that is not sure enough; a question back where it may mean several `places`."""
    if places:
        names = "、".join(place.label for place in places)
        return Refusal("ambiguous", _WHICH_OF_PLACES.format(names), sure, nearest, choices=places)
    found = best.candidate.found
    return Refusal("low_confidence" if found else "no_evidence", _UNSURE if found else NO_EVIDENCE, sure, nearest)


def answered(
    shelf: Shelf, considered: Considered, sure: float, nearest: tuple[Hit, ...], inquiry: Inquiry
) -> Answer | Refusal:
    """The answer, with what rivals say beside it; a question back where these hold for other places and none was named."""
    best, rivals = considered.scored[0], considered.rivals
    citations = cited(shelf, best.candidate)
    said = "；".join(told(rival, inquiry.as_of) for rival in rivals[:_TOLD_RIVALS])
    if considered.equal:
        of = [c.sentence.source.document.region for c in (best.candidate, *rivals)]
        choices = tuple(choice_of(place, inquiry) for place in dict.fromkeys(of) if place)
        every = f"{told(best.candidate, inquiry.as_of)}；{said}"
        return Refusal("ambiguous", _WHICH_PLACE.format(every), sure, nearest, choices=choices)
    found = warnings(citations, inquiry.question)
    if said:
        found = (*found, Warning("conflicting", f"另有文件的规定不同：{said}"))
    if (place := place_taken(inquiry, considered)) is not None:
        found = (*found, Warning("place_taken", _PLACE_TAKEN.format(place)))
    return Answer(best.candidate.text, citations, sure, nearest, found)


def quoted(shelf: Shelf, hits: Sequence[Hit], question: Question) -> Answer:
    """The words of the clauses that a question names, where it asks for nothing else."""
    citations = []
    for hit in hits:
        if NAMED in hit.ranks:
            source = Source(hit, shelf.load(hit.passage.document_id))
            clause = source.clause(hit.passage.clause_id) or source.clause_at(hit.passage.start, hit.passage.end)
            citations.append(
                Citation(source.document, clause, hit.passage.span, source.document.quote(hit.passage.span))
            )
    found = warnings(citations, question)
    if len({c.clause.address for c in citations}) < len({c.quote for c in citations}):
        found = (*found, Warning("conflicting", "有几份同名文件，这一条的内容不同，请核对是哪一份"))
    return Answer(citations[0].quote, tuple(citations), _LOOKED_UP, tuple(hits[: question.top_k]), found)


def cited(shelf: Shelf, candidate: Candidate) -> tuple[Citation, ...]:
    """The citations of a candidate: its sentence first, then what else carries it. Quotes are word for word."""
    source = candidate.sentence.source
    document = source.document
    out: list[Citation] = []
    for span in candidate.spans:
        if any(c.span.contains(span) for c in out):
            continue
        out.append(Citation(document, source.clause_at(span.start, span.end), span, document.quote(span)))
    return (*out, *_cited_elsewhere(shelf, candidate))


def _cited_elsewhere(shelf: Shelf, candidate: Candidate) -> Iterator[Citation]:
    """The clauses of other documents that the sentence of a candidate names, while they are short."""
    sentence = candidate.sentence
    own = sentence.clause
    there = [r for r in own.references if sentence.span.contains(r.span) and r.document != own.document_id]
    for reference in there[:_CITED_ELSEWHERE]:
        if reference.document and reference.clause:
            loaded = shelf.load(reference.document)
            clause = loaded.by_id.get(reference.clause)
            if clause is not None and len(clause.span) <= LONGEST:
                yield Citation(loaded.document, clause, clause.span, loaded.document.quote(clause.span))


def cited_first(hits: Sequence[Hit], candidate: Candidate, top_k: int) -> tuple[Hit, ...]:
    """The nearest passages with the one that the answer was read from in front."""
    own = candidate.sentence.source.hit
    rest = [h for h in hits if h.passage.id != own.passage.id]
    return tuple(replace(h, rank=rank) for rank, h in enumerate([own, *rest][:top_k], 1))


def warnings(citations: Sequence[Citation], question: Question) -> tuple[Warning, ...]:
    """What the reader of an answer must know of the documents that it cites."""
    out = []
    document = citations[0].document
    status = document.status_on(question.as_of)
    if status == "expired":
        until = document.validity.effective_until
        said = f"已于{until}到期" if until is not None and until < question.as_of else "已失效"
        out.append(Warning("expired", f"《{document.title}》{said}，内容仅供参考"))
    elif status == "repealed":
        by = document.validity.repealed_by
        out.append(Warning("superseded", f"《{document.title}》已{f'被《{by}》' if by else ''}废止"))
    elif status == "not_yet":
        out.append(Warning("not_yet", f"《{document.title}》自{document.validity.effective_from}起施行，尚未生效"))
    if document.title_inferred:
        out.append(Warning("inferred_title", "原文没有标题，标题由系统根据内容推断"))
    sure = [c.document.confidence_of(c.span) for c in citations]
    least = min((value for value in sure if value is not None), default=1.0)
    if least < _SURE_ENOUGH:
        degree = "可能有误，" if least < _UNSURE_READING else ""
        out.append(Warning("recognised", f"引文由图片识别得来，{degree}数字请核对原件"))
    return tuple(out)
