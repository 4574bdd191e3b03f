"""The rules of the repository: which folder may import which, what an import may do, and how large a module may be."""

from __future__ import annotations

import ast
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import NetworkUsed
from importlinter import configuration
from importlinter.application.use_cases import lint_imports

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("corpus", "index", "qa", "api", "eval")
DISPATCHERS = {"qa/read/__init__.py", "corpus/readers/__init__.py"}
MAX_LINES = 600

MODULES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
NAMES = [path.relative_to(ROOT).as_posix() for path in MODULES]
PACKAGES = sorted(path for path in NAMES if path.endswith("__init__.py"))


def test_the_walk_finds_the_project() -> None:
    assert {name.split("/")[0] for name in NAMES} == set(FOLDERS)
    assert len(NAMES) > 40


def test_the_contracts_between_houses_and_rooms_are_kept() -> None:
    """Those of pyproject.toml: what is above imports what is below, and no room imports another in a circle."""
    configuration.configure()
    assert lint_imports(str(ROOT / "pyproject.toml"), cache_dir=None, no_logo=True)


def test_no_folder_without_a_subject() -> None:
    folders = {path.parent.name for path in MODULES}
    assert not folders & {"utils", "util", "common", "core", "helpers", "misc"}


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_file_holds_a_docstring_and_its_names(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text("utf-8"))
    assert ast.get_docstring(tree), "says what the folder is for"
    allowed: tuple[type, ...] = (ast.Expr, ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)
    if name in DISPATCHERS:
        allowed = (*allowed, ast.FunctionDef)
    assert all(isinstance(node, allowed) for node in tree.body)
    targets = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    ]
    public = [target for target in targets if name not in DISPATCHERS or not re.match(r"_[A-Z]", target)]
    assert public == ["__all__"]


@pytest.mark.parametrize("name", NAMES)
def test_a_module_is_not_too_long_and_says_what_it_is(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    assert ast.get_docstring(ast.parse(text))


def test_the_packages_declared_are_the_packages_there_are() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    assert sorted(declared) == sorted(name.removesuffix("/__init__.py").replace("/", ".") for name in PACKAGES)
    loose = [name for name in NAMES if f"{name.rpartition('/')[0]}/__init__.py" not in PACKAGES]
    assert not loose, "a module outside any package is not installed"


_IMPORT_ALL = """
import importlib, importlib.util, os, sys
third_party, project = sys.argv[1].split(","), sys.argv[2].split(",")
for name in third_party:
    importlib.import_module(name)
armed = False
def watch(event, arguments):
    if not armed:
        return
    if event == "open":
        path = os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes)) else ""
        code = path.endswith((".py", ".pyc", ".so", ".pth")) or ".pyc." in path or os.path.isdir(path)
        if path and not code:
            raise RuntimeError(f"import opened {path}")
    elif event.startswith("socket."):
        raise RuntimeError(f"import used {event}{arguments}")
sys.addaudithook(watch)
armed = True
for name in project:
    try:
        importlib.import_module(name)
    except Exception as error:
        armed = False
        raise SystemExit(f"{name}: {error}")
armed = False
"""


def run_import_all(project: list[str], third_party: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", _IMPORT_ALL, ",".join(third_party), ",".join(project)]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=300)


def at_module_level(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_importing_any_module_opens_no_file_socket_or_model(tmp_path: Path) -> None:
    others = {name for path in MODULES for name in at_module_level(path)} - {"__future__"}
    third_party = sorted(name for name in others if name.split(".")[0] not in FOLDERS)
    project = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in NAMES]
    done = run_import_all(project, third_party, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("open('data.txt')", "import opened data.txt"),
        ("import socket; socket.socket()", "import used socket."),
    ],
)
def test_the_watch_on_imports_sees_what_it_should(tmp_path: Path, code: str, reason: str) -> None:
    (tmp_path / "data.txt").write_text("x")
    (tmp_path / "careless.py").write_text(code)
    done = run_import_all(["careless"], ["socket"], tmp_path)
    assert done.returncode != 0
    assert reason in done.stderr


# -- the rules that conftest.py sets -----------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_no_test_reaches_out_of_this_machine(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as outside, pytest.raises(NetworkUsed, match=host):
        outside.connect((host, 80))


def test_this_machine_may_be_reached() -> None:
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        client.connect(server.getsockname())


@pytest.mark.parametrize(
    ("ci", "there", "outcome"),
    [("", False, "1 skipped"), ("true", False, "1 error"), ("true", True, "1 passed")],
)
def test_shared_tests_skip_or_fail_where_the_folder_is_absent(
    tmp_path: Path, ci: str, there: bool, outcome: str
) -> None:
    tests = tmp_path / "repository" / "tests"
    tests.mkdir(parents=True)
    if there:
        (tmp_path / "shared").mkdir()
    shutil.copy(ROOT / "tests" / "conftest.py", tests)
    test = "import pytest\n@pytest.mark.shared\ndef test_it(shared): assert shared.is_dir()\n"
    (tests / "test_it.py").write_text(test)
    (tests / "pytest.ini").write_text("[pytest]\nmarkers = shared: x\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    done = subprocess.run(command, env={**os.environ, "CI": ci}, cwd=tests, capture_output=True, text=True, timeout=60)
    assert outcome in done.stdout
