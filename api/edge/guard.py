"""What stands before every route: who calls, whether they may, and whether they call too often.

One table says what a path needs, so that whoever checks the service reads one place. Where a service is open, only this
machine is served: not another address, not a name that somebody else's DNS points at it (rebinding), not through a proxy
that says it is one. A proxy that says nothing looks like this machine, so that an open service lets everybody ask and no
more: the desk and the files want a key, or the token of this start (api/records/keys.py), which only this machine's terminal shows.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access import LOCAL, Principal, Role
from api.edge.envelope import error_response
from api.edge.limits import RateLimit
from api.edge.metrics import Meter
from api.errors import Forbidden, KeyMissing, KeyWrong, NotSafe, OriginRefused, SessionExpired, unknown_address
from api.faults import named
from api.records.keys import Keys
from api.records.people import People
from api.settings import Access, Settings
from corpus.errors import PolicyError

COOKIE = "tiaowen_login"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})

# What a path needs; the first that matches holds, and whatever none matches needs the role "ask". None: nobody is turned
# away, because nothing of the documents or the records is there (pages, health) or because a signature decides (bots).
_RULES: tuple[tuple[re.Pattern[str], frozenset[str] | None, Role | None], ...] = tuple(
    (re.compile(pattern, re.S), methods and frozenset(methods.split()), role)  # type: ignore[misc]
    for pattern, methods, role in (
        (r"/(?:|widget\.js|docs|library|operator|evaluation|openapi\.json|healthz|readyz|web/.*)", None, None),
        (r"/bots/.*", None, None),
        (r"/v1/(?:me|login|logout|sso/login|sso/callback)", None, None),
        (r"/v1/documents", "POST", "admin"),
        (r"/v1/(?:files|ingestions)(?:/.*)?", None, "admin"),
        (r"/v1/(?:evaluations|evaluation-sets|audit)(?:/.*)?", None, "admin"),
        (r"/v1/(?:operator|faq)(?:/.*)?", None, "operate"),
        (r"/metrics", None, "operate"),
    )
)
_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_UNLIMITED = re.compile(r"/(?:|widget\.js|docs|library|operator|evaluation|healthz|readyz|metrics|web/.*)")


def role_for(method: str, path: str) -> Role | None:
    """The least role that may use a route; None where no key is asked for."""
    for pattern, methods, role in _RULES:
        if pattern.fullmatch(path) and (methods is None or method in methods):
            return role
    return "ask"


class Guard:
    """ASGI middleware. Puts the Principal into `scope["state"]`, or answers with an error in the one shape."""

    def __init__(
        self, app: ASGIApp, keys: Keys, people: People, rates: RateLimit, settings: Settings, meter: Meter
    ) -> None:
        self._app = app
        self._keys = keys
        self._people = people
        self._rates = rates
        self._settings = settings
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            principal = await run_in_threadpool(self._admit, HTTPConnection(scope))
        except PolicyError as error:
            error = named(error) or error
            self._meter.count_error(error.code)
            await error_response(error)(scope, receive, send)
            return
        scope.setdefault("state", {})["principal"] = principal
        await self._app(scope, receive, send)

    def _admit(self, request: HTTPConnection) -> Principal:
        method, path = request.scope["method"], request.scope["path"]
        if _CONTROL.search(path):  # the pattern of a route ignores a line break at its end; the table of roles does not
            raise unknown_address()
        access = access_of(self._settings, self._keys)
        address = request.client.host if request.client else ""
        if access == "open" and not self._settings.any_host:
            _require_this_machine(request.headers, address, self._settings)
        required = role_for(method, path)
        found, fault = self._found(request, access, address)
        if not (_UNLIMITED.fullmatch(path) or found.id == LOCAL.id):
            self._count(found)
        if method not in _SAFE and not _shown_key(request.headers):
            _require_own_origin(request.headers, self._settings)
        if required is None:
            return found
        if not found.may(required) or not _may_ask(access, fault):
            raise fault
        return found

    def _found(self, request: HTTPConnection, access: Access, address: str) -> tuple[Principal, PolicyError]:
        """Whom the request acts for, and what it lacks, in case more is needed."""
        if access == "open":
            near = not self._settings.any_host or _is_loopback(address)
            ident = LOCAL.id if near else f"address:{_network(address)}"
            nobody, fault = Principal(ident, LOCAL.name, self._settings.open_role), _key_or_link()
        else:
            nobody, fault = Principal(f"address:{_network(address)}", "", "ask"), KeyMissing()
        if token := _shown_key(request.headers):
            key = self._keys.find(token)
            return (key.principal, Forbidden()) if key else (nobody, KeyWrong())
        if cookie := request.cookies.get(COOKIE):
            if key := self._keys.logged_in(cookie):
                return key.principal, Forbidden()
            person = self._people.logged_in(cookie)
            return (person, Forbidden.of_person()) if person else (nobody, SessionExpired())
        return nobody, fault

    def _count(self, who: Principal) -> None:
        calls = self._settings.rate_key if who.known else self._settings.rate_address
        if calls:
            self._rates.take(who.id, calls)


def _may_ask(access: Access, fault: PolicyError) -> bool:
    """Whether what a request showed is enough for the least there is. An open service takes whatever is shown: clients of
    other services send some key or other."""
    if access == "open" or isinstance(fault, Forbidden):
        return True
    return access == "ask" and not isinstance(fault, KeyWrong)


def _key_or_link() -> KeyMissing:
    return KeyMissing(hint="在本机用启动服务时终端里显示的管理链接打开；或用 tiaowen keys create 生成密钥后登录。")


def access_of(settings: Settings, keys: Keys) -> Access:
    """Who needs a key: as set, else nobody until the first is made, or people may sign in with accounts of their own.
    Revoking the last opens nothing again."""
    return settings.access or ("keys" if settings.oidc or keys.any() else "open")


def require_safe(settings: Settings, keys: Keys, host: str) -> None:
    """Raises NotSafe where a service would be open to more than this machine and nobody said that it should be."""
    if access_of(settings, keys) != "open" or settings.any_host or host in _THIS_MACHINE or _is_loopback(host):
        return
    raise NotSafe(
        f"监听 {host} 时必须有密钥，否则谁都能使用这个服务。",
        "先用 tiaowen keys create --role admin 生成密钥；确实要完全开放，请设 TIAOWEN_ACCESS=open 和 TIAOWEN_ANY_HOST=1。",
    )


def _shown_key(headers: Headers) -> str:
    """The key that a request brings, "" where it brings none. An Authorization that is not ours is a wrong key."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get("x-api-key", "").strip()


def _require_this_machine(headers: Headers, address: str, settings: Settings) -> None:
    host = headers.get("host", "")
    name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
    named = bool({name, host} & set(settings.hosts))
    proxied = any(header in headers for header in ("x-forwarded-for", "x-real-ip", "forwarded"))
    if named or (name.lower() in _THIS_MACHINE and _is_loopback(address) and not proxied):
        return
    raise OriginRefused


def _is_loopback(address: str) -> bool:
    known = _address(address)
    return known is not None and known.is_loopback


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address; an IPv4 one also where a socket for both kinds gave it as ::ffff:192.0.2.1. None where it is none."""
    try:
        known = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (known.ipv4_mapped or known) if isinstance(known, ipaddress.IPv6Address) else known


def _require_own_origin(headers: Headers, settings: Settings) -> None:
    """A page of another site may not make a browser act with a cookie, or with what this machine may do."""
    origin = headers.get("origin")
    if origin is None or origin in settings.cors:
        return
    try:
        host = urlsplit(origin).netloc
    except ValueError:  # http://[
        host = ""
    if not host or host not in (headers.get("host", ""), *settings.hosts):
        raise OriginRefused


def _network(address: str) -> str:
    """What an address is counted as: an IPv6 subscriber has a whole /64 to call from."""
    known = _address(address)
    if known is None:
        return address[:64]
    return str(ipaddress.ip_network((known, 64), strict=False)) if known.version == 6 else str(known)
