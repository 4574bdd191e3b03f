"""The routes by which somebody signs in with the account of the organisation: to the provider, and back with a login.

What ends here is a navigation of a browser, so that an error is a page for it, and the one JSON shape for all others.
"""

from __future__ import annotations

import html
import secrets
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access import PERSON, Principal
from api.answer.desk import Desk
from api.errors import SignOnExpired, SignOnNoRole, SignOnRefused, SignOnUnavailable
from api.faults import named
from api.outgoing.oidc import Provider
from api.records.people import MINUTES, People
from api.routes.login import set_login
from corpus.errors import NotFound, PolicyError

BROWSER = "tiaowen_sso"
"""The cookie that binds a sign-on to the browser that began it. It comes along when the provider leads back, as SameSite=Lax."""
BEGIN, CALLBACK = "/v1/sso/login", "/v1/sso/callback"

Back = Literal["/", "/library", "/operator", "/evaluation", "/docs"]
Word = Annotated[str, Query(max_length=4096)]
_AWAY = ("server_error", "temporarily_unavailable")
_LEADS: dict[int | str, dict[str, Any]] = {
    303: {"description": "到下一处", "headers": {"Location": {"schema": {"type": "string"}}}}
}


def add(app: FastAPI, desk: Desk, people: People, provider: Provider | None) -> None:
    root = desk.settings.root_path

    def told(request: Request, work: Callable[[Provider], Response]) -> Response:
        """What `work` gives; where it fails before a browser, the error as a page."""
        if provider is None:
            raise NotFound("没有配置单位账号登录。", "设置见 docs/operations.md；现在请用密钥登录。")
        try:
            return work(provider)
        except PolicyError as error:
            error = named(error) or error
            if "text/html" not in request.headers.get("accept", ""):
                raise
            desk.meter.count_error(error.code)
            return HTMLResponse(_page(error), error.status)

    @app.get(BEGIN, summary="用单位账号登录", response_class=Response, status_code=303, responses=_LEADS)
    def begin(request: Request, back: Annotated[Back, Query(description="登录后到哪个页面")] = "/") -> Response:
        def work(provider: Provider) -> Response:
            browser = request.cookies.get(BROWSER) or secrets.token_urlsafe(32)
            sign_on = people.begin(browser, f"{request.url.scheme}://{request.url.netloc}{root}{CALLBACK}", back)
            response = RedirectResponse(provider.address(sign_on), 303)
            response.set_cookie(
                BROWSER,
                browser,
                max_age=MINUTES * 60,
                httponly=True,
                samesite="lax",
                secure=request.url.scheme == "https",
                path=f"{root}/v1/sso",
            )
            return response

        return told(request, work)

    @app.get(CALLBACK, summary="单位账号登录的回跳", response_class=Response, status_code=303, responses=_LEADS)
    def callback(request: Request, state: Word = "", code: Word = "", error: Word = "", iss: Word = "") -> Response:
        def work(provider: Provider) -> Response:
            sign_on = people.take(state, request.cookies.get(BROWSER, ""))
            if sign_on is None:
                raise SignOnExpired
            if error in _AWAY:
                raise SignOnUnavailable
            if error or not code or not provider.is_issuer(iss):
                raise SignOnRefused
            person = provider.person(sign_on, code)
            if person.role is None:
                raise SignOnNoRole(person.name)
            token = people.log_in(person, desk.settings.login_hours)
            who = Principal(PERSON + person.id, person.name, person.role)
            desk.audit.put(who, "sso.login", role=person.role)
            response = RedirectResponse(sign_on.back, 303)
            set_login(response, token, request, desk.settings)
            return response

        return told(request, work)


def _page(error: PolicyError) -> str:
    """An error for a reader. What it loads is named from where it stands, which may be below a path of another site."""
    message, hint = (html.escape(text) for text in (error.message, error.hint))
    return f"""<!doctype html>
<html lang="zh-CN">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>条问 · 没有登录成功</title>
  <link rel="icon" href="../../web/favicon.svg" type="image/svg+xml">
  <script src="../../web/theme.js"></script>
  <link rel="stylesheet" href="../../web/base.css">
</head>
<body>
  <header class="bar"><div class="brand"><img src="../../web/favicon.svg" alt="" width="30" height="30"><p>条问</p></div></header>
  <main id="main" class="api">
    <h1>没有登录成功</h1>
    <p role="alert">{message}</p>
    <p class="muted">{hint}</p>
    <p><a href="login?back=/">再试一次</a>　<a href="../../">回到首页</a></p>
  </main>
</body>
</html>
"""
