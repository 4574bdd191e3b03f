"""`tiaowen upgrade`: says what it will do to a data folder of an earlier version, backs it up, does it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import datetime
from pathlib import Path

from tqdm import tqdm

from api.models import models_from
from api.run.backup import back_up
from corpus.disk import sync
from index.progress import ProgressBars
from qa.upgrade import Original, Plan, plan, upgrade

NOTE = "upgrade.json"
"""In the data folder while an upgrade is at work: where its backup lies, so that one that was cut short makes no second."""
_SHOWN = 12  # names in a list


def add(command: argparse.ArgumentParser) -> None:
    """The options of the command."""
    command.add_argument("--check", action="store_true", help="只说明要做什么，不做")
    command.add_argument("--backup", type=Path, metavar="FILE", help="先备份到哪里，默认在数据目录旁边")
    command.add_argument("--no-backup", action="store_true", help="不备份（已另有备份时）")
    command.add_argument(
        "--wait", type=float, default=600.0, metavar="SECONDS", help="等另一个导入结束的秒数，默认 600"
    )


def run(options: argparse.Namespace) -> int:
    """Runs the command. Raises PolicyError."""
    data: Path = options.data
    named = models_from(os.environ)
    found = plan(data, named.index)
    _tell(found)
    if not found.needed or options.check:
        return 0
    if options.no_backup:
        print("按要求不备份")
    else:
        _backed_up(data, options.backup)
    with tqdm(total=len(found.again), desc="重读文件", unit="个", disable=None, leave=False) as bar:

        def step(name: str) -> None:
            bar.set_postfix_str(name[-30:], refresh=False)
            bar.update()

        report = upgrade(data, named.encoder, options.wait, _say, step, ProgressBars(), index=named.index)
    (data / NOTE).unlink(missing_ok=True)
    for file in report.files:
        if file.outcome == "rejected":
            _say(f"未能重读 {file.file}：{file.message}。{file.hint}（{file.code}）；原来读入的内容保留")
    changed = sum(len(f.diff.added) + len(f.diff.changed) + len(f.diff.removed) for f in report.files)
    print(f"升级完成：重读 {report.count('updated')} 个文件，{changed} 条条款有变化，索引已更新")
    return 1 if report.count("rejected") else 0


def _tell(found: Plan) -> None:
    if found.kept:
        print(f"原件已不在原处或已改动的 {len(found.kept)} 个文件保留旧版本读入的内容：{_names(found.kept)}")
        print("  要用新版本重新读入，请对它们再执行一次 tiaowen ingest")
    if not found.needed:
        print("数据目录已是现在的版本，不用升级")
        return
    print("将要：")
    if found.tables:
        print(f"  · 在文件库里补上 {'、'.join(found.tables)}")
    if found.again:
        versions = "、".join(sorted({original.parser for original in found.again}))
        print(f"  · 重新读入 {len(found.again)} 个由旧版本（{versions}）读入、原件未变的文件：{_names(found.again)}")
    print(f"  · 更新索引{f'（{found.index}）' if found.index else ''}")


def _backed_up(data: Path, archive: Path | None) -> None:
    note = data / NOTE
    if archive is None and note.is_file() and Path(before := json.loads(note.read_text("utf-8"))["backup"]).is_file():
        print(f"接着上次没有做完的升级；那时的备份在 {before}")
        return
    archive = archive or data.resolve().with_name(
        f"{data.resolve().name}.before-upgrade-{datetime.now():%Y%m%d-%H%M%S}.zip"
    )
    with tqdm(desc="备份", unit="个", disable=None, leave=False) as bar:
        contents = back_up(data, archive, lambda name: bar.update() and None)
    partial = note.with_suffix(".partial")
    partial.write_text(json.dumps({"backup": str(archive.resolve())}, ensure_ascii=False), "utf-8")
    sync(partial)
    partial.replace(note)
    print(f"已备份到 {archive}：{len(contents.entries)} 个文件（恢复用 tiaowen restore）")


def _names(files: tuple[Original, ...]) -> str:
    return "、".join(original.name for original in files[:_SHOWN]) + (" …" if len(files) > _SHOWN else "")


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
