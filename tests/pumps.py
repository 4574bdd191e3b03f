"""Texts that a regular expression has much to do with: made of what it is made of. What test_corpus_patterns.py tries.

A pattern takes long over a text that leads it up to a repeat, goes round in the repeat many times and then fails, or that
begins its match again and again. Both are read off its parse tree, a few times, as classes and branches leave a choice.
"""

from __future__ import annotations

import importlib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# The parser is private since 3.11, where its name of before warns; no other module tells the parts of a pattern.
op: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")

WALKS = 3
"""How many times a pattern is gone through, with other choices."""
LONG_REPEAT = 30
"""A repeat that may go round fewer times than this is not worth a text of its own."""
MOST_PUMPS = 120
"""Texts that are made for one pattern; of those of a long list of words, any so many."""
MOST = 60
"""Characters of a lead or a fragment that is read off a pattern."""

_CATEGORIES = {op.CATEGORY_DIGIT: "07", op.CATEGORY_SPACE: " \u3000", op.CATEGORY_WORD: "a一0"}
_ANY = "a一0 、-\n"  # tried where a class says what it has not


@dataclass(frozen=True, order=True)
class Pump:
    """`lead`, then `fragment` again and again."""

    lead: str
    fragment: str

    def text(self, length: int, tail: str) -> str:
        """A text of about so many characters; `tail` is what makes the match fail."""
        return self.lead + self.fragment * (length // len(self.fragment)) + tail


def pumps(pattern: re.Pattern[Any]) -> list[Pump]:
    """Each text once: what stands before a repeat, repeated, and what the repeat repeats, after it."""
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    out: set[Pump] = set()
    for seed in range(WALKS):
        walk = _Walk(random.Random(seed), isinstance(pattern.pattern, bytes))
        walk.text(tree, "")
        out |= walk.found
    return sorted(out) if len(out) <= MOST_PUMPS else random.Random(0).sample(sorted(out), MOST_PUMPS)


class _Walk:
    def __init__(self, choice: random.Random, in_bytes: bool) -> None:
        self._choice = choice
        self._most = 0xFF if in_bytes else 0x10FFFF
        self.found: set[Pump] = set()

    def text(self, items: Any, lead: str) -> str:
        """What the items match one after the other, where `lead` stands before."""
        out = ""
        for kind, value in items:
            out += self._one(kind, value, lead + out)
        return out

    def _one(self, kind: Any, value: Any, lead: str) -> str:
        if kind is op.LITERAL:
            return chr(value)
        if kind in (op.NOT_LITERAL, op.ANY, op.IN):
            inside = [(op.NEGATE, None), (op.LITERAL, value)] if kind is op.NOT_LITERAL else value
            return "a" if kind is op.ANY else self._choice.choice(list(self._members(inside)) or [""])
        if kind is op.BRANCH:
            branches = [self.text(branch, lead) for branch in value[1]]  # all, for the repeats in them
            return self._choice.choice(branches)
        if kind is op.SUBPATTERN:
            return self.text(value[-1], lead)
        if kind is op.ATOMIC_GROUP:
            return self.text(value, lead)
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            return self._repeat(*value, lead)
        if kind in (op.ASSERT, op.ASSERT_NOT):
            self.text(value[1], lead)  # for the repeats in it
        return ""

    def _repeat(self, least: int, most: int, items: Any, lead: str) -> str:
        body = self.text(items, lead)
        if most >= LONG_REPEAT and body:
            self._note(lead, body)
            self._note("", lead + body)
            self._note("", lead)
        return body * min(max(least, 1), 3)

    def _note(self, lead: str, fragment: str) -> None:
        if fragment and len(lead) <= MOST and len(fragment) <= MOST:
            self.found.add(Pump(lead, fragment))

    def _members(self, inside: list[tuple[Any, Any]]) -> Iterator[str]:
        if inside[0][0] is op.NEGATE:
            yield from (character for character in _ANY if not any(_has(item, character) for item in inside[1:]))
            return
        for kind, value in inside:
            if kind is op.LITERAL:
                yield chr(value)
            elif kind is op.RANGE:
                yield chr(self._choice.randint(value[0], min(value[1], self._most)))
            else:
                yield from _CATEGORIES.get(value, _ANY)


def _has(item: tuple[Any, Any], character: str) -> bool:
    kind, value = item
    if kind is op.LITERAL:
        return ord(character) == value
    if kind is op.RANGE:
        return bool(value[0] <= ord(character) <= value[1])
    category = str(value).rpartition("_")[2].lower()
    found = {"digit": character.isdigit(), "space": character.isspace(), "word": character.isalnum()}[category]
    return found is not ("_NOT_" in str(value))
