"""Which document of the store a title means: 《澜江市人才落户办法》, 民法典, the plan that a notice issues."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from corpus.titles import squeeze

_STATE = "中华人民共和国"
_ISSUED = re.compile(
    r"(?:关于)?(?:印发|发布|公布|转发)(?:实施)?[《〈]?(?P<named>[^《》〈〉]{4,80}?)[》〉]?的?(?:通知|公告|决定|通告)$"
)
_VERSION = re.compile(r"[（(][^（）()]*(?:修订|修正|年版|版|本)[^（）()]*[）)]$")
_ISSUER = re.compile(
    r"^(?:中共)?[一-鿿]{2,20}?(?:人民政府|委员会|市委|省委|办公[厅室]|[局委厅部])(?:[一-鿿]{2,20}?(?:人民政府|办公[厅室]))?(?=关于)"
)
_LOCAL = re.compile(r"^(?:[市省县区](?:委|政府|人民政府)){1,2}(?:办公[厅室])?(?=关于)")
_SHORTEST = 2  # 刑法


@dataclass(frozen=True, slots=True)
class Entry:
    """What identifies a document of the store."""

    id: str
    title: str
    number: str | None
    issued_on: date | None


class Catalogue:
    """The documents of a store by what others call them.

    >>> Catalogue(entries).find("民法典")
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_key: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            for key in dict.fromkeys(_keys(entry.title)):
                self._by_key[key].append(entry)

    def find(self, title: str, number: str | None = None, of: str | None = None, bare: bool = False) -> str | None:
        """The id of the document that a title means, or None. It is never `of`, the document that names it.

        A 文号 beside the title decides between versions of one title, else the newest does. `bare` titles stood in the
        text without 《》: words before them may have been taken along, so their endings are tried too.
        """
        key = squeeze(title)
        names = list(_endings(key)) if bare else [key]
        if match := _LOCAL.match(key):  # 市政府关于… of a text is 澜江市人民政府关于… of a title
            names.append(key[match.end() :])
        for name in names:
            found = [e for e in self._by_key.get(name, ()) if e.id != of]
            if number is not None:
                found = [e for e in found if e.number == number] or [e for e in found if e.number is None]
            if found:
                return max(found, key=lambda e: (squeeze(e.title) == name, e.issued_on or date.min)).id
        return None


def _keys(title: str) -> Iterator[str]:
    """What a document is called: its title, also without 中华人民共和国 and the mark of a version; what it issues."""
    key = squeeze(_VERSION.sub("", title))
    yield squeeze(title)
    yield key
    if key.startswith(_STATE):
        yield key.removeprefix(_STATE)
    if match := _ISSUER.match(key):
        yield key[match.end() :]
    if match := _ISSUED.search(title):
        yield squeeze(match["named"])


def _endings(key: str) -> Iterator[str]:
    for start in range(max(1, len(key) - _SHORTEST + 1)):
        yield key[start:]
