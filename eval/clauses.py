"""How exactly files are cut: `python -m eval.clauses --shared ../shared` (make bench-corpus).

Documents: where each document of the real files begins, its title and validity, against the list of corpus/documents.jsonl.
Articles: national and local laws as plain text; an article is exact when one clause has its number and, white space aside,
exactly its characters. The same laws hard-wrapped with page marks between, and five at a time glued without separators.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from corpus.ingest import read_documents
from corpus.numerals import NUMERAL
from corpus.titles import squeeze
from corpus.types import Clause, Document
from eval.report import table

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HASHES = re.compile(r"^#+\s*", re.MULTILINE)
_ARTICLE = re.compile(rf"^(第{NUMERAL}条(?:之{NUMERAL})?)(?=[\s　])")
_CHAPTER = re.compile(
    rf"^第{NUMERAL}(?:编|分编|章|节)[^。；]{{0,40}}$|^附\s*[则录表件图]?\s*[0-9一二三四五六]?\s*(?:[：:].*)?$"
)
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")
_SPACE = re.compile(r"\s+")
WIDTH = 28  # characters of a hard-wrapped line
PAGE = 30  # lines of a page
GLUED = 5  # laws glued together


@dataclass(slots=True)
class Tally:
    """Counts of one variant of the laws."""

    name: str
    files: int = 0
    exact_files: int = 0
    articles: int = 0
    exact_articles: int = 0
    lost_files: int = 0
    boundaries: int = 0
    found_boundaries: int = 0
    invented: int = 0
    characters: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Law:
    """A law as plain text, and its articles as (label, text without white space)."""

    name: str
    text: str
    articles: tuple[tuple[str, str], ...]


def read_laws(path: Path) -> Iterator[Law]:
    """The laws of training/laws.jsonl.xz without their Markdown marks."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            text = (
                _HASHES.sub("", _COMMENT.sub("", _INVISIBLE.sub("", row["markdown"]))).replace("**", "").strip() + "\n"
            )
            yield Law(row["path"], text, tuple(_articles(text)))


def _articles(text: str) -> Iterator[tuple[str, str]]:
    label, body = "", ""
    for line in text.split("\n"):
        match = _ARTICLE.match(line)
        if match or _CHAPTER.match(line):
            if label:
                yield label, _SPACE.sub("", body)
            label, body = (match[1], line) if match else ("", "")
        elif label:
            body += line
    if label:
        yield label, _SPACE.sub("", body)


def hard_wrapped(text: str) -> str:
    """Lines of 28 characters with a blank line between, and a page mark every 30 lines, as PDF exports have."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = paragraph.strip()
        lines += [line[i : i + WIDTH] for i in range(0, len(line), WIDTH)]
    out = []
    for n, line in enumerate(lines, 1):
        out.append(line)
        if n % PAGE == 0:
            out.append(f"— {n // PAGE} —")
    return "\n\n".join(out) + "\n"


def measure(name: str, batches: Iterable[tuple[str, Sequence[Law]]]) -> Tally:
    """Reads each text and compares it with the laws that stand in it."""
    tally = Tally(name)
    for text, laws in tqdm(list(batches), desc=name, disable=None, leave=False):
        data = text.encode("utf-8", "surrogatepass")
        started = time.perf_counter()
        read = read_documents(data, "law.txt")
        tally.seconds += time.perf_counter() - started
        tally.characters += len(text)
        _compare(tally, text, laws, read)
    return tally


def _compare(tally: Tally, text: str, laws: Sequence[Law], read: Sequence[tuple[Document, tuple[Clause, ...]]]) -> None:
    tally.files += len(laws)
    tally.boundaries += len(laws)
    starts = {squeeze(law.text[:400])[:12] for law in laws}
    begins = [squeeze(document.text[:400])[:12] for document, _ in read]
    found = min(len(laws), len(starts & set(begins)) + len(laws) - len(starts))  # two laws may begin alike
    tally.found_boundaries += found
    tally.invented += max(0, len(begins) - found)
    got = [
        (re.sub(r"\s", "", clause.label), _SPACE.sub("", document.quote(clause.span)))
        for document, clauses in read
        for clause in clauses
        if _ARTICLE.match(clause.label + " ")
    ]
    have: dict[tuple[str, str], int] = {}
    for key in got:
        have[key] = have.get(key, 0) + 1
    for law in laws:
        missed = []
        for key in law.articles:
            if have.get(key, 0) > 0:
                have[key] -= 1
                tally.exact_articles += 1
            else:
                missed.append(key[0])
        tally.articles += len(law.articles)
        tally.exact_files += not missed
        if missed:
            tally.wrong.append(f"{law.name}：{'、'.join(missed[:4])}{'…' if len(missed) > 4 else ''}")
    tally.lost_files += _lost(text, read)


def _lost(text: str, read: Sequence[tuple[Document, tuple[Clause, ...]]]) -> bool:
    """Whether a visible character of the text stands in no document (page marks are no characters of it)."""
    plain = re.sub(r"(?m)^— \d+ —$", "", text)
    return len(_SPACE.sub("", plain)) != sum(
        len(_SPACE.sub("", document.text)) * len(document.sources) for document, _ in read
    )


def measure_documents(shared: Path) -> list[list[str]]:
    """Rows (figure, value) of where documents begin, titles and validity over corpus/suzhou."""
    gold: dict[str, dict[int, dict[str, str]]] = {}
    for line in (shared / "corpus" / "documents.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        gold.setdefault(row["file"], {})[row["line"]] = row
    found = extra = titles = validity = dated = 0
    for name, wanted in sorted(gold.items()):
        data = (shared / "corpus" / "suzhou" / name).read_bytes()
        for document, _ in read_documents(data, name):
            for source in document.sources:
                row = wanted.get(source.line_start)
                if row is None:
                    extra += 1
                    continue
                found += 1
                titles += squeeze(document.title) == squeeze(row["title"])
                for key, value in (
                    ("effective_from", document.validity.effective_from),
                    ("effective_until", document.validity.effective_until),
                ):
                    if key in row:
                        dated += 1
                        validity += value is not None and value.isoformat() == row[key]
    total = sum(map(len, gold.values()))
    return [
        ["文件起点 召回", f"{found}/{total}"],
        ["文件起点 精确", f"{found}/{found + extra}"],
        ["标题正确", f"{titles}/{total}"],
        ["效力日期正确", f"{validity}/{dated}"],
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.clauses", description="评测切分：文件起点、条、折行、粘连")
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="数据目录")
    parser.add_argument("--every", type=int, default=1, help="每几部法律取一部，默认全部")
    parser.add_argument("--seed", type=int, default=7, help="粘连时的随机种子")
    parser.add_argument("--list", type=int, default=20, help="列出几部没有完全切对的")
    given = parser.parse_args(arguments)
    print(table(["真实文件（corpus/suzhou）", "值"], measure_documents(given.shared)))
    laws = list(read_laws(given.shared / "training" / "laws.jsonl.xz"))[:: given.every]
    shuffled = random.Random(given.seed).sample(laws, len(laws))
    groups = [shuffled[i : i + GLUED] for i in range(0, len(shuffled) - GLUED + 1, GLUED)]
    tallies = [
        measure("纯文本", ((law.text, [law]) for law in laws)),
        measure("折行加页码", ((hard_wrapped(law.text), [law]) for law in laws)),
        measure("五部粘连", (("".join(law.text.strip("\n") for law in group), group) for group in groups)),
    ]
    header = ["法律", "部", "全对的部", "条", "条全对", "丢字的文件", "起点找到", "多切", "MB/秒"]
    rows = [
        [
            t.name,
            str(t.files),
            f"{t.exact_files / t.files:.4f}",
            str(t.articles),
            f"{t.exact_articles / max(1, t.articles):.4f}",
            str(t.lost_files),
            f"{t.found_boundaries / t.boundaries:.4f}",
            str(t.invented),
            f"{t.characters * 3 / 1e6 / t.seconds:.2f}",
        ]
        for t in tallies
    ]
    print(table(header, rows))
    for t in tallies:
        for line in t.wrong[: given.list]:
            print(f"{t.name}  {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
