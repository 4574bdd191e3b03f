"""Passages that our own retrieval ranks high for a question but that do not answer it: what the reader learns to tell apart.

`python -m index.training.reader.negatives --rows FILE... --data DIR --shared ../shared --out FILE`. Questions about city files
are asked of a data folder into which these files were ingested (`tiaowen ingest`), the others of the passages of all rows and
articles of laws. With `--statutes`, the train questions of statutes/ with their articles are written as rows of their own.

A passage is no negative where it is (part of) the one that answers, holds the answer word for word, or says much the same; and,
for a question that names no place, where it is of another document and not plainly about something else.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from index.encoder import BUILTIN, load_encoder
from index.rerank import load_reranker
from index.searcher import Searcher
from index.snapshot import build_snapshot, open_snapshot
from index.tokens import Tokenizer
from index.training.data import read_laws, read_questions
from index.training.reader.data import lines
from index.types import Passage

KEPT = 6
"""Negatives of a question."""

_SEARCHED = 14
_ALIKE = 0.5  # share of the character pairs of the smaller text that two passages have in common
_ABOUT_THE_SAME = 0.25
_ARTICLES = 12_000  # of laws, drawn, among which questions about single passages are asked
_MOST_CHARS = 500
_PLACE = re.compile("[\u4e00-\u9fff]{2,3}(?=[市省区县])")


def squeezed(text: str) -> str:
    """Letters, digits and Chinese characters alone, in their plain form."""
    return re.sub(r"[\s\W_]+", "", unicodedata.normalize("NFKC", text))


def pairs(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters of a squeezed text."""
    bare = squeezed(text)
    return frozenset(bare[i : i + 2] for i in range(len(bare) - 1))


def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of the smaller set that both hold, 0..1."""
    return len(one & other) / max(1, min(len(one), len(other)))


def does_not_answer(row: dict[str, Any], gold: frozenset[str], title: str, passage: Passage) -> bool:
    """Whether a passage surely does not answer the question of a row."""
    shared = alike(gold, pairs(passage.text))
    if shared > _ALIKE:
        return False
    bare = squeezed(passage.text)
    if not row.get("yes_no") and any(
        squeezed(answer) in bare for answer in row["answers"] if len(squeezed(answer)) > 1
    ):
        return False
    if squeezed(title) in squeezed(passage.context):
        return True
    named = any(place in row["question"] for place in _PLACE.findall(title))
    return shared < (_ABOUT_THE_SAME if not named else _ALIKE)


def mined(rows: Iterable[dict[str, Any]], searcher: Searcher) -> Iterator[dict[str, Any]]:
    """For each answerable row its id and the passages that do not answer it, those ranked highest first."""
    for row in rows:
        gold = pairs(row["passage"])
        title = row["title"].split(" > ")[0]
        hits = searcher.search(row["question"][:200], _SEARCHED)
        kept = [h.passage for h in hits if does_not_answer(row, gold, title, h.passage)][:KEPT]
        if kept:
            passages = [{"title": p.context, "text": p.text[:_MOST_CHARS]} for p in kept]
            yield {"id": row["id"], "passages": passages}


def passages_of_rows(rows: Sequence[dict[str, Any]], shared: Path, rng: random.Random) -> list[Passage]:
    """The passages of rows, each once, among articles of laws."""
    texts = {row["passage"]: row["title"] for row in rows}
    out = [Passage(id=f"row{i}", text=text, context=title) for i, (text, title) in enumerate(texts.items())]
    articles = [article for law in read_laws(shared) for article in law if len(article.text) <= _MOST_CHARS]
    drawn = rng.sample(articles, min(len(articles), _ARTICLES))
    return [*out, *(Passage(id=f"law{i}", text=a.text, context=a.context) for i, a in enumerate(drawn))]


def statute_rows(shared: Path) -> Iterator[dict[str, Any]]:
    """The train questions of statutes/ as rows: the article answers, its words are not marked."""
    articles = {row["_id"]: row for row in lines(shared / "statutes" / "corpus.jsonl.xz")}
    judged = (shared / "statutes" / "qrels" / "train.tsv").read_text("utf-8").splitlines()[1:]
    gold: dict[str, list[str]] = {}
    for line in judged:
        query, article, grade = line.split("\t")
        if int(grade) > 0:
            gold.setdefault(query, []).append(article)
    texts = {row["_id"]: row["text"] for row in lines(shared / "statutes" / "queries.jsonl")}
    known = {str(row["id"]) for row in read_questions(shared)}  # without those of the dev part
    for query, found in gold.items():
        if query in texts and query in known:
            for article in found:
                row = articles[article]
                yield {
                    "id": f"statute-{query}-{article}", "question": texts[query], "title": row["title"],
                    "passage": row["text"], "type": "holds", "source": "statute", "answerable": True, "answers": [],
                    "spans": [], "yes_no": None, "articles": found,
                }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m index.training.reader.negatives", description=__doc__)
    parser.add_argument("--rows", type=Path, nargs="+", required=True)
    parser.add_argument("--data", type=Path, required=True, help="a data folder that holds the city files")
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--statutes", type=Path, help="also write the statute questions as rows to this file")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rng = random.Random(7)
    rows = [row for path in given.rows for row in lines(path) if row["answerable"]]
    encoder, tokenizer, reranker = load_encoder(BUILTIN), Tokenizer(), load_reranker()

    def write(found: Iterable[dict[str, Any]], total: int) -> None:
        with given.out.open("a", encoding="utf-8") as file:
            for row in tqdm(found, total=total, file=sys.stderr):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")

    given.out.unlink(missing_ok=True)
    city = [row for row in rows if row["source"] == "city"]
    searcher = Searcher(open_snapshot(given.data / "index"), encoder, tokenizer, reranker=reranker)
    write(mined(city, searcher), len(city))
    with tempfile.TemporaryDirectory() as folder:
        build_snapshot(passages_of_rows(rows, given.shared, rng), Path(folder), encoder)
        searcher = Searcher(open_snapshot(Path(folder)), encoder, tokenizer, reranker=reranker)
        others = [row for row in rows if row["source"] != "city"]
        write(mined(others, searcher), len(others))
    if given.statutes:
        asked = list(statute_rows(given.shared))
        with given.statutes.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in asked)
        with tempfile.TemporaryDirectory() as folder:
            articles = lines(given.shared / "statutes" / "corpus.jsonl.xz")
            build_snapshot(
                [Passage(id=a["_id"], text=a["text"], context=a["title"]) for a in articles], Path(folder), encoder
            )
            searcher = Searcher(open_snapshot(Path(folder)), encoder, tokenizer, reranker=reranker)
            write(mined_statutes(asked, searcher), len(asked))


def mined_statutes(rows: Iterable[dict[str, Any]], searcher: Searcher) -> Iterator[dict[str, Any]]:
    """The same for statute questions, whose articles are known by their ids."""
    for row in rows:
        hits = searcher.search(row["question"][:200], _SEARCHED)
        kept = [h.passage for h in hits if h.passage.id not in row["articles"]][:KEPT]
        yield {"id": row["id"], "passages": [{"title": p.context, "text": p.text[:_MOST_CHARS]} for p in kept]}


if __name__ == "__main__":
    main()
