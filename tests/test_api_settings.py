"""Settings are read strictly, named in docs/settings.md with their defaults, and wrong ones are refused by name."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from api import settings as module
from api.run import serving
from api.settings import Settings, settings_from
from qa.errors import BadSetting

ROOT = Path(__file__).resolve().parents[1]


def test_nothing_set_is_the_default() -> None:
    assert settings_from({}) == settings_from({"TIAOWEN_QUEUE": " "}) == Settings()


def test_every_setting_can_be_set() -> None:
    given = {
        "TIAOWEN_ACCESS": "ask",
        "TIAOWEN_ANY_HOST": "1",
        "TIAOWEN_RATE_KEY": "1",
        "TIAOWEN_RATE_ADDRESS": "0",
        "TIAOWEN_AT_WORK": "3",
        "TIAOWEN_QUEUE": "5",
        "TIAOWEN_TIMEOUT": "7",
        "TIAOWEN_KEEP_DAYS": "8",
        "TIAOWEN_UPLOAD_MB": "9",
        "TIAOWEN_READ_MEMORY_MB": "100",
        "TIAOWEN_READ_SECONDS": "13",
        "TIAOWEN_WATCH": "/srv/policies, /mnt/文件",
        "TIAOWEN_WATCH_EVERY": "03:30",
        "TIAOWEN_WATCH_REMOVE": "1",
        "TIAOWEN_WATCH_REST": "14",
        "TIAOWEN_WATCH_POLL": "15",
        "TIAOWEN_CORS": "https://a.example.test, http://b.example.test:81",
        "TIAOWEN_HOSTS": "ask.example.test",
        "TIAOWEN_LOGIN_HOURS": "10",
        "TIAOWEN_ROOT_PATH": "/a/b-c/",
        "TIAOWEN_FRAME_ANCESTORS": "https://a.example.test, https://*.example.test:81",
        "TIAOWEN_VOICE": "1",
        "TIAOWEN_CONNECTIONS": "11",
        "TIAOWEN_CONNECTIONS_ADDRESS": "12",
    }
    read = settings_from(given)
    different = [f.name for f in fields(Settings) if getattr(read, f.name) != getattr(Settings(), f.name)]
    assert set(given) >= {f"TIAOWEN_{name.upper()}" for name in different}
    assert len(different) >= len(given) and read.cors == ("https://a.example.test", "http://b.example.test:81")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACCESS", "everybody"),
        ("AT_WORK", "0"),
        ("AT_WORK", "two"),
        ("QUEUE", "-1"),
        ("TIMEOUT", "1.5"),
        ("RATE_KEY", "٣"),
        ("READ_MEMORY_MB", "1"),
        ("READ_SECONDS", "0"),
        ("CORS", "example.test"),
        ("CORS", "https://example.test/path"),
        ("CORS", "*"),
        ("ROOT_PATH", "tiaowen"),
        ("ROOT_PATH", "/a/../b"),
        ("ROOT_PATH", "//evil.example.test"),
        ("FRAME_ANCESTORS", "example.test"),
        ("FRAME_ANCESTORS", "*"),
        ("FRAME_ANCESTORS", "https://example.test/path"),
        ("FRAME_ANCESTORS", "https://a.example.test; script-src *"),
        ("FRAME_ANCESTORS", "https://a.*.test"),
        ("VOICE", "yes"),
        ("CONNECTIONS", "-1"),
        ("WATCH_EVERY", "sometimes"),
        ("WATCH_REMOVE", "yes"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"TIAOWEN_{name}") as refused:
        settings_from({f"TIAOWEN_{name}": value})
    assert refused.value.hint


def documented() -> dict[str, str]:
    """The default that docs/settings.md gives for each variable."""
    out = {}
    for line in (ROOT / "docs" / "settings.md").read_text("utf-8").splitlines():
        if line.startswith("| `"):
            _, column, _, default, _ = line.split("|")
            names = re.findall(r"`(TIAOWEN_[A-Z_]+)`", column)
            defaults = default.strip().split("、") if len(names) > 1 else [default.strip()]
            out |= dict(zip(names, defaults, strict=True))
    return out


SOURCE = Path(module.__file__).read_text("utf-8")
NUMBERS = sorted(re.findall(r'number\("([A-Z_]+)"', SOURCE))


def test_every_variable_that_the_program_reads_is_documented_and_no_other() -> None:
    modules = [path for folder in ("api", "qa", "index", "corpus") for path in (ROOT / folder).rglob("*.py")]
    code = [path.read_text("utf-8") for path in modules if path.parent.name != "bots"]  # theirs are in docs/bots.md
    named = set(re.findall(r"TIAOWEN_[A-Z]+(?:_[A-Z]+)*", "\n".join(code)))
    named |= {f"TIAOWEN_{name}" for name in re.findall(r'(?:number|names)\("([A-Z_]+)"', SOURCE)}
    assert set(documented()) == named - {serving.DATA, serving._RESTARTED}, "those two are the program's own"


def test_every_setting_is_in_the_docstring() -> None:
    names = {f"TIAOWEN_{name}" for name in re.findall(r'(?:number|names)\("([A-Z_]+)"', SOURCE)}
    names |= {"TIAOWEN_ACCESS", "TIAOWEN_ROOT_PATH"}
    assert len(names) >= 12 and all(name in (module.__doc__ or "") for name in names)


@pytest.mark.parametrize("name", NUMBERS)
def test_the_default_documented_is_the_default(name: str) -> None:
    default = getattr(Settings(), name.lower())
    assert documented()[f"TIAOWEN_{name}"] == str(int(default))
    row = next(
        line for line in (module.__doc__ or "").splitlines() if f"TIAOWEN_{name}" in line.replace(",", " ").split()
    )
    place = re.findall(r"TIAOWEN_[A-Z_]+", row).index(f"TIAOWEN_{name}")
    assert row.split("|")[3].split(",")[place].strip() == str(int(default))
