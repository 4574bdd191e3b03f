"""docs/reference.md, written from the code: every command, route and error. `python -m api.reference > docs/reference.md`.

A test compares the file with what this makes, so that none of the three tables can fall behind.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator
from typing import cast

from api.app import create_app
from api.cli import _parser
from api.edge.guard import role_for
from api.errors import ApiError, PayloadTooLarge
from api.routes.mcp import PATH as MCP
from api.view import Service
from corpus.errors import PolicyError

_WITH_ERRORS = ("corpus.errors", "corpus.readers.errors", "index.errors", "qa.errors", "api.errors", "api.changes.work")
_ROOTS = ("BadFile", "ApiError")  # never raised themselves
_HEAD = """# 命令、地址、错误

由 `python -m api.reference > docs/reference.md` 从程序生成，勿手改；测试会比对。设置见 [settings.md](settings.md)，文件格式见 [formats.md](formats.md)。
"""


def commands() -> Iterator[tuple[str, str]]:
    """How each command is called, and what it is for."""
    yield from _commands(_parser())


def _commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            about = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, command in action.choices.items():
                if any(isinstance(a, argparse._SubParsersAction) for a in command._actions):
                    yield from _commands(command)
                else:
                    yield " ".join([command.prog, *_words(command)]), about[name]


def _words(command: argparse.ArgumentParser) -> Iterator[str]:
    actions = [action for action in command._actions if not isinstance(action, argparse._HelpAction)]
    if not command.add_help:  # of another folder, which reads its own words
        yield "…"
    for action in sorted(actions, key=lambda action: bool(action.option_strings)):
        value = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
        if action.choices is not None:
            value = "|".join(map(str, action.choices))
        if action.option_strings:
            word = f"{action.option_strings[0]} {value}".strip()
            yield word if action.required else f"[{word}]"
        else:
            yield {"+": f"{value}...", "*": f"[{value}...]"}.get(str(action.nargs), value)


def routes() -> Iterator[tuple[str, str, str, str]]:
    """Method, path, the least role that may use it ("" for none), and what it is for. Those of the bots are in docs/bots.md."""
    app = create_app(cast(Service, None))  # the routes are described, not called
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, role_for(method.upper(), path) or "", operation["summary"]
    yield "POST", MCP, role_for("POST", MCP) or "", "MCP：工具 ask、search、get_clause、list_documents"


def errors() -> Iterator[tuple[int, str, bool, str, str]]:
    """Status, code, whether the same call may succeed later, the usual message ("" where it says what is wrong), meaning."""
    for name in _WITH_ERRORS:
        importlib.import_module(name)
    found = {kind for kind in _below(PolicyError) if kind.__module__ in _WITH_ERRORS and kind.__name__ not in _ROOTS}
    for kind in sorted(found, key=lambda kind: (kind.status, kind.code)):
        usual = kind.default_message if issubclass(kind, ApiError) and kind is not PayloadTooLarge else ""
        meaning = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
        yield kind.status, kind.code, kind.retryable, usual, meaning


def _below(kind: type[PolicyError]) -> Iterator[type[PolicyError]]:
    for under in kind.__subclasses__():
        yield under
        yield from _below(under)


def page() -> str:
    """The whole text of docs/reference.md."""
    lines = [_HEAD, "## 命令", "", "| 命令 | 作用 |", "|---|---|"]
    lines += [f"| `{call.replace('|', ' / ')}` | {about} |" for call, about in commands()]
    lines += ["", "返回值：0 完成；1 有文件未导入（逐个说明原因）或出错；2 用法不对。", ""]
    lines += ["## 地址", "", "说明页是 `/docs`，机器读的是 `/openapi.json`；网页 `/`、`/library`、`/operator`。", ""]
    lines += ["| 方法 | 地址 | 权限 | 作用 |", "|---|---|---|---|"]
    lines += [f"| {method} | `{path}` | {role or '无'} | {about} |" for method, path, role, about in routes()]
    lines += [
        "",
        "权限：ask 提问，operate 加工作台，admin 加管理文件；“无”不要密钥。聊天平台的 `/bots/…` 见 [bots.md](bots.md)。",
        "",
    ]
    lines += [
        "## 错误",
        "",
        '形状只有一种：`{"error": {"code", "message", "hint"}}`。“可重试”：同样的请求过后可能成功。',
        "",
    ]
    lines += ["| HTTP | code | 可重试 | 通常的说明 | meaning |", "|---|---|---|---|---|"]
    for status, code, retryable, message, meaning in errors():
        lines.append(f"| {status} | `{code}` | {'是' if retryable else ''} | {message} | {meaning} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
