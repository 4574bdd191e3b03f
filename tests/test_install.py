"""What `make install` brings, is enough to ingest and answer with; every version of it is locked; wheels can be taken along.

`TEST_WHEELHOUSE=1` runs the slow test too: `make wheelhouse`, and a service from it without a package index.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from api.cli import main
from index import adapt as adapting
from index.encoder import load_encoder
from index.errors import BadReader, EncoderError
from index.reader.extractive import TransformersReader
from index.rerank import load_reranker

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
LINES = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
LOCKED = dict(line.split("==") for line in LINES)
HEAVY = {"torch", "transformers", "sentence-transformers", "scikit-learn", "onnx"}


def required(requirements: list[str]) -> Iterator[Requirement]:
    """The requirements that hold on this machine, those of our own extras in their place."""
    for requirement in map(Requirement, requirements):
        if requirement.name == PROJECT["name"]:
            for extra in sorted(requirement.extras):
                yield from required(EXTRAS[extra])
        elif requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement


def closure(requirements: list[str]) -> set[str]:
    """The names of what is installed here for these requirements, with all that it brings along."""
    waiting = [(r.name, tuple(sorted(r.extras))) for r in required(requirements)]
    done: set[tuple[str, tuple[str, ...]]] = set()
    found: set[str] = set()
    while waiting:
        name, extras = key = waiting.pop()
        if key in done:
            continue
        done.add(key)
        found.add(canonicalize_name(name))
        for text in distribution(name).requires or []:
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append((requirement.name, tuple(sorted(requirement.extras))))
    return found


# -- versions ------------------------------------------------------------------------------------------------------------


def test_the_constraints_are_versions_and_nothing_else() -> None:
    names = [line.partition("==")[0] for line in LINES]
    assert len(names) > 100 and names == sorted(set(names))
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]*==[0-9][0-9a-z.]*", line) for line in LINES), "no hosts, no builds"


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_what_the_project_pins_is_locked_to_the_same_version(extra: str) -> None:
    pins = list(required(EXTRAS[extra] if extra else PROJECT["dependencies"]))
    assert pins
    for pin in pins:
        assert str(pin.specifier) == f"=={LOCKED[canonicalize_name(pin.name)]}"


def test_everything_that_is_installed_for_the_tests_is_locked_to_its_version() -> None:
    names = closure([*PROJECT["dependencies"], *EXTRAS["dev"]])
    assert len(names) > 80
    for name in names:
        assert distribution(name).version.partition("+")[0] == LOCKED.get(name), f"{name}: run make lock"


def test_every_way_to_install_keeps_to_the_lock() -> None:
    for path in ("Makefile", "deploy/Dockerfile"):
        lines = [line for line in (ROOT / path).read_text("utf-8").splitlines() if not line.startswith("#")]
        installs = [line for line in lines if re.search(r"pip (?:install|wheel) ", line)]
        assert len(installs) >= 2
        assert all("--constraint constraints.txt" in line or "--report" in line for line in installs)


def test_the_lock_is_written_from_pips_report(tmp_path: Path) -> None:
    found = [("Torch", "2.13.0+cpu"), ("ruamel.yaml_x", "1.0"), ("tiaowen", "0.1.0"), ("anyio", "4.0")]
    report = {"install": [{"metadata": {"name": name, "version": version}} for name, version in found]}
    (tmp_path / "report.json").write_text(json.dumps(report), "utf-8")
    command = [sys.executable, str(ROOT / "deploy" / "lock.py"), str(tmp_path / "report.json")]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    lines = [line for line in out.splitlines() if not line.startswith("#")]
    assert lines == ["anyio==4.0", "ruamel-yaml-x==1.0", "torch==2.13.0"]


# -- what the default installation lacks -----------------------------------------------------------------------------------


def test_the_default_installation_has_no_torch() -> None:
    assert not closure(PROJECT["dependencies"]) & HEAVY
    assert closure(EXTRAS["models"]) >= {"torch", "transformers", "sentence-transformers"}
    assert closure(EXTRAS["dev"]) >= HEAVY


def absent() -> list[str]:
    """The modules of packages that are installed here, but not by `make install`."""
    kept = closure(PROJECT["dependencies"]) | {"tiaowen", "pip", "setuptools"}
    return sorted(
        module
        for module, names in packages_distributions().items()
        if not {canonicalize_name(name) for name in names} & kept and module.isidentifier()
    )


_PROGRAM = """
import sys
for name in sys.argv[1].split(","):
    sys.modules[name] = None  # importing it fails as it does where it is not installed
from importlib import import_module
from api.cli import main
data = sys.argv[3]
assert main(["ingest", sys.argv[2], "--data", data]) == 0
assert main(["ask", "每箱蜂给予多少补贴？", "--data", data]) == 0
for module in ("api.app", "api.routes.mcp", "api.routes.openai", "api.run.serving", "api.bots.routes", "eval.run", "eval.beir"):
    import_module(module)
"""


def test_the_default_installation_ingests_and_answers(tmp_path: Path) -> None:
    blocked = absent()
    assert {"torch", "transformers", "sentence_transformers", "sklearn", "onnx", "pytest"} <= set(blocked)
    policies = ROOT / "tests" / "fixtures" / "data-folders" / "policies"
    command = [sys.executable, "-c", _PROGRAM, ",".join(blocked), str(policies), str(tmp_path / "data")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "85元" in done.stdout


@pytest.fixture
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("sentence_transformers", "transformers")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("torch", "sentence_transformers", "transformers"):
        monkeypatch.setitem(sys.modules, name, None)


def use_reranker() -> None:
    from index.rerank import CrossEncoderReranker, _cross_encoder

    assert isinstance(load_reranker("BAAI/bge-reranker-base"), CrossEncoderReranker)
    _cross_encoder("BAAI/bge-reranker-base")


def use_adapt() -> None:
    some: Any = [None] * adapting.FEWEST
    unused: Any = None
    adapting.adapt(unused, some, unused, unused)


@pytest.mark.parametrize(
    ("use", "error", "what"),
    [
        (lambda: load_encoder("BAAI/bge-small-zh-v1.5"), EncoderError, "编码器模型 BAAI/bge-small-zh-v1.5 "),
        (use_reranker, EncoderError, "重排模型 BAAI/bge-reranker-base "),
        (lambda: TransformersReader("some/reader").spans("谁？", ["甲"]), BadReader, "阅读模型 some/reader "),
        (use_adapt, EncoderError, "微调编码器"),
    ],
    ids=["encoder", "reranker", "reader", "adapt"],
)
def test_a_setting_that_needs_an_absent_extra_says_what_to_install(
    no_models: None, use: Any, error: type[EncoderError], what: str
) -> None:
    with pytest.raises(error, match=f"^{what}需要另外安装的组件（缺少 ") as refused:
        use()
    assert "'.[models]'" in refused.value.hint
    assert "models" in EXTRAS


def test_the_command_line_says_it_too(
    no_models: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIAOWEN_ENCODER", "BAAI/bge-small-zh-v1.5")
    (tmp_path / "a.txt").write_text("办法\n第一条 奖励10万元。\n", "utf-8")
    assert main(["ingest", str(tmp_path / "a.txt"), "--data", str(tmp_path / "data")]) == 1
    assert "'.[models]'" in capsys.readouterr().err


# -- wheels for a server without a network -------------------------------------------------------------------------------


@pytest.mark.parametrize(("extras", "wanted"), [("", "'.'"), ("bots,ocr", "'.[bots,ocr]'")])
def test_what_make_wheelhouse_would_do(extras: str, wanted: str) -> None:
    command = ["make", "-n", "wheelhouse", f"EXTRAS={extras}", "WHEELHOUSE=elsewhere"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    (wheel,) = [line for line in done.stdout.splitlines() if "pip wheel" in line]
    assert wheel.endswith(f"pip wheel --quiet --constraint constraints.txt --wheel-dir elsewhere {wanted}")
    assert "cp constraints.txt elsewhere/" in done.stdout, "what is installed there keeps to the lock as well"


@pytest.mark.skipif(not os.environ.get("TEST_WHEELHOUSE"), reason="fetches 150 MB; set TEST_WHEELHOUSE=1")
def test_a_server_without_a_network_is_installed_from_the_wheelhouse(tmp_path: Path) -> None:
    kept = shutil.ignore_patterns(".git", ".venv", "data", "build", "*.egg-info", "__pycache__", ".*_cache", "tests")
    shutil.copytree(ROOT, tmp_path / "clone", ignore=kept)
    house = tmp_path / "wheelhouse"
    subprocess.run(["make", "wheelhouse", f"WHEELHOUSE={house}"], cwd=tmp_path / "clone", check=True, timeout=1800)
    wheels = {canonicalize_name(path.name.split("-")[0]): path.name.split("-")[1] for path in house.glob("*.whl")}
    assert {name: wheels[name] for name in wheels if name != "tiaowen"}.items() <= LOCKED.items()
    assert set(wheels) == closure(PROJECT["dependencies"]) | {"tiaowen"}
    server = tmp_path / "server"
    subprocess.run([sys.executable, "-m", "venv", server], check=True, timeout=120)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "no_proxy": "*"}
    install = [server / "bin" / "pip", "install", "--quiet", "--no-index", "--find-links", house]
    install += ["--constraint", house / "constraints.txt", "tiaowen"]
    subprocess.run(install, cwd=tmp_path, env=environment, check=True, timeout=600)
    program = server / "bin" / "tiaowen"
    policies = ROOT / "tests" / "fixtures" / "data-folders" / "policies"
    for words in (["ingest", str(policies)], ["ask", "每箱蜂给予多少补贴？"]):
        command = [program, *words, "--data", tmp_path / "data"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("85元")


def test_the_distribution_names_are_known() -> None:
    with pytest.raises(PackageNotFoundError):
        closure(["no-such-package-anywhere"])
