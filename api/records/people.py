"""People who signed in with the account of their organisation: their logins, and the sign-ons that are under way.

A login keeps what its role was given for, not the role: whoever changes TIAOWEN_OIDC_ROLES changes what the logins that
there are may do, and another provider, or none, ends them. Tokens are stored as hashes, as those of keys are.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from api.access import PERSON, Grant, Principal, Role, highest
from api.records.database import Records, after, now
from api.records.keys import token_hash
from api.settings import Oidc
from corpus.errors import NotFound
from corpus.sql.shapes import Row

MINUTES = 10
"""How long somebody may take to sign in at the provider."""
MOST_UNDER_WAY = 10_000
"""Sign-ons that are kept; the oldest give way to more."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS people_logins (
  hash TEXT PRIMARY KEY, person TEXT NOT NULL, issuer TEXT NOT NULL, name TEXT NOT NULL, grounds TEXT NOT NULL,
  began_at TEXT NOT NULL, expires_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sign_ons (
  hash TEXT PRIMARY KEY, browser TEXT NOT NULL, nonce TEXT NOT NULL, verifier TEXT NOT NULL, redirect TEXT NOT NULL,
  back TEXT NOT NULL, expires_at TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a provider vouches for: its id here, which says nothing, the name, and what roles were given for."""

    id: str
    name: str
    grants: tuple[Grant, ...]

    @property
    def role(self) -> Role | None:
        return highest(self.grants)


@dataclass(frozen=True, slots=True)
class Login:
    """A login as it is listed, with what its role was given for. Times are ISO 8601 in UTC."""

    person: str
    name: str
    grounds: tuple[str, ...]
    began_at: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class SignOn:
    """A sign-on under way. `redirect` is our address that the provider sends the browser back to, `back` the page after it."""

    state: str
    nonce: str
    verifier: str
    redirect: str
    back: str


def person_id(issuer: str, subject: str) -> str:
    """The id of a person here: the same at each login, whatever the name."""
    return sha256(json.dumps([issuer, subject]).encode()).hexdigest()[:12]


class People:
    """The people of one service and its provider; nobody where there is no provider."""

    def __init__(self, records: Records, oidc: Oidc | None) -> None:
        self._records = records
        self._oidc = oidc
        records.ensure(SCHEMA)

    # -- logins --------------------------------------------------------------------------------------------------------

    def log_in(self, person: Person, hours: float) -> str:
        """A cookie's value for somebody."""
        assert self._oidc is not None
        token = secrets.token_urlsafe(32)
        grounds = json.dumps([grant.ground for grant in person.grants], ensure_ascii=False)
        with self._records.transaction() as connection:
            connection.execute("DELETE FROM people_logins WHERE expires_at < ?", (now(),))
            connection.execute(
                "INSERT INTO people_logins VALUES (?, ?, ?, ?, ?, ?, ?)",
                (token_hash(token), person.id, self._oidc.issuer, person.name, grounds, now(), after(hours=hours)),
            )
        return token

    def logged_in(self, token: str) -> Principal | None:
        """Whom a cookie stands for; None where the login has ended, or the settings give the person no role any more."""
        if self._oidc is None:
            return None
        query = "SELECT * FROM people_logins WHERE hash = ? AND issuer = ? AND expires_at >= ?"
        row = self._records.connect().execute(query, (token_hash(token), self._oidc.issuer, now())).fetchone()
        role = self._role(row) if row else None
        return Principal(PERSON + row["person"], row["name"], role) if role else None

    def log_out(self, token: str) -> None:
        with self._records.transaction() as connection:
            connection.execute("DELETE FROM people_logins WHERE hash = ?", (token_hash(token),))

    def list(self) -> list[Login]:
        """The logins that have not ended, the newest first, whatever the settings say."""
        query = "SELECT * FROM people_logins WHERE expires_at >= ? ORDER BY began_at DESC"
        rows = self._records.connect().execute(query, (now(),))
        return [
            Login(row["person"], row["name"], tuple(json.loads(row["grounds"])), row["began_at"], row["expires_at"])
            for row in rows
        ]

    def end(self, person: str) -> str:
        """Ends all logins of somebody, at once and in every worker process; gives the name. Raises NotFound."""
        with self._records.transaction() as connection:
            row = connection.execute(
                "SELECT name FROM people_logins WHERE person = ? AND expires_at >= ? ORDER BY began_at DESC",
                (person, now()),
            ).fetchone()
            connection.execute("DELETE FROM people_logins WHERE person = ?", (person,))
        if row is None:
            raise NotFound("这个编号没有登录着", "用 tiaowen logins list 查看编号")
        return str(row["name"])

    def _role(self, row: Row) -> Role | None:
        grounds: Sequence[str] = json.loads(row["grounds"])
        return highest(grant for grant in (self._oidc.roles if self._oidc else ()) if grant.ground in grounds)

    # -- sign-ons under way --------------------------------------------------------------------------------------------

    def begin(self, browser: str, redirect: str, back: str) -> SignOn:
        """A new sign-on of the browser that has this token."""
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        made = SignOn(state, nonce, verifier, redirect, back)
        with self._records.transaction(lasting=False) as connection:
            connection.execute("DELETE FROM sign_ons WHERE expires_at < ?", (now(),))
            connection.execute(
                "DELETE FROM sign_ons WHERE hash IN (SELECT hash FROM sign_ons ORDER BY expires_at DESC LIMIT ? OFFSET ?)",
                (MOST_UNDER_WAY, MOST_UNDER_WAY - 1),
            )
            connection.execute(
                "INSERT INTO sign_ons VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    token_hash(made.state),
                    token_hash(browser),
                    made.nonce,
                    made.verifier,
                    redirect,
                    back,
                    after(minutes=MINUTES),
                ),
            )
        return made

    def take(self, state: str, browser: str) -> SignOn | None:
        """The sign-on that a browser comes back with, once; None where it began none such, or too long ago."""
        with self._records.transaction(lasting=False) as connection:
            row = connection.execute(
                "DELETE FROM sign_ons WHERE hash = ? AND browser = ? AND expires_at >= ? RETURNING *",
                (token_hash(state), token_hash(browser), now()),
            ).fetchone()
        return SignOn(state, row["nonce"], row["verifier"], row["redirect"], row["back"]) if row else None
