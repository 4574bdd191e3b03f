"""Which documents are meant where a question names no title: by place, by who issued them, by the words of their titles.

Everything that is left of a question must be one of these. A word that no title, place or issuer has makes it an ordinary
question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from corpus.types import Document
from qa.lexicon import Lexicon
from qa.naming import of_the_place

_ISSUERS_SHORT = re.compile(r"^[省市区县]?[一-鿿]{0,5}(?:委|局|办|厅|政府|部|院|会)$")
_PLACE_END = re.compile(r"^(?:省|市|自治区|自治州|县|区)")
_WEAK = frozenset(
    [
        "保障",
        "管理",
        "服务",
        "工作",
        "申请",
        "办理",
        "补贴",
        "补助",
        "奖励",
        "标准",
        "人员",
        "政府",
        "城乡",
        "相关",
        "有关",
        "方面",
        "政策",
        "文件",
        "实施",
        "措施",
        "领域",
        "类",
        "群体",
        "企业",
    ]
)
"""Words that titles may leave out, where others remain: 住房保障方面的文件 are those on 公共租赁住房 as well."""


@dataclass(frozen=True, slots=True)
class Meant:
    """The documents meant, the places and the words by which they were told; `rest` are words that no title has."""

    documents: tuple[Document, ...]
    places: tuple[str, ...]
    words: tuple[str, ...]
    rest: tuple[str, ...]


class Subjects:
    """Finds documents by what their metadata say. Safe for several threads.

    `words` cuts a text into words; the lexicon says what titles have for everyday words, and which have no content.
    """

    def __init__(self, catalogue: Sequence[Document], words: Callable[[str], list[str]], lexicon: Lexicon) -> None:
        self._catalogue, self._words, self._lexicon = tuple(catalogue), words, lexicon

    def meant(self, about: str, places: Sequence[str], admitted: Sequence[Document] | None = None) -> Meant:
        """The documents that `about` means, those that say most of it in their titles first; all where it says nothing.
        `places` are the names of places in it."""
        documents = self._catalogue if admitted is None else admitted
        text = about
        for place in places:
            text = re.sub(rf"{re.escape(place)}(?:省|市|自治区|自治州|县|区)?", " ", text)
        here = [d for d in documents if all(of_the_place(d, place) for place in places)]
        issued = [d for d in here if self._issued(d, about, places)]
        if issued and _ISSUERS_SHORT.match(re.sub(r"\s", "", text)):
            return Meant(tuple(issued), tuple(places), (re.sub(r"\s", "", text),), ())
        words = [
            w for w in self._lexicon.cut(text, self._words) if w not in self._lexicon.empty and re.search(r"\w", w)
        ]
        known = [w for w in words if any(self._says(d, w) for d in here)]
        rest = [w for w in words if w not in known]
        strong = [w for w in known if w not in _WEAK] or known
        found = [(sum(self._says(d, w) for w in known), d) for d in here if all(self._says(d, w) for w in strong)]
        found.sort(key=lambda pair: -pair[0])
        return Meant(tuple(d for _, d in found), tuple(places), tuple(known), tuple(rest))

    def _says(self, document: Document, word: str) -> bool:
        """Whether a title or issuer has a word, or what documents say for it."""
        named = f"{document.title} {document.issuer or ''}"
        return any(w in named for w in (word, *self._lexicon.lay.get(word, ())))

    def _issued(self, document: Document, about: str, places: Sequence[str]) -> bool:
        """Whether a document is issued by the body that `about` names in full or in short: 北京市教委 is 北京市教育委员会,
        and not the 教育委员会 of one of its districts."""
        short = re.sub(r"\s", "", about)
        for place in places:
            short = short.replace(place, "", 1)
        short = _PLACE_END.sub("", short)
        for issuer in (document.issuer or "").split("、"):
            body = issuer
            for place in places:
                body = body.removeprefix(place)
            if body and short and _abbreviates(short, _PLACE_END.sub("", body)):
                return True
        return False


def _abbreviates(short: str, full: str) -> bool:
    """Whether the characters of `short` stand in `full` in their order, the first of them first: 教委 of 教育委员会."""
    if len(short) < 2 or not full.startswith(short[0]) or short[-1] not in full[-4:]:
        return False
    at = 0
    for c in short:
        at = full.find(c, at)
        if at < 0:
            return False
        at += 1
    return True
