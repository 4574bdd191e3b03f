"""What is connected: the file, the variables, and what is told of a slip in either."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from bot_bench import client_of
from hypothesis import given
from hypothesis import strategies as st

from api import cli
from api.bots.settings import Bots, DingTalk, Feishu, Receiver, WeCom, read_bots
from qa.errors import BadSetting

AES = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
LONG = "a secret of thirty-two characters"
WHOLE = f"""
page = "https://ask.example.gov.cn/"

[wecom]
corp_id = "ww1"
token = "env:WECOM_TOKEN"
aes_key = "{AES}"
reply = "news"

[dingtalk]
client_id = "ding1"
client_secret = "s"
webhooks = ["https://proxy.example.gov.cn"]

[feishu]
app_id = "cli_1"
app_secret = "s"
verification_token = "v"

[webhook]
secret = "env:DESK"

[[events]]
name = "desk"
url = "https://desk.example.gov.cn/hook?x=1"
secret = "env:DESK"
kinds = ["handoff.*"]
"""


def read(tmp_path: Path, text: str = "", **environment: str) -> Bots:
    (tmp_path / "bots.toml").write_text(text, "utf-8")
    return read_bots(tmp_path, environment)


def test_nothing_is_connected_by_default(tmp_path: Path) -> None:
    assert read_bots(tmp_path, {}) == Bots() == read(tmp_path)


def test_the_whole_file(tmp_path: Path) -> None:
    bots = read(tmp_path, WHOLE, WECOM_TOKEN="t", DESK=LONG)
    assert bots.wecom == WeCom("ww1", "t", AES, "news")
    assert bots.dingtalk == DingTalk("ding1", "s", "session", ("https://proxy.example.gov.cn",))
    assert bots.feishu == Feishu("cli_1", "s", "v")
    assert bots.webhook is not None and bots.webhook.secret == LONG
    assert bots.events == (Receiver("desk", "https://desk.example.gov.cn/hook?x=1", LONG, ("handoff.*",)),)
    assert bots.page == "https://ask.example.gov.cn/"


def test_no_secret_is_in_what_is_printed(tmp_path: Path) -> None:
    shown = repr(read(tmp_path, WHOLE, WECOM_TOKEN="hidden-token", DESK=LONG))
    assert "hidden-token" not in shown and AES not in shown and LONG not in shown and "client_secret" not in shown


def test_variables_alone_and_over_the_file(tmp_path: Path) -> None:
    names = {"CORP_ID": "ww2", "TOKEN": "t", "AES_KEY": AES}
    bots = read(tmp_path, "", **{f"TIAOWEN_WECOM_{name}": value for name, value in names.items()})
    assert bots.wecom == WeCom("ww2", "t", AES)
    assert read(tmp_path, WHOLE, WECOM_TOKEN="t", DESK=LONG, TIAOWEN_WECOM_CORP_ID="ww3").wecom == WeCom(
        "ww3", "t", AES, "news"
    )
    events = {
        "TIAOWEN_EVENTS_URL": "http://127.0.0.1:1/x",
        "TIAOWEN_EVENTS_SECRET": LONG,
        "TIAOWEN_EVENTS_KINDS": "a,b",
    }
    assert read(tmp_path, "", **events).events == (Receiver("environment", "http://127.0.0.1:1/x", LONG, ("a", "b")),)
    both = read(tmp_path, WHOLE, WECOM_TOKEN="t", DESK=LONG, **events)
    assert [receiver.name for receiver in both.events] == ["desk", "environment"]
    assert both.events[0].url.startswith("https://desk")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[wecom", "TOML"),
        ("[telegram]\n", "telegram"),
        ("wecom = 5", "wecom"),
        ("events = 5", "events"),
        ("page = 5", "page"),
        ('page = "javascript:alert(1)"', "page"),
        ('[wecom]\ncorp_id = "a"', "token"),
        ('[wecom]\ncorp_id = "a"\ntoken = "t"\naes_key = "short"', "aes_key"),
        (f'[wecom]\ncorp_id = "a"\ntoken = "t"\naes_key = "{AES}"\nreply = "card"', "reply"),
        (f'[wecom]\ncorp_id = "a"\ntoken = "t"\naes_key = "{AES}"\nreply = "news"', "page"),
        ('[wecom]\ncorp = "a"', "corp"),
        ("[wecom]\ncorp_id = 5", "wecom.corp_id"),
        ('[webhook]\nsecret = "env:NOT_SET"', "NOT_SET"),
        ('[webhook]\nsecret = "short"', "webhook.secret"),
        ('[dingtalk]\nclient_id = "a"\nclient_secret = "b"\nreply = "x"', "dingtalk.reply"),
        ('[dingtalk]\nclient_id = "a"\nclient_secret = "b"\nwebhooks = ["https://a/b"]', "dingtalk.webhooks"),
        ('[dingtalk]\nclient_id = "a"\nclient_secret = "b"\nwebhooks = 5', "dingtalk.webhooks"),
        ('[feishu]\napp_id = "a"\napp_secret = "b"\nverification_token = "c"\nbase = "ftp://x"', "feishu.base"),
        (f'[[events]]\nname = "a"\nurl = "ftp://x"\nsecret = "{LONG}"', "url"),
        (f'[[events]]\nname = "a"\nurl = "https://u:p@x/"\nsecret = "{LONG}"', "url"),
        (f'[[events]]\nname = "feishu"\nurl = "https://x/"\nsecret = "{LONG}"', "name"),
        (f'[[events]]\nname = "a"\nurl = "https://x/"\nsecret = "{LONG}"\n' * 2, "name"),
    ],
)
def test_a_slip_is_named_and_no_value_with_it(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(BadSetting) as caught:
        read(tmp_path, text)
    told = f"{caught.value.message} {caught.value.hint}"
    assert named in told and LONG not in told and "short" not in told and AES not in told
    assert any("\u4e00" <= c <= "\u9fff" for c in caught.value.message)


@given(st.text(max_size=80))
def test_any_file_is_settings_or_a_bad_setting(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "bots.toml").write_text(text, "utf-8", errors="replace")
    try:
        read_bots(folder, {})
    except BadSetting as error:
        assert error.message


def test_a_platform_without_its_sdk_is_told_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dingtalk_stream", None)
    with pytest.raises(BadSetting) as caught, client_of(Bots(dingtalk=DingTalk("a", "b")), tmp_path):
        pass
    assert "钉钉" in caught.value.message and "pip install 'tiaowen[bots]'" in caught.value.hint


def test_a_base_that_is_not_safe_is_told_at_the_start(tmp_path: Path) -> None:
    pytest.importorskip("lark_oapi")
    with (
        pytest.raises(BadSetting, match=r"feishu\.base"),
        client_of(Bots(feishu=Feishu("a", "b", "c", base="http://open.example.gov.cn")), tmp_path),
    ):
        pass


def test_the_command_checks_without_starting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bots", "check", "--data", str(tmp_path)]) == 0
    assert "没有接入" in capsys.readouterr().out
    (tmp_path / "bots.toml").write_text(f'[webhook]\nsecret = "{LONG}"\n', "utf-8")
    assert cli.main(["bots", "check", "--data", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "/bots/webhook" in out and LONG not in out
    (tmp_path / "bots.toml").write_text("[webhook]\n", "utf-8")
    assert cli.main(["bots", "check", "--data", str(tmp_path)]) == 1
    assert "secret" in capsys.readouterr().err
