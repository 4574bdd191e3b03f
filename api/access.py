"""Who asks: the roles, what each may do, and the principal that a request acts for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from starlette.requests import HTTPConnection

Role = Literal["ask", "operate", "admin"]

RANK: dict[Role, int] = {"ask": 1, "operate": 2, "admin": 3}
"""Each role may do what the ones below it may."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a request acts for. `id` is stable and holds no secret: what limits are counted by and records name."""

    id: str
    name: str
    role: Role

    def may(self, role: Role) -> bool:
        return RANK[self.role] >= RANK[role]

    @property
    def known(self) -> bool:
        """Whether the request showed who it is, by a key or by a login of a person."""
        return self.id.startswith((KEY, PERSON))


KEY, PERSON = "key:", "person:"
"""How the ids begin of those who showed a key, and of people who signed in with the account of their organisation."""


LOCAL = Principal("local", "本机", "admin")
"""Whoever runs the program on this machine, and so has its files in hand."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The role that a value of a claim of a person's account stands for: who is in a group, say, may work at the desk."""

    claim: str
    value: str
    role: Role

    @property
    def ground(self) -> str:
        """What it is given for, in one text."""
        return f"{self.claim}={self.value}"

    def holds(self, claims: Mapping[str, Any]) -> bool:
        """Whether the claims of an account have the value, or a list with it. A name with dots that is no claim itself
        leads into one: realm_access.roles."""
        found: Any = claims.get(self.claim)
        if self.claim not in claims:
            found = claims
            for part in self.claim.split("."):
                found = found.get(part) if isinstance(found, Mapping) else None
        return self.value in found if isinstance(found, list) else isinstance(found, str) and self.value == found


def highest(grants: Iterable[Grant]) -> Role | None:
    """The role that allows most; None where there is none."""
    return max((grant.role for grant in grants), key=RANK.__getitem__, default=None)


def granted(grants: Iterable[Grant], claims: Mapping[str, Any]) -> Iterator[Grant]:
    """Those that an account's claims give."""
    return (grant for grant in grants if grant.holds(claims))


def principal_of(request: HTTPConnection) -> Principal:
    """Whom a request acts for: what the guard in front of all routes found, and this machine's user where there is none."""
    return cast(Principal, request.scope.get("state", {}).get("principal", LOCAL))
