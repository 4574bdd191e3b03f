"""Who asks: the roles, what each may do, and the principal that a request acts for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

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


LOCAL = Principal("local", "本机", "admin")
"""Whoever may use a service that is open: on this machine only, or as its operator decided."""


def principal_of(request: HTTPConnection) -> Principal:
    """Whom a request acts for: what the guard in front of all routes found, and this machine's user where there is none."""
    return cast(Principal, request.scope.get("state", {}).get("principal", LOCAL))
