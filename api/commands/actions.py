"""Commands with actions under them: `tiaowen keys list`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

Action = tuple[str, str, Callable[[argparse.Namespace], int]]
"""A name, what it is for, and what does it."""


def add_actions(command: argparse.ArgumentParser, rows: Iterable[Action]) -> dict[str, argparse.ArgumentParser]:
    """The parser of each action by its name; all of them take the data folder."""
    actions = command.add_subparsers(required=True, metavar="操作", dest="action")
    out = {}
    for name, help, run in rows:
        out[name] = actions.add_parser(name, help=help, description=help)
        out[name].set_defaults(run=run)
        out[name].add_argument("--data", type=Path, default=Path("data"), help="数据目录，默认 ./data")
    return out
