"""The FAQ as a table: every entry a row, out to a spreadsheet program and back in, with a report row by row.

Columns: 编号, 问法 (one a line), 答案, 文件, 条款, 引文. A row with the 编号 of an entry writes that anew; without one it finds the entry
that has its first question, or makes a new one. The clause is found by the title of its document and its address; a row that
names none is found by its quote, where just one clause of the documents holds it.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import openpyxl

from api.errors import QUESTION_LIMIT, BadRequest
from api.records.faq import Entry, Faq, located
from api.view import View
from corpus.errors import PolicyError
from corpus.sheets import Cell, restored
from corpus.types import Clause, Document

HEADER = ("编号", "问法", "答案", "文件", "条款", "引文", "用过", "状态")
_NEEDED = ("问法", "答案")
_STATES = {"current": "使用中", "changed": "条款已改", "missing": "条款已不在"}
MOST_ROWS = 2000
MOST_WORDINGS = 20
MOST_ANSWER = 500


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a row: its number in the table (the header is 1), and why it was not taken, if so."""

    row: int
    outcome: Literal["added", "updated", "rejected"]
    question: str
    message: str = ""


def rows_of(view: View, entry: Entry) -> list[Cell]:
    """An entry as a row of HEADER."""
    from api.records.faq import state_of

    words = "\n".join(entry.questions)
    state = _STATES[state_of(view, entry)]
    return [entry.id, words, entry.answer, entry.title, entry.address, entry.quote, entry.used, state]


def read_table(content: bytes) -> list[dict[str, str]]:
    """The rows of an xlsx or csv file (UTF-8 or GB18030) by the names of their columns. Raises BadRequest."""
    table = list(_xlsx(content) if zipfile.is_zipfile(io.BytesIO(content)) else _csv(content))
    if not table:
        raise BadRequest("表格是空的。", "第一行是列名：编号、问法、答案、文件、条款、引文。")
    header = [name.strip() for name in table[0]]
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise BadRequest(f"表格缺少列：{'、'.join(missing)}。", "第一行是列名：编号、问法、答案、文件、条款、引文。")
    if len(table) - 1 > MOST_ROWS:
        raise BadRequest(f"表格超过 {MOST_ROWS} 行。", "请分几次导入。")
    return [dict(zip(header, [*row, *[""] * len(header)], strict=False)) for row in table[1:]]


def take_in(view: View, faq: Faq, rows: list[dict[str, str]], who: str) -> list[Told]:
    """Takes in the rows one by one: a row that cannot be taken is told, and the others go on. Blank rows are passed over."""
    known = {entry.id: entry for entry in faq.entries()}
    titles = _titles(view)
    told = []
    for number, row in enumerate(rows, 2):
        cells = {name: row.get(name, "").strip() for name in HEADER}
        if not any(cells.values()):
            continue
        questions = [line.strip() for line in cells["问法"].splitlines() if line.strip()]
        first = questions[0] if questions else ""
        try:
            old = known.get(cells["编号"]) or (faq.find(first) if first else None)
            _require(questions, cells["答案"])
            clause, quote = _clause(view, titles, cells, old)
            faq.put(view, questions, cells["答案"], clause.id, quote, who, old.id if old else None)
            told.append(Told(number, "updated" if old else "added", first))
        except PolicyError as error:
            told.append(Told(number, "rejected", first, error.message))
    return told


def _require(questions: list[str], answer: str) -> None:
    if not 1 <= len(questions) <= MOST_WORDINGS or any(len(q) > QUESTION_LIMIT for q in questions):
        raise BadRequest(f"问法应有 1 到 {MOST_WORDINGS} 行，每行至多 {QUESTION_LIMIT} 个字。")
    if not 1 <= len(answer) <= MOST_ANSWER:
        raise BadRequest(f"答案应为 1 到 {MOST_ANSWER} 个字。")


def _titles(view: View) -> list[Document]:
    out: list[Document] = []
    cursor = None
    while True:
        found, cursor = view.documents(200, cursor)
        out += found
        if cursor is None:
            return out


def _clause(
    view: View, documents: list[Document], cells: dict[str, str], old: Entry | None
) -> tuple[Clause, str | None]:
    """The clause that a row rests on and its quote. Raises BadRequest."""
    title, address, quote = cells["文件"].strip("《》"), cells["条款"], cells["引文"]
    if old is not None and not (title or address) and (found := located(view, old)):
        return found[1], quote or old.quote
    chosen = (
        [d for d in documents if title in (d.title, d.id)]
        if title
        else [d for d in documents if quote and quote in d.text]
    )
    if not chosen:
        raise BadRequest(f"没有这份文件：{title[:60]}。" if title else "没有写文件，也没有文件含有这段引文。")
    fit = [
        clause
        for document in chosen
        for clause in view.clauses(document.id)
        if (not address or clause.address == address) and quote in document.quote(clause.span)
    ]
    if address and not fit:
        raise BadRequest(f"文件里没有这一条，或这一条里没有这段引文：{address[:60]}。")
    leaves = [clause for clause in fit if not any(other.parent == clause.id for other in fit)]
    if len(leaves) != 1 or not (address or quote):
        raise BadRequest("请写明条款（如 第五条），或只在一条里出现的引文。")
    return leaves[0], quote or None


def _csv(content: bytes) -> Iterator[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            yield from ([restored(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline="")))
        except csv.Error as error:
            raise BadRequest("表格读不出来。", "请另存为 csv 或 xlsx 后再试。") from error
        return
    raise BadRequest("表格不是 UTF-8 或 GB18030 编码。", "请另存为 csv（UTF-8）或 xlsx 后再试。")


def _xlsx(content: bytes) -> Iterator[list[str]]:
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for number, row in enumerate(book.worksheets[0].iter_rows(values_only=True)):
            if number > MOST_ROWS + 1:
                break
            yield ["" if cell is None else str(cell) for cell in row[: len(HEADER) + 20]]
    except Exception as error:  # zipfile, lxml and openpyxl raise almost anything on broken files
        raise BadRequest("表格读不出来。", "请另存为 csv 或 xlsx 后再试。") from error
