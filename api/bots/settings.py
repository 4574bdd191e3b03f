"""Which chats and desks are connected: `bots.toml` in the data folder, and TIAOWEN_* variables in its place or over it.

    page = "https://ask.example.gov.cn"     # where the chat page can be opened; named in replies

    [wecom]
    corp_id = "ww0123456789abcdef"
    token = "env:WECOM_TOKEN"               # any value may stand in the environment
    aes_key = "env:WECOM_AES_KEY"

    [webhook]
    secret = "env:DESK_SECRET"

    [[events]]                              # as many as there are receivers
    name = "desk"
    url = "https://desk.example.gov.cn/hooks/tiaowen"
    secret = "env:DESK_EVENTS_SECRET"
    kinds = ["handoff.*", "feedback.down"]

Every key of a platform can be given as TIAOWEN_<PLATFORM>_<KEY> too (TIAOWEN_WECOM_TOKEN), those of one receiver of
events as TIAOWEN_EVENTS_URL, TIAOWEN_EVENTS_SECRET and TIAOWEN_EVENTS_KINDS. docs/bots.md says where each value is found.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args
from urllib.parse import urlsplit

from qa.errors import BadSetting

FILE = "bots.toml"
SECRET_LEAST = 16  # characters of a secret that somebody makes up for us
SECRET_HINT = "用 openssl rand -hex 32 生成一个"
DINGTALK_WEBHOOKS = ("https://oapi.dingtalk.com", "https://api.dingtalk.com")
RESERVED = ("dingtalk", "feishu")  # replies of bots go out under these names
FEISHU = "https://open.feishu.cn"

WeComReply = Literal["text", "news"]
DingTalkReply = Literal["session", "response"]


@dataclass(frozen=True, slots=True)
class WeCom:
    """A WeCom app of one's own (自建应用) whose messages come to /bots/wecom. `reply`: a text, or a card that opens the page."""

    corp_id: str
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    reply: WeComReply = "text"


@dataclass(frozen=True, slots=True)
class DingTalk:
    """A DingTalk robot of an internal app. `reply`: through the message's sessionWebhook, or in the response.

    `webhooks` are the origins that a sessionWebhook may name: a message must not send us anywhere else.
    """

    client_id: str
    client_secret: str = field(repr=False)
    reply: DingTalkReply = "session"
    webhooks: tuple[str, ...] = DINGTALK_WEBHOOKS


@dataclass(frozen=True, slots=True)
class Feishu:
    """A Feishu app of one's own whose events come to /bots/feishu. `base` is the open platform's origin."""

    app_id: str
    app_secret: str = field(repr=False)
    verification_token: str = field(repr=False)
    encrypt_key: str = field(default="", repr=False)
    base: str = FEISHU


@dataclass(frozen=True, slots=True)
class Webhook:
    """Any other desk, which signs what it sends to /bots/webhook with `secret`."""

    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where events go out to. `kinds` are patterns: handoff.*, feedback.down, * for all."""

    name: str
    url: str
    secret: str = field(repr=False)
    kinds: tuple[str, ...] = ("*",)


@dataclass(frozen=True, slots=True)
class Bots:
    """What is connected; nothing by default."""

    wecom: WeCom | None = None
    dingtalk: DingTalk | None = None
    feishu: Feishu | None = None
    webhook: Webhook | None = None
    events: tuple[Receiver, ...] = ()
    page: str = ""


NONE = Bots()
"""Nothing is connected."""

Platform = TypeVar("Platform", WeCom, DingTalk, Feishu, Webhook, Receiver)


def read_bots(folder: Path, environment: Mapping[str, str]) -> Bots:
    """What the file in `folder` and the variables of `environment` connect.

    Raises BadSetting, which names the key and what it takes, never its value.
    """
    given = _parsed(folder / FILE)
    unknown = set(given) - {"wecom", "dingtalk", "feishu", "webhook", "events", "page"}
    if unknown:
        raise BadSetting(f"{FILE} 里有不认识的内容：{'、'.join(sorted(unknown))[:80]}", "请对照 docs/bots.md 检查名称")

    def platform(kind: type[Platform], name: str) -> Platform | None:
        table = given.get(name)
        if table is not None and not isinstance(table, dict):
            raise BadSetting(f"{FILE} 里 {name} 应写成 [{name}] 一节", "请对照 docs/bots.md")
        return _filled(kind, name, table, environment)

    page = _resolved(environment.get("TIAOWEN_PAGE", "").strip() or given.get("page", ""), "page", environment)
    if page:
        _require_origin(page.rstrip("/"), "page", path=True)
    bots = Bots(
        wecom=platform(WeCom, "wecom"),
        dingtalk=platform(DingTalk, "dingtalk"),
        feishu=platform(Feishu, "feishu"),
        webhook=platform(Webhook, "webhook"),
        events=_receivers(given.get("events", []), environment),
        page=page,
    )
    _check(bots)
    return bots


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadSetting(f"{FILE} 无法读取：{error.strerror}", "请检查文件权限") from error
    except UnicodeDecodeError as error:
        raise BadSetting(f"{FILE} 不是 UTF-8 编码", "请另存为 UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        # The parser's message names the line and the kind of fault, never the value.
        raise BadSetting(f"{FILE} 不是合法的 TOML：{error}", "字符串要加引号；请对照 docs/bots.md 的例子") from error


def _filled(
    kind: type[Platform],
    name: str,
    table: Mapping[str, Any] | None,
    environment: Mapping[str, str],
    variables: bool = True,
) -> Platform | None:
    """A platform from its table and, over it, its `variables`; None where there is neither."""
    known = {f.name: f for f in fields(kind)}
    over = {key: environment.get(f"TIAOWEN_{name}_{key}".upper(), "").strip() if variables else "" for key in known}
    if table is None and not any(over.values()):
        return None
    table = table or {}
    unknown = set(table) - set(known)
    if unknown:
        raise BadSetting(
            f"{FILE} 的 [{name}] 里有不认识的键：{'、'.join(sorted(unknown))[:80]}", f"可用的键：{'、'.join(known)}"
        )
    values: dict[str, Any] = {}
    for key, declared in known.items():
        raw = over[key] or table.get(key, "")
        value: Any
        if isinstance(declared.default, tuple):
            value = _list(raw, f"{name}.{key}", environment)
        else:
            value = _resolved(raw, f"{name}.{key}", environment)
        if value:
            values[key] = value
        elif declared.default is MISSING:
            raise BadSetting(
                f"缺少 {name} 的设置 {key}", f"写在 {FILE} 的 [{name}] 里，或设 TIAOWEN_{name.upper()}_{key.upper()}"
            )
    return kind(**values)


def _receivers(tables: Any, environment: Mapping[str, str]) -> tuple[Receiver, ...]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise BadSetting(f"{FILE} 里 events 应写成 [[events]]", "每个接收方一节，见 docs/bots.md")
    # Variables add one receiver; they do not change those of the file.
    found = [_filled(Receiver, "events", table, environment, variables=False) for table in tables]
    if environment.get("TIAOWEN_EVENTS_URL", "").strip():
        found.append(_filled(Receiver, "events", {"name": "environment"}, environment))
    return tuple(receiver for receiver in found if receiver is not None)


def _resolved(value: Any, where: str, environment: Mapping[str, str]) -> str:
    """A value, or what the variable holds that it names with env:NAME."""
    if not isinstance(value, str):
        raise BadSetting(f"{where} 应为字符串", "值要加引号")
    given: str = value.strip()
    if not given.startswith("env:"):
        return given
    found = environment.get(given[4:], "").strip()
    if not found:
        raise BadSetting(f"{where} 指向的环境变量 {given[4:64]} 没有设置", "请设置它，或直接写值")
    return found


def _list(value: Any, where: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise BadSetting(f"{where} 应为字符串的数组", '例如 ["handoff.*"]')
    return tuple(part for part in (_resolved(part, where, environment) for part in parts) if part)


def _check(bots: Bots) -> None:
    """What each value must look like, so that a slip is told at the start and not by a silent chat."""
    if bots.wecom:
        if not re.fullmatch(r"[A-Za-z0-9]{43}", bots.wecom.aes_key):
            raise BadSetting("wecom.aes_key 应为 43 个字母和数字", "在企业微信后台的“接收消息”里复制 EncodingAESKey")
        _require_one_of(bots.wecom.reply, get_args(WeComReply), "wecom.reply")
        if bots.wecom.reply == "news" and not bots.page:
            raise BadSetting("wecom.reply 为 news 时需要 page", "卡片点开的就是这个网址")
    if bots.dingtalk:
        _require_one_of(bots.dingtalk.reply, get_args(DingTalkReply), "dingtalk.reply")
        for origin in bots.dingtalk.webhooks:
            _require_origin(origin, "dingtalk.webhooks")
    if bots.feishu:
        _require_origin(bots.feishu.base, "feishu.base")
    if bots.webhook:
        _require_long(bots.webhook.secret, "webhook.secret")
    names = [receiver.name for receiver in bots.events]
    for receiver in bots.events:
        _require_long(receiver.secret, f"events（{receiver.name}）的 secret")
        _require_origin(receiver.url, f"events（{receiver.name}）的 url", path=True)
        fine = re.fullmatch(r"[a-z0-9_-]{1,40}", receiver.name) and receiver.name not in RESERVED
        if not fine or names.count(receiver.name) > 1:
            raise BadSetting(
                "events 的 name 应各不相同，由小写字母、数字、- 和 _ 组成", f"例如 desk；不能用 {'、'.join(RESERVED)}"
            )


def _require_one_of(value: str, allowed: tuple[str, ...], where: str) -> None:
    if value not in allowed:
        raise BadSetting(f"{where} 的值无效", f"填 {' 或 '.join(allowed)}")


def _require_long(secret: str, where: str) -> None:
    if len(secret) < SECRET_LEAST:
        raise BadSetting(f"{where} 太短，至少 {SECRET_LEAST} 个字符", SECRET_HINT)


def _require_origin(url: str, where: str, path: bool = False) -> None:
    """An http(s) address without a login in it; without a path unless `path`."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        fine = fine and (parts.port is None or parts.port > 0) and not parts.fragment
        fine = fine and (path or not (parts.path or parts.query))
    except ValueError:
        fine = False
    if not fine:
        raise BadSetting(f"{where} 不是合法的网址", "填 https://主机名" + ("/路径" if path else "，不带路径"))
