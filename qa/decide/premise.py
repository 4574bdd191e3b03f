"""What a question takes for granted, against what the evidence says.

An answer to a false premise is wrong however good the match: another city, a year that the document is not about, a name
that stands nowhere in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from corpus.counterparts import FACETS, facets_of
from corpus.types import Document
from qa.evidence import Sentence
from qa.figures import in_range_of_years
from qa.read import Candidate, table
from qa.read.pairs import full_width
from qa.read.quantity import intervals, quantities, rung, stated
from qa.read.table_match import Match, match
from qa.read.window import window_of
from qa.understand import Understanding

_MIN_CONTENT = 3  # characters besides question words: 奖励, 申请, 1 do not say what is asked about


def broken_premise(question: Understanding, candidate: Candidate) -> str | None:
    """A Chinese sentence that says which premise of the question the evidence does not bear out, or None."""
    source = candidate.sentence.source
    document, passage = source.document, source.hit.passage
    near = passage.text + passage.context + document.title
    if len(re.sub(r"[\W_]+", "", question.content)) < _MIN_CONTENT:
        return "问题太短，看不出想问哪件事，请说得具体一些"
    for place in question.places:
        if place not in near and place not in (document.region or "") and place not in document.text:
            return f"没有找到{place}的相关规定"
    for year in question.years:
        if not year_holds(year, candidate.sentence, question.text):
            return f"《{document.title}》没有{year}年的规定"
    if (rank := _other_rank(question.text, candidate)) is not None:
        return f"《{document.title}》的相关条款没有提到{rank}"
    if (denied := _only_affirmed(question, candidate)) is not None:
        return f"《{document.title}》的相关条款没有提到“{denied}”"
    if (blank := _blank(question.text, candidate)) is not None:
        return f"《{document.title}》的表里“{blank}”一格是空的"
    if (denial := _denied_rung(question.text, candidate)) is not None:
        return f"《{document.title}》规定：“{denial}”"
    for name in question.quoted:
        core = re.sub(r"[\W_]+", "", name)
        if len(core) >= 4 and core not in re.sub(r"[\W_]+", "", document.text + document.title):
            return f"已导入的文件没有提到“{name}”"
    return None


def named_elsewhere(candidate: Candidate, named: frozenset[str], load: Callable[[str], Document]) -> str | None:
    """What is wrong, as a Chinese sentence, where a question names documents (by id) and the evidence stands in another one that is
    not linked with them; None where nothing is. They are loaded only where the evidence does not tell."""
    own = candidate.sentence.source.document
    if not named or own.id in named or any(link.target in named for link in own.links):
        return None
    meant = [load(ident) for ident in sorted(named)]
    if any(link.target == own.id for document in meant for link in document.links):
        return None
    return f"《{meant[0].title}》中没有找到相关规定"


def _other_rank(question: str, candidate: Candidate) -> str | None:
    """A name (二等奖, 县级, 硕士) that the question has where the evidence lays something down for others of its group, but not for
    this one; None where it fits."""
    asked = facets_of(question)
    if not asked:
        return None
    sentence = candidate.sentence
    clause = sentence.source.clause_at(sentence.start, sentence.end)
    passage = sentence.source.hit.passage
    said = facets_of(sentence.text)
    near = facets_of(passage.text + passage.context + sentence.source.document.quote(clause.span))
    for group in FACETS:
        own = asked.intersection(group)
        if own and len(said.intersection(group)) >= _SEVERAL and not own & near:
            return next(name for name in group if name in own)
    return None


_SEVERAL = 2  # of a group: what is laid down for two of them is not laid down for a third


_DENIED = re.compile(r"(?:不|未能?|没有?)(合格|达标|通过|完成|达到|取得|履行|续签)")
_DENIAL = re.compile(r"不(?![超低高少多得同仅])|未|没有|逾期|拒|失败|终止|撤销|取消|中止")


def _only_affirmed(question: Understanding, candidate: Candidate) -> str | None:
    """What a question denies (验收不合格) where the evidence speaks of its opposite alone (验收合格后); None where it fits.

    What is laid down for who passes says nothing of who fails. Whether something may be done is another matter: 未取得
    …的，能不能… is decided by what must be had.
    """
    if question.kind == "yesno":
        return None
    sentence = candidate.sentence
    clause = sentence.source.clause_at(sentence.start, sentence.end)
    near = sentence.text + sentence.source.document.quote(clause.span)
    for denied in _DENIED.finditer(question.text):
        if denied[1] in sentence.text and not _DENIAL.search(near):
            return denied[0]
    return None


def _blank(question: str, candidate: Candidate) -> str | None:
    """The header of the cell that a question names, where that is blank and the candidate stands in another column of its
    row, whose header says nothing that is asked for; None where no such cell is blank."""
    found = table.row_of(candidate.sentence)
    if found is None:
        return None
    own, at = found
    matched = match(own, question)
    row, column, _ = matched.best_cell
    cells = own.rows[at].cells
    if row != at or cells[column].text or not own.columns[column].path:
        return None
    held = [c for c, cell in enumerate(cells) if any(cell.span.contains(span) for span in candidate.spans)]
    asked = _words(matched, column)
    if not asked or any(_words(matched, c) - asked for c in held):
        return None
    return own.columns[column].name if held and all(asked - _words(matched, c) for c in held) else None


def _words(matched: Match, column: int) -> frozenset[str]:
    """The words of the question, signs aside, in the header over a column."""
    return frozenset(word for word in matched.headers.get(column, ()) if not word.startswith("@"))


_PIECE = re.compile(r"[^；;。\n]+")
_REFUSES = re.compile(r"不予|不再|不给予|不享受|不纳入|不适用|不发放?|不补|不奖|不支持|无需|免[收交缴征于予]")
_LONGEST_LADDER = 1200
_NEAR = 10  # characters beside a figure that may say what it is of


def _denied_rung(question: str, candidate: Candidate) -> str | None:
    """What the rung says that the quantity of a question stands on, where that grants nothing (100万元以下的，不予奖励) and the
    candidate is of another rung; None otherwise."""
    text, start = _ladder(candidate)
    pieces = [piece for piece in _PIECE.finditer(text) if intervals(piece[0])]
    if len(pieces) < 2 or not any(_REFUSES.search(piece[0]) for piece in pieces):
        return None
    if not _is_of_the_thresholds(question, [piece[0] for piece in pieces]):
        return None
    chosen = rung([piece[0] for piece in pieces], question)
    if chosen is None or not _REFUSES.search(pieces[chosen][0]):
        return None
    document = candidate.sentence.source.document
    holding = [span for span in candidate.spans if candidate.text in document.quote(span)]
    span = min(holding, key=len, default=candidate.sentence.span)
    of = [n for n, piece in enumerate(pieces) if start + piece.start() <= span.start < start + piece.end()]
    return pieces[chosen][0].strip() if of and chosen not in of else None


def _is_of_the_thresholds(question: str, pieces: Sequence[str]) -> bool:
    """Whether a quantity of a question is told of the thing that the rungs are set for (年纳税额50万元), and is none that they
    give (奖励5万元的条件)."""
    first = [intervals(piece)[0] for piece in pieces]
    given = {
        (q.dimension, q.value) for piece, at in zip(pieces, first, strict=True) for q in quantities(piece[at.end :])
    }
    heads = {pair for piece, at in zip(pieces, first, strict=True) for pair in _pairs(piece[: at.start][-_NEAR:])}
    return any(
        (q.dimension, q.value) not in given
        and heads & (_pairs(question[: q.start][-_NEAR:]) | _pairs(question[q.end :][:_NEAR]))
        for q in stated(question)
    )


def _pairs(text: str) -> set[str]:
    return {a + b for a, b in pairwise(text) if not re.search(r"[\W_]", a + b)}


def _ladder(candidate: Candidate) -> tuple[str, int]:
    """The clause of a candidate, with the items beside it where it is one, and where that begins."""
    sentence = candidate.sentence
    source = sentence.source
    clause = source.clause_at(sentence.start, sentence.end)
    window = window_of(sentence)
    span = window.span if window is not None and len(window.span) > len(clause.span) else clause.span
    span = span if len(span) <= _LONGEST_LADDER else sentence.span
    return full_width(source.document.quote(span)), span.start


_MONTH = re.compile(r"((?:19|20)\d\d)年(\d{1,2})月")


def year_holds(year: str, sentence: Sentence, question: str = "") -> bool:
    """Whether a year that the question names fits the evidence: written there, inside a range or the time in force.

    A document whose title has another year is about that year, unless the passage itself names the one asked for.
    """
    source = sentence.source
    document, passage = source.document, source.hit.passage
    near = passage.text + passage.context + document.title
    asked, titled = set(_MONTH.findall(question)), set(_MONTH.findall(document.title))
    if asked and titled and not asked & titled:
        return False
    if year in near or in_range_of_years(year, near):
        return True
    if re.search(r"(?:19|20)\d\d年", document.title):
        return False
    if document.issued_on and document.issued_on.year == int(year):
        return True
    validity = document.validity
    if validity.effective_from is not None:
        end = validity.effective_until.year if validity.effective_until else None
        return validity.effective_from.year <= int(year) and (end is None or int(year) <= end)
    return year in document.text
