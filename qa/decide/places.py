"""Which place: where a question names none, and documents of several places hold what may answer it, it is asked back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.decide.rivals import Considered
from qa.inquiry import Inquiry
from qa.types import Choice

MOST = 6
"""Places that are named, at most: more are no choice."""

_NEAR = 3.0
"""How much lower than the best the logit of another place's candidate may be."""
_LIKELY = 0.07
"""How sure the best answer must be: below, mostly no document answers, in whatever place."""


def places_open(inquiry: Inquiry, considered: Considered, sure: float, found: Sequence[str]) -> tuple[Choice, ...]:
    """The places that a question may mean, the likeliest first, each with the question that names it; behind those whose documents may
    answer come others of the regions `found`.

    Empty where it names a place or a document, where all that was read is of one place, and where nothing is likely to answer. Both limits
    were chosen on cities.dev as a whole: of 67 questions asked back that some document answers, 12 that none does.
    """
    if not inquiry.is_placeless or sure < _LIKELY or not considered.scored:
        return ()
    best = considered.scored[0]
    own = best.candidate.sentence.source.document.region
    close = [s for s in considered.scored if s.score >= best.score - _NEAR]
    near = [region for s in close if (region := s.candidate.sentence.source.document.region)]
    if own is None or len(set(near)) < 2:
        return ()
    return tuple(choice_of(region, inquiry) for region in list(dict.fromkeys([*near, *found]))[:MOST])


def place_taken(inquiry: Inquiry, considered: Considered) -> str | None:
    """The place of the answer to a question that names neither place nor document, where documents of other places were read for it, too;
    None where there is nothing to tell."""
    own = considered.scored[0].candidate.sentence.source.document.region
    others = {w.source.document.region for w in considered.pool.passages} - {None, own}
    return own if others and inquiry.is_placeless else None


def choice_of(region: str, inquiry: Inquiry) -> Choice:
    """A place with the question as who lives there would ask it."""
    return Choice(region, f"我在{re.sub('(?<=..)[省市]$', '', region)}，{inquiry.asked.text}")
