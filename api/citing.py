"""An answer for programs that show text: footnotes under a sentence, and the same references as data.

The OpenAI door and the MCP door both give these; offsets are code points of the document's text, and
`text[start:end] == quote`.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, Field

from api.schemas import AnsweredBy, AskResponse, CitationOut, CitedSource, PassageOut, WarningOut
from corpus.types import Status
from qa.types import Reason

STATUS_NAMES: dict[Status, str] = {
    "in_force": "现行有效",
    "not_yet": "尚未施行",
    "expired": "已失效",
    "repealed": "已废止",
    "unknown": "效力未注明",
}
_MARKUP = re.compile(r"\](?=\s*[(\[:])|<(?=[A-Za-z/!?])")
SHOWN_NEAREST = 3  # clauses shown with a refusal
SHOWN_CHARS = 80  # code points of each


class Reference(BaseModel):
    """Words of a document that carry an answer, word for word. The nth is footnote n of the text."""

    document_id: str
    title: str
    number: str | None = Field(description="文号")
    status: Status = Field(description="提问当日的效力")
    clause_id: str
    address: str = Field(description="条款位置，如 二、（三）13．")
    quote: str = Field(description="原文，逐字")
    start: int = Field(description="引文在文件全文里的起点（码位）")
    end: int
    source: CitedSource


class NearClause(BaseModel):
    """A clause that was found; no evidence for an answer by itself."""

    rank: int
    document_id: str
    title: str
    clause_id: str
    address: str
    text: str


class Verdict(BaseModel):
    """What there is to know about an answer or a refusal besides its text."""

    answer_id: str
    status: Literal["answered", "refused"]
    reason: Reason | None = Field(description="没有回答的原因")
    message: str | None = Field(description="没有回答时，对提问人的说明")
    answer: str | None = Field(description="简短的答案，不带脚注")
    confidence: float = Field(ge=0, le=1)
    rewritten: str | None = Field(description="把追问补全之后的问题")
    warnings: list[WarningOut]
    answered_by: AnsweredBy = Field(description="documents：从文件里读出；faq：工作人员写好的问答，同样附有原文")
    nearest: list[NearClause] = Field(description="没有回答时，最接近的条款")


def references_of(response: AskResponse) -> list[Reference]:
    """The citations of an answer, flat; none for a refusal."""
    return [
        Reference(
            document_id=c.document.id,
            title=c.document.title,
            number=c.document.number,
            status=c.document.status,
            clause_id=c.clause.id,
            address=c.clause.address,
            quote=c.quote,
            start=c.start,
            end=c.end,
            source=c.source,
        )
        for c in response.citations
    ]


def verdict_of(response: AskResponse) -> Verdict:
    refused = response.status == "refused"
    return Verdict(
        answer_id=response.id,
        status=response.status,
        reason=response.reason,
        message=response.message,
        answer=response.answer,
        confidence=response.confidence,
        rewritten=response.rewritten,
        warnings=response.warnings,
        answered_by=response.answered_by,
        nearest=[near_clause(p) for p in response.passages[:SHOWN_NEAREST]] if refused else [],
    )


def near_clause(passage: PassageOut) -> NearClause:
    return NearClause(
        rank=passage.rank,
        document_id=passage.document.id,
        title=passage.document.title,
        clause_id=passage.clause.id,
        address=passage.clause.address,
        text=passage.text,
    )


def cited_text(response: AskResponse) -> str:
    """The answer with its footnotes and warnings, or the refusal with the nearest clauses, in Markdown.

    最高100万元[^1]

    [^1]: 《…若干措施》（澜府规〔2026〕3号）一、（一）：“…”（现行有效）
    """
    if response.status == "refused":
        lines = [near_line(near_clause(p)) for p in response.passages[:SHOWN_NEAREST]]
        return "\n\n".join(part for part in (inert(response.message or ""), "\n".join(lines)) if part)
    marks = "".join(f"[^{n}]" for n, _ in enumerate(response.citations, 1))
    notes = [f"[^{n}]: {inert(_note(c))}" for n, c in enumerate(response.citations, 1)]
    warnings = [inert(f"注意：{w.message}") for w in response.warnings]
    parts = [f"{inert(response.answer or '')}{marks}", "\n".join(warnings), "\n".join(notes)]
    return "\n\n".join(part for part in parts if part)


def inert(text: str) -> str:
    """Words of a document of which Markdown makes no link, no picture that tells another site who reads, and no HTML.

    All else stays as it is: many clients show the text without reading Markdown, and a quotation is to be read word for word.
    """
    return _MARKUP.sub(r"\\\g<0>", text)


def near_line(clause: NearClause) -> str:
    """One line about a clause: its document, its address and the beginning of its words."""
    words = " ".join(clause.text.split())
    cut = words if len(words) <= SHOWN_CHARS else words[:SHOWN_CHARS] + "…"
    return f"- {inert(f'《{clause.title}》{clause.address}：{cut}')}"


def _note(citation: CitationOut) -> str:
    """One citation as the text of a footnote; a line of the quote after the first is indented, as Markdown wants it."""
    document = citation.document
    number = f"（{document.number}）" if document.number else ""
    quote = citation.quote.replace("\n", "\n    ")
    return f"《{document.title}》{number}{citation.clause.address}：“{quote}”（{STATUS_NAMES[document.status]}）"
