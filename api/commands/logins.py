"""`tiaowen logins list|end`: who is signed in with the account of the organisation, and the end of it."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from api.commands.actions import Action, add_actions
from api.records.audit import COMMAND_LINE, Audit
from api.records.database import Records
from api.records.people import People


def add(command: argparse.ArgumentParser) -> None:
    """The two commands under `tiaowen logins`."""
    rows: tuple[Action, ...] = (
        ("list", "列出有效的登录", _list),
        ("end", "结束一个人的全部登录，立即生效", _end),
    )
    actions = add_actions(command, rows)
    actions["list"].add_argument("--json", action="store_true", help="输出 JSON")
    actions["end"].add_argument("id", help="编号，见 tiaowen logins list")


def _list(options: argparse.Namespace) -> int:
    logins = People(Records(options.data), None).list()
    if options.json:
        print(json.dumps({"logins": [asdict(login) for login in logins]}, ensure_ascii=False, indent=2))
        return 0
    for login in logins:
        began, ends = login.began_at[:16], login.expires_at[:16]
        print(f"{login.person}  {began} 至 {ends} UTC  {login.name}  {'；'.join(login.grounds)}")
    if not logins:
        print("没有用单位账号登录着的人")
    return 0


def _end(options: argparse.Namespace) -> int:
    records = Records(options.data)
    name = People(records, None).end(options.id)
    Audit(records).put(COMMAND_LINE, "sso.end", name, id=options.id)
    print(f"已结束 {options.id}（{name}）的登录。要他不能再登录，请在单位账号系统里停用账号或移出有权限的组。")
    return 0
