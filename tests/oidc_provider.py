"""A provider of accounts for tests: Authlib's authorization server behind HTTP, with PKCE, and faults where a test wants one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin, OpenIDCode
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from joserfc.jwk import KeySet, OctKey, RSAKey
from live_service import running

CLIENT, SECRET = "tiaowen", "the client's secret"


def new_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


class Client(ClientMixin):
    id_token_signed_response_alg = None

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.endswith("/v1/sso/callback")

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):
    code: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> None: ...

    def get_acr(self) -> None: ...

    def get_amr(self) -> None: ...


class Asked(OAuth2Request):
    """A request as Authlib reads it. The provider stands behind TLS, as it were."""

    def __init__(self, method: str, uri: str, headers: dict[str, str], given: dict[str, str]) -> None:
        super().__init__(
            method, uri.replace("http://", "https://", 1), headers={k.title(): v for k, v in headers.items()}
        )
        self.payload = BasicOAuth2Payload(given)
        self.given = given

    @property
    def args(self) -> dict[str, str]:
        return self.given if self.method == "GET" else {}

    @property
    def form(self) -> dict[str, str]:
        return self.given if self.method == "POST" else {}


@dataclass
class Provider:
    """What the provider says; a test changes it. `claims` is what the id token says of the person who signs in, above all
    that it says by itself; `more` is what only the userinfo endpoint says."""

    key: RSAKey = field(default_factory=lambda: new_key("one"))
    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    published: RSAKey | None = None  # the key that it shows, where that is another one
    alg: str = "RS256"
    metadata: dict[str, Any] = field(default_factory=dict)
    refuse: bool = False
    down: bool = False
    codes: dict[str, Code] = field(default_factory=dict)
    asked_for_keys: int = 0

    def reset(self) -> None:
        """As at the beginning: 李工 of the desk signs in."""
        fresh = Provider(key=self.key, issuer=self.issuer)
        fresh.claims = {"sub": "u1", "name": "李工", "groups": ["/政策科"]}
        self.__dict__.update(fresh.__dict__)


class Grant(AuthorizationCodeGrant):
    def save_authorization_code(self, code: str, request: Any) -> None:
        data = request.payload.data
        challenge = data["code_challenge"], data["code_challenge_method"]
        self.server.said.codes[code] = Code(code, data["redirect_uri"], request.scope, data["nonce"], *challenge)

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        return self.server.said.codes.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        del self.server.said.codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Code) -> Any:
        return self.server.said


class Tokens(OpenIDCode):
    def __init__(self, said: Provider) -> None:
        super().__init__(require_nonce=True)
        self.said = said

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return any(code.nonce == nonce for code in self.said.codes.values())

    def resolve_client_private_key(self, client: Any) -> Any:
        return OctKey.import_key(SECRET) if self.said.alg == "HS256" else self.said.key

    def get_client_algorithm(self, client: Any) -> str:
        return self.said.alg

    def get_client_claims(self, client: Any) -> dict[str, Any]:
        return {"iss": self.said.issuer}

    def get_encode_header(self, client: Any) -> dict[str, str]:
        return {"alg": self.said.alg, "kid": str(self.said.key.kid)}

    def generate_user_info(self, user: Any, scope: str) -> dict[str, Any]:
        return self.said.claims

    def encode_id_token(self, token: Any, request: Any) -> str:
        if self.said.alg != "none":
            return str(super().encode_id_token(token, request))
        claims = {
            **self.get_compatible_claims(request),
            **self.get_authorization_code_claims(request.authorization_code),
        }
        parts = ({"alg": "none", "kid": self.said.key.kid}, {**claims, **self.said.claims})
        return (
            ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."
        )


class Server(AuthorizationServer):
    def __init__(self, said: Provider) -> None:
        super().__init__()
        self.said = said
        self.register_token_generator("default", BearerTokenGenerator(lambda *_, **__: "an-access-token"))
        self.register_grant(Grant, [Tokens(said), CodeChallenge(required=True)])

    def query_client(self, client_id: str) -> Client | None:
        return Client() if client_id == CLIENT else None

    def save_token(self, token: Any, request: Any) -> None:
        """Only one is ever given out."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: Asked) -> Asked:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        return Response(body if isinstance(body, str) else json.dumps(body), status, dict(headers))


def app_of(said: Provider) -> FastAPI:
    app, server = FastAPI(), Server(said)

    @app.middleware("http")
    async def down(request: Request, call_next: Any) -> Response:
        return Response("down", 502) if said.down else await call_next(request)

    @app.get("/.well-known/openid-configuration")
    def discovery() -> Any:
        places = {
            name: f"{said.issuer}/{name.partition('_')[0]}"
            for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
        }
        return {
            "issuer": said.issuer,
            **places,
            "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
            **said.metadata,
        }

    @app.get("/jwks")
    def jwks() -> Any:
        said.asked_for_keys += 1
        return KeySet([said.published or said.key]).as_dict(private=False)

    @app.get("/authorization")
    def authorize(request: Request) -> Response:
        asked = Asked("GET", str(request.url), dict(request.headers), dict(request.query_params))
        try:
            grant = server.get_consent_grant(asked, said)
        except OAuth2Error as error:
            return server.handle_error_response(asked, error)
        return server.create_authorization_response(asked, None if said.refuse else said, grant)

    @app.post("/token")
    async def token(request: Request) -> Response:
        given = dict(parse_qsl((await request.body()).decode()))
        return server.create_token_response(Asked("POST", str(request.url), dict(request.headers), given))

    @app.get("/userinfo")
    def userinfo(request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer an-access-token":
            return Response(status_code=401)
        return JSONResponse({"sub": said.claims["sub"], **said.more})

    return app


@contextmanager
def running_provider() -> Iterator[Provider]:
    """A provider on a port of this machine. It is of another site than what is served on 127.0.0.1."""
    said = Provider()
    with running(app_of(said)) as base:
        said.issuer = base.replace("127.0.0.1", "localhost")
        said.reset()
        yield said
