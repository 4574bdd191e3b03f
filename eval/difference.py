"""`tiaowen eval compare A B`: whether the second of two reports is better, or only luckier, and which rows changed.

Each figure that both have is compared over the questions of both, matched by id: the paired bootstrap gives the interval and p, and
for figures that are right or wrong the exact McNemar test says whether the flips could be chance.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import comb
from pathlib import Path

from eval.datasets import BadDataset
from eval.judged import Judged, read_rows
from eval.page import E, page_of, row_of, said_of, table_of
from eval.report import table
from eval.significance import Difference, paired_bootstrap

Measure = Callable[[Judged], float | None]
"""What a row counts for a figure; None where it does not."""

MEASURES: dict[str, Measure] = {
    "both": lambda r: float(r.both) if r.part == "question" else None,
    "answer": lambda r: float(r.answer) if r.part == "question" else None,
    "cited": lambda r: float(r.cited) if r.part == "question" else None,
    "wrongly_refused": lambda r: float(r.said is None) if r.part == "question" else None,
    "refused": lambda r: float(r.said is None) if r.part == "unanswerable" else None,
    "followups": lambda r: float(r.both) if r.part == "followup" else None,
    "hit5": lambda r: float(r.hit5) if r.part == "question" else None,
    "recall@10": lambda r: r.recall10 if r.part == "retrieval" else None,
}
WORDS = {"better": "变好", "worse": "变差", "other": "说法变了，对错没变"}


def mcnemar(gained: int, lost: int) -> float:
    """The exact two-sided p of McNemar (1947): how often as many flips of a fair coin fall at least as unevenly. Serving goes
    without scipy, whose binomtest says the same (a test compares them)."""
    n, least = gained + lost, min(gained, lost)
    return min(1.0, float(2 * sum(comb(n, k) for k in range(least + 1)) / 2**n))


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure over the questions of both reports: its two values, their difference (second less first), and McNemar's p with how
    many questions turned right and wrong; None where the figure is not right or wrong a question."""

    name: str
    first: float
    second: float
    difference: Difference
    gained: int
    lost: int
    mcnemar: float | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A question whose outcome is another in the second report."""

    before: Judged
    after: Judged

    @property
    def kind(self) -> str:
        """better, worse or other."""
        if self.after.value == self.before.value:
            return "other"
        return "better" if self.after.value > self.before.value else "worse"


def compare(first: Sequence[Judged], second: Sequence[Judged]) -> tuple[list[Compared], list[Changed]]:
    """The figures and the changed rows, better ones first. Raises BadDataset where the two have no question in common."""
    ours, theirs = {row.id: row for row in second}, {row.id: row for row in first}
    common = [ident for ident in theirs if ident in ours and ours[ident].part == theirs[ident].part]
    if not common:
        raise BadDataset("两次评测没有共同的问题", "比较同一份问题集的两次评测；问题按 id 对应")
    figures = []
    for name, measure in MEASURES.items():
        pairs = {
            i: (a, b) for i in common if (a := measure(theirs[i])) is not None and (b := measure(ours[i])) is not None
        }
        if pairs:
            figures.append(_compared(name, pairs))
    changed = [Changed(theirs[i], ours[i]) for i in common if _outcome(theirs[i]) != _outcome(ours[i])]
    return figures, sorted(changed, key=lambda c: list(WORDS).index(c.kind))


def _compared(name: str, pairs: Mapping[str, tuple[float, float]]) -> Compared:
    n = len(pairs)
    before, after = {i: a for i, (a, _) in pairs.items()}, {i: b for i, (_, b) in pairs.items()}
    gained, lost = sum(b > a for a, b in pairs.values()), sum(b < a for a, b in pairs.values())
    binary = all(value in (0.0, 1.0) for pair in pairs.values() for value in pair)
    p = mcnemar(gained, lost)
    means = sum(before.values()) / n, sum(after.values()) / n
    return Compared(name, *means, paired_bootstrap(after, before), gained, lost, p if binary else None)


def _outcome(row: Judged) -> tuple[object, ...]:
    return row.said, row.reason, row.value, row.quote if row.part != "retrieval" else ""


def main(arguments: Sequence[str]) -> int:
    """The command line. Returns 0. Raises BadDataset."""
    parser = argparse.ArgumentParser(
        prog="tiaowen eval compare", description="比较两次评测：差别是否显著，哪些问题变了"
    )
    parser.add_argument("first", type=Path, metavar="A", help="先前一次的目录（tiaowen eval --out 写的）")
    parser.add_argument("second", type=Path, metavar="B", help="后一次的目录")
    parser.add_argument("--out", type=Path, help="写入 compare.json 和 compare.html 的目录")
    parser.add_argument("--base", default="http://127.0.0.1:8000", help="网页链接指向的服务")
    given = parser.parse_args(arguments)
    figures, changed = compare(read_rows(given.first), read_rows(given.second))
    print(table(_HEADER, [_line(f) for f in figures]))
    for kind, words in WORDS.items():
        some = [c for c in changed if c.kind == kind]
        print(f"{words}：{len(some)} 问" + ("" if kind == "other" else "".join(f"\n  {c.before.id}  {c.before.question}　{said_of(c.before)} → {said_of(c.after)}" for c in some)))  # fmt: skip
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(_told(figures, changed), ensure_ascii=False, indent=2)
        (given.out / "compare.json").write_text(text + "\n", "utf-8")
        names = f"{given.first.name} → {given.second.name}"
        (given.out / "compare.html").write_bytes(_page(names, figures, changed, given.base))
    return 0


_HEADER = ["指标", "先前", "后来", "差", "95% 区间", "p（自助法）", "变对", "变错", "p（McNemar）", "显著"]


def _line(f: Compared) -> list[str]:
    d = f.difference
    p = "—" if f.mcnemar is None else f"{f.mcnemar:.4f}"
    cells = [f"{f.first:.3f}", f"{f.second:.3f}", f"{d.mean:+.3f}", f"{d.low:+.3f}…{d.high:+.3f}", f"{d.p:.4f}"]
    return [f.name, *cells, str(f.gained), str(f.lost), p, "是" if d.significant else "否"]


def _told(figures: Sequence[Compared], changed: Sequence[Changed]) -> dict[str, object]:
    return {
        "figures": {
            f.name: {
                "first": f.first, "second": f.second, "difference": f.difference.mean, "low": f.difference.low, "high": f.difference.high,
                "p": f.difference.p, "n": f.difference.queries, "gained": f.gained, "lost": f.lost, "mcnemar_p": f.mcnemar,
                "significant": f.difference.significant,
            }
            for f in figures
        },
        "changed": [
            {"id": c.before.id, "kind": c.kind, "question": c.before.question, "first": said_of(c.before), "second": said_of(c.after)} for c in changed
        ],
    }  # fmt: skip


def _page(names: str, figures: Sequence[Compared], changed: Sequence[Changed], base: str) -> bytes:
    parts = [E.h1(f"比较：{names}"), E.p(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", {"class": "soft"}), E.h2("指标"), table_of(_HEADER, map(_line, figures))]  # fmt: skip
    for kind, words in WORDS.items():
        some = [c for c in changed if c.kind == kind]
        parts.append(E.h2(f"{words}（{len(some)}）"))
        parts += [row_of(c.after, base, E.span(f"先前：{said_of(c.before)}", {"class": "soft"})) for c in some]
    return page_of(f"比较：{names}", parts)
