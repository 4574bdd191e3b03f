"""Two hops: what a sentence says of another clause counts as if the sentence said it.

违反本办法第十一条第（二）项规定的，处…罚款 has the penalty and not the deed, which stands in the clause that it names; 有下列行为
之一的，处…罚款： has it in one of the items below; and an item goes on from the words above its list. A question has the words
of the deed. So such a sentence is weighed with the words of the one clause, item or lead that says most of what is asked,
and that is cited beside it.

The other way round, a question may ask which deed has a penalty: then the clause that is named is the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from corpus.types import Clause, Document, Span
from qa.evidence import Sentence, Source
from qa.read.candidate import Candidate, Context

_MAX_CHARS = 800
_SHARE = 0.6
"""How much a word of the clause referred to counts against one of the sentence itself."""

_PENALTY = re.compile(r"罚款|责令|处分|吊销|没收|拘留|警告|追究|赔偿|处罚|取缔|撤销")
_ASKS_PENALTY = re.compile(r"罚|后果|责任|怎么(?:处理|处置)|如何(?:处理|处置)|处分|吊销|没收|拘留|(?:会|要)被怎[么样]")
_ASKS_DEED = re.compile(
    r"(?:哪些|什么|哪种|何种|哪类)(?:样的)?(?:违法)?(?:行为|情形|情况|事)|做了?什么|(?:因为|为)什么|针对(?:的是)?(?:什么|哪些)"
)
_VIOLATES = re.compile(r"违反|有[^，。；]{0,12}第[^，。；]{1,16}[条款项][^，。；]{0,12}(?:行为|情形)")
_LONGEST_DEED = 400
_SHORTEST_LEAD = 6
_GOES_ON = re.compile(r"(?:情节|拒不|逾期|造成|构成|其中|对(?!.{0,6}的，))")
_ITEM = re.compile(r"[（(①-⑳\d]")


def asks_penalty(question: str) -> bool:
    """Whether a question asks what follows from a deed."""
    return bool(_ASKS_PENALTY.search(question))


def is_penalty(text: str) -> bool:
    """Whether a text says what follows from a deed."""
    return bool(_PENALTY.search(text))


def joined(sentence: Sentence) -> list[Span]:
    """The stretches of the document whose words count as the sentence's own: the clauses that it names, the items that it
    leads to, or the words that lead to the list in which it stands."""
    clauses = (*_named(sentence), *_items_below(sentence))
    return [*(c.span for c in clauses), *_lead_above(sentence), *_rule_before(sentence)]


def words_of(sentence: Sentence, span: Span) -> str:
    """The words of what is joined to a sentence, as many as are weighed."""
    return sentence.source.document.quote(span)[:_MAX_CHARS]


def with_references(sentence: Sentence, context: Context, similarities: Mapping[str, float] | None = None) -> Sentence:
    """The sentence with its cover raised by what is joined to it and says most of what is asked; itself where nothing is,
    or where it has been raised before.

    `similarities` are the cosines of the question and the words joined, where they are known.
    """
    if sentence.via:
        return sentence
    mine = set(context.tokens(sentence.text))
    best: tuple[float, float, set[str], float, Span] | None = None
    for span in joined(sentence):
        words = words_of(sentence, span)
        added = set(context.tokens(words)) - mine
        gain, similarity = context.terms.cover(added), (similarities or {}).get(words, 0.0)
        if best is None or gain + 0.5 * similarity > best[0]:
            best = gain + 0.5 * similarity, gain, added, similarity, span
    if best is None:
        return sentence
    _, gain, added, similarity, span = best
    fresh = context.terms.cover(added - set(context.tokens(sentence.source.hit.passage.context)))
    return replace(
        sentence,
        cover=min(1.0, max(sentence.cover, sentence.own_cover + _SHARE * gain)),
        own_cover=min(1.0, sentence.own_cover + _SHARE * gain),
        residual=min(1.0, sentence.residual + _SHARE * fresh),
        similarity=max(sentence.similarity, similarity),
        via=(span,),
    )


def _named(sentence: Sentence) -> Iterator[Clause]:
    """Each clause of the document that the sentence, or the one before it in the same clause, refers to last."""
    source = sentence.source
    own = sentence.clause
    before = [r for r in own.references if r.clause and r.span.end <= sentence.end]
    if not before:
        return
    gap = source.document.text[before[-1].span.end : sentence.start]
    if gap.count("。") > 1:
        return  # said of another sentence
    begin = max(source.document.text.rfind(end, 0, before[-1].span.start) for end in "。；\n")
    for reference in before:
        found = source.clause(reference.clause) if reference.span.start > begin else None
        if found is not None and found.id != own.id and not found.span.contains(own.span):
            yield found
            if is_penalty(source.document.quote(found.span)):  # 单位有前款行为的: the deed is one hop further
                further = (source.clause(r.clause) for r in found.references)
                yield from (c for c in further if c is not None and not c.span.contains(own.span))


def _items_below(sentence: Sentence) -> Iterator[Clause]:
    """The items of a list that the sentence leads to, where it says what follows from each: 有下列行为之一的，处…罚款："""
    source = sentence.source
    own = sentence.clause
    items = source.items_of(own)
    if len(items) < 2 or sentence.end > items[0].span.start:
        return
    lead = source.document.text[own.span.start : items[0].span.start].rstrip()
    if lead.endswith(("：", ":")) and is_penalty(lead):
        yield from items


def _lead_above(sentence: Sentence) -> Iterator[Span]:
    """The words that lead to a list, where the sentence is of one of its items: 军官的最高年龄分别为：（三）…"""
    source, item = sentence.source, sentence.clause
    parent = source.clause(item.parent)
    if parent is None or not _ITEM.match(item.label):
        return
    first = source.items_of(parent)[0]
    lead = source.document.text[parent.span.start : first.span.start].rstrip()
    begin = max(lead.rfind("。"), lead.rfind("\n")) + 1
    if lead.endswith(("：", ":")) and len(lead) - begin > _SHORTEST_LEAD:
        yield Span(parent.span.start + begin, parent.span.start + len(lead))


def _rule_before(sentence: Sentence) -> Iterator[Span]:
    """The words before a ； that a sentence goes on from: 擅自挖掘的，处…罚款；情节严重的，处…"""
    if not _GOES_ON.match(sentence.text):
        return
    text = sentence.source.document.text
    begin = max(sentence.clause.span.start, *(text.rfind(end, 0, sentence.start) + 1 for end in "。\n"))
    words = text[begin : sentence.start].rstrip()
    if words.endswith(("；", ";")):
        yield Span(begin, begin + len(words))


def penalties_for(source: Source, referring: Sequence[Clause]) -> Iterator[Clause]:
    """Of the clauses that refer to one of a source, those that say what follows from breaking it."""
    for clause in referring:
        if clause.document_id == source.document.id and is_penalty(source.document.quote(clause.span)):
            yield clause


_GRADES = tuple(
    (re.compile(said), re.compile(excused), re.compile(demanded))
    for said, excused, demanded in (
        (
            r"情节(?:特别|较为|比较)?(?:严重|较重|恶劣)|严重后果|从重",
            r"严重|较重|恶劣|从重|后果",
            r"情节(?:严重|较重|恶劣)",
        ),
        (r"情节(?:较轻|轻微)", r"轻", r"情节(?:较轻|轻微)"),
        (
            r"拒不|逾期(?:未|不|仍)|仍不|再次|两次以上",
            r"拒不|逾期|还不|还是不|仍|不改|不听|再|屡|到期",
            r"拒不|逾期(?:未|不)|还不改|仍不",
        ),
        (r"^(?:[^，。；]{0,12})?单位(?:有|犯|违反|实施)|对单位", r"单位|公司|企业|机构|组织", r"^单位"),
        (r"^(?:[^，。；]{0,12})?个人(?:有|违反|实施)|对个人", r"个人|我|自己|市民|居民", r"^个人"),
        (r"主管人员|直接责任人员", r"主管人员|责任人|负责人|领导|老板", r"主管人员|责任人员"),
    )
)
"""Circumstances that a penalty may be laid down for; the words of a question that allow them, and those that ask for
them."""
_OTHER_GRADE = 0.25


def for_circumstances(candidate: Candidate, question: str) -> Candidate:
    """A penalty that is laid down for circumstances which the question does not name, or for others than it names, fits
    less: 情节严重的，处… is no answer to how much the plain deed costs."""
    sentence = candidate.sentence
    before = sentence.text[: max(0, candidate.spans[-1].start - sentence.start)]
    if candidate.fit <= 0.0 or not (asks_penalty(question) and is_penalty(sentence.text)):
        return candidate
    steps = 0
    for said, excused, demanded in _GRADES:
        if said.search(before):
            steps += 1 if demanded.search(question) else 0 if excused.search(question) else -1
        elif demanded.search(question):
            steps -= 1
    return replace(candidate, fit=max(0.0, min(1.0, candidate.fit + _OTHER_GRADE * steps))) if steps else candidate


def deeds(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """The clause that a penalty names, where the deed is asked for: 哪些行为处五百元罚款 -> what 第二十六条 forbids."""
    question = context.question.text
    if not (_ASKS_DEED.search(question) and asks_penalty(question) and _VIOLATES.search(sentence.text)):
        return
    document = sentence.source.document
    for clause in _named(sentence):
        text = body_of(document, clause)
        if 4 <= len(text) <= _LONGEST_DEED:
            fit = 0.7 + 0.3 * context.cover(sentence.text)
            yield Candidate(text, sentence, (sentence.span, clause.span), min(1.0, fit))


def body_of(document: Document, clause: Clause) -> str:
    """The words of a clause without its number, on one line."""
    text = document.quote(clause.span)
    return re.sub(r"\s+", "", text[len(clause.label) :] if clause.label else text).rstrip("；。;")
