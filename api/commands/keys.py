"""`tiaowen keys create|list|revoke`."""

from __future__ import annotations

import argparse
import json

from api.access import RANK
from api.commands.actions import Action, add_actions
from api.records.audit import COMMAND_LINE, Audit
from api.records.database import Records
from api.records.keys import Keys

ROLES = {"ask": "提问", "operate": "提问、工作台", "admin": "提问、工作台、管理文件"}


def add(command: argparse.ArgumentParser) -> None:
    """The three commands under `tiaowen keys`."""
    rows: tuple[Action, ...] = (
        ("create", "生成一个密钥（只显示这一次）", _create),
        ("list", "列出密钥", _list),
        ("revoke", "撤销一个密钥，立即生效", _revoke),
    )
    for name, action in add_actions(command, rows).items():
        if name == "create":
            action.add_argument(
                "--role",
                choices=list(RANK),
                default="ask",
                help="权限：" + "；".join(f"{k} {v}" for k, v in ROLES.items()),
            )
            action.add_argument("--name", default="", help="给谁用的，便于日后辨认")
        elif name == "list":
            action.add_argument("--json", action="store_true", help="输出 JSON")
        else:
            action.add_argument("id", help="编号，见 tiaowen keys list")


def _create(options: argparse.Namespace) -> int:
    records = Records(options.data)
    key, token = Keys(records).create(options.name.strip()[:100], options.role)
    Audit(records).put(COMMAND_LINE, "key.create", key.name or key.id, id=key.id, role=key.role)
    print(token)
    print(f"编号 {key.id}，权限 {key.role}（{ROLES[key.role]}）。密钥只显示这一次，请妥善保存。")
    return 0


def _list(options: argparse.Namespace) -> int:
    keys = Keys(Records(options.data)).list()
    if options.json:
        rows = [
            {name: getattr(key, name) for name in ("id", "name", "role", "created_at", "revoked_at")} for key in keys
        ]
        print(json.dumps({"keys": rows}, ensure_ascii=False, indent=2))
        return 0
    for key in keys:
        print(f"{key.id}  {key.role:<7}  {key.created_at[:10]}  {'已撤销' if key.revoked_at else '有效'}  {key.name}")
    if not keys:
        print("还没有密钥。用 tiaowen keys create --role admin 生成")
    return 0


def _revoke(options: argparse.Namespace) -> int:
    records = Records(options.data)
    key = Keys(records).revoke(options.id)
    Audit(records).put(COMMAND_LINE, "key.revoke", key.name or key.id, id=key.id, role=key.role)
    print(f"已撤销 {key.id}（{key.name or key.role}），用它登录的网页同时退出")
    return 0
