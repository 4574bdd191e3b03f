"""What is in deploy/ fits the program: every path, port, flag and setting in it is one that there is."""

from __future__ import annotations

import configparser
import fnmatch
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path, PurePosixPath

import pytest
import yaml

from api.cli import _parser
from api.run.serving import _LAST_WORDS
from api.schedule import every
from api.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
PORT = 8000
STATE = PurePosixPath("/var/lib/tiaowen")


def text(name: str) -> str:
    return (DEPLOY / name).read_text("utf-8")


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile with continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", text("Dockerfile"))
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.strip().partition(" ") for line in lines)]


UNITS = ("tiaowen.service", "tiaowen-watch.service")


def unit(name: str = UNITS[0]) -> configparser.RawConfigParser:
    """A systemd unit; a key that is given several times has all values, one a line."""
    values: dict[str, dict[str, str]] = {}
    section = ""
    for line in text(name).splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section = match[1]
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            known = values.setdefault(section, {})
            known[key] = f"{known[key]}\n{value}" if key in known else value
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_dict(values)
    return parser


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out: the last pattern that matches it, or a folder above it, decides."""
    out = False
    parts = PurePosixPath(path).parts
    above = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.strip().removeprefix("!")
        if not pattern or pattern.startswith("#"):
            continue
        matches = [fnmatch.fnmatch(p, pattern) or (pattern.startswith("**/") and fnmatch.fnmatch(PurePosixPath(p).name, pattern[3:])) for p in above]  # fmt: skip
        if any(matches):
            out = not line.startswith("!")
    return out


# -- the image -----------------------------------------------------------------------------------------------------------


def test_all_that_the_image_copies_is_there_and_sent() -> None:
    copied = [rest.split()[:-1] for word, rest in instructions() if word == "COPY" and "--from=" not in rest]
    sources = {source for found in copied for source in found}
    assert sources and all((ROOT / source).exists() and not ignored(source) for source in sources)
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    assert {package.split(".")[0] for package in packages} <= sources


@pytest.mark.parametrize(
    "path", ["data/tiaowen.sqlite3", ".git/config", "tests/conftest.py", "api/__pycache__/a.pyc", ".venv/x"]
)
def test_what_the_image_does_not_need_is_not_sent(path: str) -> None:
    assert ignored(path)
    assert not ignored("api/app.py") and not ignored("index/model/model.safetensors")


def test_every_file_of_the_packages_is_installed_with_them() -> None:
    """The image is installed, not a working copy: what package-data forgets is missing there."""
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    for folder in ("corpus", "index", "qa", "api", "eval"):
        globs = setup["package-data"].get(folder, [])
        listed = {path for glob in globs for path in (ROOT / folder).glob(glob)}
        files = {p for p in (ROOT / folder).rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc")}
        assert files <= listed


def test_the_container_runs_as_nobody_special_and_serves_where_it_says() -> None:
    last = dict(instructions()[[word for word, _ in instructions()].index("FROM", 1) :])
    user = last["USER"].split(":")[0]
    assert user.isdigit() and int(user) > 0 and f"--uid {user}" in last["RUN"]
    assert last["EXPOSE"] == str(PORT) and PurePosixPath(last["VOLUME"]) == PurePosixPath(last["WORKDIR"]) == STATE
    assert json.loads(last["ENTRYPOINT"]) == ["tiaowen"]
    options = _parser().parse_args(json.loads(last["CMD"]))
    assert (options.host, options.port, options.data) == ("0.0.0.0", PORT, Path("data"))
    check = json.loads(last["HEALTHCHECK"].partition("CMD ")[2])
    assert check[0] == "python" and f":{PORT}/readyz" in check[2]
    compile(check[2], "healthcheck", "exec")


def test_compose_of_several() -> None:
    compose = yaml.safe_load(text("compose.cluster.yaml"))
    services = compose["services"]
    for name in ("one", "two"):
        service = services[name]
        assert (DEPLOY / service["build"]["context"]).resolve() == ROOT and service["build"]["args"][
            "EXTRAS"
        ] == "[cluster]"
        assert (
            service["volumes"] == [f"{name}:{STATE}"]
            and service["read_only"] is True
            and service["cap_drop"] == ["ALL"]
        )
        assert service["environment"]["TIAOWEN_DATABASE"].startswith("postgresql://tiaowen:${DATABASE_PASSWORD:?")
        assert int(service["stop_grace_period"].removesuffix("s")) > Settings().timeout + _LAST_WORDS
    assert {v.partition(":")[0] for s in services.values() for v in s["volumes"] if not v.startswith(".")} == set(
        compose["volumes"]
    )
    mounted = services["nginx"]["volumes"][0].partition(":")[0]
    servers = re.findall(r"^ *server (\w+):(\d+)", (DEPLOY / mounted).read_text("utf-8"), re.M)
    assert servers == [("one", str(PORT)), ("two", str(PORT))]
    assert services["milvus"]["profiles"] == ["milvus"], "only where it is asked for"


def test_compose() -> None:
    compose = yaml.safe_load(text("compose.yaml"))
    (service,) = compose["services"].values()
    assert (DEPLOY / service["build"]["context"]).resolve() == ROOT
    assert (ROOT / service["build"]["dockerfile"]).is_file()
    assert all((DEPLOY / name).is_file() for name in service["env_file"])
    volume, _, target = service["volumes"][0].partition(":")
    assert volume in compose["volumes"] and PurePosixPath(target) == STATE
    assert service["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"] and service["mem_limit"]
    assert "no-new-privileges:true" in service["security_opt"] and service["tmpfs"][0].startswith("/tmp:")
    assert int(service["stop_grace_period"].removesuffix("s")) > Settings().timeout + _LAST_WORDS


# -- systemd -------------------------------------------------------------------------------------------------------------


def test_the_unit_starts_what_there_is_and_may_write_its_data_only() -> None:
    service = unit()["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    options = _parser().parse_args(arguments)
    assert PurePosixPath(program).name == "tiaowen" and options.workers > 1, "a reload needs a second worker"
    assert options.port == PORT and options.host == "127.0.0.1"
    assert PurePosixPath("/var/lib") / service["StateDirectory"] == STATE
    assert options.data.is_relative_to(STATE) and options.data != STATE, "so that a restore may replace it"
    assert service["ProtectSystem"] == "strict" and "ReadWritePaths" not in service
    assert service["User"] not in ("", "root") and service["CapabilityBoundingSet"] == ""
    assert int(service["TimeoutStopSec"]) > Settings().timeout + _LAST_WORDS
    assert service["EnvironmentFile"].endswith("tiaowen.env")


def test_the_unit_that_watches_is_as_confined_and_shares_the_data_of_the_service() -> None:
    service, watch = unit()["Service"], unit("tiaowen-watch.service")["Service"]
    options = _parser().parse_args(shlex.split(watch["ExecStart"])[1:])
    assert options.data == _parser().parse_args(shlex.split(service["ExecStart"])[1:]).data
    assert options.folders == [Path("/srv/policies")] and every(options.every)
    assert {key for key in service if service[key] != watch.get(key)} == {"ExecStart", "ExecReload"}
    assert not {key for key in watch if key not in service}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_no_fault_with_the_unit(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    program = shlex.split(unit(name)["Service"]["ExecStart"])[0]
    path.write_text(text(name).replace(program, "/bin/true"), "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and name not in done.stderr, done.stderr
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr


# -- the proxy, the settings, the words ----------------------------------------------------------------------------------


def test_the_proxy_passes_on_what_the_service_needs() -> None:
    conf = re.sub(r"#.*", "", text("nginx.conf"))
    assert f"server 127.0.0.1:{PORT};" in conf and "proxy_buffering off;" in conf
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in conf, "and not what the caller claims"
    assert int(re.search(r"client_max_body_size (\d+)m;", conf)[1]) > Settings().upload_mb  # type: ignore[index]
    assert int(re.search(r"proxy_read_timeout (\d+)s;", conf)[1]) > Settings().timeout  # type: ignore[index]
    assert conf.count("{") == conf.count("}")


def test_every_setting_named_is_one_that_there_is() -> None:
    known = set(re.findall(r"TIAOWEN_[A-Z_]+", (ROOT / "docs" / "settings.md").read_text("utf-8")))
    documents = [*DEPLOY.iterdir(), ROOT / "docs" / "operations.md"]
    named = {name for path in documents for name in re.findall(r"TIAOWEN_[A-Z_]+", path.read_text("utf-8"))}
    assert named and named <= known


def test_every_command_of_the_guide_is_one_that_there_is() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text("utf-8")
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", guide, re.S))
    found = []
    for line in blocks.splitlines():
        command = re.sub(r"\s+#.*", "", line)
        match = re.search(
            r"(?:^tw|^tiaowen|(?:run|exec) .*?tiaowen(?: tiaowen)?) (ingest|watch|keys|serve|backup|restore)\b.*",
            command,
        )
        if match:
            words = shlex.split(command[match.start(1) :])
            _parser().parse_args(words)
            found.append(words[0])
    assert set(found) == {"ingest", "watch", "keys", "backup", "restore"}
    for path in re.findall(r"deploy/[\w.-]+", guide):
        assert (ROOT / path.rstrip(".")).is_file(), path
