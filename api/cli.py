"""The command `tiaowen`. Exit status: 0 done, 1 a failure or rejected files (each named, with the reason), 2 wrong use.

The only place, with the other command entry points, that reads the environment:
TIAOWEN_ENCODER   a sentence-transformers model, by name or folder, in the place of the builtin or the adapted one
TIAOWEN_RERANKER  a sentence-transformers CrossEncoder, by name or folder, in the place of the builtin reranker; none for none
TIAOWEN_READER    a question-answering model of transformers, by name or folder, in the place of the builtin reader; none for none
TIAOWEN_READER_THREADS  cores that one reading with the builtin reader takes; all where 0, shared among workers by default
TIAOWEN_INDEX     who carries the index: files of the data folder, or a Milvus (milvus://host:19530/collection)
TIAOWEN_DATABASE  what keeps records and documents: files of the data folder, or a PostgreSQL (postgresql://user@host/name)
TIAOWEN_MAX_WRONG_RATE  the share of the answers given that may be wrong, 0..1; less of it means more refusals
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from api.changes import leftout
from api.commands import bots as cli_bots
from api.commands import ingesting as cli_ingesting
from api.commands import keys as cli_keys
from api.commands import logins as cli_logins
from api.commands import outbox as cli_outbox
from api.commands import read as cli_read
from api.commands import upgrade as cli_upgrade
from api.commands import watch as cli_watch
from api.errors import Internal
from api.faults import damage_of, named
from api.models import database_name, encoder_name, index_name, models_from
from api.run.private import make_private
from api.run.serving import DataFolder, catch_up, serve
from api.settings import settings_from
from corpus.errors import PolicyError
from corpus.ingest import Report, find_files
from corpus.sql.choice import choose
from corpus.store import Store
from index.progress import ProgressBars
from qa.types import Answer, Question

if TYPE_CHECKING:
    from qa.engine import Engine

COMMANDS = "tiaowen.commands"
"""Entry-point group of commands that other folders add (eval): this one may not import them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for point in entry_points(group=COMMANDS):
        if given[:1] == [point.name]:
            try:
                choose(database_name())
            except PolicyError as error:
                return _failed(error)
            return int(point.load()(given[1:]))
    options = _parser().parse_args(given)
    before = os.umask(0o077)  # what is written holds questions, contacts and hashes of keys: nobody else's business
    try:
        return _run(options)
    finally:
        os.umask(before)


def _run(options: argparse.Namespace) -> int:
    try:
        choose(database_name())
        if hasattr(options, "data"):
            make_private(options.data)
        status = options.run(options)
    except PolicyError as error:
        return _failed(named(error) or error)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away: nobody is left to tell
        return 1
    except KeyboardInterrupt:
        return 130
    except (sqlite3.Error, OSError) as error:
        return _failed(named(error) or Internal())
    except Exception:
        damage = damage_of(options.data) if hasattr(options, "data") else None
        if damage is None:
            raise
        return _failed(damage)
    return int(status)


def _failed(error: PolicyError) -> int:
    print(f"错误：{error.message}（{error.code}）", file=sys.stderr)
    if error.hint:
        print(f"提示：{error.hint}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tiaowen", description="条问：用政策原文回答问题")
    commands = parser.add_subparsers(required=True, metavar="命令")

    def add(name: str, help: str, run: object) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help, description=help)
        command.set_defaults(run=run)
        command.add_argument("--data", type=Path, default=Path("data"), help="数据目录，默认 ./data")
        return command

    command = add("ingest", "导入文件或目录，并建立索引", _ingest)
    command.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="文件或目录")
    command.add_argument(
        "--workers", type=cli_ingesting.workers, default=1, help="同时读几个文件，默认 1；0 为每个核一个"
    )
    cli_ingesting.add_assist(
        add("assist", "帮别的机器正在做的导入读文件（几台机器共用 PostgreSQL 时）", cli_ingesting.assist)
    )
    help = "看一个文件会读成什么样：文件、元数据、没有计入正文的部分；不导入"
    cli_read.add(commands.add_parser("read", help=help, description=help))
    command = add("drop", "移除已导入的文件，并更新索引", _drop)
    command.add_argument("names", nargs="+", metavar="FILE", help="文件名（tiaowen documents 里显示的）或路径")
    command = add("serve", "启动网页和接口服务", _serve)
    command.add_argument("--host", default="127.0.0.1", help="监听地址，默认 127.0.0.1")
    command.add_argument("--port", type=_port, default=8000, help="端口，默认 8000")
    command.add_argument("--workers", type=_workers, default=1, help="工作进程数，默认 1；0 为每个核一个")
    for name, help, run in (("ask", "提一个问题", _ask), ("search", "只查相关条文", _search)):
        command = add(name, help, run)
        command.add_argument("text", metavar="TEXT", help="问题")
        command.add_argument("--top-k", type=_top_k, default=5, help="返回的条文数，1 到 50")
        command.add_argument("--json", action="store_true", help="输出 JSON")
    command = add("documents", "列出已导入的文件", _documents)
    command.add_argument("--json", action="store_true", help="输出 JSON")
    add("mcp", "给语言模型用的工具（MCP 协议，标准输入输出）", _mcp)
    command = add("backup", "备份数据目录，服务可以照常运行", _backup)
    command.add_argument("file", type=Path, metavar="FILE", help="备份文件，如 tiaowen.zip")
    command = add("restore", "从备份恢复数据目录", _restore)
    command.add_argument("file", type=Path, metavar="FILE", help="tiaowen backup 写的文件")
    command.add_argument("--force", action="store_true", help="替换已有数据的目录；原来的改名保留")
    cli_upgrade.add(add("upgrade", "把旧版本的数据目录升级到现在的版本：先说明，再备份，再做", cli_upgrade.run))
    command = add("adapt", "用已导入的文件微调内置编码器（无需标注），确有提高才采用", _adapt)
    command.add_argument("--undo", action="store_true", help="弃用微调的编码器，回到内置的")
    cli_watch.add(add("watch", "看管文件夹：文件来了、改了、没了，随时导入", cli_watch.run))
    for name in ("ingest", "drop", "adapt"):
        help = "等另一个导入或移除结束的秒数，默认 600"
        commands.choices[name].add_argument("--wait", type=_seconds, default=600.0, metavar="SECONDS", help=help)
    keys = commands.add_parser("keys", help="生成、列出、撤销密钥", description="生成、列出、撤销密钥")
    cli_keys.add(keys)
    cli_logins.add(
        commands.add_parser("logins", help="列出、结束单位账号的登录", description="列出、结束单位账号的登录")
    )
    cli_bots.add(commands.add_parser("bots", help="检查平台接入、钉钉 Stream", description="检查平台接入、钉钉 Stream"))
    cli_outbox.add(commands.add_parser("outbox", help="列出、重发事件", description="列出、重发事件"))
    for point in entry_points(group=COMMANDS):
        commands.add_parser(point.name, help="在问题集上评测", add_help=False)
    return parser


def _port(text: str) -> int:
    value = int(text)
    if not 0 < value < 65536:
        raise argparse.ArgumentTypeError("端口应在 1 到 65535 之间")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 86400:
        raise argparse.ArgumentTypeError("应在 0 到 86400 之间")
    return value


def _workers(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 64:
        raise argparse.ArgumentTypeError("应在 0 到 64 之间")
    return value


def _top_k(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 50:
        raise argparse.ArgumentTypeError("应在 1 到 50 之间")
    return value


# -- commands ----------------------------------------------------------------------------------------------------------


def _ingest(options: argparse.Namespace) -> int:
    from qa.build import update_index  # the models behind it are loaded only where they are needed
    from qa.changes import changing

    files = find_files(options.paths)
    with changing(options.data, encoder_name(), options.wait, _say, index=index_name()) as store:
        with tqdm(total=len(files), desc="读取文件", unit="个", disable=None, leave=False) as bar:

            def step(name: str) -> None:
                bar.set_postfix_str(name[-30:], refresh=False)
                bar.update()

            report = cli_ingesting.read_in(store, options.data, options.paths, files, options.workers, step)
        passages = update_index(store, options.data, encoder_name(), ProgressBars(), index=index_name())
        _tell(report, store, passages)
    return 1 if report.count("rejected") else 0


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _tell(report: Report, store: Store, passages: int | None) -> None:
    for file in report.files:
        if file.outcome == "rejected":
            print(f"未导入 {file.file}：{file.message}。{file.hint}（{file.code}）", file=sys.stderr)
    for file in report.files:
        diff = file.diff
        if file.outcome == "updated":
            print(
                f"更新 {file.file}：新增 {len(diff.added)} 条，修改 {len(diff.changed)} 条，删除 {len(diff.removed)} 条"
            )
            for name, addresses in (("新增", diff.added), ("修改", diff.changed), ("删除", diff.removed)):
                if addresses:
                    print(f"  {name}：{'、'.join(addresses[:12])}{' …' if len(addresses) > 12 else ''}")
    for file in report.files:
        if file.recognised:
            print(f"{file.file}：{_pages(file.recognised)}由图片识别，数字请核对原件")
        if file.unread:
            print(
                f"{file.file}：{_pages(file.unread)}是图片，没有读入。安装文字识别（pip install 'tiaowen[ocr]'）后再导入一次即可",
                file=sys.stderr,
            )
    for file in report.files:
        if file.left_out:
            print(f"{file.file}：未计入正文：{leftout.summary(file.left_out)}（可用 tiaowen read 查看）")
    names = {"added": "新增", "updated": "更新", "unchanged": "未变", "rejected": "未导入"}
    done = "，".join(f"{name} {report.count(key)}" for key, name in names.items())  # type: ignore[arg-type]
    if removed := [file.file for file in report.files if file.outcome == "removed"]:
        print(f"压缩包里已没有、随之移除：{'、'.join(removed[:12])}{' …' if len(removed) > 12 else ''}")
        done += f"，移除 {len(removed)}"
    counts = store.counts()
    print(f"文件 {len(report.files)} 个：{done}")
    print(
        f"库中现有文件 {counts.documents} 份、条款 {counts.clauses} 条"
        + (f"，索引 {passages} 段" if passages is not None else "，索引未变")
    )


def _pages(pages: Sequence[int]) -> str:
    return f"第 {'、'.join(map(str, pages[:12]))}{' …' if len(pages) > 12 else ''} 页"


def _drop(options: argparse.Namespace) -> int:
    from api.changes.work import remove
    from qa.build import update_index
    from qa.changes import changing

    Store(options.data, create=False)  # no folder is made to remove files from
    with changing(options.data, encoder_name(), options.wait, _say, index=index_name()) as store:
        paths = remove(store, options.data, options.names)
        passages = update_index(store, options.data, encoder_name(), ProgressBars(), index=index_name())
        counts = store.counts()
    print(
        f"已移除 {len(paths)} 个文件；库中现有文件 {counts.documents} 份、条款 {counts.clauses} 条，索引 {passages or '未变'}"
    )
    return 0


def _engine(data: Path) -> Engine:
    catch_up(data, models_from(os.environ), _say)
    return DataFolder(data, models_from(os.environ)).build()


def _serve(options: argparse.Namespace) -> int:
    from qa.upgrade import outdated

    if old := outdated(options.data):
        _say(f"有 {old} 个文件由旧版本读入；tiaowen upgrade --check --data {options.data} 说明能怎么升级，不用停服务")
    return serve(options.data, options.host, options.port, options.workers)


def _mcp(options: argparse.Namespace) -> int:
    import anyio

    from api.answer.desk import Desk
    from api.answer.service import EngineService
    from api.app import today_in_shanghai
    from api.edge.metrics import Meter
    from api.records.database import Records
    from api.routes.mcp import run_stdio
    from api.run.serving import DataFolder

    settings = settings_from(os.environ)
    catch_up(options.data, models_from(os.environ), _say)
    service = EngineService.over(DataFolder(options.data, models_from(os.environ)))
    service.load()
    service.watch()
    anyio.run(run_stdio, Desk(service, today_in_shanghai, Meter(), Records(options.data), settings))
    service.stop()
    return 0


def _question(options: argparse.Namespace) -> Question:
    from api.app import today_in_shanghai

    text = options.text.strip()
    if not 1 <= len(text) <= 500:
        print("错误：问题应为 1 到 500 个字", file=sys.stderr)
        raise SystemExit(2)
    return Question(text, today_in_shanghai(), top_k=options.top_k)


def _ask(options: argparse.Namespace) -> int:
    from api.answer.answering import ask_with
    from api.answer.service import EngineView

    question = _question(options)
    engine = _engine(options.data)
    if options.json:
        print(ask_with(EngineView(engine), question, options.text)[0].model_dump_json(indent=2))
        return 0
    outcome = engine.answer(question)
    if isinstance(outcome, Answer):
        print(f"{outcome.text}    （把握 {outcome.confidence:.0%}）")
        for warning in outcome.warnings:
            print(f"注意：{warning.message}")
        for citation in outcome.citations[:1]:
            first, last, _ = citation.document.lines_of(citation.span)
            source = citation.document.sources[0].file if citation.document.sources else ""
            print(f"依据：《{citation.document.title}》{citation.clause.address}")
            print(f"      {citation.quote}")
            print(f"来源：{source} 第 {first} 行" + (f"至第 {last} 行" if last != first else ""))
    else:
        print(outcome.message)
        for hit in outcome.hits[:3]:
            document, _ = engine.load(hit.passage.document_id)
            print(f"· 《{document.title}》 {hit.passage.text[:60]}")
    return 0


def _search(options: argparse.Namespace) -> int:
    from api.answer.answering import search_with
    from api.answer.service import EngineView

    question = _question(options)
    engine = _engine(options.data)
    if options.json:
        print(search_with(EngineView(engine), question, options.text).model_dump_json(indent=2))
        return 0
    for hit in engine.search(question):
        document, _ = engine.load(hit.passage.document_id)
        clause = engine.store.clause(hit.passage.clause_id)
        print(f"{hit.rank}. {hit.score:.3f} 《{document.title}》{clause.address}\n   {hit.passage.text[:120]}")
    return 0


def _documents(options: argparse.Namespace) -> int:
    from api.app import today_in_shanghai
    from api.contract.citing import STATUS_NAMES
    from api.contract.schemas import document_out

    day = today_in_shanghai()
    documents = Store(options.data, create=False).documents()
    if options.json:
        out = [document_out(document, day).model_dump(mode="json") for document in documents]
        print(json.dumps({"documents": out}, ensure_ascii=False, indent=2))
        return 0
    for document in documents:
        inferred = "（推断标题）" if document.title_inferred else ""
        source = document.sources[0]
        print(
            f"{document.id}  {STATUS_NAMES[document.status_on(day)]}  {document.title}{inferred}  {document.number or ''}  {source.file}:{source.line_start}"
        )
    return 0


def _backup(options: argparse.Namespace) -> int:
    from api.run.backup import back_up

    with tqdm(desc="备份", unit="个", disable=None, leave=False) as bar:
        contents = back_up(options.data, options.file, lambda name: bar.update() and None)
    size = options.file.stat().st_size
    print(
        f"已备份到 {options.file}：{len(contents.entries)} 个文件，{contents.size / 1e6:.1f} MB，压缩后 {size / 1e6:.1f} MB"
    )
    print("里面有密钥的摘要、平台的密码和问答记录，请妥善保管")
    return 0


def _restore(options: argparse.Namespace) -> int:
    from api.run.restore import restore

    with tqdm(desc="恢复", unit="个", disable=None, leave=False) as bar:
        contents, kept = restore(options.file, options.data, options.force, lambda name: bar.update() and None)
    print(
        f"已恢复到 {options.data}：{contents.created.astimezone():%Y-%m-%d %H:%M} 的备份，{len(contents.entries)} 个文件"
    )
    if kept:
        print(f"原来的数据在 {kept}，确认无误后可以删除")
    return 0


def _adapt(options: argparse.Namespace) -> int:
    from index.adapt import table
    from qa.build import adapt_encoder, undo_adapt
    from qa.changes import alone

    if encoder_name() and not options.undo:
        print(f"错误：已设置 TIAOWEN_ENCODER={encoder_name()}，微调的编码器不会被使用", file=sys.stderr)
        print("提示：取消这项设置后再执行 tiaowen adapt", file=sys.stderr)
        return 1
    Store(options.data, create=False)
    if options.undo:
        with alone(options.data, options.wait, _say):
            done = undo_adapt(options.data, ProgressBars(), index_name())
        print("已回到内置编码器，索引已更新" if done else "没有微调过的编码器，未作改动")
        return 0
    with alone(options.data, options.wait, _say):
        report, kept = adapt_encoder(options.data, ProgressBars(), index_name())
    print(f"条款 {report.clauses} 条，段落 {report.passages} 段；用留出条款的 {report.questions} 个问题比较：")
    for name, before, after in table(report):
        print(f"  {name}  {before:.3f} → {after:.3f}（{after - before:+.3f}）")
    interval = f"95% 区间 {report.low:+.3f} 至 {report.high:+.3f}，p={report.p:.4f}"
    print(f"融合 MRR@10 提高 {report.gain:+.3f}（{interval}）")
    if kept:
        print(f"已采用：{options.data / 'model'}，索引已重建。正在运行的服务会自动换用；退回用 tiaowen adapt --undo")
    else:
        print(f"未采用：{report.reason}。编码器和索引保持原样")
    return 0


if __name__ == "__main__":
    sys.exit(main())
