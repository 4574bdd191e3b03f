"""What is read of whole files: `python -m eval.files --files FOLDER --expected FILE.jsonl [--wrong]`.

Each line of the expected file says what a careful clerk would say of one file: {"file": name, "documents": [{"title",
"begins", "number", "issuers", "issued_on", "effective_from", "effective_until", ...}]}. A document that is expected is
looked for by its beginning; then field by field what was read is compared with what is expected. Titles and numbers
are compared without white space and quotation marks, issuers as a list in any order.
"""

from __future__ import annotations

import argparse
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import BadFile
from corpus.reading import read_file
from corpus.titles import squeeze
from corpus.types import Document
from eval.report import table

FIELDS = ("title", "number", "issuers", "issued_on", "effective_from", "effective_until")
_FRONT = 400
"""Characters that may stand over the words that a document is expected to begin with: letterhead, particulars of a page."""
_BEGIN = 10  # characters of a beginning that are compared
_QUOTES = re.compile(r"[\s《》〈〉<>“”‘’\"'「」『』]")


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: a field of an expected document ("begin"), or of a file ("documents per file")."""

    file: str
    field: str
    expected: str
    got: str
    right: bool


def plain(text: str | None) -> str:
    """A title, number or name as it is compared: without white space and quotation marks, one kind of brackets."""
    bare = _QUOTES.sub("", unicodedata.normalize("NFKC", text or ""))
    return re.sub(r"[\[［【﹝]", "〔", re.sub(r"[\]］】﹞]", "〕", bare))


def compare(folder: Path, expected: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """The rows of every expected file that stands in the folder. A file that cannot be read has no documents."""
    for wanted in expected:
        name = wanted["file"]
        try:
            read = [document for document, _ in read_file((folder / name).read_bytes(), name).documents]
        except BadFile:
            read = []
        documents: Sequence[Mapping[str, Any]] = wanted["documents"]
        yield _row(name, "documents per file", str(len(documents)), str(len(read)))
        taken: set[int] = set()
        for document in documents:
            found = _beginning(document, read, taken)
            begins = found is not None and found not in taken
            yield Row(name, "begin", document["begins"], read[found].text[:30] if found is not None else "", begins)
            if found is None:
                found = next((n for n in range(len(read)) if n not in taken), None)
            if found is not None:
                taken.add(found)
            yield from _fields(name, document, read[found] if found is not None else None)


def _beginning(wanted: Mapping[str, Any], read: Sequence[Document], taken: set[int]) -> int | None:
    """The document that begins with the words expected, or with its title, nearest to its first character."""
    heads = [squeeze(document.text[: 4 * _FRONT])[: _FRONT + _BEGIN] for document in read]
    for words in (wanted["begins"], wanted["title"]):
        start = squeeze(words or "")[:_BEGIN]
        found = [(heads[n].find(start), n) for n in range(len(read)) if n not in taken and start and start in heads[n]]
        if found:
            return min(found)[1]
    return None


def _fields(name: str, wanted: Mapping[str, Any], document: Document | None) -> Iterator[Row]:
    for key in FIELDS:
        value, got = wanted[key], _read(document, key)
        if key == "issuers":
            yield Row(name, key, "、".join(value), got, sorted(map(plain, value)) == sorted(_names(got)))
        elif key == "title" and value is None:  # none is printed: any title, as long as it is marked as inferred
            yield Row(name, key, "", got, document is not None and document.title_inferred)
        else:
            yield _row(name, key, plain(value), plain(got) if key in ("title", "number") else got)


def _names(issuer: str) -> list[str]:
    return [plain(one) for one in issuer.split("、") if one]


def _read(document: Document | None, key: str) -> str:
    """A field of a document as text, "" where it is not known."""
    if document is None:
        return ""
    values: dict[str, object] = {
        "title": document.title,
        "number": document.number,
        "issuers": document.issuer,
        "issued_on": document.issued_on,
        "effective_from": document.validity.effective_from,
        "effective_until": document.validity.effective_until,
    }
    return str(values[key] or "")


def _row(name: str, field: str, expected: str, got: str) -> Row:
    return Row(name, field, expected, got, expected == got)


def figures(rows: Iterable[Row]) -> dict[str, tuple[int, int]]:
    """(right, all) of every field, in the order met."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        counts[row.field][0] += row.right
        counts[row.field][1] += 1
    return {name: (right, total) for name, (right, total) in counts.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--expected", type=Path, required=True, metavar="FILE.jsonl")
    parser.add_argument("--wrong", action="store_true", help="print what is wrong, not only how much")
    options = parser.parse_args(arguments)
    lines = options.expected.read_text("utf-8").splitlines()
    rows = list(compare(options.files, [json.loads(line) for line in lines if line.strip()]))
    if options.wrong:
        for row in rows:
            if not row.right:
                print(f"{row.field}\t{row.file}\n  expected {row.expected or '-'}\n  read     {row.got or '-'}")
    print(
        table(
            ["", "right", "of", "share"],
            [[name, str(right), str(total), f"{right / total:.3f}"] for name, (right, total) in figures(rows).items()],
        )
    )


if __name__ == "__main__":
    main()
