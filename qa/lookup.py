"""Clauses that a question names by their number: 人才落户办法第五条第二款, 江府规〔2025〕7号第三条, 附件2第一条.

What is named is looked up, not searched: the clause comes first, whatever else the question says.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache

from corpus.addresses import AddressBook, Step, parse
from corpus.linking import Catalogue, Entry
from corpus.titles import squeeze
from corpus.types import Clause, Document
from index.types import Passage
from qa.naming import documents_named, named_titles

NAMED = "address"
"""The retriever's name in `Hit.ranks` of a passage that was looked up."""

_DIGITS = re.compile(r"[\d.]+")
_NUMBER = re.compile(r"[一-鿿]{1,14}[〔\[［（(【]\s*(\d{4})\s*[〕\]］）)】]\s*(?:第\s*)?(\d{1,5})\s*号")
_ORDER = re.compile(r"[一-鿿]{2,16}令\s*第?\s*(\d{1,4})\s*号")
_SHORTEST_TITLE = 4
_KEPT_QUESTIONS = 64
LONGEST = 1000
"""Characters of a clause that are given when its text is asked for."""

_MARK = re.compile(r"[（(][一二三四五六七八九十]{1,3}[）)]|[一二三四五六七八九十]、|\d|[款段章节编]")
_CHANGES = re.compile(r"修改|修正|修订|增加|删[去除]|废止|原第|旧第")
"""Such a question names articles of the document that is changed, which need not be here."""
_ADDRESS_ONLY = re.compile(r"^(?:请问|那么?|这个|本|该)?(?:办法|条例|政策|文件|规定)?(?:的|里)?第")
_ASKS_TEXT = re.compile(
    r"^(?:的|里|中|里面)?(?:原文|内容|条文|规定|全文|具体)*(?:是|都|又|到底|具体)*(?:怎么|怎样|如何|什么|啥|哪些|咋)?(?:规定|说|写|讲|要求|内容|是)*(?:的|了|着)*(?:什么|啥|内容|哪些)?(?:内容|规定|呢|呀|啊|吗)*$"
)


class Lookup:
    """Finds clauses by the document and the address that a question names.

    `clauses_of` gives the clauses of a document by its id; only named documents are asked for.
    """

    def __init__(self, documents: Iterable[Document], clauses_of: Callable[[str], Sequence[Clause]]) -> None:
        rows = list(documents)
        self._catalogue = Catalogue(Entry(d.id, d.title, d.number, d.issued_on) for d in rows)
        self._title_of = {d.id: d.title for d in rows}
        self._issued = {d.id: d.issued_on for d in rows}
        self._keys = [(d.id, key) for d in rows if len(key := squeeze(d.title)) >= _SHORTEST_TITLE]
        self._numbers: dict[str, str] = {}
        for document in rows:
            if document.number:
                self._numbers[_bare_number(document.number)] = document.id
        titles = named_titles((d.id, d.title) for d in rows)
        # Every title is compared, and several steps of one question ask for it.
        self._meant = lru_cache(maxsize=_KEPT_QUESTIONS)(lambda question: documents_named(question, titles))
        self._clauses_of = clauses_of

    def documents(self, question: str) -> list[str]:
        """The ids of the documents that a question names by 文号 or title, the surest first."""
        for pattern in (_NUMBER, _ORDER):
            for match in pattern.finditer(question):
                key = _bare_number(match[0])
                found = next((i for n, i in self._numbers.items() if key.endswith(n) or n.endswith(key)), None)
                if found:
                    return [found]
        asked = squeeze(question)
        whole = [(len(key), ident) for ident, key in self._keys if key in asked]
        if whole:
            longest = max(length for length, _ in whole)
            same = [ident for length, ident in whole if length == longest]
            return sorted(
                same, key=lambda ident: self._issued[ident] or date.min, reverse=True
            )  # versions: newest first
        for quoted in re.findall(r"《([^《》]{2,80})》", question):
            if found := self._catalogue.find(quoted):
                return [found]
        head = _before_address(question)
        if head and (found := self._catalogue.find(head, bare=True)):
            return [found]
        return sorted(self.documents_meant(question))

    def documents_meant(self, question: str) -> frozenset[str]:
        """The ids of the documents whose titles, or enough of their words, stand in a question."""
        return self._meant(question)

    def lacks_document(self, question: str) -> bool:
        """Whether a question asks what a clause says without saying of which document: 第五条怎么规定的."""
        steps = parse(question)
        only = _ADDRESS_ONLY.match(question.strip())
        return bool(steps and only) and asks_for_text(question) and len(self._title_of) > 1

    def lacking(self, question: str) -> tuple[str, str] | None:
        """The title of the one document that a question names, and the article of it that is asked about and is not there;
        None where all is there, or where no document, or several, are named."""
        articles = [step for step in parse(question) if step.kind == "条"]
        named = self.documents(question) if articles and not _CHANGES.search(question) else []
        titles = {self._title_of.get(ident, "") for ident in named}
        if len(titles) != 1 or any(_article_of(step, self._clauses_of(i)) for step in articles for i in named):
            return None
        return titles.pop(), str(articles[0])

    def find(self, question: str, within: Sequence[str] = ()) -> list[Clause]:
        """The clauses that a question names, in its order; empty where it names none.

        `within` are the documents that are meant where it names an address alone, as follow-ups do.
        """
        if not _may_name(question):
            return []
        named = self.documents(question)
        out: list[Clause] = []
        for ident in named or within:
            rest = _without_title(question, self._title_of.get(ident, ""))
            if found := _in_document(rest, self._clauses_of(ident)):
                out += found
        return out


def passage_of(document: Document, clause: Clause) -> Passage:
    """The clause by itself as a passage, up to `LONGEST` characters, cut where a sentence ends."""
    start, end = clause.span.start, clause.span.end
    if end - start > LONGEST:
        cut = max(document.text.rfind(c, start, start + LONGEST) for c in "。；\n") + 1
        end = cut if cut > start else start + LONGEST
    text = document.text[start:end].rstrip()
    context = " ".join([document.title, *clause.path[:-1]])
    return Passage(f"{document.id}:{start}", text, context, document.id, clause.id, start, start + len(text))


def asks_for_text(question: str) -> bool:
    """Whether a question that names a clause asks what it says, and nothing else: …第五条怎么规定的."""
    rest = re.split(r"[条款项目章节]|附[件表录]\s*[0-9一二三四五六七八九十]*|[）)．、]", question.rstrip("？?。！! "))[
        -1
    ]
    return bool(_ASKS_TEXT.match(rest.strip()))


def _may_name(question: str) -> bool:
    return bool(parse(question)) or bool(_MARK.search(question))


def _before_address(question: str) -> str:
    """The words before the first number of an address: 澜江市人才落户办法 of 请问澜江市人才落户办法第五条…."""
    match = re.search(
        r"第\s*[（(]?\s*[〇零○一二三四五六七八九十百千两廿卅0-9０-９]{1,8}\s*[）)]?\s*[条章款项]|附[件表录]", question
    )
    return re.sub(r"(?:里|中|里面|当中|文件|的|，|,)+$", "", question[: match.start()].strip()) if match else ""


def _without_title(question: str, title: str) -> str:
    """The question without the title in it, so that numbers in the title are no address."""
    letters = [re.escape(c) for c in squeeze(title)]
    if letters and (match := re.search(r"[\W_]*".join(letters) + r"[》〉）)]*", question)):
        return question[match.end() :] or question[: match.start()]
    return re.sub(r"《[^《》]*》", "", question)


def _in_document(rest: str, clauses: Sequence[Clause]) -> list[Clause]:
    """The clauses of one document whose address stands in the question: as it is written, else step by step."""
    if literal := _literal(rest, clauses):
        return [literal]
    book = AddressBook(clauses)
    out: list[Clause] = []
    for steps in _chains(parse(rest)):
        found = book.find(steps)
        if found is not None and found not in out:
            out.append(found)
    return out


def _article_of(step: Step, clauses: Sequence[Clause]) -> bool:
    """Whether a document has an article of this number, also in an attachment."""
    return any(parse(clause.label)[:1] == (step,) for clause in clauses if clause.label)


def _chains(steps: Sequence[Step]) -> list[tuple[Step, ...]]:
    """Steps cut where a step is no deeper than the one before: 第五条第二款、第八条 are two addresses."""
    order = {"附件": 0, "附表": 0, "附录": 0, "条": 1, "款": 2, "项": 3, "目": 4}
    out: list[list[Step]] = []
    for step in steps:
        if out and order[out[-1][-1].kind] < order[step.kind]:
            out[-1].append(step)
        elif out and order[step.kind] > 1:
            kept = [s for s in out[-1] if order[s.kind] < order[step.kind]]
            out.append([*kept, step])
        else:
            out.append([step])
    return [tuple(chain) for chain in out]


def _literal(rest: str, clauses: Sequence[Clause]) -> Clause | None:
    """The clause whose whole address (二、（三）13．) stands in the question; the longest one."""
    asked = _plain(rest).removeprefix("的").removeprefix("中").removeprefix("里")
    best: Clause | None = None
    length = 0
    for clause in clauses:
        if not (clause.label or clause.address.endswith(("款", "段"))):
            continue
        address = _plain(clause.address)
        if len(address) <= length or (at := asked.find(address)) < 0 or _inside_number(asked, at, address):
            continue
        if at == 0 or not _DIGITS.fullmatch(address):  # 12 may be an amount
            best, length = clause, len(address)
    return best


def _plain(text: str) -> str:
    """An address or question with one form of brackets, stops and digits, and no spaces."""
    text = unicodedata.normalize("NFKC", text).replace("．", ".")
    return re.sub(r"\s", "", text).removesuffix(".")


def _inside_number(asked: str, at: int, address: str) -> bool:
    """Whether what was found is the end of a longer number (一、 in 二十一、) or the beginning of one (1.2 in 1.23)."""
    before, after = asked[at - 1 : at], asked[at + len(address) : at + len(address) + 1]
    numerals = "〇零一二三四五六七八九十百千0123456789"
    return (before != "" and before in numerals and address[0] in numerals) or (
        after != "" and after in "0123456789" and address[-1].isdigit()
    )


def _bare_number(number: str) -> str:
    """A 文号 as others may write it: brackets, spaces and 第 do not count."""
    return re.sub(r"[\s〔〕\[\]［］（）()【】第]", "", number)
