"""How often each token stands in each passage, and the BM25 scores made from that.

Counts lie by passage, so that those of unchanged passages are copied from one index to the next; scores lie by token, as
a search reads them, and are made anew each time, because every idf and the mean length change with every passage.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_AT_A_TIME = 1 << 18  # tokens sorted at a time: bounds the memory, not the result
_SCORED_AT_A_TIME = 1 << 22
_TURNED_AT_A_TIME = 1 << 22

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counts:
    """The tokens of passages: those of passage `i` are `ids[starts[i] : starts[i + 1]]`, ascending, each once, `times`
    how often each of them occurs there (the narrowest unsigned type that holds them)."""

    starts: Places
    ids: NDArray[np.int32]
    times: NDArray[Any]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def lengths(self) -> Places:
        """How many tokens each passage has, repetitions counted: int64 (n,)."""
        ends = np.zeros(len(self.ids) + 1, dtype=np.int64)
        np.cumsum(self.times, out=ends[1:])
        return np.diff(ends[self.starts])

    def frequencies(self, vocabulary: int) -> Places:
        """In how many passages each of `vocabulary` tokens occurs: int64 (vocabulary,)."""
        return np.bincount(self.ids, minlength=vocabulary).astype(np.int64)

    def save(self, folder: Path) -> None:
        for name in ("starts", "ids", "times"):
            np.save(folder / f"counts.{name}.npy", getattr(self, name))

    @classmethod
    def open(cls, folder: Path) -> Counts:
        """Memory-mapped. Raises OSError or ValueError where it is not there or not readable."""
        return cls(*(_mapped(folder / f"counts.{name}.npy") for name in ("starts", "ids", "times")))


@dataclass(frozen=True, slots=True)
class Postings:
    """BM25 scores: those of token `t` are `scores[starts[t] : starts[t + 1]]` in the passages `rows` of the same places,
    ascending; `highest` is the highest of each token. Every token occurs somewhere."""

    starts: Places
    rows: NDArray[np.int32]
    scores: NDArray[np.float32]
    highest: NDArray[np.float32]

    def save(self, folder: Path) -> None:
        for name in ("starts", "rows", "scores", "highest"):
            np.save(folder / f"postings.{name}.npy", getattr(self, name))

    @classmethod
    def open(cls, folder: Path) -> Postings:
        """Memory-mapped. Raises OSError or ValueError where it is not there or not readable."""
        return cls(*(_mapped(folder / f"postings.{name}.npy") for name in ("starts", "rows", "scores", "highest")))


def count(token_lists: Iterable[Sequence[str]], vocabulary: dict[str, int]) -> Counts:
    """Count the tokens of passages; new ones are added to `vocabulary`. The lists are read once and not kept."""
    parts = [_counted(*batch) for batch in _batches(token_lists, vocabulary)]
    if not parts:
        return Counts(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.uint8))
    sizes, ids, times = zip(*parts, strict=True)
    return Counts(_starts(np.concatenate(sizes)), np.concatenate(ids), np.concatenate(times))


def _batches(
    token_lists: Iterable[Sequence[str]], vocabulary: dict[str, int]
) -> Iterator[tuple[NDArray[np.int32], list[int]]]:
    """The token numbers of many passages one after the other, and how many each has."""
    known = vocabulary.setdefault
    ids, lengths = array("i"), list[int]()
    for tokens in token_lists:
        ids.extend([known(token, len(vocabulary)) for token in tokens])
        lengths.append(len(tokens))
        if len(ids) >= _AT_A_TIME:
            yield np.frombuffer(ids, dtype=np.int32), lengths
            ids, lengths = array("i"), []
    if lengths:
        yield np.array(ids, dtype=np.int32), lengths


def _counted(ids: NDArray[np.int32], lengths: list[int]) -> tuple[Places, NDArray[np.int32], NDArray[Any]]:
    """How many different tokens each passage has, which, and how often."""
    keys = (np.repeat(np.arange(len(lengths), dtype=np.int64), lengths) << 32) | ids
    different, times = np.unique(keys, return_counts=True)
    sizes = np.bincount(different >> 32, minlength=len(lengths)).astype(np.int64)
    return sizes, (different & 0xFFFFFFFF).astype(np.int32), times.astype(np.min_scalar_type(times.max(initial=0)))


def merged(old: Counts, fresh: Counts, kept: Places) -> Counts:
    """The counts of a new order of passages: `kept[i]` is the row in `old`, or -1 for the next of `fresh`."""
    source = np.where(kept >= 0, kept, len(old) + np.cumsum(kept < 0) - 1)
    sizes = np.concatenate([np.diff(old.starts), np.diff(fresh.starts)])[source]
    starts = _starts(sizes)
    ids = np.empty(int(starts[-1]), dtype=np.int32)
    times = np.empty(int(starts[-1]), dtype=np.promote_types(old.times.dtype, fresh.times.dtype))
    for begin, end, first in _runs(source, len(old)):
        part, at = (old, first) if first < len(old) else (fresh, first - len(old))
        wanted = slice(int(part.starts[at]), int(part.starts[at + end - begin]))
        given = slice(int(starts[begin]), int(starts[end]))
        ids[given], times[given] = part.ids[wanted], part.times[wanted]
    return Counts(starts, ids, times)


def _runs(source: Places, border: int) -> Iterator[tuple[int, int, int]]:
    """Stretches [begin, end) of `source` that count up by one and do not cross `border`, with what they begin with."""
    if not len(source):
        return
    breaks = np.flatnonzero((np.diff(source) != 1) | (source[1:] == border)) + 1
    begins = [0, *breaks.tolist()]
    for begin, end in zip(begins, [*begins[1:], len(source)], strict=True):
        yield begin, end, int(source[begin])


def compacted(counts: Counts, vocabulary: dict[str, int]) -> tuple[Counts, dict[str, int]]:
    """The same without the tokens that occur nowhere, in the same order."""
    used = counts.frequencies(len(vocabulary)) > 0
    if used.all():
        return counts, vocabulary
    number = (np.cumsum(used) - 1).astype(np.int32)
    left = {token: int(number[at]) for token, at in vocabulary.items() if used[at]}
    return Counts(counts.starts, number[counts.ids], counts.times), left


def scored(counts: Counts, vocabulary: int, k1: float, b: float) -> Postings:
    """The BM25 score of each token in each passage (the formula stands at `LexicalIndex`).

    A score depends on the counts alone, not on how the passages came together.
    """
    n = len(counts)
    starts, rows, times = by_token(counts, vocabulary)
    lengths = counts.lengths()
    mean = lengths.sum() / max(1, n)
    weights = k1 * (1 - b + b * lengths / max(mean, 1e-9))
    df = np.diff(starts)
    idf = np.log(1 + (n - df + 0.5) / (df + 0.5))
    scores = np.empty(len(rows), dtype=np.float32)
    highest = np.zeros(vocabulary, dtype=np.float32)
    cuts = np.unique([*np.searchsorted(starts, np.arange(0, len(rows), _SCORED_AT_A_TIME)), vocabulary]).tolist()
    for begin, end in zip(cuts, cuts[1:], strict=False):
        part = slice(int(starts[begin]), int(starts[end]))
        tf = times[part].astype(np.float64)
        scores[part] = np.repeat(idf[begin:end], df[begin:end]) * (tf / (tf + weights[rows[part]]))
        highest[begin:end] = np.maximum.reduceat(scores[part], starts[begin:end] - starts[begin])
    return Postings(starts, rows, scores, highest)


def by_token(counts: Counts, vocabulary: int) -> tuple[Places, NDArray[np.int32], NDArray[Any]]:
    """The counts with tokens first: token `t` occurs in the passages `rows[starts[t] : starts[t + 1]]`, ascending, `times`
    often. (The transpose of a sparse matrix; scipy, which has it, would be a quarter of the installation.)"""
    starts = _starts(counts.frequencies(vocabulary))
    rows = np.empty(len(counts.ids), dtype=np.int32)
    times = np.empty(len(counts.ids), dtype=counts.times.dtype)
    free = starts[:-1].copy()  # where the next passage of each token goes
    ends = np.arange(0, len(counts.ids) + _TURNED_AT_A_TIME, _TURNED_AT_A_TIME)
    cuts = np.unique(np.minimum(np.searchsorted(counts.starts, ends), len(counts))).tolist()
    for begin, end in zip(cuts, cuts[1:], strict=False):
        part = slice(int(counts.starts[begin]), int(counts.starts[end]))
        order = np.argsort(counts.ids[part], kind="stable")  # passages of one token stay ascending
        tokens = counts.ids[part][order]
        firsts = np.flatnonzero(np.diff(tokens, prepend=-1))
        sizes = np.diff(firsts, append=len(tokens))
        places = np.arange(len(tokens)) + np.repeat(free[tokens[firsts]] - firsts, sizes)
        passages = np.repeat(np.arange(begin, end, dtype=np.int32), np.diff(counts.starts[begin : end + 1]))
        rows[places], times[places] = passages[order], counts.times[part][order]
        free[tokens[firsts]] += sizes
    return starts, rows, times


def _starts(sizes: Places) -> Places:
    starts = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts


def _mapped(path: Path) -> Any:
    """A plain view of the map: slicing np.memmap itself costs 5 us a time."""
    return np.asarray(np.load(path, mmap_mode="r"))
