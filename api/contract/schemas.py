"""The HTTP contract as pydantic models, and the functions that turn dataclasses into them.

This is the only module in which JSON becomes a type or a type JSON. Offsets are Unicode code points of the document's
text, dates are ISO 8601 (YYYY-MM-DD), `text[start:end] == quote` holds for every citation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import quote_plus

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from api.errors import EARLIER_LIMIT, ID_LIMIT, QUESTION_LIMIT, TOP_K_LIMIT
from corpus.types import Clause, Document, Kind, Link, LinkKind, Source, Span, Status
from index.types import Filters, Hit
from qa.handling.asks import LABELS
from qa.types import Answer, Card, CardName, Citation, Outcome, Question, Reason, Row

ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


# --- what comes in ---------------------------------------------------------------------------------------------------


def _encodable(text: str) -> str:
    """Text that can be stored and sent back: no NUL, no half of a surrogate pair."""
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise PydanticCustomError("bad_characters", "text holds a character that cannot be stored")
    return text


def _blank(text: str) -> bool:
    """Nothing but white space, control and format characters (a zero-width space is nothing to ask)."""
    return all(unicodedata.category(c)[0] in "ZC" for c in text)


def askable(text: str) -> str:
    """A question as it may be asked. Raises PydanticCustomError: question_empty, question_too_long."""
    if _blank(text):
        raise PydanticCustomError("question_empty", "the question is empty")
    if len(text) > QUESTION_LIMIT:
        raise PydanticCustomError("question_too_long", "the question is too long")
    return text


def _iso_day(value: Any) -> Any:
    """Only YYYY-MM-DD in a sensible range: pydantic alone would take numbers and times as well."""
    if value is None or (isinstance(value, date) and FIRST_DAY <= value <= LAST_DAY):
        return value
    if isinstance(value, str) and ISO_DATE.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = date.min
        if FIRST_DAY <= day <= LAST_DAY:
            return day
    raise PydanticCustomError("bad_date", "not a date")


Text = Annotated[str, Field(strict=True), AfterValidator(_encodable)]
Name = Annotated[Text, Field(min_length=1, max_length=ID_LIMIT)]
QuestionText = Annotated[Text, AfterValidator(askable)]
Day = Annotated[date, BeforeValidator(_iso_day)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FiltersIn(_Request):
    """What an answer may be taken from. Every field is optional; an absent or null field limits nothing."""

    document_ids: list[Name] | None = Field(None, description="只在这些文件里找", max_length=1000)
    issuer: Name | None = Field(None, description="发文机关")
    region: Name | None = Field(None, description="适用地区")
    kind: Kind | None = Field(None, description="文件种类")
    in_force: Annotated[bool, Field(strict=True)] | None = Field(None, description="true：只用在 as_of 当天有效的文件")

    def to_filters(self, as_of: date) -> Filters:
        return Filters(
            document_ids=None if self.document_ids is None else frozenset(self.document_ids),
            issuer=self.issuer,
            region=self.region,
            kind=self.kind,
            in_force_on=as_of if self.in_force else None,
        )


class AskRequest(_Request):
    """A question. `as_of` is the day for which it is to be answered: today, in Shanghai, where it is absent."""

    model_config = ConfigDict(extra="ignore")  # clients of other services send fields of their own: the contract grows

    question: QuestionText = Field(
        description=f"问题，1 到 {QUESTION_LIMIT} 个字",
        json_schema_extra={"minLength": 1, "maxLength": QUESTION_LIMIT},
        examples=["国家级专精特新“小巨人”企业，市里奖励多少？"],
    )
    session_id: Name | None = Field(None, description="同一段对话用同一个值，追问才能接上")
    top_k: Annotated[int, Field(strict=True, ge=1, le=TOP_K_LIMIT)] | None = Field(5, description="返回的条文数")
    as_of: Day | None = Field(None, description="按哪一天的规定回答，默认今天")
    filters: FiltersIn | None = None
    earlier: list[QuestionText] | None = Field(
        None,
        max_length=EARLIER_LIMIT,
        description="这段对话里之前问过的话，旧的在前；带上它，追问就接着这些话回答，不看 session_id，也不记进那段对话",
    )
    standalone: Annotated[bool, Field(strict=True)] | None = Field(
        None, description="true：按原话回答，不接上文（之前问过的话）；这一句仍会记进对话"
    )

    def to_question(self, today: date) -> Question:
        as_of = self.as_of or today
        filters = self.filters.to_filters(as_of) if self.filters else Filters()
        top_k = 5 if self.top_k is None else self.top_k
        earlier = tuple(text.strip() for text in self.earlier or ())
        return Question(
            self.question.strip(), as_of, filters, self.session_id, top_k, earlier, standalone=bool(self.standalone)
        )


# --- what goes out ---------------------------------------------------------------------------------------------------


class SourceOut(BaseModel):
    """A file of the corpus and the 1-based lines, both ends included, on which a document stands."""

    file: str
    line_start: int
    line_end: int


class CitedSource(SourceOut):
    """The lines that a citation was read from, and the page where the format has pages."""

    page: int | None


class LinkOut(BaseModel):
    """A relation to another document; `target` is its id where it is in the store."""

    kind: LinkKind
    title: str
    target: str | None


class DocumentRef(BaseModel):
    """What a citation says of its document. `status` is that of the day the question is asked for."""

    id: str
    title: str
    number: str | None
    issuer: str | None
    issued_on: date | None
    effective_from: date | None
    effective_until: date | None
    status: Status


class DocumentOut(DocumentRef):
    """A row of the list of documents."""

    title_inferred: bool
    kind: Kind
    region: str | None
    sources: list[SourceOut]
    links: list[LinkOut]


class ReferenceOut(BaseModel):
    """Words of a clause (`start` to `end` of the document's text) that name another clause: 前款, 本办法第八条.

    `title` is null where the document's own clause is meant; `document` and `clause` are null where it is not in the store.
    """

    start: int
    end: int
    text: str
    title: str | None
    address: str
    document: str | None
    clause: str | None


class ResponsibleOut(BaseModel):
    """A department and its part; `inherited` where the document names it for this clause elsewhere."""

    name: str
    role: Literal["lead", "assist", "responsible"]
    inherited: bool


class ClauseOut(BaseModel):
    """A clause with everything under it: `text` is the document's text from `start` to `end`."""

    id: str
    address: str
    path: list[str]
    label: str
    heading: str
    text: str
    start: int
    end: int
    parent: str | None
    departments: list[str]
    responsible: list[ResponsibleOut]
    references: list[ReferenceOut]


class DocumentFull(DocumentOut):
    """A document with its text and its clauses in order, and the documents of the store that name it."""

    linked_from: list[LinkOut] = Field(description="关联到本文件的其他文件：title 和 target 是那份文件的")
    text: str
    clauses: list[ClauseOut]


class DocumentPage(BaseModel):
    """One page of the list; `next_cursor` is null on the last."""

    documents: list[DocumentOut]
    next_cursor: str | None


class ReferringOut(BaseModel):
    """A clause that names another one."""

    id: str
    address: str
    document: str


class ClauseFull(ClauseOut):
    """A clause, the document that it stands in, and the clauses that refer to it."""

    document: DocumentRef
    referred_by: list[ReferringOut]


class CitedClause(BaseModel):
    """The clause around a quotation."""

    id: str
    address: str
    path: list[str]
    text: str


class CitationOut(BaseModel):
    """The words that carry an answer."""

    document: DocumentRef
    clause: CitedClause
    quote: str
    start: int
    end: int
    source: CitedSource


class PassageDocument(BaseModel):
    id: str
    title: str


class PassageClause(BaseModel):
    id: str
    address: str


class PassageOut(BaseModel):
    """A passage found, best first."""

    rank: int
    score: float
    document: PassageDocument
    clause: PassageClause
    text: str


class WarningOut(BaseModel):
    """What the reader of an answer must know."""

    code: str
    message: str


class QuoteOut(BaseModel):
    """Words of a document, word for word, with the clause that they stand in and the page that shows them there."""

    document: DocumentRef
    clause: PassageClause
    quote: str
    start: int
    end: int
    link: str = Field(description="显示这句原文的网页地址，相对于服务的根")


class RowOut(QuoteOut):
    """One line of an answer that is a list."""

    title: str
    value: str = Field(description="金额、日期或效力，没有时为空")
    group: str = Field(description="改动、新增、删去、对比，或所在的小标题，没有时为空")
    other: QuoteOut | None = Field(description="两份文件对照时，另一份的原文")


class CardFieldOut(BaseModel):
    """One heading of a handling card with the words that stand under it."""

    name: CardName
    label: str
    items: list[QuoteOut]


class CardOut(BaseModel):
    """How something is handled, as one document says it. Empty fields are left out."""

    document: DocumentRef
    fields: list[CardFieldOut]


class ChoiceOut(BaseModel):
    """One thing that a question may have meant."""

    label: str = Field(description="地名，或文件名")
    question: str = Field(description="选了它，就这样再问")


AnsweredBy = Literal["documents", "faq"]


class AskResponse(BaseModel):
    """An answer with its citations, or a refusal with its reason; the passages in both cases."""

    id: str
    question: str
    rewritten: str | None = Field(description="把追问补全之后的问题")
    status: Literal["answered", "refused"]
    reason: Reason | None = Field(description="没有回答的原因；small_talk 是问候、道谢一类的话，message 是回话")
    message: str | None = Field(description="没有回答时，对提问人的说明")
    answer: str | None
    confidence: float = Field(ge=0, le=1)
    answered_by: AnsweredBy = Field(description="documents：由程序从文件里抽取；faq：由工作人员整理，并附条款")
    warnings: list[WarningOut]
    citations: list[CitationOut]
    rows: list[RowOut] = Field(default=[], description="答案是一份清单时的各行，引文就是 citations 里的")
    card: CardOut | None = Field(
        default=None, description="问怎么办理时的办事卡；拒答时也可能有，是相关文件的原文，不是答案"
    )
    conditions: str | None = Field(
        default=None, description="条款编号：GET /v1/clauses/{id}/conditions 可逐项对照它的条件"
    )
    choices: list[ChoiceOut] = Field(default=[], description="要先问清时（reason 是 ambiguous），可选的几种意思")
    passages: list[PassageOut]
    timings_ms: dict[str, float]


class SearchResponse(BaseModel):
    """The passages nearest to a question."""

    question: str
    passages: list[PassageOut]
    timings_ms: dict[str, float]


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The service can answer, and from how much."""

    status: Literal["ready"] = "ready"
    documents: int
    clauses: int
    passages: int
    index: str = Field(description="所用索引的编号，越新越大")


class ErrorDetail(BaseModel):
    code: str
    message: str
    hint: str


class ErrorBody(BaseModel):
    """The shape of every error."""

    error: ErrorDetail


# --- from dataclasses ------------------------------------------------------------------------------------------------


def document_ref(document: Document, day: date) -> DocumentRef:
    return DocumentRef(
        id=document.id,
        title=document.title,
        number=document.number,
        issuer=document.issuer,
        issued_on=document.issued_on,
        effective_from=document.validity.effective_from,
        effective_until=document.validity.effective_until,
        status=document.status_on(day),
    )


def document_out(document: Document, day: date) -> DocumentOut:
    return DocumentOut(
        **dict(document_ref(document, day)),
        title_inferred=document.title_inferred,
        kind=document.kind,
        region=document.region,
        sources=[_source(s) for s in document.sources],
        links=[_link(link) for link in document.links],
    )


def document_full(
    document: Document, clauses: Iterable[Clause], linked_from: Iterable[Link], day: date
) -> DocumentFull:
    return DocumentFull(
        **dict(document_out(document, day)),
        linked_from=[_link(link) for link in linked_from],
        text=document.text,
        clauses=[clause_out(document, clause) for clause in clauses],
    )


def clause_out(document: Document, clause: Clause) -> ClauseOut:
    return ClauseOut(
        id=clause.id,
        address=clause.address,
        path=list(clause.path),
        label=clause.label,
        heading=clause.heading,
        text=document.quote(clause.span),
        start=clause.span.start,
        end=clause.span.end,
        parent=clause.parent,
        departments=list(clause.departments),
        responsible=[ResponsibleOut(name=r.name, role=r.role, inherited=r.inherited) for r in clause.responsible],
        references=[
            ReferenceOut(
                start=r.span.start,
                end=r.span.end,
                text=document.quote(r.span),
                title=r.title,
                address=r.address,
                document=r.document,
                clause=r.clause,
            )
            for r in clause.references
        ],
    )


def clause_full(document: Document, clause: Clause, referring: Iterable[Clause], day: date) -> ClauseFull:
    return ClauseFull(
        **dict(clause_out(document, clause)),
        document=document_ref(document, day),
        referred_by=[ReferringOut(id=c.id, address=c.address, document=c.document_id) for c in referring],
    )


def citation_out(citation: Citation, day: date) -> CitationOut:
    document, clause, span = citation.document, citation.clause, citation.span
    return CitationOut(
        document=document_ref(document, day),
        clause=CitedClause(
            id=clause.id, address=clause.address, path=list(clause.path), text=_around(document, clause.span, span)
        ),
        quote=citation.quote,
        start=span.start,
        end=span.end,
        source=_cited_source(document, span),
    )


def quote_out(citation: Citation, day: date) -> QuoteOut:
    document, clause, span = citation.document, citation.clause, citation.span
    return QuoteOut(
        document=document_ref(document, day),
        clause=PassageClause(id=clause.id, address=clause.address),
        quote=citation.quote,
        start=span.start,
        end=span.end,
        link=f"/?doc={quote_plus(document.id)}&clause={quote_plus(clause.id)}&start={span.start}&end={span.end}",
    )


def row_out(row: Row, day: date) -> RowOut:
    other = quote_out(row.other, day) if row.other is not None else None
    return RowOut(**dict(quote_out(row.citation, day)), title=row.title, value=row.value, group=row.group, other=other)


def card_out(card: Card, day: date) -> CardOut:
    fields = [
        CardFieldOut(name=f.name, label=LABELS[f.name], items=[quote_out(c, day) for c in f.citations])
        for f in card.fields
    ]
    return CardOut(document=document_ref(card.document, day), fields=fields)


CLAUSE_CHARS = 20_000
"""Longest clause text sent with a citation. Only a file without any structure has longer ones; GET /v1/clauses/{id}
gives those whole."""


def _around(document: Document, clause: Span, quote: Span) -> str:
    """The text of a clause, of a very long one the part around the quote."""
    if len(clause) <= CLAUSE_CHARS:
        return document.quote(clause)
    start = max(clause.start, quote.start - CLAUSE_CHARS // 2)
    return document.text[start : max(quote.end, min(clause.end, start + CLAUSE_CHARS))]


def passage_out(hit: Hit, document: Document, clause: Clause) -> PassageOut:
    return PassageOut(
        rank=hit.rank,
        score=round(hit.score, 6),
        document=PassageDocument(id=document.id, title=document.title),
        clause=PassageClause(id=clause.id, address=clause.address),
        text=hit.passage.text,
    )


def ask_response(
    id: str,
    asked: str,
    outcome: Outcome,
    passages: list[PassageOut],
    day: date,
    timings_ms: dict[str, float],
    answered_by: AnsweredBy = "documents",
) -> AskResponse:
    answered = outcome if isinstance(outcome, Answer) else None
    refused = None if isinstance(outcome, Answer) else outcome
    return AskResponse(
        id=id,
        question=asked,
        rewritten=outcome.rewritten,
        status="answered" if answered else "refused",
        reason=refused.reason if refused else None,
        message=refused.message if refused else None,
        answer=answered.text if answered else None,
        confidence=round(min(1.0, max(0.0, outcome.confidence)), 4),
        answered_by=answered_by,
        warnings=[WarningOut(code=w.code, message=w.message) for w in answered.warnings] if answered else [],
        citations=[citation_out(c, day) for c in answered.citations] if answered else [],
        rows=[row_out(r, day) for r in answered.rows] if answered else [],
        card=card_out(outcome.card, day) if outcome.card else None,
        choices=[ChoiceOut(label=c.label, question=c.question) for c in refused.choices] if refused else [],
        passages=passages,
        timings_ms=timings_ms,
    )


def _link(link: Link) -> LinkOut:
    return LinkOut(kind=link.kind, title=link.title, target=link.target)


def _source(source: Source) -> SourceOut:
    return SourceOut(file=source.file, line_start=source.line_start, line_end=source.line_end)


def _cited_source(document: Document, span: Span) -> CitedSource:
    first, last, page = document.lines_of(span)
    file = document.sources[0].file if document.sources else ""
    return CitedSource(file=file, page=page, line_start=first, line_end=last)
