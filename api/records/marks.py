"""What the operator thinks of single answers of the log, and the gold rows that come of it (docs/evaluation.md).

A mark keeps its question and its answer, so that it stays when the log has forgotten them. `good`: what was said is right,
a refusal as well. `bad`: it is not; where the operator says what would have been right, with the words of a clause, or that
the documents do not answer it, that is a gold row as well.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from api.contract.states import Verdict
from api.errors import BadRequest
from api.records.asked import Asked
from api.records.database import Records, now
from api.records.rows import NOTHING_CITED
from api.view import View
from corpus.errors import NotFound
from corpus.sql.shapes import Row, holes
from qa.question.answer_type import answer_types

SCHEMA = """
CREATE TABLE IF NOT EXISTS marks (
  answer_id TEXT PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, verdict TEXT NOT NULL, question TEXT NOT NULL, said TEXT,
  unanswerable INTEGER NOT NULL, answer TEXT NOT NULL, quote TEXT NOT NULL, title TEXT NOT NULL, address TEXT NOT NULL, note TEXT NOT NULL
);
"""
_YES_OR_NO = re.compile(r"是|否|不|无|没有|可以|能|需要|应|有|会|必须")


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark. `answer` and `quote` are what is right, "" where that is not known; `said` is None for a refusal."""

    answer_id: str
    at: str
    who: str
    verdict: Verdict
    question: str
    said: str | None
    unanswerable: bool
    answer: str
    quote: str
    title: str
    address: str
    note: str

    def row(self) -> dict[str, Any] | None:
        """The gold row; None where nobody said what is right."""
        if self.unanswerable:
            return {
                "id": self.answer_id,
                "type": "unanswerable",
                "style": "log",
                "question": self.question,
                "why": self.note,
            }
        if not (self.answer and self.quote):
            return None
        kind: str = answer_types(self.question)[0][0]
        if kind == "yesno" and not _YES_OR_NO.match(self.answer):
            kind = "span"  # yes/no rows are judged by yes or no alone
        return {
            "id": self.answer_id, "type": kind, "style": "log", "question": self.question, "answers": [self.answer], "quote": self.quote,
            "doc": self.title, "clause": self.address,
        }  # fmt: skip


class Marks:
    """The marks of one service."""

    def __init__(self, records: Records, asked: Asked) -> None:
        self._records = records
        self._asked = asked
        records.ensure(SCHEMA)

    def put(
        self, view: View, answer_id: str, verdict: Verdict, who: str, *, answer: str = "", clause_id: str = "", quote: str = "",
        unanswerable: bool = False, note: str = "",
    ) -> Mark:  # fmt: skip
        """Marks an answer of the log, in the place of what was said of it before.

        Raises NotFound for an answer or a clause that is not there, BadRequest where what should have been said is not told whole: an
        answer with a clause, and of that the quote word for word or none.
        """
        row = self._asked.find(answer_id)
        if row is None:
            raise NotFound("没有这个回答的记录", "过了保存期的记录已经删除")
        title = address = ""
        if verdict == "good":
            unanswerable, answer = row["status"] == "refused", row["answer"] or ""
            first = row["citations"][0] if row["citations"] else NOTHING_CITED
            quote, title, address = first["quote"], first["title"], first["address"]
        elif unanswerable:
            answer = quote = ""
        elif answer or clause_id:
            if not (answer.strip() and clause_id):
                raise BadRequest("正确答案要连同它所依据的条款一起给。", "填 answer 和 clause_id；不知道就都不填。")
            document, clause = view.clause(clause_id)
            text = document.quote(clause.span)
            quote = quote.strip() or text.strip()
            if quote not in text:
                raise BadRequest("引文和条款的原文不一致。", "quote 应与条款原文逐字相同；不填则引用整条。")
            answer, title, address = answer.strip(), document.title, clause.address
        made = Mark(
            *(answer_id, now(), who, verdict, row["rewritten"] or row["question"], row["answer"]),
            *(unanswerable, answer, quote, title, address, note.strip()),
        )
        values = [getattr(made, name) for name in Mark.__slots__]
        with self._records.transaction() as connection:
            connection.execute("DELETE FROM marks WHERE answer_id = ?", (answer_id,))
            connection.execute(f"INSERT INTO marks VALUES ({','.join('?' * len(values))})", values)
        return made

    def delete(self, answer_id: str) -> None:
        """Raises NotFound."""
        with self._records.transaction() as connection:
            if not connection.execute("DELETE FROM marks WHERE answer_id = ?", (answer_id,)).rowcount:
                raise NotFound("这个回答没有标注", "标注见 GET /v1/operator/log")

    def all(self) -> list[Mark]:
        """The oldest first."""
        return [_mark(row) for row in self._records.connect().execute("SELECT * FROM marks ORDER BY at")]

    def of(self, answer_ids: list[str]) -> dict[str, Mark]:
        """Those of some answers."""
        rows = self._records.connect().execute(
            f"SELECT * FROM marks WHERE answer_id IN {holes(answer_ids)}", answer_ids
        )
        return {row["answer_id"]: _mark(row) for row in rows}

    def gold(self) -> str:
        """The gold rows of all marks, one JSON object a line."""
        rows = (mark.row() for mark in self.all())
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows if row is not None)


def _mark(row: Row) -> Mark:
    values = dict(row)
    return Mark(**{**values, "unanswerable": bool(values["unanswerable"])})
