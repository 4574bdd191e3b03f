"""All regular expressions of the packages named, and how each is used: what test_corpus_patterns.py tries."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

METHODS = ("match", "fullmatch", "search", "finditer", "findall", "sub", "subn", "split")


@dataclass(frozen=True)
class Use:
    """A pattern where it stands, and a method of it that is called."""

    place: str
    pattern: re.Pattern[Any]
    method: str


def modules(*packages: str) -> Iterator[ModuleType]:
    for package in packages:
        root = importlib.import_module(package)
        for found in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not found.ispkg or found.name.count("."):
                yield importlib.import_module(found.name)


def uses(*packages: str) -> list[Use]:
    """Each pattern with each method that its name is called with; one that only stands in a table, with all methods that
    its module calls of something that is not named."""
    found = {module.__name__: module for module in modules(*packages)}
    sources = {name: ast.parse(Path(module.__file__ or "").read_text("utf-8")) for name, module in found.items()}
    called: dict[str, set[str]] = defaultdict(
        set
    )  # by name: of its module where it is private, anywhere where it is not
    out: dict[tuple[Any, int, str], Use] = {}
    for name, tree in sources.items():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in METHODS
                and isinstance(node.value, ast.Name | ast.Attribute)
            ):
                variable = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
                called[f"{name}.{variable}" if variable.startswith("_") else variable].add(node.attr)
                if variable.islower() and variable != "re" and node.attr != "split":  # of a loop over a table
                    called[f"{name}."].add(node.attr)
    for name, module in found.items():
        for variable, value in vars(module).items():
            for pattern in _patterns(value, 0):
                own = called.get(f"{name}.{variable}" if variable.startswith("_") else variable)
                for method in sorted(own or called.get(f"{name}.", {"search", "sub"})):
                    out.setdefault((pattern.pattern, pattern.flags, method), Use(f"{name}.{variable}", pattern, method))
        for node in ast.walk(sources[name]):
            if (
                (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and isinstance(node.func.value, ast.Name)
                )
                and node.func.value.id == "re"
                and node.func.attr in (*METHODS, "compile")
                and node.args
            ):
                pattern = _evaluated(node, module)
                methods = [node.func.attr] if node.func.attr != "compile" else ["search", "sub"]
                for method in methods if pattern is not None else ():
                    if not any((pattern.pattern, pattern.flags, other) in out for other in METHODS):
                        key = (pattern.pattern, pattern.flags, method)
                        out[key] = Use(f"{name}:{node.lineno}", pattern, method)
    return list(out.values())


def _patterns(value: Any, depth: int) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 4:
        inner: Any = ()
        if isinstance(value, dict):
            inner = (*value.keys(), *value.values())
        elif isinstance(value, tuple | list | set | frozenset):
            inner = value
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            inner = [getattr(value, field.name) for field in dataclasses.fields(value)]
        for one in inner:
            yield from _patterns(one, depth + 1)


def _evaluated(call: ast.Call, module: ModuleType) -> re.Pattern[Any] | None:
    """The pattern of a call of the module re; None where it is made of what only the function knows."""
    flags = (
        call.args[1]
        if isinstance(call.func, ast.Attribute) and call.func.attr == "compile" and len(call.args) > 1
        else None
    )
    flags = next((word.value for word in call.keywords if word.arg == "flags"), flags)
    try:
        source = eval(compile(ast.Expression(call.args[0]), "<pattern>", "eval"), vars(module))
        given = eval(compile(ast.Expression(flags), "<flags>", "eval"), vars(module)) if flags else 0
    except NameError:
        return None
    return source if isinstance(source, re.Pattern) else re.compile(source, given)
