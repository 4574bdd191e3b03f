"""References between clauses: 本办法第八条, 前款, 《…条例》第十二条第（三）项, 附件2 -> the clauses that they mean.

Forms after the Technical Norms of Legislation (立法技术规范（试行）（一）, 2009, on citing articles, paragraphs and items).
References inside a document are resolved here, from the clause tree; those to other documents keep the title and the
address that they name, and the store resolves them once the other document is there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.addresses import AddressBook, Step, parse
from corpus.numerals import NUMERAL, to_int
from corpus.titles import squeeze
from corpus.types import Clause, Reference, Span

_N = rf"(?:{NUMERAL}|[0-9０-９]{{1,4}})"
_BRACKETED = rf"(?:[（(][ ]?{_N}[ ]?[）)])"
_ARTICLE = rf"第[ ]?(?:{_N}|{_BRACKETED})[ ]?条(?:之{_N})?"
_PARAGRAPH = rf"第[ ]?{_N}[ ]?款"
_ITEM = rf"(?:第[ ]?{_BRACKETED}(?:[ ]?项|(?=[、（(和及或至]))|{_BRACKETED}[ ]?项|第{_N}项)"
_POINT = rf"第[ ]?{_N}[ ]?目"
_BELOW = rf"(?:{_PARAGRAPH})?(?:{_ITEM})?(?:{_POINT})?"
_START = re.compile(
    rf"(?P<article>{_ARTICLE}{_BELOW})"
    rf"|(?P<own>本条{_BELOW})"
    rf"|(?P<before>[前上](?P<many>[一二两三四五六])?(?P<unit>[款条项]))(?P<under>{_BELOW})"
    rf"|(?P<paragraph>{_PARAGRAPH}(?:{_ITEM})?(?:{_POINT})?)"
    rf"|(?P<item>第[ ]?{_BRACKETED}(?:[ ]?项|(?=[、（(和及或至]))(?:{_POINT})?|第{_N}项(?=规定|所列|情形|行为|[、和或至]))"
    r"|(?P<attachment>附[件表录]\s?(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})?)"
)
_MORE = re.compile(
    rf"(?P<joint>(?:的?规定)?(?:、|和|或者?|以及|及|与)|至|到|[-—～]|(?<=[）)])(?=[（(]))(?P<piece>{_ARTICLE}{_BELOW}|{_PARAGRAPH}(?:{_ITEM})?|第?[ ]?{_BRACKETED}[ ]?项?(?:{_POINT})?|第{_N}项)"
)
_PIECES = re.compile(
    rf"第[ ]?(?P<a>{_N}|{_BRACKETED})[ ]?条(?:之(?P<sub>{_N}))?|第[ ]?(?P<k>{_N})[ ]?款|第[ ]?(?P<m>{_N})[ ]?目|第?[ ]?(?P<x>{_BRACKETED}|{_N})[ ]?项?"
)
_TITLE = re.compile(r"《([^《》]{2,80})》\s?(?:[（(][^（）()]{0,60}[）)])?[ ]?(?:中的?|的)?$")
_SELF = re.compile(r"(?:本|以下简称)[一-鿿]{1,8}(?:中的?|的)?$")
_THAT = re.compile(r"(?:该|此|上述|前述)(?:办法|条例|规定|细则|规则|法|意见|措施|政策|方案|通知)(?:中的?|的)?$")
_NAME = re.compile(r"(?:[一-鿿]{1,14}(?:法典|法)|[一-鿿]{3,20}(?:条例|办法|规定|细则|规则))(?:中的?|的)?$")
_GENERIC = re.compile(r"办法|条例|规定|细则|规则|意见|措施|政策|方案|通知|决定|法")
_VERBS = re.compile(
    r"依照|依据|根据|按照|比照|违反|适用|参照|执行|符合|依|由|按|与|和|及|或者|以及|对|除|将|应当|有关|属于|构成|为|的|是|在|于|遵守|规定的?"
)
_QUOTED = re.compile(r"《([^《》]{2,80})》")
_SHORT = re.compile(
    r"《([^《》]{2,80})》\s?(?:[（(][^（）()]{0,40}[）)])?\s?[（(](?:以下|下)?简?称(?:为)?\s?[《“\"]?([^《》“”\"（）()]{2,30})[》”\"]?[）)]"
)
_MOST = 30  # clauses that one range (第十条至第十二条) may stand for
_LEVELS = ("条", "款", "项", "目")


@dataclass(frozen=True, slots=True)
class _Found:
    """A place named in the text: where, the document (None: this one; in 《》 where the text has them), and the steps down
    to the clause."""

    start: int
    end: int
    title: str | None
    steps: tuple[Step, ...]


def find(text: str, title: str, clauses: Sequence[Clause], amends: str | None = None) -> dict[str, list[Reference]]:
    """The references of a document by the id of the clause whose own text holds them.

    `amends` is the title of what an amending decision changes: a bare 第八条 in it is an article of that.
    """
    return _Finder(text, title, clauses, amends).run() if clauses else {}


class _Finder:
    def __init__(self, text: str, title: str, clauses: Sequence[Clause], amends: str | None) -> None:
        self.text = text
        self.title = squeeze(title)
        self.clauses = clauses
        self.book = AddressBook(clauses)
        self.amends = f"《{amends}》" if amends else None
        self.starts = [c.span.start for c in clauses]
        # (clause, title, steps): what the first words of an article refer to, and what was referred to last
        self.lead: tuple[str, str | None, tuple[Step, ...]] | None = None
        self.last: tuple[str, str | None, tuple[Step, ...]] | None = None
        self.short = {squeeze(m[2]): f"《{m[1]}》" for m in _SHORT.finditer(text)}

    def run(self) -> dict[str, list[Reference]]:
        out: dict[str, list[Reference]] = {}
        at = 0
        while match := _START.search(self.text, at):
            at = max(match.end(), at + 1)
            clause = self._clause_at(match.start())
            if clause is None or (match["article"] and match.start() == clause.span.start and clause.label):
                continue  # the clause's own number
            for found, end in self._read(match, clause):
                at = max(at, end)
                self.last = (clause.id, found.title, tuple(s for s in found.steps if s.kind in ("条", "款")))
                reference = self._resolved(found, clause)
                if reference is not None:
                    out.setdefault(clause.id, []).append(reference)
        return out

    def _clause_at(self, offset: int) -> Clause | None:
        """The innermost clause that holds an offset."""
        i = bisect_right(self.starts, offset) - 1
        clause = self.clauses[i] if i >= 0 else None
        while clause is not None and clause.span.end <= offset:
            clause = self.book.parent(clause)
        return clause

    # -- reading -------------------------------------------------------------------------------------------------------

    def _read(self, match: re.Match[str], clause: Clause) -> Iterator[tuple[_Found, int]]:
        """What a match, and the list that goes on from it, names; each with the end of what was read."""
        start, end = match.span()
        if match["attachment"]:
            yield _Found(start, end, None, parse(match["attachment"])), end
            return
        if match["before"]:
            many = [(*steps, *_steps(match["under"])) for steps in self._before(match, clause)]
            for each in many:
                yield _Found(start, end, None, each), end
            if len(many) != 1 or not match["under"]:
                return
            title, steps = None, many[0]
        else:
            title, first_steps = self._head(match, clause)
            if first_steps is None:
                return
            steps = first_steps
            yield _Found(start, end, title, steps), end
        first = start
        while more := _MORE.match(self.text, end):
            piece = _steps(more["piece"], steps[-1].kind)
            if not piece:
                return
            following = (*(s for s in steps if _level(s) < _level(piece[0])), *piece)
            if more["joint"] and more["joint"] in "至到-—～":
                for between in _between(steps, following):
                    yield _Found(first, more.end(), title, between), more.end()
            first, end, steps = more.start("piece"), more.end(), following
            yield _Found(first, end, title, steps), end

    def _head(self, match: re.Match[str], clause: Clause) -> tuple[str | None, tuple[Step, ...] | None]:
        """The document and the first place that a match names; no place where its words name none."""
        own = self.book.article_of(clause)
        if match["article"]:
            title, steps = self._named(match.start(), clause), _steps(match["article"])
            if own is not None and all(step.kind != "项" for step in self.book.steps(clause)):
                self.lead = (own.id, title, tuple(s for s in steps if s.kind in ("条", "款")))
            return title, steps
        if own is None:
            return None, None
        base = self.book.steps(own)
        if match["own"]:
            return None, (*base, *_steps(match["own"]))
        if match["paragraph"]:
            return None, (*base, *_steps(match["paragraph"]))
        return self._item(_steps(match["item"]), clause, own)

    def _item(self, item: tuple[Step, ...], clause: Clause, own: Clause) -> tuple[str | None, tuple[Step, ...]]:
        """An item named without its article: 第三项.

        （一）违反第三项规定的，… under an article that begins 违反本条例第二十条规定 means an item of that one; else it is
        one of the paragraph at hand, or of the article that the same clause referred to last.
        """
        around = self.book.steps(clause)
        if any(step.kind == "项" for step in around) and self.lead and self.lead[0] == own.id:
            return self.lead[1], (*self.lead[2], *item)
        here = (*(s for s in around if s.kind in ("条", "款")), *item)
        if self.last and self.last[0] == clause.id and self.book.find(here, clause) is None:
            return self.last[1], (*self.last[2], *item)
        return None, here

    def _named(self, start: int, clause: Clause) -> str | None:
        """The title of the document that stands before an article number, None for this one."""
        before = self.text[max(clause.span.start, start - 110) : start]
        before = before[before.rfind("\n") + 1 :]
        if match := _TITLE.search(before):
            return self._other(f"《{match[1]}》")
        if _THAT.search(before):
            named = _QUOTED.findall(before)
            return self._other(f"《{named[-1]}》") if named else None
        if _SELF.search(before):
            return None
        if match := _NAME.search(before):
            name = _VERBS.split(re.sub(r"(?:中的?|的)$", "", match[0]))[-1]
            if "本" not in name and (len(name) >= 3 or name in self.short or name == "刑法"):
                return self._other(name)
        return self.amends

    def _other(self, name: str) -> str | None:
        full = self.short.get(squeeze(name), name)
        if _GENERIC.fullmatch(squeeze(full)):
            return None
        return None if squeeze(full) == self.title else full

    def _before(self, match: re.Match[str], clause: Clause) -> Iterator[tuple[Step, ...]]:
        """The steps of 前款, 前两款, 前条, 前项: the one, or as many as it says, before the clause at hand."""
        many = match["many"]
        count = to_int(many) if many else 1
        if match["before"][0] == "上" and many not in (None, "一"):
            return
        if match["unit"] == "条":
            at: Clause | None = self.book.article_of(clause)
        else:
            kind = match["unit"]
            at = clause
            while at is not None and self.book.step(at).kind != kind:
                at = self.book.parent(at)
            if at is None and kind == "款":
                at = self._paragraph_of(clause)
        for _ in range(count):
            at = self.book.sibling_before(at) if at is not None else None
            if at is None:
                return
            yield self.book.steps(at)

    def _paragraph_of(self, clause: Clause) -> Clause | None:
        """The paragraph that a clause of a list without 款 belongs to: its parent."""
        parent = self.book.parent(clause)
        return parent if parent is not None and self.book.step(parent).kind == "款" else None

    # -- resolving -----------------------------------------------------------------------------------------------------

    def _resolved(self, found: _Found, clause: Clause) -> Reference | None:
        span = Span(found.start, found.end)
        named = "".join(str(step) for step in found.steps)
        if found.title is not None:
            return Reference(span, found.title.strip("《》"), named, bare=not found.title.startswith("《"))
        target = self.book.find(found.steps, clause)
        if target is None:
            return Reference(span, None, named) if found.steps[0].kind == "条" else None
        if target.id == clause.id or target.span.start <= found.start < target.span.end:
            return None
        return Reference(span, None, target.address, clause.document_id, target.id)


def _level(step: Step) -> int:
    """How deep a step goes; marks of other families (1．) are below all that laws have."""
    return _LEVELS.index(step.kind) if step.kind in _LEVELS else len(_LEVELS)


def _steps(text: str, last: str = "") -> tuple[Step, ...]:
    """The steps that a piece of text names: 第八条第二款第（一）项. （四） alone is of the kind `last`."""
    out = []
    for match in _PIECES.finditer(text.removeprefix("本条")):
        if match["a"]:
            out.append(Step("条", to_int(match["a"].strip("（）() ")), to_int(match["sub"]) if match["sub"] else 0))
        elif match["k"]:
            out.append(Step("款", to_int(match["k"])))
        elif match["m"]:
            out.append(Step("目", to_int(match["m"])))
        elif match["x"]:
            kind = "项" if match[0].endswith("项") or last in ("", "款", "项") else last
            out.append(Step(kind, to_int(match["x"].strip("（）() "))))
    return tuple(out)


def _between(first: tuple[Step, ...], last: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """The places between the ends of a range, where both ends differ in their last step only."""
    if len(first) != len(last) or first[:-1] != last[:-1] or first[-1].kind != last[-1].kind:
        return
    for number in range(first[-1].number + 1, min(last[-1].number, first[-1].number + _MOST)):
        yield (*first[:-1], Step(first[-1].kind, number))
