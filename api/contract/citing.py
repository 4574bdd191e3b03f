"""An answer for programs that show text: footnotes under a sentence, and the same references as data.

The OpenAI door and the MCP door both give these; offsets are code points of the document's text, and
`text[start:end] == quote`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, Field

from api.contract.markup import inert
from api.contract.schemas import (
    AnsweredBy,
    AskResponse,
    CardOut,
    ChoiceOut,
    CitationOut,
    CitedSource,
    PassageOut,
    QuoteOut,
    RowOut,
    WarningOut,
)
from corpus.types import Status
from qa.types import Reason

STATUS_NAMES: dict[Status, str] = {
    "in_force": "现行有效",
    "not_yet": "尚未施行",
    "expired": "已失效",
    "repealed": "已废止",
    "unknown": "效力未注明",
}
_OPENS = re.compile(r"(?<=\s)(?=[\"'(])")  # what could begin the title of a link's definition (CommonMark 4.7)
SHOWN_NEAREST = 3  # clauses shown with a refusal
SHOWN_ROWS = 20  # of a list
SHOWN_ITEMS = 6  # of one field of a card
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
    rows: list[RowOut] = Field(default=[], description="答案是一份清单时的各行，各带原文和条款")
    card: CardOut | None = Field(default=None, description="问怎么办理时的办事卡，各项都是原文")
    choices: list[ChoiceOut] = Field(default=[], description="要先问清时，可选的几种意思")


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
        rows=response.rows,
        card=response.card,
        choices=response.choices,
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

    [^1]: 《…若干措施》（澜府规〔2026〕3号）一、（一）： “…”（现行有效）
    """
    if response.status == "refused":
        lines = [near_line(near_clause(p)) for p in response.passages[:SHOWN_NEAREST]]
        told = "\n".join(card_lines(response.card)) if response.card else ""
        return "\n\n".join(part for part in (inert(response.message or ""), told, "\n".join(lines)) if part)
    listed = response.rows[:SHOWN_ROWS]
    at = {(c.clause.id, c.start, c.end): n for n, c in enumerate(response.citations, 1)}
    noted = {_mark(at, side) for row in listed for side in (row, row.other) if side is not None}
    marks = "" if listed else "".join(f"[^{n}]" for n, _ in enumerate(response.citations, 1))
    notes = [_note(n, c) for n, c in enumerate(response.citations, 1) if not listed or n in noted]
    warnings = [inert(f"注意：{w.message}") for w in response.warnings]
    lines = [_row_line(row, at) for row in listed]
    if more := len(response.rows) - len(listed):
        lines.append(f"- 另有 {more} 行，见 references 或网页")
    card = card_lines(response.card) if response.card else []
    parts = [
        f"{inert(response.answer or '')}{marks}",
        "\n".join(lines),
        "\n".join(card),
        "\n".join(warnings),
        "\n".join(notes),
    ]
    return "\n\n".join(part for part in parts if part)


def _mark(at: Mapping[tuple[str, int, int], int], side: QuoteOut) -> int:
    return at.get((side.clause.id, side.start, side.end), 0)


def _row_line(row: RowOut, at: Mapping[tuple[str, int, int], int]) -> str:
    """One row of a list: what it is about, its value, and the footnotes that hold its words."""
    sides = [side for side in (row, row.other) if side is not None]
    marks = "".join(f"[^{n}]" for n in (_mark(at, side) for side in sides) if n)
    values = "，".join(part for part in (row.group, row.value) if part)
    named = row.title if row.title.startswith("《") else f"《{row.title}》"
    return f"- {inert(_one_line(f'{named}{row.clause.address}' + (f'：{values}' if values else '')))}{marks}"


def card_lines(card: CardOut) -> list[str]:
    """A handling card as lines: each field with its words and where they stand, as many as are shown."""
    lines = [inert(_one_line(f"办事要点（《{card.document.title}》）："))]
    for field in card.fields:
        for item in field.items[:SHOWN_ITEMS]:
            lines.append(f"- {inert(_one_line(f'{field.label}：“{item.quote}”（{item.clause.address}）'))}")
        if more := len(field.items) - SHOWN_ITEMS:
            lines += [f"- {field.label}：另有 {more} 项"] if more > 0 else []
    return lines


def near_line(clause: NearClause) -> str:
    """One line about a clause: its document, its address and the beginning of its words."""
    words = _one_line(clause.text)
    cut = words if len(words) <= SHOWN_CHARS else words[:SHOWN_CHARS] + "…"
    return f"- {inert(f'《{clause.title}》{clause.address}：{cut}')}"


def _note(number: int, citation: CitationOut) -> str:
    """One citation as a footnote; a line of the quotation after the first is indented, as Markdown wants it.

    The space before the quotation keeps readers that know no footnotes from taking the line for the definition of a link.
    """
    document = citation.document
    named = f"（{document.number}）" if document.number else ""
    head = _OPENS.sub(r"\\", inert(_one_line(f"《{document.title}》{named}{citation.clause.address}：")))
    quote = "\n    ".join(line for line in inert(citation.quote).split("\n") if line.strip())
    return f"[^{number}]: {head} “{quote}”（{STATUS_NAMES[document.status]}）"


def _one_line(text: str) -> str:
    return " ".join(text.split())
