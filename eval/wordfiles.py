"""Real Word files (../shared/legaldc): what is read of them, and what is then found by questions.

Counted straight from the XML of each file, not by the reader that is measured: paragraphs numbered by a list, whose
number must stand before their text in what was read, and table cells, whose text must be there.
"""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from lxml import etree
from tqdm import tqdm

from corpus.errors import BadFile
from corpus.ingest import ingest
from corpus.numerals import NUMERAL
from corpus.reading import read_documents
from corpus.store import Store
from eval.datasets import read_gold
from eval.report import table
from eval.run import evaluate_gold
from index.progress import ProgressBars
from qa.build import build_engine, update_index

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SPACE = re.compile(r"\s+")
_PLACE = re.compile(r"(%[1-9])")
_NUMBER = rf"(?:{NUMERAL}|[0-9０-９]+|[A-Za-z]+|[①-⑳㈠-㈩⑴-⒇⒈-⒛]|[壹贰叁肆伍陆柒捌玖拾甲乙丙丁戊己庚辛壬癸])"
_BULLET = r"[^\w\s]"
_LONGEST_LEAD = 24  # characters of a number with its signs
_KEY = 40  # characters of a paragraph that it is known by
_TEXT = (_W + "t", "{http://schemas.openxmlformats.org/officeDocument/2006/math}t")
_GONE = frozenset(_W + name for name in ("del", "moveFrom", "txbxContent", "instrText", "delText"))


@dataclass(slots=True)
class Reading:
    """Counts over the Word files. `missing` names files with numbers or cells that are not in what was read."""

    files: int = 0
    rejected: list[str] = field(default_factory=list)
    several: list[str] = field(default_factory=list)  # files read as more than one document
    numbered: int = 0
    numbers_read: int = 0
    cells: int = 0
    cells_read: int = 0
    missing: list[str] = field(default_factory=list)


def measure_reading(folder: Path) -> Reading:
    """Reads every .docx in a folder and compares with its XML."""
    out = Reading()
    for path in tqdm(sorted(folder.glob("*.docx")), desc="Word 文件", disable=None, leave=False):
        data = path.read_bytes()
        out.files += 1
        try:
            read = read_documents(data, path.name)
        except BadFile as error:
            out.rejected.append(f"{path.name}：{error.message}")
            continue
        if len(read) != 1:
            out.several.append(f"{path.name}：{len(read)} 份")
        text = _SPACE.sub("", "".join(document.text for document, _ in read))
        package = _Package(data)
        numbers = [_has_number(text, lead, body) for lead, body in package.numbered()]
        cells = [cell in text for cell in package.cells()]
        out.numbered += len(numbers)
        out.numbers_read += sum(numbers)
        out.cells += len(cells)
        out.cells_read += sum(cells)
        if not all(numbers) or not all(cells):
            out.missing.append(f"{path.name}：编号缺 {numbers.count(False)}，单元格缺 {cells.count(False)}")
    return out


def _has_number(text: str, lead: re.Pattern[str], body: str) -> bool:
    """Whether `body` stands in the text with a number of that form before it."""
    at = text.find(body)
    while at >= 0:
        if lead.search(text[max(0, at - _LONGEST_LEAD) : at]):
            return True
        at = text.find(body, at + 1)
    return False


class _Package:
    """The parts of a Word file that say which paragraphs are numbered and what stands in cells."""

    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = set(package.namelist())

            def part(name: str) -> Any:
                parser = etree.XMLParser(resolve_entities=False, no_network=True)
                return etree.fromstring(package.read(name), parser) if name in names else etree.Element("none")

            self._body = part("word/document.xml")
            self._levels = dict(_levels(part("word/numbering.xml")))
            self._styles = {s.get(_W + "styleId"): s for s in part("word/styles.xml").iter(_W + "style")}

    def numbered(self) -> Iterator[tuple[re.Pattern[str], str]]:
        """The form of the number and the first characters of each paragraph that a list numbers."""
        for paragraph in self._body.iter(_W + "p"):
            body = _text(paragraph)[:_KEY]
            found = self._list_of(paragraph)
            form = self._levels.get(found) if found else None
            if body and form:
                yield re.compile(form + "$"), body

    def cells(self) -> Iterator[str]:
        """The text of each table cell that has one."""
        for cell in self._body.iter(_W + "tc"):
            if text := _text(cell):
                yield text

    def _list_of(self, paragraph: Any) -> tuple[str, str] | None:
        """(list, level) of a paragraph, from its own properties or its style's."""
        own = paragraph.find(f"{_W}pPr/{_W}numPr")
        listed, level = _value(own, "numId"), _value(own, "ilvl")
        name = _value(paragraph.find(f"{_W}pPr"), "pStyle")
        for _ in range(20):  # styles may be based on each other in a ring
            style = self._styles.get(name)
            if style is None or listed is not None:
                break
            inherited = style.find(f"{_W}pPr/{_W}numPr")
            listed, level = _value(inherited, "numId"), level or _value(inherited, "ilvl")
            name = _value(style, "basedOn")
        return None if listed in (None, "0") else (str(listed), level or "0")


def _levels(numbering: Any) -> Iterator[tuple[tuple[str, str], str]]:
    """((list, level), regex source of its numbers without white space) for the levels that show a number."""
    abstract = {a.get(_W + "abstractNumId"): a for a in numbering.iter(_W + "abstractNum")}
    for number in numbering.iter(_W + "num"):
        kind = abstract.get(_value(number, "abstractNumId"))
        levels = [] if kind is None else list(kind.iter(_W + "lvl"))
        silent = {f"%{int(level.get(_W + 'ilvl') or 0) + 1}" for level in levels if _value(level, "numFmt") == "none"}
        for level in levels:
            shown = _SPACE.sub("", _value(level, "lvlText") or "")
            parts = [
                ("" if part in silent else _NUMBER) if _PLACE.fullmatch(part) else re.escape(part)
                for part in _PLACE.split(shown)
            ]
            form = _BULLET if shown and _value(level, "numFmt") == "bullet" else "".join(parts)
            if form:
                yield (number.get(_W + "numId") or "", level.get(_W + "ilvl") or "0"), form


def _value(parent: Any, name: str) -> str | None:
    found = None if parent is None else parent.find(_W + name)
    return None if found is None else found.get(_W + "val")


def _text(element: Any) -> str:
    """The text under an element without white space, as the accepted document shows it."""
    out: list[str] = []

    def walk(node: Any) -> None:
        for inner in node:
            if inner.tag in _TEXT:
                out.append(inner.text or "")
            elif inner.tag not in _GONE and inner.find(f"{_W}rPr/{_W}vanish") is None:
                walk(inner)

    walk(element)
    return _SPACE.sub("", "".join(out))


def measure_questions(folder: Path, questions: Path, day: date) -> dict[str, float]:
    """recall@1/5/10 and mrr@10 of `questions` over the documents of a folder, ingested into a temporary data folder.

    Raises what ingesting, indexing and reading questions raise (PolicyError).
    """
    with tempfile.TemporaryDirectory(prefix="tiaowen-word-") as temporary:
        data = Path(temporary)
        store = Store(data)
        try:
            ingest(store, [folder])
            update_index(store, data, progress=ProgressBars())
        finally:
            store.close()
        engine = build_engine(data)
        return dict(evaluate_gold(engine, questions.stem, read_gold(questions), day).figures)


def print_word_files(shared: Path, day: date, listed: int) -> None:
    """Prints the figures of `shared`/legaldc."""
    folder = shared / "legaldc"
    read = measure_reading(folder / "docx")
    found = measure_questions(folder / "docx", folder / "questions.jsonl", day)
    rows = [
        ["文件", str(read.files)],
        ["拒绝", str(len(read.rejected))],
        ["读成一份文件的", f"{read.files - len(read.rejected) - len(read.several)}/{read.files}"],
        ["自动编号读出", f"{read.numbers_read}/{read.numbered}"],
        ["表格单元格读出", f"{read.cells_read}/{read.cells}"],
        *([name, f"{found[name]:.3f}"] for name in ("recall@1", "recall@5", "recall@10", "mrr@10")),
    ]
    print(table(["Word 文件（legaldc）", "值"], rows))
    for line in [*read.rejected, *read.several, *read.missing][:listed]:
        print(f"Word 文件  {line}")
