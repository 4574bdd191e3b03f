"""What an operator may set about the service. Read from the environment by the command line only.

| variable | what | default |
|---|---|---|
| TIAOWEN_ACCESS | who needs no key: `open` nobody needs one, `ask` asking needs none, `keys` everything needs one | see Settings |
| TIAOWEN_ANY_HOST | 1: an open service answers on any address (told so by hand) | 0 |
| TIAOWEN_RATE_KEY, TIAOWEN_RATE_ADDRESS | calls a minute of one key, of one address; 0 is no limit | 600, 120 |
| TIAOWEN_AT_WORK | questions answered at once in one process; more than one only helps with a slow reader | 1 |
| TIAOWEN_QUEUE | questions that may wait in one process | 64 |
| TIAOWEN_TIMEOUT | seconds that one question may take, waiting included | 30 |
| TIAOWEN_KEEP_DAYS | days that questions and feedback are kept | 90 |
| TIAOWEN_CONVERSATION_MINUTES | minutes after which a conversation is forgotten | 60 |
| TIAOWEN_UPLOAD_MB | megabytes of one upload | 50 |
| TIAOWEN_READ_MEMORY_MB | megabytes that reading one file may take, also for `tiaowen ingest` and `tiaowen read` | 1024 |
| TIAOWEN_READ_SECONDS | seconds of one core that reading one file may take, also there | 300 |
| TIAOWEN_WATCH | folders whose files the service takes up as they come, change and go, comma separated | none |
| TIAOWEN_WATCH_EVERY | when all of them are compared anew: 24h, 03:30, or five fields of cron | none |
| TIAOWEN_WATCH_REMOVE | 1: what is gone from a folder leaves the library | 0 |
| TIAOWEN_WATCH_REST, TIAOWEN_WATCH_POLL | seconds that a file must be as it is before it is read; seconds between two looks in the place of the system's events, 0 for events | 10, 0 |
| TIAOWEN_CORS | origins of other sites that may call, comma separated | none |
| TIAOWEN_HOSTS | names under which an open service may be reached besides this machine's own, comma separated | none |
| TIAOWEN_LOGIN_HOURS | hours that a login of the pages lasts | 12 |
| TIAOWEN_OIDC_ISSUER | the issuer of the organisation's accounts (OpenID Connect); none is no single sign-on | none |
| TIAOWEN_OIDC_CLIENT_ID, TIAOWEN_OIDC_CLIENT_SECRET | what the service is called there, and its secret; no secret for a public client | none, none |
| TIAOWEN_OIDC_ROLES | who may do what: claim=value:role, separated by semicolons; whoever is not named may do nothing | none |
| TIAOWEN_OIDC_SCOPE | what is asked of the account | openid profile email |
| TIAOWEN_ROOT_PATH | the path of a site under which a proxy serves this one, such as /tiaowen | none |
| TIAOWEN_FRAME_ANCESTORS | origins of other sites whose pages may show the chat page in a frame, comma separated | none |
| TIAOWEN_VOICE | 1: the chat page offers voice input where the browser has it | 0 |
| TIAOWEN_CONNECTIONS, TIAOWEN_CONNECTIONS_ADDRESS | connections held open in one process, those of one address; 0 is no limit | 1000, 250 |
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

from api.access import RANK, Grant, Role
from api.schedule import every
from corpus.confined import Limits
from qa.errors import BadSetting

Access = Literal["open", "ask", "keys"]
SCOPE = "openid profile email"
_FRAMER = re.compile(r"https?://(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?")
"""An origin as CSP takes it; the wildcard is for the leftmost part of a name only."""
_ROOT = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")


@dataclass(frozen=True, slots=True)
class Oidc:
    """The provider of an organisation's accounts, by OpenID Connect, and what an account may do here."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    roles: tuple[Grant, ...] = ()
    scope: str = SCOPE


@dataclass(frozen=True, slots=True)
class Settings:
    """The limits and habits of one service; the defaults are those of a service open on this machine.

    `access` None: open while there never was a key, else `keys`. Rates are calls a minute, 0 for none, and do not hold for
    this machine's own open use. `open_role` is what an open service lets everybody do; nothing in the environment sets it.
    """

    access: Access | None = None
    any_host: bool = False
    rate_key: int = 600
    rate_address: int = 120
    at_work: int = 1
    queue: int = 64
    timeout: float = 30.0
    keep_days: int = 90
    conversation_minutes: int = 60
    upload_mb: int = 50
    read_memory_mb: int = Limits().memory_mb
    read_seconds: int = Limits().seconds
    watch: tuple[str, ...] = ()
    watch_every: str = ""
    watch_remove: bool = False
    watch_rest: int = 10
    watch_poll: int = 0
    cors: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    login_hours: int = 12
    root_path: str = ""
    frame_ancestors: tuple[str, ...] = ()
    voice: bool = False
    connections: int = 1000
    connections_address: int = 250
    open_role: Role = "ask"
    oidc: Oidc | None = None

    @property
    def reading(self) -> Limits:
        """What reading one file may take."""
        return Limits(self.read_memory_mb, self.read_seconds)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """The settings that TIAOWEN_* variables give. Raises BadSetting, which names the variable and what it takes."""

    def number(name: str, default: int, least: int, most: int) -> int:
        text = environment.get(f"TIAOWEN_{name}", "").strip()
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise BadSetting(f"TIAOWEN_{name} 的值无效：{text[:40]}", f"填 {least} 到 {most} 的整数")
        return int(text)

    def names(name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in environment.get(f"TIAOWEN_{name}", "").split(",") if part.strip())

    access = environment.get("TIAOWEN_ACCESS", "").strip()
    if access and access not in get_args(Access):
        raise BadSetting(f"TIAOWEN_ACCESS 的值无效：{access[:40]}", "填 open、ask 或 keys")
    for origin in names("CORS"):
        if not origin.startswith(("http://", "https://")) or origin.count("/") != 2:
            raise BadSetting(
                f"TIAOWEN_CORS 的值无效：{origin[:80]}", "填来源，形如 https://www.example.gov.cn，不带路径"
            )
    for origin in names("FRAME_ANCESTORS"):
        if not _FRAMER.fullmatch(origin):
            raise BadSetting(
                f"TIAOWEN_FRAME_ANCESTORS 的值无效：{origin[:80]}",
                "填来源，形如 https://www.example.gov.cn 或 https://*.example.gov.cn，不带路径，逗号分隔",
            )
    root = environment.get("TIAOWEN_ROOT_PATH", "").strip().rstrip("/")
    if not _ROOT.fullmatch(root):
        raise BadSetting(f"TIAOWEN_ROOT_PATH 的值无效：{root[:80]}", "填网站下的路径，以 / 开头，形如 /tiaowen")
    times = environment.get("TIAOWEN_WATCH_EVERY", "").strip()
    try:
        if times:
            every(times)
    except BadSetting as error:
        raise BadSetting(f"TIAOWEN_WATCH_EVERY 的值无效：{times[:60]}", error.hint) from error
    default = Settings()
    return Settings(
        access=access or None,  # type: ignore[arg-type]  # one of get_args(Access), checked above
        any_host=bool(number("ANY_HOST", 0, 0, 1)),
        rate_key=number("RATE_KEY", default.rate_key, 0, 1_000_000),
        rate_address=number("RATE_ADDRESS", default.rate_address, 0, 1_000_000),
        at_work=number("AT_WORK", default.at_work, 1, 64),
        queue=number("QUEUE", default.queue, 0, 10_000),
        timeout=float(number("TIMEOUT", int(default.timeout), 1, 600)),
        keep_days=number("KEEP_DAYS", default.keep_days, 1, 3650),
        conversation_minutes=number("CONVERSATION_MINUTES", default.conversation_minutes, 1, 10_080),
        upload_mb=number("UPLOAD_MB", default.upload_mb, 1, 1024),
        read_memory_mb=number("READ_MEMORY_MB", default.read_memory_mb, 64, 1_000_000),
        read_seconds=number("READ_SECONDS", default.read_seconds, 1, 86_400),
        watch=names("WATCH"),
        watch_every=times,
        watch_remove=bool(number("WATCH_REMOVE", 0, 0, 1)),
        watch_rest=number("WATCH_REST", default.watch_rest, 0, 86_400),
        watch_poll=number("WATCH_POLL", default.watch_poll, 0, 86_400),
        cors=names("CORS"),
        hosts=names("HOSTS"),
        login_hours=number("LOGIN_HOURS", default.login_hours, 1, 720),
        root_path=root,
        frame_ancestors=names("FRAME_ANCESTORS"),
        voice=bool(number("VOICE", 0, 0, 1)),
        connections=number("CONNECTIONS", default.connections, 0, 1_000_000),
        connections_address=number("CONNECTIONS_ADDRESS", default.connections_address, 0, 1_000_000),
        oidc=_oidc(environment),
    )


def is_safe(address: str) -> bool:
    """Whether what is sent to an address cannot be read on the way: https, or this machine."""
    try:
        parts = urlsplit(address)
        here = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    except ValueError:  # http://[
        return False
    return here or (parts.scheme == "https" and bool(parts.hostname))


def _oidc(environment: Mapping[str, str]) -> Oidc | None:
    """The provider that the variables of single sign-on describe; None where none of them is set. Raises BadSetting."""
    names = (
        "TIAOWEN_OIDC_ISSUER",
        "TIAOWEN_OIDC_CLIENT_ID",
        "TIAOWEN_OIDC_CLIENT_SECRET",
        "TIAOWEN_OIDC_ROLES",
        "TIAOWEN_OIDC_SCOPE",
    )
    issuer, client_id, secret, roles, scope = given = [environment.get(name, "").strip() for name in names]
    if not any(given):
        return None
    if not (issuer and client_id):
        raise BadSetting(f"没有填 {names[1] if issuer else names[0]}", f"单位账号登录至少要填 {names[0]} 和 {names[1]}")
    if not is_safe(issuer) or {"?", "#"} & set(issuer):
        raise BadSetting(
            f"TIAOWEN_OIDC_ISSUER 的值无效：{issuer[:80]}",
            "填 https:// 开头的地址，形如 https://sso.example.gov.cn/realms/city",
        )
    scope = scope or SCOPE
    if "openid" not in scope.split():
        raise BadSetting(f"TIAOWEN_OIDC_SCOPE 的值无效：{scope[:80]}", "填空格分开的名称，其中要有 openid")
    return Oidc(issuer, client_id, secret, tuple(_grants(roles)), scope)


def _grants(text: str) -> Iterator[Grant]:
    """What TIAOWEN_OIDC_ROLES says. The value may hold =, : and commas, as names in LDAP do."""
    for part in filter(None, (part.strip() for part in text.split(";"))):
        named, _, role = part.rpartition(":")
        claim, _, value = named.partition("=")
        if not (claim.strip() and value.strip() and role.strip() in RANK):
            raise BadSetting(
                f"TIAOWEN_OIDC_ROLES 的值无效：{part[:80]}",
                "每项形如 groups=/政策科:operate，用分号分开；权限填 ask、operate 或 admin",
            )
        yield Grant(claim.strip(), value.strip(), cast(Role, role.strip()))
