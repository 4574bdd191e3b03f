"""The questions that the scorer was fitted to, kept so that it can be fitted again: `python -m eval.fit_questions --out DIR`.

    own      545 questions over 24 made-up policies, whose texts are here too
    tables   752 questions over 60 made-up files with tables (docx, xlsx, html, Markdown, text), which are here too
    cities   1,508 questions over city files, by nine writers who saw no code (--data: a folder into which they were ingested)
    suzhou   380 questions over the five Suzhou files, likewise
    city     with --reading: reading questions that no model was trained on, over city files
    law      likewise, over some forty laws, whose texts are written beside

Questions and short answers are this project's own. The words that carry an answer are, for cities and suzhou, other people's: only
their place is kept, as an anchor (their first characters), their length and a hash, all without white space. `--pack` makes
the files from gold rows.
"""

from __future__ import annotations

import argparse
import io
import json
import lzma
import random
import re
import sys
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus.store import Store
from eval.spans import json_rows
from index.training.reader.data import lines
from index.training.reader.written import HELD, Texts, bare, place_of, read_texts
from index.training.reader.written import unpacked as reading_rows

FOLDER = Path(__file__).parent / "fit"
FILES = "files.tar.xz"
"""The made-up files, in the folders `own` and `tables`."""
OURS, OTHERS = ("own", "tables"), ("cities", "suzhou")

Row = Mapping[str, Any]


def packed(row: Row) -> dict[str, Any]:
    """A gold row without other people's words: `quote` becomes `place`, of other places of the same words none is kept."""
    out = {key: value for key, value in row.items() if key != "quote"} | ({"alt_quotes": []} if "quote" in row else {})
    if bare(quote := row.get("quote", "")):
        out["place"] = list(place_of(quote))
    return out


def unpacked(rows: Iterable[Row], texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Gold rows whose words are found in the texts again, and those that need none."""
    known = Texts({"": list(texts)})
    for row in rows:
        out = {key: value for key, value in row.items() if key != "place"}
        if place := row.get("place"):
            quote = known.find("", *place)
            if quote is None:
                continue
            out["quote"] = quote
        yield out


def kept(name: str) -> list[dict[str, Any]]:
    """The rows of one set as they are kept."""
    with lzma.open(FOLDER / f"{name}.jsonl.xz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Writes rows, one JSON object a line; returns how many."""
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    path.write_text("".join(lines), "utf-8")
    return len(lines)


MOST = {"city": {"yesno": 190, "none": 130, "": 80}, "law": {"yesno": 40, "none": 30, "": 20}}
"""How many reading questions of a type are taken at most; "" stands for each other type."""
LAWS = 42
_SENTENCE = re.compile(r"[^。；\n]*[。；]?")


def _sentence(passage: str, span: Sequence[int]) -> str:
    """The sentence that a span begins in, to the end of the span."""
    start = max(passage.rfind(mark, 0, span[0]) for mark in "。；\n") + 1
    return passage[start : max(span[1], _SENTENCE.match(passage, span[0]).end())].strip()  # type: ignore[union-attr]


def gold_of(row: Row) -> dict[str, Any]:
    """A reading row as a gold row that is asked of a whole store."""
    out = {"id": row["id"], "question": row["question"], "type": row["type"], "style": row["style"]}
    out["doc"] = row["title"].split(" > ")[0]
    if not row["answerable"]:
        return out | {"type": "unanswerable", "answerable": False}
    quotes = list(dict.fromkeys(_sentence(row["passage"], span) for span in row["spans"]))
    out |= {"answers": row["answers"], "quote": quotes[0], "alt_quotes": quotes[1:]}
    return out | ({"items": row["items"]} if row["items"] else {})


def drawn(rows: Sequence[Row], most: Mapping[str, int], seed: int = 1) -> list[Row]:
    """Of each type at most so many, drawn by chance, in the order in which they stand."""
    found: dict[str, list[int]] = {}
    for at in random.Random(seed).sample(range(len(rows)), len(rows)):
        of_type = found.setdefault(rows[at]["type"], [])
        if len(of_type) < most.get(rows[at]["type"], most[""]):
            of_type.append(at)
    return [rows[at] for at in sorted(at for of_type in found.values() for at in of_type)]


def write_reading(out: Path, shared: Path, data: Path) -> None:
    """Writes city.jsonl, law.jsonl and the laws that they ask about. Raises StoreError."""
    texts = read_texts(shared, data)
    rows = list(reading_rows(lines(HELD), texts))
    laws = sorted(
        {title for row in rows if row["source"] == "law" and texts.texts(title := row["title"].split(" > ")[0])}
    )
    laws = random.Random(1).sample(laws, min(LAWS, len(laws)))
    for source, most in MOST.items():
        of_source = [r for r in rows if r["source"] == source]
        if source == "law":
            of_source = [r for r in of_source if r["title"].split(" > ")[0] in laws]
        write_rows(out / f"{source}.jsonl", map(gold_of, drawn(of_source, most)))
    (out / "law").mkdir(exist_ok=True)
    for number, title in enumerate(laws):
        (out / "law" / f"{number:02}.md").write_text(texts.texts(title)[0], "utf-8")


def unpack_ours(out: Path) -> None:
    """Writes the made-up files and the questions about them."""
    out.mkdir(parents=True, exist_ok=True)
    with tarfile.open(FOLDER / FILES, "r:xz") as archive:
        # Python before 3.11.4 (Debian 12 has 3.11.2) knows no filters.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
        archive.extractall(out)
    for name in OURS:
        write_rows(out / f"{name}.jsonl", kept(name))


def pack(name: str, rows: Iterable[Row]) -> None:
    """Keeps a set; that of other people's texts without their words."""
    FOLDER.mkdir(exist_ok=True)
    with lzma.open(FOLDER / f"{name}.jsonl.xz", "wt", encoding="utf-8", preset=9) as file:
        file.writelines(
            json.dumps(row if name in OURS else packed(row), ensure_ascii=False, separators=(",", ":")) + "\n"
            for row in rows
        )


def pack_files(folders: Mapping[str, Path]) -> None:
    """Keeps the made-up files, the same archive for the same files."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:xz", preset=9) as archive:
        for name, folder in folders.items():
            for path in sorted(folder.iterdir()):
                entry = tarfile.TarInfo(f"{name}/{path.name}")
                entry.size = path.stat().st_size
                archive.addfile(entry, io.BytesIO(path.read_bytes()))
    (FOLDER / FILES).write_bytes(held.getvalue())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.fit_questions", description="评分所用问题的存取")
    parser.add_argument("--out", type=Path, help="写到这个目录：自写的文件和各套问题")
    parser.add_argument(
        "--data", nargs="*", default=[], metavar="SET=DATA", help="cities、suzhou 的原文已导入到的数据目录"
    )
    parser.add_argument(
        "--reading", type=Path, metavar="DATA", help="也写 city、law 两套：各城市文件已导入到的数据目录"
    )
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--pack", nargs="*", default=[], metavar="SET=ROWS", help="由问题文件生成仓库里的文件")
    parser.add_argument("--files", nargs="*", default=[], metavar="SET=FOLDER", help="与 --pack 一起：自写文件的目录")
    given = parser.parse_args(arguments)
    for pair in given.pack:
        name, _, path = pair.partition("=")
        pack(name, json_rows(Path(path)))
    if given.files:
        pack_files({name: Path(path) for name, _, path in (pair.partition("=") for pair in given.files)})
    if given.out is None:
        return 0
    unpack_ours(given.out)
    if given.reading is not None:
        write_reading(given.out, given.shared, given.reading)
    for pair in given.data:
        name, _, data = pair.partition("=")
        store = Store(Path(data), create=False)
        texts = [document.text for document in store.documents()]
        store.close()
        rows = kept(name)
        found = write_rows(given.out / f"{name}.jsonl", unpacked(rows, texts))
        print(f"{name}：{len(rows)} 题，找回 {found} 题")
    return 0


if __name__ == "__main__":
    sys.exit(main())
