"""`tiaowen watch`: takes up what comes, changes and goes in folders, until it is told to stop."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path
from types import FrameType

from api.settings import settings_from


def add(command: argparse.ArgumentParser) -> None:
    """The options of the command; what is not given is as the TIAOWEN_WATCH_* settings say."""
    command.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="看管的文件夹，子文件夹在内")
    command.add_argument(
        "--every", metavar="WHEN", help="定时逐个核对全部文件：24h、90m、03:30，或 cron 的五段 '30 3 * * 1-5'"
    )
    command.add_argument("--once", action="store_true", help="把现有的变化做完就结束，不一直看管")
    command.add_argument("--remove", action="store_true", help="文件夹里没有了的，从文件库移除；不写则只告知，保留")
    command.add_argument("--rest", type=_seconds, metavar="SECONDS", help="文件多少秒没有再变才读，默认 10")
    command.add_argument(
        "--poll", type=_seconds, metavar="SECONDS", help="不用系统通知，每隔多少秒查看一次（网络共享）"
    )
    command.add_argument(
        "--wait", type=_seconds, default=0, metavar="SECONDS", help="已有别的进程在看管时等多少秒，默认不等"
    )


def _seconds(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 86400:
        raise argparse.ArgumentTypeError("应为 0 到 86400 的整数")
    return value


def run(options: argparse.Namespace) -> int:
    """Runs the command. Raises PolicyError."""
    from api.changes.dispatch import Dispatcher
    from api.changes.jobs import Jobs
    from api.records.database import Records
    from api.run.restore import in_use
    from api.watch.serving import options_of
    from api.watch.wake import wake_on_events
    from api.watch.watcher import Watcher, watching

    data: Path = options.data
    given = settings_from(os.environ)
    settings = replace(
        given,
        watch=tuple(map(str, options.folders)),
        watch_every=given.watch_every if options.every is None else options.every,
        watch_remove=given.watch_remove or options.remove,
        watch_rest=given.watch_rest if options.rest is None else options.rest,
        watch_poll=given.watch_poll if options.poll is None else options.poll,
    )
    records = Records(data)
    chosen = options_of(settings, data)
    stop, wake = threading.Event(), threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()
        wake.set()

    with in_use(data), watching(data, options.wait, _say):
        before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            watcher = Watcher(records, chosen, Dispatcher(Jobs(records), data).kick, _say)
            if options.once:
                return 0 if watcher.once(stop) and not stop.is_set() else 1
            _say(f"看管 {'、'.join(map(str, chosen.folders))}（按 Ctrl+C 停止）")
            if chosen.poll is None:
                wake_on_events(chosen.folders, wake, stop, _say)
            watcher.run(stop, wake)
            left = Jobs(records).open("watch")
            _say("已停止看管" + ("；没做完的一批，下次启动服务或看管时接着做" if left else ""))
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    return 0


def _say(message: str) -> None:
    print(message, flush=True)
