"""A small api.app.Service over documents in memory: real dataclasses, no index. Shared by the tests of api/."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from api.view import Counts, OnStep, Version
from corpus.errors import NotFound
from corpus.types import Anchor, Clause, Document, Kind, Link, Source, Span, Validity
from index.types import Hit, Passage
from qa.catalogue.policies import Policy, PolicyPage, Wanted
from qa.types import Answer, Citation, Outcome, Question, Refusal, Warning

HEADING = re.compile(
    r"^(?:([一二三四五六七八九十]+、)|(（[一二三四五六七八九十]+）)|(第[一二三四五六七八九十]+条))", re.M
)
UNSTATED = Validity()


def make_document(
    text: str,
    *,
    number: str | None = None,
    issuer: str | None = None,
    validity: Validity = UNSTATED,
    kind: Kind = "policy",
    links: tuple[Link, ...] = (),
    file: str = "sample.txt",
) -> Document:
    """A document whose title is the first line of `text`; every line of the text is a line of the file."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    starts = [0, *(m.end() for m in re.finditer("\n", text))]
    anchors = tuple(Anchor(offset, line) for line, offset in enumerate(starts, 1))
    source = Source(file, digest, 1, len(starts))
    title = text.split("\n", 1)[0]
    return Document(
        "d" + digest[:12], text, title, False, number, issuer, None, validity, kind, None, (source,), links, anchors
    )


def make_clauses(document: Document) -> list[Clause]:
    """Sections 一、 with their items （一）, or articles 第一条; enough of a tree to show one."""
    marks = [(m.start(), m.group(), 1 if m.group(2) else 0) for m in HEADING.finditer(document.text)]
    clauses: list[Clause] = []
    above: Clause | None = None
    for ordinal, (start, label, depth) in enumerate(marks):
        later = [s for s, _, d in marks[ordinal + 1 :] if d <= depth]
        span = Span(start, later[0] if later else len(document.text))
        heading = re.split("[。\n]", document.text[start + len(label) : span.end], maxsplit=1)[0][:20]
        parent = above if depth and above else None
        address = (parent.label if parent else "") + label
        path = (*(parent.path if parent else ()), label + heading)
        clause = Clause(
            f"{document.id}-{ordinal}",
            document.id,
            address,
            path,
            label,
            heading,
            span,
            parent.id if parent else None,
            ordinal,
        )
        clauses.append(clause)
        above = above if depth else clause
    return clauses


@dataclass
class FakeService:
    """Answers a question that contains one of `known` with the words given for it, and refuses the rest."""

    texts: Iterable[Document]
    known: dict[str, tuple[str, str]] = field(default_factory=dict)  # in the question -> (short answer, quote)
    is_ready: bool = True
    asked: list[Question] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._documents = {d.id: d for d in self.texts}
        self._clauses = {d.id: make_clauses(d) for d in self._documents.values()}

    def ready(self) -> bool:
        return self.is_ready

    def current(self) -> FakeService:
        return self

    def answer(self, question: Question, on_step: OnStep | None = None) -> Outcome:
        self.asked.append(question)
        for step in ("understand", "retrieve", "decide") if on_step else ():
            on_step(step)
        hits = tuple(self._hits(question))
        for key, (short, quote) in self.known.items():
            if key in question.text:
                citation = self._cite(quote)
                warnings = () if citation.document.status_on(question.as_of) == "in_force" else (EXPIRED,)
                return Answer(short, (citation,), 0.91, hits, warnings, None, {"retrieve": 1.5})
        return Refusal("no_evidence", "现有文件里没有找到能回答这个问题的条款。", 0.12, hits)

    def search(self, question: Question) -> list[Hit]:
        return self._hits(question)

    def documents(self, limit: int, cursor: str | None) -> tuple[list[Document], str | None]:
        rows = list(self._documents.values())
        start = int(cursor) if cursor and cursor.isdecimal() and cursor.isascii() and len(cursor) < 9 else 0
        more = str(start + limit) if start + limit < len(rows) else None
        return rows[start : start + limit], more

    def document(self, id: str) -> Document:
        if id not in self._documents:
            raise NotFound("没有这份文件。", "文件编号见 /v1/documents。")
        return self._documents[id]

    def clauses(self, document_id: str) -> list[Clause]:
        return self._clauses[self.document(document_id).id]

    def clause(self, id: str) -> tuple[Document, Clause]:
        for document_id, clauses in self._clauses.items():
            for clause in clauses:
                if clause.id == id:
                    return self._documents[document_id], clause
        raise NotFound("没有这条条款。", "条款编号见回答里的引用。")

    def titled(self, title: str) -> list[Document]:
        return [d for d in reversed(self._documents.values()) if d.title == title]

    def linked_from(self, document_id: str) -> list[Link]:
        rows = [(d, link) for d in self._documents.values() for link in d.links if link.target == document_id]
        return [Link(link.kind, d.title, d.id) for d, link in rows]

    def referring(self, clause_id: str) -> list[Clause]:
        every = [c for clauses in self._clauses.values() for c in clauses]
        return [c for c in every if any(r.clause == clause_id for r in c.references)]

    def has_file(self, name: str) -> bool:
        return any(source.file == name for d in self._documents.values() for source in d.sources)

    def policies(self, wanted: Wanted) -> PolicyPage:
        """Without a department: what a document says of itself is its first line here."""
        rows = [d for d in self._documents.values() if wanted.subject is None or wanted.subject in d.title]
        rows = [d for d in rows if wanted.in_force_on is None or d.status_on(wanted.in_force_on) == "in_force"]
        start = 0
        if wanted.cursor is not None:
            ids = [d.id for d in rows]
            if wanted.cursor not in ids:
                raise NotFound("没有这一页", "请从第一页重新开始")
            start = ids.index(wanted.cursor) + 1
        shown = [d for d in rows[start : start + wanted.limit] if self._clauses[d.id]]
        policies = tuple(Policy(d, self._cite(d.quote(self._clauses[d.id][0].span))) for d in shown)
        more = start + wanted.limit < len(rows)
        return PolicyPage(policies, shown[-1].id if more and shown else None, len(rows))

    def counts(self) -> Counts:
        clauses = sum(map(len, self._clauses.values()))
        return Counts(len(self._documents), clauses, clauses)

    def version(self) -> Version:
        return Version("000001", BUILT_AT, BUILT_AT)

    def _cite(self, quote: str) -> Citation:
        document = next(d for d in self._documents.values() if quote in d.text)
        start = document.text.index(quote)
        span = Span(start, start + len(quote))
        clause = [c for c in self._clauses[document.id] if c.span.contains(span)][-1]
        return Citation(document, clause, span, quote)

    def _hits(self, question: Question) -> list[Hit]:
        """The clauses that share most characters with the question."""
        words = set(question.text)
        clauses = [c for d, cs in self._clauses.items() if self._allowed(d, question) for c in cs]
        texts = {c.id: self._documents[c.document_id].quote(c.span) for c in clauses}
        clauses.sort(key=lambda c: -len(words & set(texts[c.id])))
        passages = [
            Passage(c.id, texts[c.id], "", c.document_id, c.id, c.span.start, c.span.end)
            for c in clauses[: question.top_k]
        ]
        return [Hit(p, rank, 1 / rank) for rank, p in enumerate(passages, 1)]

    def _allowed(self, document_id: str, question: Question) -> bool:
        ids = question.filters.document_ids
        return ids is None or document_id in ids


EXPIRED = Warning("expired", "所引文件在提问当日不在有效期内，请核对现行规定。")
TODAY = date(2026, 11, 20)
BUILT_AT = datetime(2026, 11, 19, 8, tzinfo=UTC)
