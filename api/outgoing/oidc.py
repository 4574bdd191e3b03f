"""The provider of an organisation's accounts (OpenID Connect): where to sign in, and whom it vouches for.

Authorization code flow with PKCE, state and nonce, by Authlib and joserfc. Where the provider's endpoints are and which keys
it signs with is asked of itself and kept for an hour; a token that these keys did not sign is tried with those of now, once,
because keys are changed at any time.
"""

from __future__ import annotations

import importlib
import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from api.access import granted
from api.errors import SignOnRefused, SignOnUnavailable, SignOnUntrusted
from api.records.people import Person, SignOn, person_id
from api.settings import Oidc, is_safe
from qa.errors import BadSetting

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import OAuth2Client

ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
"""What an id token may be signed with: a key that only the provider has. Never "none", nor a secret that we have too."""
KEPT = 3600.0  # seconds
TIMEOUT = 10.0  # seconds to connect, and again for each part of an answer
LEEWAY = 60  # seconds that the clocks may differ
NAMES = ("name", "preferred_username", "email", "sub")
NAME_LENGTH = 100

log = logging.getLogger("tiaowen.api")


def require_installed() -> None:
    """Raises BadSetting where the packages of single sign-on are not installed."""
    try:
        for name in ("authlib.integrations.httpx_client", "joserfc.jwt"):
            importlib.import_module(name)
    except ModuleNotFoundError as absent:
        package = (absent.name or "").partition(".")[0]
        raise BadSetting(
            f"设置了 TIAOWEN_OIDC_ISSUER，但没有安装单位账号登录的组件（缺少 {package}）",
            "请在程序目录执行 .venv/bin/pip install -c constraints.txt -e '.[sso]'，或去掉单位账号登录的各项设置。",
        ) from absent


class Provider:
    """One provider. Safe for several threads; nothing is asked before somebody signs in.

    Its methods raise SignOnUnavailable where it does not answer, or not as a provider does.
    """

    def __init__(self, oidc: Oidc, clock: Callable[[], float] = time.monotonic) -> None:
        require_installed()
        self._oidc = oidc
        self._clock = clock
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}

    def address(self, sign_on: SignOn) -> str:
        """Where the browser goes to sign in."""
        endpoint = self._endpoint("authorization_endpoint")
        with self._client(sign_on.redirect) as client:
            url, _ = client.create_authorization_url(
                endpoint, state=sign_on.state, nonce=sign_on.nonce, code_verifier=sign_on.verifier
            )
        return str(url)

    def person(self, sign_on: SignOn, code: str) -> Person:
        """Whom the code that the browser brought back stands for; without a role where the settings give none.

        Raises SignOnRefused where the provider takes the code back, SignOnUntrusted where what it says does not hold.
        """
        claims = self._claims(sign_on, code)
        ident = person_id(self._oidc.issuer, claims["sub"])
        name = next((claims[key] for key in NAMES if _is_text(claims.get(key))), "")
        shown = "".join(c for c in name if c.isprintable()).strip()[:NAME_LENGTH]
        return Person(ident, shown or ident, tuple(granted(self._oidc.roles, claims)))

    def is_issuer(self, named: str) -> bool:
        """Whether what led a browser back is this provider, as far as it says so (RFC 9207)."""
        metadata = self._metadata()
        says = bool(named) or metadata.get("authorization_response_iss_parameter_supported") is True
        return not says or named == metadata["issuer"]

    def _claims(self, sign_on: SignOn, code: str) -> dict[str, Any]:
        from authlib.integrations.base_client import OAuthError

        endpoint = self._endpoint("token_endpoint")
        with _answering(), self._client(sign_on.redirect) as client:
            try:
                token = client.fetch_token(
                    endpoint, grant_type="authorization_code", code=code, code_verifier=sign_on.verifier
                )
                claims = self._verified(token, sign_on.nonce)
                if not (any(granted(self._oidc.roles, claims)) and _has_name(claims)):
                    claims = {**self._userinfo(client, claims["sub"]), **claims}
            except OAuthError as error:
                log.warning("the provider refused a code: %s", error)
                raise SignOnRefused from error
        return claims

    def _verified(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of the id token, all checked. Raises SignOnUntrusted."""
        from authlib.oidc.core import CodeIDToken
        from joserfc.errors import JoseError

        expected = {
            "iss": {"essential": True, "value": self._metadata()["issuer"]},
            "aud": {"essential": True, "value": self._oidc.client_id},
            "sub": {"essential": True},
        }
        params = {"nonce": nonce, "client_id": self._oidc.client_id, "access_token": token.get("access_token")}
        try:
            read = self._decoded(token.get("id_token"))
            claims = CodeIDToken(read.claims, read.header, expected, params)
            claims.validate(leeway=LEEWAY)
        except (JoseError, ValueError, TypeError) as error:
            log.warning("an id token does not hold: %s: %s", type(error).__name__, error)
            raise SignOnUntrusted from error
        return dict(claims)

    def _decoded(self, text: object) -> Any:
        from joserfc import jwt
        from joserfc.errors import BadSignatureError, InvalidKeyIdError
        from joserfc.jwk import KeySet
        from joserfc.jws import JWSRegistry

        if not isinstance(text, str):
            raise ValueError("there is no id token")
        said = self._metadata().get("id_token_signing_alg_values_supported")
        allowed = [name for name in ALGORITHMS if not isinstance(said, list) or name in said]
        if not allowed:
            raise ValueError("the provider signs with nothing that can be checked")
        registry = JWSRegistry(algorithms=allowed, strict_check_header=False)
        address = self._endpoint("jwks_uri")
        for fresh in (False, True):
            keys = self._asked(address, fresh).get("keys")
            usable = [
                key
                for key in (keys if isinstance(keys, list) else [])
                if isinstance(key, dict) and key.get("kty") != "oct" and key.get("use") != "enc"
            ]
            try:
                return jwt.decode(text, KeySet.import_key_set({"keys": usable}), registry=registry)
            except (BadSignatureError, InvalidKeyIdError):
                if fresh:
                    raise
        raise AssertionError("the second turn gives or raises")

    def _userinfo(self, client: OAuth2Client, subject: str) -> dict[str, Any]:
        """What the provider says of somebody besides the id token; {} where it says nothing, or of somebody else."""
        if "userinfo_endpoint" not in self._metadata():
            return {}
        answer = client.get(self._endpoint("userinfo_endpoint"))
        answer.raise_for_status()
        if not answer.headers.get("content-type", "").startswith("application/json"):
            return {}
        said = answer.json()
        return said if isinstance(said, dict) and said.get("sub") == subject else {}

    def _client(self, redirect: str) -> OAuth2Client:
        from authlib.integrations.httpx_client import OAuth2Client

        ways = self._metadata().get("token_endpoint_auth_methods_supported")
        by_form = isinstance(ways, list) and "client_secret_post" in ways and "client_secret_basic" not in ways
        method = "client_secret_post" if by_form else "client_secret_basic"
        return OAuth2Client(
            self._oidc.client_id,
            self._oidc.client_secret or None,
            token_endpoint_auth_method=method if self._oidc.client_secret else "none",
            scope=self._oidc.scope,
            redirect_uri=redirect,
            code_challenge_method="S256",
            timeout=TIMEOUT,
            verify=self._tls,
        )

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Which certificates are trusted. Reading them takes a tenth of a second: once will do."""
        import httpx2

        return httpx2.create_ssl_context()

    def _endpoint(self, name: str) -> str:
        address = self._metadata().get(name)
        if not (isinstance(address, str) and is_safe(address)):
            log.error("the provider names no %s that can be used", name)
            raise SignOnUnavailable
        return address

    def _metadata(self) -> dict[str, Any]:
        issuer = self._oidc.issuer.rstrip("/")
        found = self._asked(f"{issuer}/.well-known/openid-configuration")
        named = found.get("issuer")
        if not isinstance(named, str) or named.rstrip("/") != issuer:
            log.error("the provider at TIAOWEN_OIDC_ISSUER calls itself by another name: %.200s", named)
            raise SignOnUnavailable
        return found

    def _asked(self, address: str, fresh: bool = False) -> dict[str, Any]:
        """The JSON object at an address, as it was within the last hour, or as it is."""
        import httpx2

        kept = self._kept.get(address)
        if kept and not fresh and self._clock() - kept[0] < KEPT:
            return kept[1]
        with _answering():
            answer = httpx2.get(address, timeout=TIMEOUT, verify=self._tls, headers={"Accept": "application/json"})
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
            if not isinstance(found, dict):
                raise ValueError("no JSON object")
        self._kept[address] = (self._clock(), found)
        return found


@contextmanager
def _answering() -> Iterator[None]:
    """Around what is asked of the provider. Raises SignOnUnavailable where nothing comes back, or nothing that can be read."""
    import httpx2

    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        log.warning("the provider of accounts does not answer: %s: %s", type(error).__name__, error)
        raise SignOnUnavailable from error


def _has_name(claims: Mapping[str, Any]) -> bool:
    return any(_is_text(claims.get(key)) for key in NAMES[:2])


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
