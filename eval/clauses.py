"""How exactly files are cut: `python -m eval.clauses --shared ../shared` (make bench-corpus).

Documents: where each document of the real files begins, its title and validity, against the list of corpus/documents.jsonl.
Articles: national and local laws as plain text; an article is exact when one clause has its number and, white space aside,
exactly its characters. The same laws hard-wrapped with page marks between, and five at a time glued without separators.
Round trip: the same laws as Word and PDF files (eval/roundtrip.py) against the clauses of the plain text.
Word files: the real ones of legaldc (eval/wordfiles.py).
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from tqdm import tqdm

from corpus.numerals import NUMERAL
from corpus.reading import read_documents
from corpus.titles import squeeze
from corpus.types import Clause, Document
from eval.report import table
from eval.roundtrip import GAZETTE, Style, docx_of, pdf_of, printable
from eval.wordfiles import print_word_files

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HASHES = re.compile(r"^#+\s*", re.MULTILINE)
_ARTICLE = re.compile(rf"^(第{NUMERAL}条(?:之{NUMERAL})?)(?=[\s　])")
_CHAPTER = re.compile(
    rf"^第{NUMERAL}(?:编|分编|章|节)[^。；]{{0,40}}$|^附\s*[则录表件图]?\s*[0-9一二三四五六]?\s*(?:[：:].*)?$"
)
_KEPT = re.compile(r"^(?:附件|解读)")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")
_SPACE = re.compile(r"\s+")
Read = Sequence[tuple[Document, tuple[Clause, ...]]]
WIDTH = 28  # characters of a hard-wrapped line
PAGE = 30  # lines of a page
GLUED = 5  # laws glued together
_STYLES: dict[str, Style] = {"编号手打": "typed", "标题样式": "headings", "自动编号": "automatic"}


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
    same_files: int = 0  # of the round trip: the same addresses in the same order with the same text
    clauses: int = 0
    same_clauses: int = 0
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
        started = time.process_time()
        read = read_documents(data, "law.txt")
        tally.seconds += time.process_time() - started
        tally.characters += len(text)
        _compare(tally, text, laws, read)
    return tally


def _compare(tally: Tally, text: str, laws: Sequence[Law], read: Read) -> None:
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


def _lost(text: str, read: Read) -> bool:
    """Whether a visible character of the text stands in no document (page marks are no characters of it)."""
    plain = re.sub(r"(?m)^— \d+ —$", "", text)
    return len(_SPACE.sub("", plain)) != sum(
        len(_SPACE.sub("", document.text)) * len(document.sources) for document, _ in read
    )


def measure_round_trips(laws: Sequence[Law], exports: Mapping[str, Callable[[str], bytes]]) -> list[Tally]:
    """Reads each law as the files that `exports` (by name of the variant) make of its text, and compares the clauses
    with those of the text. The seconds are those of reading the files."""
    tallies = {name: Tally(name) for name in exports}
    for law in tqdm(laws, desc="往返", disable=None, leave=False):
        wanted = _tree(read_documents(law.text.encode("utf-8", "surrogatepass"), "law.txt"))
        for name, export in exports.items():
            data = export(law.text)
            started = time.process_time()
            read = read_documents(data, "law")
            tallies[name].seconds += time.process_time() - started
            _compare_trees(tallies[name], law, wanted, read)
    return list(tallies.values())


def _compare_trees(tally: Tally, law: Law, wanted: Sequence[tuple[str, str]], read: Read) -> None:
    listed = len(tally.wrong)
    _compare(tally, law.text, [law], read)
    del tally.wrong[listed:]
    tally.characters += len(law.text)
    got = _tree(read)
    missed = Counter(wanted) - Counter(got)
    tally.clauses += len(wanted)
    tally.same_clauses += len(wanted) - missed.total()
    tally.same_files += got == wanted
    if got != wanted:
        names = [address for address, _ in missed] or ["顺序不同"]
        tally.wrong.append(f"{law.name}：{'、'.join(names[:4])}{'…' if len(names) > 4 else ''}")


def _tree(read: Read) -> list[tuple[str, str]]:
    """(address, text without white space) of every clause in order."""
    return [
        (clause.address, _SPACE.sub("", document.quote(clause.span)))
        for document, clauses in read
        for clause in clauses
    ]


def measure_documents(shared: Path) -> tuple[list[list[str]], str]:
    """Rows (figure, value) of where documents begin, titles and validity over corpus/suzhou; the first two in words."""
    gold: dict[str, dict[int, dict[str, str]]] = {}
    for line in (shared / "corpus" / "documents.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        gold.setdefault(row["file"], {})[row["line"]] = row
    found = titles = validity = dated = 0
    extra: list[str] = []
    kept: Counter[str] = Counter()
    for name, wanted in sorted(gold.items()):
        data = (shared / "corpus" / "suzhou" / name).read_bytes()
        for document, clauses in read_documents(data, name):
            kept.update(
                "解读" if c.label == "解读" else "附件" for c in clauses if _KEPT.match(c.label) and not c.parent
            )
            for source in document.sources:
                row = wanted.get(source.line_start)
                if row is None:
                    extra.append(f"{name} 第 {source.line_start} 行《{document.title}》（{document.kind}）")
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
    read = found + len(extra)
    words = (
        f"文件：应有 {total} 份，起点找对 {found} 份（召回 {found / total:.3f}）；读出 {read} 份，对 {found} 份（精确 {found / read:.3f}）"
        f"{'，多出的是' + '、'.join(extra) if extra else ''}。{kept['附件']} 个附件和 {kept['解读']} 篇解读留在所属文件里，不另算文件。"
    )
    rows = [
        ["文件起点 召回", f"{found}/{total}"],
        ["文件起点 精确", f"{found}/{read}"],
        ["标题正确", f"{titles}/{total}"],
        ["效力日期正确", f"{validity}/{dated}"],
    ]
    return rows, words


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m eval.clauses", description="评测切分：文件起点、条、折行、粘连、往返"
    )
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="数据目录")
    parser.add_argument("--every", type=int, default=1, help="每几部法律取一部，默认全部")
    parser.add_argument("--docx-every", type=int, default=4, help="其中每几部做一次 Word 往返")
    parser.add_argument("--pdf-every", type=int, default=30, help="其中每几部做一次 PDF 往返")
    parser.add_argument("--seed", type=int, default=7, help="粘连和抽样的随机种子")
    parser.add_argument("--list", type=int, default=20, help="列出几部没有完全切对的")
    given = parser.parse_args(arguments)
    rows, words = measure_documents(given.shared)
    print(table(["真实文件（corpus/suzhou）", "值"], rows))
    print(words)
    laws = list(read_laws(given.shared / "training" / "laws.jsonl.xz"))[:: given.every]
    shuffled = random.Random(given.seed).sample(laws, len(laws))
    groups = [shuffled[i : i + GLUED] for i in range(0, len(shuffled) - GLUED + 1, GLUED)]
    tallies = [
        measure("纯文本", ((law.text, [law]) for law in laws)),
        measure("折行加页码", ((hard_wrapped(law.text), [law]) for law in laws)),
        measure("五部粘连", (("".join(law.text.strip("\n") for law in group), group) for group in groups)),
    ]
    header = ["法律", "部", "全对的部", "条", "条全对", "丢字的文件", "起点找到", "多切", "MB/秒"]
    print(table(header, [_row(t) for t in tallies]))
    trips = measure_round_trips(
        shuffled[:: given.docx_every],
        {f"Word {name}": partial(docx_of, style=style) for name, style in _STYLES.items()},
    )
    trips += measure_round_trips(
        [_printable(law) for law in shuffled[:: given.pdf_every]],
        {"PDF": pdf_of, "PDF 两栏": partial(pdf_of, layout=GAZETTE)},
    )
    header = ["往返", "部", "同树的部", "条款", "地址和文字相同", "条", "条全对", "丢字的文件", "MB/秒"]
    print(table(header, [_trip_row(t) for t in trips]))
    for t in [*tallies, *trips]:
        for line in t.wrong[: given.list]:
            print(f"{t.name}  {line}")
    print_word_files(given.shared, datetime.now().astimezone().date(), given.list)
    return 0


def _printable(law: Law) -> Law:
    """The law with only such characters as the PDF can show."""
    text = printable(law.text)
    return Law(law.name, text, tuple(_articles(text)))


def _row(t: Tally) -> list[str]:
    return [
        t.name,
        str(t.files),
        f"{t.exact_files / t.files:.4f}",
        str(t.articles),
        f"{t.exact_articles / max(1, t.articles):.4f}",
        str(t.lost_files),
        f"{t.found_boundaries / t.boundaries:.4f}",
        str(t.invented),
        _speed(t),
    ]


def _trip_row(t: Tally) -> list[str]:
    return [
        t.name,
        str(t.files),
        f"{t.same_files / t.files:.4f}",
        str(t.clauses),
        f"{t.same_clauses / max(1, t.clauses):.4f}",
        str(t.articles),
        f"{t.exact_articles / max(1, t.articles):.4f}",
        str(t.lost_files),
        _speed(t),
    ]


def _speed(t: Tally) -> str:
    return f"{t.characters * 3 / 1e6 / t.seconds:.2f}"


if __name__ == "__main__":
    sys.exit(main())
