"""Which documents a question names: 《…》, or the words of a title with 办法, 意见, 措施 … beside them.

A question that names a document is answered from that one. What is compared are the bigrams of a title that set it apart:
its place, its kind and the common verbs of such titles go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from corpus.types import Document

_COMMON = re.compile(
    r"[（(][^（）()]*[）)]|关于|进一步|加快|推动|推进|促进|支持|加强|做好|大力|全面|深化|印发|发布|公布|实施|开展|建设|培育|高质量发展|创新发展|健康发展|发展|"
    r"若干|政策|措施|实施意见|指导意见|工作意见|意见|实施方案|工作方案|方案|三年|计划|管理|暂行|试行|办法|规定|条例|细则|通知|决定|工作要点|要点|"
    r"市委|市政府|人民政府|办公室|中共|[一-鿿]{2,3}(?:省|市)|的|和|与|及|等|第[一二三]批|\d+件|规章|企业|扶持|鼓励"
)
_KIND_WORD = re.compile(
    r"办法|意见|措施|方案|政策|计划|规定|通知|文件|条例|预案|决定|规章|细则|纪要|大事记|[一二三四五六七八九十]条|要点|清单|名单|公告|解读|指引"
)
_MIN_BIGRAMS = 3
_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class NamedTitle:
    """A document's title and the bigrams that set it apart."""

    document_id: str
    title: str
    bigrams: frozenset[str]


def named_titles(titles: Iterable[tuple[str, str]]) -> tuple[NamedTitle, ...]:
    """Prepares (document id, title) pairs."""
    return tuple(NamedTitle(ident, title, _bigrams(title)) for ident, title in titles)


def _bigrams(text: str) -> frozenset[str]:
    pieces = re.split(r"[\W_]+", _COMMON.sub(" ", text))
    return frozenset(p[i : i + 2] for p in pieces for i in range(len(p) - 1))


def documents_named(question: str, titles: Iterable[NamedTitle]) -> frozenset[str]:
    """The ids of the documents that a question names; empty where it names none."""
    quoted = [re.sub(r"[\W_]+", "", q) for q in re.findall(r"《([^《》]{3,80})》", question)]
    if not quoted and not _KIND_WORD.search(question):
        return frozenset()
    asked = re.sub(r"[“”\"‘’《》\s]", "", question)
    have = {asked[i : i + 2] for i in range(len(asked) - 1)}
    scores: dict[str, float] = {}
    for named in titles:
        bare = re.sub(r"[\W_]+", "", named.title)
        if any(q and (q in bare or bare in q) for q in quoted):
            scores[named.document_id] = 2.0
        elif len(named.bigrams) >= _MIN_BIGRAMS:
            share = len(named.bigrams & have) / len(named.bigrams)
            if share >= _SHARE:
                kinds = _KIND_WORD.findall(question)
                same_kind = any(kind in named.title for kind in kinds)
                scores[named.document_id] = share + 0.01 * len(named.bigrams & have) + (0.2 if same_kind else 0.0)
    best = max(scores.values(), default=0.0)
    return frozenset(ident for ident, score in scores.items() if score >= best - 0.15)


def of_the_place(document: Document, place: str) -> bool:
    """Whether a document is about a place: its title, region or issuer has the name."""
    return any(place in (named or "") for named in (document.title, document.region, document.issuer))
