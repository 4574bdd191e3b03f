"""A cell of a table row: the column that the question asks for, by its header; the group (一等奖) from the headings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.types import Span
from qa.evidence import Sentence
from qa.read.candidate import Candidate, Context

_ASKS = {
    "号": r"什么号|号码|编号",
    "单位": r"哪家|哪个(?:公司|企业|单位)|申报单位|谁(?:申报|报|家)|什么公司|谁的|完成单位|企业|公司",
    "地区": r"哪个(?:区|市|地区|地方|县)|什么地方|在哪|地区|属地|哪里|所在地",
    "名称": r"叫什么|什么名(?:字|称)|什么项目|哪个项目|哪项|什么作品|名称|哪件|什么专利",
    "专业": r"专业|学什么",
    "类别": r"类别|什么类|哪类|类型",
    "人": r"谁|哪位|作者|设计者|姓名|申报人",
    "金额": r"多少|金额|奖金|几万",
    "额度": r"多少|额度|几万",
    "标准": r"多少|标准|几",
    "补贴": r"多少|补贴|几",
    "补助": r"多少|补助|几",
    "奖励": r"多少|奖励|几",
    "收费": r"多少|收费|几",
    "数量": r"多少|几[个家台套项]|数量",
}
_GROUP = re.compile(r"几等|什么奖|哪个奖|哪一?等|等级|哪组|哪一组|哪类奖")


_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_UNIT = re.compile(
    r"[（(](?:单位[：:])?((?:[百千万亿]*元|%|％|个|家|台|套|项|人|件|户|亩|公里|平方米|吨|天|个月|年)(?:/[一-鿿]{1,3})?)[）)]$"
)
_HEADER = "表头"
"""The label that the outline gives to the header of a table."""


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """Candidates from the row that a sentence is; none where it is no row of a table with a header."""
    source = sentence.source
    clause = source.clause_at(sentence.start, sentence.end)
    span = clause.span
    row = source.document.quote(span)
    if "\t" not in row or "\n" in row or clause.label == _HEADER:
        return
    question = context.question.text
    if _GROUP.search(question):
        yield from _group(sentence, context, clause.parent, span)
        return
    header = _header(sentence, span.start)
    cells = row.split("\t")
    offset = span.start
    row_cover = context.cover(row)
    for i, cell in enumerate(cells):
        name = header[i] if i < len(header) else ""
        name, unit = _without_unit(name)
        score = _asks_for(question, name)
        if cell and score and context.cover(cell) < 0.5:
            yield Candidate(
                cell + unit if _NUMBER.fullmatch(cell) else cell,
                sentence,
                (span, Span(offset, offset + len(cell))),
                min(1.0, 0.3 + 0.4 * score + 0.5 * row_cover),
            )
        offset += len(cell) + 1


def _header(sentence: Sentence, start: int) -> list[str]:
    """The header cells above a row: those of the last 表头 before it under the same heading, else in the document."""
    before = [c for c in sentence.source.clauses if c.label == _HEADER and c.span.start < start]
    if not before:
        return []
    text = sentence.source.document.text[before[-1].span.start : before[-1].span.end]
    return [re.sub(r"\s", "", cell) for cell in text.split("\t")]


def _without_unit(column: str) -> tuple[str, str]:
    """A column's name and the unit that its figures are in: 额度（万元） -> 额度, 万元."""
    match = _UNIT.search(column)
    return (column[: match.start()], match[1]) if match else (column, "")


def _asks_for(question: str, column: str) -> float:
    """How plainly a question asks for a column, 0..1."""
    if not column or column == "序号":
        return 0.0
    if column in question:
        return 1.0
    for key, pattern in _ASKS.items():
        if key in column and re.search(pattern, question):
            return 0.8
    tail = column[-2:]
    return 0.7 if len(column) > 2 and tail in question else 0.0


def _group(sentence: Sentence, context: Context, parent: str | None, span: Span) -> Iterator[Candidate]:
    group = sentence.source.clause(parent)
    if group is None or not group.heading:
        return
    document = sentence.source.document
    head_end = document.text.find("\n", group.span.start, group.span.end)
    heading = Span(group.span.start, head_end if head_end > 0 else group.span.end)
    yield Candidate(group.heading, sentence, (span, heading), min(1.0, 0.5 + 0.5 * context.cover(sentence.text)))
