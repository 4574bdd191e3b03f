"""The routes by which a page comes to a key's rights: a cookie that scripts cannot read and other sites cannot send."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from api import forms
from api.access import principal_of
from api.desk import Desk
from api.errors import KeyWrong
from api.guard import COOKIE, access_of
from api.keys import Keys


def add(app: FastAPI, desk: Desk, keys: Keys) -> None:
    @app.get("/v1/me", summary="当前的身份", response_model=forms.Me)
    def me(request: Request) -> forms.Me:
        who, access = principal_of(request), access_of(desk.settings, keys)
        nobody = access == "keys" and not who.id.startswith("key:")
        return forms.Me(role=None if nobody else who.role, name="" if nobody else who.name, access=access)

    @app.post("/v1/login", summary="网页登录", response_model=forms.LoginOut)
    def log_in(body: forms.LoginIn, request: Request, response: Response) -> forms.LoginOut:
        key = keys.find(body.key.strip())
        if key is None:
            raise KeyWrong
        token, end = keys.log_in(key, desk.settings.login_hours)
        response.set_cookie(
            COOKIE,
            token,
            max_age=desk.settings.login_hours * 3600,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return forms.LoginOut(role=key.role, name=key.name, expires_at=end.isoformat(timespec="seconds"))

    @app.post("/v1/logout", summary="退出登录", response_model=forms.LoggedOut)
    def log_out(request: Request, response: Response) -> forms.LoggedOut:
        if token := request.cookies.get(COOKIE):
            keys.log_out(token)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https")
        return forms.LoggedOut()
