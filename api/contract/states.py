"""The states in which what people write may be: of a FAQ entry, of a hand-off; and what an operator thinks of an answer."""

from __future__ import annotations

from typing import Literal

FaqState = Literal["current", "changed", "missing"]
HandoffState = Literal["open", "taken", "closed"]
Verdict = Literal["good", "bad"]
