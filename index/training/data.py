"""Reads the shared folder into training pairs.

Only what a shipped model may be trained on: laws, the train part of the statute questions, CMRC2018 and DRCD.
"""

from __future__ import annotations

import json
import lzma
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.training.lay import phrases, question_about, reword

_ARTICLE = re.compile(r"^第[零〇一二三四五六七八九十百千]+条(?:之[一二三四五六七八九十]+)?[\s　]*")
_SENTENCE = re.compile(r"[^。；;！？\n]+[。；;！？]?")
_TITLE_NOISE = re.compile(r"中华人民共和国|^.{1,6}[省市](?=.{4})|[（(].*?[）)]|试行|暂行")
MAX_CHARS = 400  # a clause longer than this is cut: its mean vector would say little


@dataclass(frozen=True, slots=True)
class Article:
    """One article of a law: `law` numbers the file, `context` is its title and the headings above."""

    law: int
    title: str
    context: str
    text: str


@dataclass(frozen=True, slots=True)
class Pair:
    """`query` is answered by `passage`; `negative` is a similar passage that does not answer it."""

    query: str
    passage: str
    negative: str


def read_laws(shared: Path) -> list[list[Article]]:
    """The articles of every law, law by law; laws without numbered articles are cut at paragraphs."""
    with lzma.open(shared / "training" / "laws.jsonl.xz", "rt", encoding="utf-8") as lines:
        files = [json.loads(line)["markdown"] for line in lines]
    laws = [list(_articles(number, markdown)) for number, markdown in enumerate(files)]
    return [law for law in laws if law]


def _articles(law: int, markdown: str) -> Iterator[Article]:
    body = markdown.split("<!-- INFO END -->")[-1]
    title = markdown.lstrip().splitlines()[0].lstrip("# ").strip()
    numbered = bool(re.search(r"(?m)^第[一二三四五六七八九十百]+条", body))
    heading, text = "", ""
    for line in (part.strip() for part in body.splitlines()):
        if not line:
            continue
        starts = line.startswith("#") or not numbered or bool(_ARTICLE.match(line))
        if starts and len(text) >= 12:
            yield Article(law, title, f"{title} {heading}".strip(), text)
        if line.startswith("#"):
            heading, text = line.lstrip("# ").strip(), ""
        elif starts:
            text = _ARTICLE.sub("", line)
        else:
            text = f"{text}{line}"
    if len(text) >= 12:
        yield Article(law, title, f"{title} {heading}".strip(), text)


def read_questions(shared: Path) -> list[dict[str, Any]]:
    """The statute questions of the train part.

    The file also holds the questions of the dev part of `statutes/`: they are dropped here, by id and by wording.
    """
    dev_ids = {line.split("\t")[0] for line in _lines(shared / "statutes" / "qrels" / "dev.tsv")[1:]}
    queries = [json.loads(line) for line in _lines(shared / "statutes" / "queries.jsonl")]
    dev_texts = {_bare(row["text"]) for row in queries if row["_id"] in dev_ids}
    rows = [json.loads(line) for line in _lines(shared / "training" / "statute_questions.train.jsonl")]
    return [row for row in rows if str(row["id"]) not in dev_ids and _bare(row["question"]) not in dev_texts]


def read_reading(shared: Path) -> list[dict[str, Any]]:
    """The reading questions whose licence allows shipping a model: CMRC2018 and DRCD."""
    with lzma.open(shared / "training" / "reading.jsonl.xz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row for row in rows if row["source"].startswith(("cmrc2018", "drcd"))]


def read_policies(files: Sequence[Path]) -> list[dict[str, Any]]:
    """The rows of files of reading rows (index.training.reader.written) that have an answer."""
    rows = [json.loads(line) for path in files for line in _lines(path)]
    return [row for row in rows if row["answerable"]]


def read_retrieved(files: Sequence[Path]) -> dict[str, list[str]]:
    """By the id of a reading row what retrieval finds for it that does not answer it, as it is searched, of files of
    index.training.reader.negatives."""
    found: dict[str, list[str]] = {}
    for path in files:
        for line in _lines(path):
            row = json.loads(line)
            found[row["id"]] = [f"{p['title'].split(' > ')[0]} {p['text']}".strip() for p in row["passages"]]
    return found


def policy_pairs(
    rows: Sequence[dict[str, Any]], rng: random.Random, retrieved: Mapping[str, Sequence[str]] | None = None
) -> list[Pair]:
    """Lay questions about policies and the passages that answer them; the negative is one that retrieval brings, half of the time, or
    another passage of the same document where there is one."""
    texts: dict[str, list[str]] = {}
    known: set[tuple[str, str]] = set()
    for row in rows:
        title = row["title"].split(" > ")[0]
        if (title, row["passage"]) not in known:
            known.add((title, row["passage"]))
            texts.setdefault(title, []).append(row["passage"])
    titles = sorted(texts)
    pairs = []
    for row in rows:
        title = row["title"].split(" > ")[0]
        brought = (retrieved or {}).get(row["id"], ())
        if brought and rng.random() < 0.5:
            negative = rng.choice(brought)[:MAX_CHARS]
        else:
            others = [text for text in texts[title] if text != row["passage"]]
            other = title if others else rng.choice([t for t in titles if t != title])
            negative = _titled(other, rng.choice(others or texts[other]), 0, rng)
        first = min((start for start, _ in row["spans"]), default=0)
        pairs.append(Pair(row["question"], _titled(title, row["passage"], first, rng), negative))
    return pairs


def policy_text(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The passages and questions of reading rows, each passage once."""
    return [*dict.fromkeys(row["passage"] for row in rows), *(row["question"] for row in rows)]


def _titled(title: str, passage: str, needed: int, rng: random.Random) -> str:
    """A passage as it is searched, behind its title, now and then without; from another place on where what is needed of it
    would be cut off."""
    start = max(0, needed - MAX_CHARS // 2) if needed > MAX_CHARS // 2 else 0
    return f"{title if rng.random() < 0.8 else ''} {passage[start:]}".strip()[:MAX_CHARS]


def law_pairs(laws: list[list[Article]], count: int, rng: random.Random) -> list[Pair]:
    """`count` pairs of five kinds over articles; the negative is another article of the same law."""
    flat = [(law, place) for law in laws if len(law) > 1 for place in range(len(law))]
    pairs = []
    for law, place in rng.choices(flat, k=count):
        article = law[place]
        other = law[_neighbour(place, len(law), rng)]
        query, passage = _law_pair(article, rng)
        pairs.append(Pair(query, passage, _searched(other, rng)))
    return pairs


def _neighbour(place: int, size: int, rng: random.Random) -> int:
    drawn = rng.randrange(size - 1)
    return drawn if drawn < place else drawn + 1


def _law_pair(article: Article, rng: random.Random) -> tuple[str, str]:
    kind = rng.random()
    sentences = _SENTENCE.findall(article.text)
    if kind < 0.50:
        return question_about(article.text, short_title(article.title), rng), _searched(article, rng)
    if kind < 0.65 and len(sentences) > 1:
        return sentences[0], "".join(sentences[1:])[:MAX_CHARS]
    if kind < 0.80 and len(sentences) > 1:
        place = rng.randrange(len(sentences))
        rest = "".join(sentences[:place] + sentences[place + 1 :])
        return reword(sentences[place], rng, 0.5), rest[:MAX_CHARS]
    if kind < 0.90:
        return article.context, article.text[:MAX_CHARS]
    pieces = phrases(article.text) or [article.text[:20]]
    return " ".join(rng.sample(pieces, min(len(pieces), 3))), _searched(article, rng)


def _searched(article: Article, rng: random.Random) -> str:
    """The article as a search would hold it: mostly with its title and headings, sometimes bare."""
    text = article.text[:MAX_CHARS]
    return text if rng.random() < 0.3 else f"{article.context} {text}"


def short_title(title: str) -> str:
    """The subject of a law's title: 北京市物业管理条例(2020) -> 物业管理条例."""
    return _TITLE_NOISE.sub("", title)


def question_pairs(questions: list[dict[str, Any]], rng: random.Random) -> list[Pair]:
    """Question -> each of its articles, and -> its written answer; reworded doubles; negatives are mined later."""
    pairs = []
    for row in questions:
        for article in row["articles"]:
            passage = f"{article['name']} {article['text'].strip()}"[:MAX_CHARS]
            pairs.append(Pair(row["question"], passage, ""))
            pairs.append(Pair(row["question"], article["text"].strip()[:MAX_CHARS], ""))
        if row["answer"]:
            pairs.append(Pair(row["question"], row["answer"][:MAX_CHARS], ""))
    rng.shuffle(pairs)
    return pairs


def reading_pairs(rows: list[dict[str, Any]], rng: random.Random) -> list[Pair]:
    """Question -> the sentence of its context that holds the answer; the negative is another sentence."""
    pairs = []
    for row in rows:
        sentences = _SENTENCE.findall(row["context"])
        for question in row["questions"]:
            holding = [s for s in sentences if any(a and a in s for a in question["answers"])]
            others = [s for s in sentences if s not in holding]
            if holding and others:
                pairs.append(Pair(question["question"], holding[0][:MAX_CHARS], rng.choice(others)[:MAX_CHARS]))
    return pairs


def paraphrase_pairs(laws: list[list[Article]], count: int, rng: random.Random) -> list[Pair]:
    """A phrase or sentence of a law and its lay rewording; the negative is another phrase of the same article."""
    flat = [article for law in laws for article in law]
    pairs: list[Pair] = []
    while len(pairs) < count:
        pieces = phrases(rng.choice(flat).text)
        if len(pieces) < 2:
            continue
        said, other = rng.sample(pieces, 2)
        lay = reword(said, rng, 1.0)
        if lay != said:
            pairs.append(Pair(lay, said, other))
    return pairs


def training_text(
    laws: list[list[Article]], questions: list[dict[str, Any]], reading: list[dict[str, Any]]
) -> list[str]:
    """Every text that the vocabulary is counted on."""
    texts = [article.text for law in laws for article in law]
    texts += [law[0].title for law in laws]
    for row in questions:
        texts += [row["question"], row["answer"] or ""]
    for row in reading:
        texts += [row["context"], *(question["question"] for question in row["questions"])]
    return texts


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _bare(text: str) -> str:
    return re.sub(r"\W+", "", text)
