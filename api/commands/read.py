"""`tiaowen read FILE`: how a file is read, before it is taken in: its documents, what is known of them, what is left out."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from api.changes.leftout import REASONS, summary
from api.settings import settings_from
from corpus.confined import Confined
from corpus.errors import BadFile
from corpus.ingest import find_files, read_all
from corpus.parts import Reading
from corpus.types import Clause, Document, Kind

KINDS: dict[Kind, str] = {  # as the library's page calls them: api/web/library.js
    "policy": "政策",
    "regulation": "办法规章",
    "plan": "规划方案",
    "notice": "通知",
    "interpretation": "政策解读",
    "amendment": "修改废止决定",
    "minutes": "纪要",
    "news": "动态",
    "list": "名单",
}
_SHOWN = 60  # characters of a clause or of what was left out


def add(command: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    command.add_argument("paths", nargs="+", type=Path, metavar="FILE", help="文件或目录；不会导入")
    command.add_argument("--clauses", action="store_true", help="逐条列出条款")
    command.add_argument("--json", action="store_true", help="输出 JSON，含全文")
    command.set_defaults(run=_read)


def _read(options: argparse.Namespace) -> int:
    bad = False
    out = []
    with Confined(settings_from(os.environ).reading) as reader:
        files = find_files(options.paths)
        for name, found in chain.from_iterable(read_all(path, given, reader.parts) for path, given in files):
            if isinstance(found, BadFile):
                bad = True
                print(f"不能读 {name}：{found.message}。{found.hint}（{found.code}）", file=sys.stderr)
            elif options.json:
                out.append(_as_json(name, found))
            else:
                _tell(name, found, options.clauses)
    if options.json:
        print(json.dumps({"files": out}, ensure_ascii=False, indent=2, default=str))
    return 1 if bad else 0


def _tell(name: str, reading: Reading, clauses: bool) -> None:
    print(f"{name}：文件 {len(reading.documents)} 份")
    for document, found in reading.documents:
        _tell_document(document, found, clauses)
    if reading.left_out:
        print(f"  未计入正文：{summary(reading.left_out)}")
    for left in reading.left_out:
        print(f"    {REASONS[left.reason]}：{_short(left.text) or '（内容未读）'}")


def _tell_document(document: Document, clauses: tuple[Clause, ...], listed: bool) -> None:
    print(f"  《{document.title}》{'（推断标题）' if document.title_inferred else ''}")
    validity = document.validity
    facts = (
        ("文号", document.number),
        ("发文机关", document.issuer),
        ("成文日期", document.issued_on),
        ("施行", validity.effective_from),
        ("有效期至", validity.effective_until),
        ("种类", KINDS[document.kind]),
        ("地区", document.region),
    )
    print("    " + "，".join(f"{name} {value}" for name, value in facts if value))
    print(f"    条款 {len(clauses)} 条，正文 {len(document.text)} 字")
    for clause in clauses if listed else ():
        print(f"    {clause.address}  {_short(document.text[clause.span.start : clause.span.end])}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _as_json(name: str, reading: Reading) -> dict[str, Any]:
    return {
        "file": name,
        "documents": [
            {
                "title": document.title,
                "title_inferred": document.title_inferred,
                "number": document.number,
                "issuer": document.issuer,
                "issued_on": document.issued_on,
                "effective_from": document.validity.effective_from,
                "effective_until": document.validity.effective_until,
                "kind": document.kind,
                "region": document.region,
                "text": document.text,
                "clauses": [{"address": c.address, "text": document.text[c.span.start : c.span.end]} for c in clauses],
            }
            for document, clauses in reading.documents
        ],
        "left_out": [asdict(left) for left in reading.left_out],
        "recognised": reading.recognised,
        "unread": reading.unread,
    }
