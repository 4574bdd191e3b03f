"""What documents say of their own validity and of each other, each with the sentence that says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Literal

from corpus.linking import Catalogue, Entry
from corpus.titles import squeeze
from corpus.types import Clause, Document, Link, Span, Status
from corpus.validity import arabic_dates
from qa.shelf import Shelf
from qa.types import Citation

_SENTENCE = re.compile(r"[^。；\n]+[。；]?")
_FORCE = re.compile(r"有效期|试行期|执行期|施行|实施|执行|生效|废止|失效")
_OWN = re.compile(r"(?:本|此|该)[^，。；]{1,20}(?:自|从|于|有效|试行|执行)|^(?:自|从|有效期)|现予|有效期")
_NOT_OWN = re.compile(r"证(?:明|书)?》?(?:的)?有效期|(?:服务)?协议有效期|资格有效期")
_LONGEST = 300
_SHORT_TITLE = 4
_DRAFT = re.compile(r"[（(](?:试行|暂行|修订稿?|征求意见稿)[）)]|试行|暂行|\d{4}年修[订正]")


Edge = Literal["begin", "end", "both"]


def day_words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


class Facts:
    """Metadata of documents as citations. Safe for several threads."""

    def __init__(self, catalogue: Sequence[Document], shelf: Shelf) -> None:
        self.documents = tuple(catalogue)
        self.by_id = {d.id: d for d in catalogue}
        self._shelf = shelf
        entries, self._links = [], dict[str, tuple[Document, Link]]()
        for document in catalogue:
            for at, link in enumerate(link for link in document.links if link.kind == "repeals"):
                entries.append(Entry(f"{document.id}#{at}", link.title, link.number, document.issued_on))
                self._links[f"{document.id}#{at}"] = document, link
        self._repealed = Catalogue(entries)
        self._known = Catalogue(Entry(d.id, d.title, d.number, d.issued_on) for d in catalogue)

    def cite(self, document_id: str, start: int, end: int) -> Citation:
        """Words of a document in the smallest clause that holds them."""
        loaded = self._shelf.load(document_id)
        span = Span(start, end)
        return Citation(loaded.document, smallest(loaded.clauses, span), span, loaded.document.quote(span))

    def title_words(self, document: Document) -> Citation:
        """The title as it stands in the text, else its first line."""
        text = self._shelf.load(document.id).document.text
        start = text.find(document.title)
        if start >= 0:
            return self.cite(document.id, start, start + len(document.title))
        line = re.search(r"\S[^\n]*", text)
        assert line is not None, "a document has words"
        return self.cite(document.id, line.start(), min(line.end(), line.start() + _LONGEST))

    def stated(self, document: Document, edge: Edge = "both") -> Citation:
        """The sentence by which a document says from when it holds, until when, or both, else its title."""
        loaded = self._shelf.load(document.id)
        best: tuple[float, int, int] | None = None
        for match in _SENTENCE.finditer(loaded.document.text):
            sentence = match[0].strip()
            if not _FORCE.search(sentence) or len(sentence) > _LONGEST or _NOT_OWN.search(sentence):
                continue
            worth = _worth(arabic_dates(sentence), document, edge)
            if worth > 0 and (best is None or worth >= best[0]):
                start = match.start() + len(match[0]) - len(match[0].lstrip())
                best = worth, start, start + len(sentence)
        return self.cite(document.id, best[1], best[2]) if best else self.title_words(document)

    # -- what documents say of each other ------------------------------------------------------------------------------

    def successor(self, document: Document) -> tuple[Document, Citation] | None:
        """The document that repeals this one and the sentence that does; None where none of the store says so."""
        found = next(
            (d for d in self.documents for link in d.links if link.kind == "repeals" and link.target == document.id),
            None,
        )
        if found is None:
            key = self._repealed.find(document.title, document.number)
            found, link = self._links[key] if key else (None, None)
            if found is None or found.id == document.id or not _later(found, document):
                return None
            if document.number and link and link.number and document.number != link.number:
                return None
            return found, self._repealing(found, link.title if link else document.title, link.number if link else None)
        link = next(link for link in found.links if link.target == document.id and link.kind == "repeals")
        return found, self._repealing(found, link.title, link.number)

    def repealer_of(self, mention: str) -> tuple[Document, Citation, str] | None:
        """The document that repeals one which is not in the store, with the sentence and the title of the repealed one."""
        key = self._repealed.find(mention.strip("《》")) if len(squeeze(mention)) >= _SHORT_TITLE else None
        if key is None:
            number = squeeze(mention)
            key = next(
                (k for k, (_, link) in self._links.items() if link.number and squeeze(link.number) == number), None
            )
        if key is None:
            return None
        document, link = self._links[key]
        return document, self._repealing(document, link.title, link.number), link.title

    def repealed_by(self, document: Document) -> Document | None:
        """The document of the store that this one puts out of force; None where there is none."""
        for link in document.links:
            if link.kind != "repeals":
                continue
            ident = link.target or self._known.find(link.title, link.number, of=document.id)
            named = re.search(r"(?:印发|发布|公布)[《〈]?([^《》〈〉]{4,80}?)[》〉]?的?(?:通知|公告)$", link.title)
            if ident is None and named:
                ident = self._known.find(named[1], None, of=document.id)
            if ident is not None and ident != document.id and _later(document, self.by_id[ident]):
                return self.by_id[ident]
        return None

    def other_version(self, document: Document) -> Document | None:
        """The document of the same name before or after this one, where no document says which repeals which."""
        key = squeeze(_DRAFT.sub("", document.title))
        same = [d for d in self.documents if d.id != document.id and squeeze(_DRAFT.sub("", d.title)) == key]
        return max(same, key=lambda d: d.issued_on or date.min) if same else None

    def status(self, document: Document, day: date) -> Status:
        """Its status, as `Document.status_on` gives it, also where another document repeals it under another name."""
        follower = self.successor(document)
        begins = begin_of(follower[0]) if follower else None
        if begins is None:
            return document.status_on(day)
        own = replace(document.validity, repealed_by=None).status_on(day)  # what repeals it does so from its own day on
        until = document.validity.effective_until
        return "repealed" if begins <= day and (until is None or begins <= until) else own

    def _repealing(self, document: Document, title: str, number: str | None) -> Citation:
        text = self._shelf.load(document.id).document.text
        key = squeeze(title)
        for match in _SENTENCE.finditer(text):
            if re.search(r"废止|停止执行|失效|取代", match[0]) and (
                key in squeeze(match[0]) or (number and squeeze(number) in squeeze(match[0]))
            ):
                start = match.start() + len(match[0]) - len(match[0].lstrip())
                return self.cite(document.id, start, start + len(match[0].strip()))
        return self.stated(document)


def begin_of(document: Document) -> date | None:
    """From when a document holds, as far as it says so."""
    return document.validity.effective_from or document.issued_on


def smallest(clauses: Sequence[Clause], span: Span) -> Clause:
    """The smallest clause that holds a span, else the one that holds its beginning."""
    holding = [c for c in clauses if c.span.contains(span)]
    if holding:
        return min(holding, key=lambda c: (len(c.span), -c.ordinal))
    before = [c for c in clauses if c.span.start <= span.start]
    return before[-1] if before else clauses[0]


def _worth(sentence: str, document: Document, edge: Edge) -> float:
    """How surely a sentence is the one that says when its document holds, or begins or ends to."""
    validity, plain = document.validity, re.sub(r"\s", "", sentence)
    own = bool(_OWN.search(plain))
    until = bool(validity.effective_until and day_words(validity.effective_until) in plain)
    begins = bool(
        validity.effective_from
        and day_words(validity.effective_from) in plain
        and re.search(r"[起施实执]行|起|生效", plain)
    )
    lasts = bool(
        validity.effective_until and re.search(r"有效期(?!届?满|内)|试行期|试行\d|试行[一二三两]年|废止|失效", plain)
    )
    issued = bool(re.search(r"(?:印发|发布|公布|发文|下发)之日起", plain))
    worth = 0.0
    if edge != "begin":
        worth += 3.0 * until + 1.5 * (lasts and own)
    if edge != "end":
        worth += 2.0 * begins + 1.0 * (issued and own)
    return worth + 0.5 * own if worth else 0.0


def _later(after: Document, before: Document) -> bool:
    """Whether one document may have come after another, as far as their days are known."""
    a, b = begin_of(after), begin_of(before)
    return a is None or b is None or a >= b
