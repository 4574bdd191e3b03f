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
| TIAOWEN_CORS | origins of other sites that may call, comma separated | none |
| TIAOWEN_HOSTS | names under which an open service may be reached besides this machine's own, comma separated | none |
| TIAOWEN_LOGIN_HOURS | hours that a login of the pages lasts | 12 |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from qa.errors import BadSetting

Access = Literal["open", "ask", "keys"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The limits and habits of one service; the defaults are those of a service open on this machine.

    `access` None: open while there never was a key, else `keys`. Rates are calls a minute, 0 for none, and do not hold for
    this machine's own open use.
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
    cors: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    login_hours: int = 12


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
        cors=names("CORS"),
        hosts=names("HOSTS"),
        login_hours=number("LOGIN_HOURS", default.login_hours, 1, 720),
    )
