"""`tiaowen outbox list|retry`: what has not gone out yet, and another try for what was given up."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from api.commands.actions import Action, add_actions
from api.records.database import Records
from api.records.outbox import Delivery, Outbox

STATES = {"waiting": "待发", "dead": "死信"}


def add(command: argparse.ArgumentParser) -> None:
    """The two commands under `tiaowen outbox`."""
    rows: tuple[Action, ...] = (
        ("list", "列出没有发出的事件和回复", _list),
        ("retry", "重发多次失败后放弃的（死信）；服务在运行时几秒内发出", _retry),
    )
    for name, action in add_actions(command, rows).items():
        if name == "list":
            action.add_argument("--state", choices=list(STATES), help="只列 waiting（待发）或 dead（死信）")
            action.add_argument("--limit", type=int, default=100, help="最多列几条，默认 100")
            action.add_argument("--json", action="store_true", help="输出 JSON，含内容")
        else:
            which = action.add_mutually_exclusive_group(required=True)
            which.add_argument(
                "numbers", nargs="*", default=[], type=int, metavar="编号", help="见 tiaowen outbox list"
            )
            which.add_argument("--all", action="store_true", help="全部死信")


def _list(options: argparse.Namespace) -> int:
    outbox = Outbox(Records(options.data))
    rows = outbox.list(options.state, max(1, options.limit))
    if options.json:
        told = [{**asdict(row), "due": _next(row)} for row in rows]
        print(json.dumps({"deliveries": told}, ensure_ascii=False, indent=2))
        return 0
    for row in rows:
        print(
            f"{row.number}  {STATES[row.state]}  {row.target}  {row.kind}  {row.created_at[:19]}  已试 {row.tries} 次"
            f"{_told(row)}{'  ' + row.problem if row.problem else ''}"
        )
    counts = outbox.counts()
    print(f"待发 {counts['waiting']}，死信 {counts['dead']}")
    return 0


def _next(row: Delivery) -> str | None:
    """When it is tried again (ISO 8601, UTC); None where it is not, or was not tried yet."""
    if row.state == "dead" or row.due <= 0:
        return None
    at = datetime.now(UTC) + timedelta(seconds=row.due - time.monotonic())
    return at.isoformat(timespec="seconds")


def _told(row: Delivery) -> str:
    at = _next(row)
    return f"，下次 {at}" if at else ""


def _retry(options: argparse.Namespace) -> int:
    done = Outbox(Records(options.data)).retry(None if options.all else options.numbers)
    print(f"已重新排队 {done} 条")
    return 0
