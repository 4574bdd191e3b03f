"""The questions that were written for this reader, kept without the texts that they are about.

`python -m index.training.reader.written --shared ../shared --data DIR --out FILE` writes them as rows of reading/train.jsonl's form.
The questions, answers and made-up passages in `written.jsonl.xz` are ours; passages of laws and of city files are other people's
texts, so that only their place is kept: an anchor (their first characters), their length and a hash, all without white space, and
offsets counted the same way. They are found again in `training/laws.jsonl.xz` and in a data folder into which the files of
cities/ were ingested. `--pack FILE...` makes the file from rows, `--add FILE...` puts more passages behind those that are kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus.store import Store
from index.training.reader.data import lines

FILE = Path(__file__).parent / "written.jsonl.xz"
HELD = Path(__file__).parent / "written.held.jsonl.xz"
"""Questions of one writer that no model was trained on, for measuring and calibrating."""

_ANCHOR = 12
_OWN = "own"


def bare(text: str) -> str:
    """A text without white space."""
    return "".join(text.split())


def digest(text: str) -> str:
    """A short hash of a bare text."""
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def place_of(text: str) -> tuple[str, int, str]:
    """Where a piece of somebody else's text is found again (`Texts.find`): its first characters, its length and its hash, all bare."""
    whole = bare(text)
    return whole[:_ANCHOR], len(whole), digest(whole)


def _places(text: str) -> list[int]:
    """Where the characters of the bare text stand in `text`."""
    return [at for at, character in enumerate(text) if not character.isspace()]


class Texts:
    """Whole texts by the group that they are sought in, with their bare form and where each of its characters stands."""

    def __init__(self, texts: Mapping[str, Sequence[str]]) -> None:
        self._texts = texts
        self._bare: dict[str, list[tuple[str, list[int], str]]] = {}

    def texts(self, group: str) -> Sequence[str]:
        """The whole texts of a group."""
        return self._texts.get(group, ())

    def find(self, group: str, anchor: str, length: int, wanted: str) -> str | None:
        """The piece of a text of the group that has this anchor, bare length and hash; line ends stay, runs of them one."""
        for stripped, places, text in self._of(group):
            at = stripped.find(anchor)
            while at >= 0:
                if at + length <= len(stripped) and digest(stripped[at : at + length]) == wanted:
                    piece = text[places[at] : places[at + length - 1] + 1]
                    return "\n".join(line.strip() for line in piece.splitlines() if line.strip())
                at = stripped.find(anchor, at + 1)
        return None

    def _of(self, group: str) -> list[tuple[str, list[int], str]]:
        if group not in self._bare:
            found = []
            for text in self._texts.get(group, ()):
                places = _places(text)
                found.append(("".join(text[at] for at in places), places, text))
            self._bare[group] = found
        return self._bare[group]


def moved(spans: Iterable[Sequence[int]], text: str) -> list[list[int]]:
    """Spans counted without white space as spans of `text`."""
    places = _places(text)
    return [[places[a], places[b - 1] + 1] for a, b in spans]


def stripped(spans: Iterable[Sequence[int]], text: str) -> list[list[int]]:
    """The same the other way round."""
    return [[len(bare(text[:a])), len(bare(text[:b]))] for a, b in spans]


def packed(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One object a passage, its questions with it."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        text, source = row["passage"], row["source"]
        key = (row["title"], text)
        if key not in found:
            kept = {"id": row["passage_id"], "source": source, "title": row["title"], "questions": []}
            place = (
                {"text": text}
                if source == _OWN
                else dict(zip(("anchor", "length", "hash"), place_of(text), strict=True))
            )
            found[key] = kept | place
        if row["answerable"] != bool(row["spans"]):
            raise ValueError(f"{row['id']}: what is answerable has its words marked")
        others = [a for a in row["answers"][1:] if a]
        found[key]["questions"].append(
            [row["question"], row["style"], row["type"], row.get("yes_no") or "", stripped(row["spans"], text), others]
        )
    return list(found.values())


def added(kept: Iterable[Mapping[str, Any]], rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is kept and the passages of further rows behind it; a passage whose id is there is replaced."""
    found = {one["id"]: dict(one) for one in kept}
    found |= {one["id"]: one for one in packed(rows)}
    return list(found.values())


def unpacked(objects: Iterable[Mapping[str, Any]], texts: Texts) -> Iterator[dict[str, Any]]:
    """The rows of passages that are found again."""
    for one in objects:
        text = one.get("text")
        if text is None:
            group = one["title"].split(" > ")[0] if one["source"] == "law" else one["source"]
            text = texts.find(group, one["anchor"], one["length"], one["hash"])
            text = text or texts.find("city", one["anchor"], one["length"], one["hash"])
        if text is None:
            continue
        for number, (question, style, kind, yes_no, spans, others) in enumerate(one["questions"]):
            places = moved(spans, text)
            said = [text[a:b] for a, b in places]
            answers = ["是" if yes_no == "yes" else "否"] if yes_no else ["、".join(said)] if said else []
            yield {
                "id": f"{one['id']}-{number}", "passage_id": one["id"], "source": one["source"], "title": one["title"],
                "passage": text, "question": question, "style": style, "type": kind, "answerable": bool(said),
                "answers": [*answers, *others], "items": said if len(said) > 1 else None, "yes_no": yes_no or None, "spans": places,
            }  # fmt: skip


def read_laws_by_title(shared: Path) -> Texts:
    """The laws by title."""
    return Texts(_laws(shared))


def read_texts(shared: Path, data: Path) -> Texts:
    """The laws by title, and under "city" the documents of a data folder. Raises StoreError."""
    store = Store(data, create=False)
    try:
        return Texts(_laws(shared) | {"city": [document.text for document in store.documents()]})
    finally:
        store.close()


def _laws(shared: Path) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for law in lines(shared / "training" / "laws.jsonl.xz"):
        title = law["markdown"].split("\n")[0].lstrip("# ").strip()
        groups.setdefault(title, []).append(law["markdown"])
    return groups


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m index.training.reader.written", description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--data", type=Path, help="a data folder that holds the city files")
    parser.add_argument("--out", type=Path, help="where the rows go")
    parser.add_argument("--held", action="store_true", help="the questions that no model was trained on")
    parser.add_argument("--pack", type=Path, nargs="+", help="files of rows to be kept")
    parser.add_argument("--add", type=Path, nargs="+", help="files of rows to be kept besides")
    given = parser.parse_args()
    path = HELD if given.held else FILE
    if given.pack or given.add:
        objects = added(
            lines(path) if given.add else (), (row for file in given.pack or given.add for row in lines(file))
        )
        with lzma.open(path, "wt", encoding="utf-8", preset=9) as file:
            file.writelines(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in objects)
        print(f"{len(objects)} passages, {path.stat().st_size / 1e6:.2f} MB")
        return
    if given.data is None or given.out is None:
        parser.error("--data and --out are needed")
    objects = list(lines(path))
    count = 0
    with given.out.open("w", encoding="utf-8") as file:
        for row in unpacked(objects, read_texts(given.shared, given.data)):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    total = sum(len(one["questions"]) for one in objects)
    print(f"{count} of {total} questions; {total - count} are about passages that are no longer found", file=sys.stderr)


if __name__ == "__main__":
    main()
