"""Questions to begin with, made of what documents say: an amount, the handling, who, may one, from when on.

They are only proposed here. Whoever shows one asks it first: a question that a pattern makes is not always one that is answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, get_args

from corpus.types import Clause, Document

Kind = Literal["amount", "handling", "who", "yesno", "when"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TITLE = 36
"""Characters of a title that a question may name."""

_AMOUNT = re.compile(
    r"(?:^|[。；，\n）) 　])对([^，。；：、\n“”‘’（）()《》]{4,26})[^。；\n]{0,16}?(?:给予|发放|按)[^。；\n]{0,24}?[0-9][0-9.]*万?元[^。；\n]{0,10}?(奖励|补助|补贴|资助)"
)
_FINE = re.compile(
    r"违反[^。；\n]{0,40}?规定，([^，。；：、\n“”（）《》]{4,22})的，[^。；\n]{0,40}?处[^。；\n]{0,16}?元[^。；\n]{0,8}?罚款"
)
_MAY = re.compile(
    r"(?:^|[。；\n）) 　])([^，。；：、\n“”（）《》第本其该 　]{2,14})(?:不得|严禁|可以)(?![少低高超多大小])([^，。；：、\n“”（）《》其该]{4,16})(?=[。；，])"
)
_HANDLING = re.compile(r"(?:提交|提供|准备|报送)(?:以下|下列)?[^。；\n]{0,10}材料|申请人应当|申报(?:程序|流程|材料)")
_HEADING = re.compile(r"[一-鿿]{4,16}")


def proposed(document: Document, clauses: Sequence[Clause]) -> Iterator[tuple[Kind, str]]:
    """Questions that a document may answer, each with its kind."""
    title = f"《{document.title}》"
    for match in _AMOUNT.finditer(document.text):
        yield "amount", f"{match[1].removesuffix('的')}，{match[2]}多少钱？"
    for match in _FINE.finditer(document.text):
        yield "amount", f"{match[1]}，罚多少钱？"
    for match in _MAY.finditer(document.text):
        yield "yesno", f"{match[1]}可以{match[2]}吗？"
    for clause in clauses:
        if any(one.role == "lead" for one in clause.responsible) and _HEADING.fullmatch(clause.heading):
            yield "who", f"{clause.heading}由哪个部门负责？"
    if len(document.title) > TITLE or "《" in document.title:
        return
    if _HANDLING.search(document.text):
        yield "handling", f"{title}要准备哪些材料？"
        yield "handling", f"{title}怎么申请？"
    yield "who", f"{title}由哪个部门负责？"
    if document.validity.effective_until is not None:
        yield "when", f"{title}的有效期到什么时候？"
    elif document.validity.effective_from is not None:
        yield "when", f"{title}什么时候起施行？"
