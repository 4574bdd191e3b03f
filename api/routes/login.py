"""The routes by which a page comes to a key's rights: a cookie that scripts cannot read and other sites cannot send."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from api.access import principal_of
from api.answer.desk import Desk
from api.contract import forms
from api.edge.guard import COOKIE, access_of
from api.errors import KeyWrong
from api.records.keys import Keys
from api.records.people import People
from api.settings import Settings


def set_login(response: Response, token: str, request: Request, settings: Settings) -> None:
    """Puts the cookie of a login into a response."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=settings.login_hours * 3600,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path=settings.root_path or "/",
    )


def add(app: FastAPI, desk: Desk, keys: Keys, people: People) -> None:
    place = desk.settings.root_path or "/"

    @app.get("/v1/me", summary="当前的身份", response_model=forms.Me)
    def me(request: Request) -> forms.Me:
        who, access = principal_of(request), access_of(desk.settings, keys)
        nobody = access == "keys" and not who.known
        sso = desk.settings.oidc is not None
        return forms.Me(role=None if nobody else who.role, name="" if nobody else who.name, access=access, sso=sso)

    @app.post("/v1/login", summary="网页登录", response_model=forms.LoginOut)
    def log_in(body: forms.LoginIn, request: Request, response: Response) -> forms.LoginOut:
        key = keys.find(body.key.strip())
        if key is None:
            raise KeyWrong
        token, end = keys.log_in(key, desk.settings.login_hours)
        set_login(response, token, request, desk.settings)
        return forms.LoginOut(role=key.role, name=key.name, expires_at=end.isoformat(timespec="seconds"))

    @app.post("/v1/logout", summary="退出登录", response_model=forms.LoggedOut)
    def log_out(request: Request, response: Response) -> forms.LoggedOut:
        if token := request.cookies.get(COOKIE):
            keys.log_out(token)
            people.log_out(token)
        response.delete_cookie(
            COOKIE, httponly=True, samesite="strict", path=place, secure=request.url.scheme == "https"
        )
        return forms.LoggedOut()
