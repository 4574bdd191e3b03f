"""The words of everyday speech, departments' names and empty words, read from TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import accumulate
from pathlib import Path

from qa.errors import BadLexicon

_WHOLE = 3  # characters of an everyday name that is no part of another word


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`lay` maps a word of everyday speech to what documents say; `empty` holds the words without content."""

    lay: Mapping[str, tuple[str, ...]]
    empty: frozenset[str]
    found: re.Pattern[str]

    def expansions(self, words: Sequence[str]) -> list[str]:
        """What documents say for the everyday words in a question that was cut into words, each once; words that it has
        already are left out.

        An everyday word begins and ends where words do: 骗 is not found in 诈骗, nor 工人 in 员工人数.
        """
        question = "".join(words).lower()
        bounds = {0, *accumulate(map(len, words))}
        out: list[str] = []
        for match in self.found.finditer(question):
            if match.start() in bounds and match.end() in bounds:
                out += [w for w in self.lay[match[0]] if w.lower() not in question and w not in out]
        return out

    def cut(self, text: str, words: Callable[[str], list[str]]) -> list[str]:
        """The words of a text as `words` cuts it, everyday names of three characters and more (公租房) left whole."""
        out: list[str] = []
        at = 0
        for match in self.found.finditer(text):
            if len(match[0]) >= _WHOLE:
                out += [*words(text[at : match.start()]), match[0]]
                at = match.end()
        return [*out, *words(text[at:])]

    def content(self, words: Iterable[str]) -> str:
        """The words of a question without the empty ones; what stood together stays together, gaps are spaces.

        Words, not characters: 能 is empty by itself and not in 失能.
        """
        return re.sub(r"\s+", " ", "".join(" " if word in self.empty else word for word in words)).strip()


def load_lexicon(extra: Path | None = None) -> Lexicon:
    """The lexicon of the package with the operator's own added. Raises BadLexicon where that one is not readable."""
    data = tomllib.loads(files("qa").joinpath("lexicon.toml").read_text("utf-8"))
    lay: dict[str, tuple[str, ...]] = _pairs(data.get("lay", {}))
    departments = _pairs(data.get("departments", {}))
    empty = list(data["empty"]["words"])
    if extra is not None and extra.is_file():
        try:
            own = tomllib.loads(extra.read_text("utf-8"))
            lay |= _pairs(own.get("lay", {}))
            departments |= _pairs(own.get("departments", {}))
            empty += own.get("empty", {}).get("words", [])
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError, TypeError) as error:
            raise BadLexicon(f"词典文件有误：{extra}（{error}）", "请按照 qa/lexicon.toml 的格式修改") from error
    for short, names in departments.items():
        lay[short] = tuple(dict.fromkeys((*lay.get(short, ()), *names)))
        for name in names:
            lay[name] = tuple(dict.fromkeys((*lay.get(name, ()), short)))
    return Lexicon(lay, frozenset(empty), _any_of(lay))


def _pairs(table: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {key.lower(): tuple(str(word) for word in words) for key, words in table.items()}


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    ordered = sorted(words, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered)) or r"(?!)")
