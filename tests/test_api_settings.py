"""Settings are read strictly, named in the README, and wrong ones are refused by name."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from api import settings as module
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
        "TIAOWEN_CORS": "https://a.example.test, http://b.example.test:81",
        "TIAOWEN_HOSTS": "ask.example.test",
        "TIAOWEN_LOGIN_HOURS": "10",
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
        ("CORS", "example.test"),
        ("CORS", "https://example.test/path"),
        ("CORS", "*"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"TIAOWEN_{name}") as refused:
        settings_from({f"TIAOWEN_{name}": value})
    assert refused.value.hint


def test_every_setting_is_in_the_readme_and_in_its_docstring() -> None:
    source = Path(module.__file__).read_text("utf-8")
    names = {f"TIAOWEN_{name}" for name in re.findall(r'(?:number|names)\("([A-Z_]+)"', source)} | {"TIAOWEN_ACCESS"}
    assert len(names) >= 12
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in names:
        assert name in (module.__doc__ or "") and name in readme, name
