"""A small set of laws to measure answers on: `python -m eval.laws --shared ../shared --out DIR`.

The rules of qa/ are made on the policy documents of one city. Whether they hold elsewhere is seen on these 30 laws and
regulations, which a fixed seed chose from training/laws.jsonl.xz, and on 60 questions about them
(tests/fixtures/law_questions.jsonl). Then: `tiaowen ingest DIR --data D`, `tiaowen eval tests/fixtures/law_questions.jsonl
--data D`.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from corpus.titles import squeeze
from eval.clauses import Law, read_laws

SEED = 5
SHORTEST, LONGEST = 2500, 16000  # characters: enough to ask about, not so long that one law is half of the set
SHARES = {"法律": 9, "行政法规": 8, "司法解释": 4, "地方性法规": 9}
_KIND_OF_FOLDER = {
    "行政法规": "行政法规",
    "司法解释": "司法解释",
    "DLC": "地方性法规",
    **dict.fromkeys(("行政法", "经济法", "社会法", "民法商法", "宪法相关法", "诉讼与非诉讼程序法"), "法律"),
}
_VERSION = re.compile(r"[（(]\d{4}-\d\d-\d\d[）)]$")


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the laws. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m eval.laws", description="取三十部法律法规，写成文本文件")
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--out", type=Path, required=True, help="写入文本文件的目录")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    for law in chosen(read_laws(given.shared / "training" / "laws.jsonl.xz")):
        (given.out / f"{name_of(law)}.txt").write_text(law.text, encoding="utf-8")
        print(f"{kind_of(law)} {name_of(law)}")
    return 0


def chosen(laws: Iterable[Law], seed: int = SEED) -> list[Law]:
    """`SHARES` laws of each kind, by chance but always the same ones, whatever order they come in; one version of each."""
    by_kind: dict[str, dict[str, Law]] = {kind: {} for kind in SHARES}
    for law in sorted(laws, key=lambda law: law.name):
        kind = kind_of(law)
        if kind is not None and SHORTEST <= len(law.text) <= LONGEST and law.articles:
            by_kind[kind][name_of(law)] = law  # of several versions the last: their paths end in the date
    draw = random.Random(seed)
    return [
        by_kind[kind][name]
        for kind, count in SHARES.items()
        for name in sorted(draw.sample(sorted(by_kind[kind]), min(count, len(by_kind[kind]))))
    ]


def kind_of(law: Law) -> str | None:
    """The kind of a law by the folder that it stands in; None where it is of no kind that is drawn from."""
    return _KIND_OF_FOLDER.get(law.name.split("/")[0])


def name_of(law: Law) -> str:
    """The title of a law as its path has it, without the mark of its version."""
    return squeeze(_VERSION.sub("", Path(law.name).stem))


if __name__ == "__main__":
    sys.exit(main())
