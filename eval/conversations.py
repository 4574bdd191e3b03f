"""Follow-ups end to end: `python -m eval.conversations --shared ../shared --data DATA`.

Each conversation of conversations/dev.jsonl is asked turn by turn in a session of its own over the passages that it was
written over (one file a title; DATA is filled where it is empty). Printed for each kind of turn:

right      answered right, or refused where nothing answers it
alone      the same for the turn asked as it stands, without what came before
ceiling    the same for its standalone form, written by hand, asked alone, with --ceiling
merged     turns that were taken with what came before
unharmed   turns that were answered just as when they are asked alone
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tqdm import tqdm

from corpus.errors import PolicyError
from corpus.ingest import ingest
from corpus.store import Store
from eval.answers import is_right
from eval.datasets import GoldQuestion
from eval.report import table
from eval.spans import json_rows
from qa.build import build_engine, update_index
from qa.types import Answer, Outcome, Question

FIGURES = ("right", "alone", "ceiling", "merged", "unharmed")
FIRST = "first"

Ask = Callable[[str, str | None], Outcome]
"""Asks a question in a session, or in none."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: its kind, the form in which it stands alone, and its gold answer; None where nothing answers it."""

    kind: str
    question: str
    standalone: str
    gold: GoldQuestion | None

    def is_right(self, outcome: Outcome) -> bool:
        """Whether it was answered right, or not answered where nothing answers it."""
        if self.gold is None:
            return not isinstance(outcome, Answer)
        return isinstance(outcome, Answer) and is_right(self.gold, outcome.text)


def read_conversations(path: Path) -> dict[str, list[Turn]]:
    """The turns of each conversation by its id. Raises BadDataset."""
    return {row["id"]: [_turn(turn) for turn in row["turns"]] for row in json_rows(path, "id", "turns")}


def _turn(row: Mapping[str, object]) -> Turn:
    question, standalone, kind = str(row["question"]), str(row["standalone"]), str(row["kind"])
    answers = row["answers"]
    if not row["answerable"] or not isinstance(answers, list):
        return Turn(kind, question, standalone, None)
    sort = "yesno" if row["yes_no"] else "span"
    said = tuple(map(str, answers)) or (str(row["yes_no"]),)
    return Turn(
        kind, question, standalone, GoldQuestion("", question, sort, "", said, (), str(row["quote"]), (), "", "")
    )


def fill(data: Path, passages: Path) -> None:
    """Ingests the passages, one file a title. Raises BadDataset, StoreError."""
    texts: dict[str, list[str]] = defaultdict(list)
    for row in json_rows(passages, "title", "text"):
        texts[row["title"]].append(row["text"])
    folder = data / "files"
    folder.mkdir(parents=True, exist_ok=True)
    for number, (title, parts) in enumerate(texts.items()):
        name = re.sub(r"[^\w]+", "", title)[:60]
        (folder / f"{number:03}{name}.txt").write_text("\n\n".join([title, *parts]) + "\n", "utf-8")
    store = Store(data)
    ingest(store, [folder])
    update_index(store, data)


def measure(conversations: Mapping[str, Sequence[Turn]], ask: Ask, ceiling: bool) -> dict[str, dict[str, list[bool]]]:
    """The judgements by kind of turn (`all` for all of them) and figure."""
    found: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for ident, turns in tqdm(conversations.items(), disable=None):
        for turn in turns:
            said = ask(turn.question, ident)
            alone = said if said.rewritten is None else ask(turn.question, None)
            judged = {
                "right": turn.is_right(said),
                "alone": turn.is_right(alone),
                **({"ceiling": turn.is_right(ask(turn.standalone, None))} if ceiling else {}),
                "merged": said.rewritten is not None,
                "unharmed": _words(said) == _words(alone),
            }
            for kind in (turn.kind, "all", *(() if turn.kind == FIRST else ("later",))):
                for name, value in judged.items():
                    found[kind][name].append(value)
    return found


def _words(outcome: Outcome) -> str | None:
    return outcome.text if isinstance(outcome, Answer) else None


def report(found: Mapping[str, Mapping[str, Sequence[bool]]]) -> str:
    """The figures as a table, a row a kind."""
    rows = [
        [kind, str(len(of["right"])), *(_mean(of.get(name, ())) for name in FIGURES)]
        for kind, of in sorted(found.items())
    ]
    return table(["kind", "n", *FIGURES], rows)


def _mean(values: Iterable[bool]) -> str:
    held = list(values)
    return f"{sum(held) / len(held):.3f}" if held else "-"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0 done, 1 an error that was told."""
    parser = argparse.ArgumentParser(prog="python -m eval.conversations", description="逐轮评测多轮对话")
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--data", type=Path, required=True, help="数据目录；空的则先收录对话所依据的段落")
    parser.add_argument("--ceiling", action="store_true", help="也问一遍人写的完整问题")
    parser.add_argument("--out", type=Path, help="写入各类数字的 JSON 文件")
    given = parser.parse_args(arguments)
    folder = given.shared / "conversations"
    try:
        conversations = read_conversations(folder / "dev.jsonl")
        if not (given.data / "index").is_dir():
            fill(given.data, folder / "passages.jsonl")
        engine, day = build_engine(given.data), date.today()
        kept: dict[str, Outcome] = {}

        def ask(text: str, session: str | None) -> Outcome:
            if session is not None:
                return engine.answer(Question(text, day, session=session))
            if text not in kept:
                kept[text] = engine.answer(Question(text, day))
            return kept[text]

        found = measure(conversations, ask, given.ceiling)
    except PolicyError as error:
        print(f"错误：{error.message}\n提示：{error.hint}", file=sys.stderr)
        return 1
    print(report(found))
    if given.out is not None:
        means = {kind: {name: sum(v) / len(v) for name, v in of.items()} for kind, of in found.items()}
        given.out.write_text(json.dumps(means, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
