"""How something is done: the steps that a sentence lays down for a case.

A rule of procedure says first for whom or when (…的，…时，…后，) and then what is to be done (应当…，可以…，向…提出). The question
tells of the case; the answer is the whole rest, to the end of the sentence. Steps that are numbered are read as a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.types import Span
from qa.evidence import Sentence, segments
from qa.read.candidate import Candidate, Context
from qa.read.referred import asks_penalty, is_penalty

_CASE = re.compile(r"(?:的|时|后|前|之日起|的情况下|的情形下)$")
_ACTS = re.compile(
    r"^(?:[一-鿿]{0,12}?)(?:应当|应该|可以|可|须|需|应|要|必须|由|向|报|按照?|依照|通过|经|凭|到|采取|采用|先行)"
)
_GOES_ON = re.compile(r"[并且或和]")
"""A piece that adds to the case before it: 发布预警，并经会商研判需要启动的."""
_LONGEST = 160
_SHORTEST = 4


def read(sentence: Sentence, context: Context) -> Iterator[Candidate]:
    """Candidates for what is to be done: what follows each piece of the sentence that may tell the case."""
    text = sentence.text
    pieces = segments(text)
    for (a, b), (next_start, next_end) in zip(pieces, pieces[1:], strict=False):
        case = text[a:b].strip()
        follows = text[next_start:next_end].strip()
        if (
            _GOES_ON.match(follows)
            or not _ACTS.match(follows)
            or (not _CASE.search(case) and not _ACTS.match(follows[:3]))
        ):
            continue
        start = sentence.start + next_start + len(text[next_start:next_end]) - len(text[next_start:next_end].lstrip())
        end = _end_of_rule(sentence)
        said = sentence.source.document.text[start:end].rstrip("。；;，, \n")
        if not _SHORTEST <= len(said) <= _LONGEST or "\n" in said:
            said = text[next_start:].strip().rstrip("。；;，,")
        if not _SHORTEST <= len(said) <= _LONGEST:
            continue
        told = context.cover(text[: pieces[0][0]] + text[:b])
        fit = 0.4 + 0.6 * told - 0.1 * context.cover(follows)
        fit += 0.1 if _CASE.search(case) else 0.0
        fit -= 0.3 if is_penalty(said) and not asks_penalty(context.question.text) else 0.0
        yield Candidate(
            said, sentence, (sentence.span, Span(start, start + len(said))), max(0.0, min(1.0, fit)), told > 0.15
        )


def _end_of_rule(sentence: Sentence) -> int:
    """Where the rule ends that a sentence begins: at the next 。 of its clause, since ； goes on with the steps."""
    if not sentence.text.endswith(("；", ";")):
        return sentence.end
    limit = min(sentence.clause.span.end, sentence.start + _LONGEST)
    stop = sentence.source.document.text.find("。", sentence.end, limit)
    return stop if stop >= 0 else sentence.end
