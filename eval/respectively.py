"""Generated sentences of the "respectively" kind, asked through the real readers: `python -m eval.respectively`.

Every case is a small document: the sentence that pairs members with values, other clauses with figures of their own around
it, a question and the right answer. Names, orders, numbers of members (2-6), units, wordings and nestings are drawn with a
fixed seed. Wordings marked *held back* (other verbs, other member names, other ways to ask) were written before the reader was
tuned and were not looked at while it was; they are a row of their own in the table.

The answer must be the value itself (最高 and 不超过 before it may stand or not); a question about all members must get
every value in order and no other figure.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from corpus.reading import read_documents
from eval.answers import squeeze
from eval.pairings import COUNT, PATTERNS, SEED, Case, generate
from eval.report import table
from index.passages import passages_of_all
from index.tokens import Tokenizer
from index.types import Hit
from qa.decide.features import Pool
from qa.decide.scorer import load_scorer
from qa.evidence import Loaded, Source, sentences_of, terms_of
from qa.lexicon import load_lexicon
from qa.read import Context, candidates
from qa.read.referred import with_references
from qa.understand import Understander

DAY = date(2026, 11, 21)
_RARITY = 3.0  # every word is as rare as every other: one document has no statistics


class Reader:
    """The real parts from a text to its best answer, without retrieval: outline, passages, understanding, readers, ranking.

    >>> Reader().best("对国家级、省级园区，分别给予500万元、300万元奖励。", "省级园区奖多少？")
    '300万元'
    """

    def __init__(self) -> None:
        self._tokenizer = Tokenizer()
        self._understander = Understander(load_lexicon(), self._tokenizer.words)

    def best(self, text: str, question: str) -> str:
        """The short answer that a document gives to a question; "" where it gives none."""
        ((document, clauses),) = read_documents(text.encode(), "generated.txt")
        loaded = Loaded(document, clauses, {c.id: c for c in clauses})
        asked = self._understander.read(question)
        terms = terms_of(asked, self._tokenizer, lambda token: _RARITY)
        context = Context(asked, terms, self._tokenizer.tokens)
        sources = [
            Source(Hit(p, rank, 1.0 / rank), loaded) for rank, p in enumerate(passages_of_all([(document, clauses)]), 1)
        ]
        found = [
            c
            for source in sources
            for sentence in sentences_of(source, terms, self._tokenizer)
            for c in candidates(with_references(sentence, context), context)
        ]
        ranked = load_scorer(read=False).ranked(Pool(asked, terms, DAY, frozenset(), found, (), 0.0))
        return ranked[0].candidate.text if ranked else ""


_CAP = re.compile(
    r"^(?:每年最高|最高不超过|每[家年]|累计不超过|累计最高|总额不超过|合计不超过|最高|不得?超过|不得?低于|不得?高于|不少于|累计|达到)+"
)
_FIGURE = re.compile(r"\d+(?:\.\d+)?(?:万元|元|%|个月|个)|[一二三四五六七八九十百]+(?:万元|个月)")


def is_right(case: Case, said: str) -> bool:
    """Whether an answer says the value asked for and no other; of all members every value in order."""
    if len(case.answers) == 1:
        return squeeze(_CAP.sub("", said)).removesuffix("以内") == squeeze(case.answers[0])
    at = 0
    for value in case.answers:
        at = said.find(value, at)
        if at < 0:
            return False
        at += len(value)
    return len(_FIGURE.findall(said)) == len(case.answers)


def training_row(case: Case, ident: str) -> dict[str, Any] | None:
    """A case as a row that the reader is trained on; None where a value stands twice, so that its place is not known."""
    title, _, passage = case.text.partition("\n")
    passage = passage.strip()
    if any(passage.count(answer) != 1 for answer in case.answers):
        return None
    spans = [[passage.index(answer), passage.index(answer) + len(answer)] for answer in case.answers]
    return {
        "id": ident, "passage_id": ident, "source": "own", "title": title.strip(), "passage": passage,
        "question": case.question, "style": "正式", "type": "distributive", "answerable": True,
        "answers": ["、".join(case.answers)], "items": list(case.answers) if len(case.answers) > 1 else None, "spans": spans,
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.respectively", description="“分别”句式的生成测试")
    parser.add_argument("--count", type=int, default=COUNT, help=f"多少个句子（默认 {COUNT}）")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--wrong", type=int, default=0, metavar="N", help="每种句式列出 N 个错例（保留的说法除外）")
    parser.add_argument("--write", type=Path, metavar="FILE", help="不测，把这些句子写成阅读训练行（保留的说法除外）")
    given = parser.parse_args(arguments)
    if given.write is not None and given.seed == SEED:
        parser.error("--write 要用另一个 --seed：训练过的句子不能再拿来测")
    if given.write is not None:
        with given.write.open("w", encoding="utf-8") as file:
            for number, case in enumerate(generate(given.count, given.seed)):
                if not case.held_back and (row := training_row(case, f"respectively-{number}")) is not None:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
        return 0
    reader = Reader()
    right: dict[str, list[bool]] = defaultdict(list)
    shown: dict[str, int] = defaultdict(int)
    for case in generate(given.count, given.seed):
        said = reader.best(case.text, case.question)
        ok = is_right(case, said)
        right[case.pattern].append(ok)
        right["保留的说法" if case.held_back else "其余说法"].append(ok)
        right["合计"].append(ok)
        if not ok and not case.held_back and shown[case.pattern] < given.wrong:
            shown[case.pattern] += 1
            print(case.pattern, "|", case.text.split("第二条")[1].split("第三条")[0].strip(), "|", case.question)
            print("    应为", "、".join(case.answers), "实为", said)
    order = [*PATTERNS, "其余说法", "保留的说法", "合计"]
    rows = [[name, str(len(got)), f"{sum(got) / len(got):.3f}"] for name in order if (got := right[name])]
    print(table(["句式", "句数", "正确"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
