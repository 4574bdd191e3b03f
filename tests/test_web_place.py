"""The pages in a real browser, below a path of another site, and by the link that an open service shows at its start."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser import tab
from fake_service import TODAY, FakeService, make_document
from live_service import running
from playwright.sync_api import Browser, expect
from test_api_subpath import proxy

from api.access import Grant
from api.app import create_app
from api.records.database import Records
from api.records.keys import Keys
from api.settings import Oidc, Settings

POLICY = make_document("甲市园区试行办法\n第一条 对园区奖励10万元。\n第二条 本办法自发布之日起施行。\n")


def service() -> FakeService:
    return FakeService([POLICY], {"奖励": ("10万元", "对园区奖励10万元")})


@pytest.mark.parametrize("settings", [Settings(access="ask"), Settings(access="ask", root_path="/tw")])
def test_every_page_works_below_a_path(browser: Browser, tmp_path: Path, settings: Settings) -> None:
    app = create_app(service(), clock=lambda: TODAY, records=Records(tmp_path), settings=settings)
    with running(app) as base, proxy(base, "/tw", strip=True) as site, tab(browser, site) as opened:
        page = opened.open("/tw/")
        page.get_by_label("问题", exact=True).fill("园区奖励多少？")
        page.keyboard.press("Enter")
        expect(page.locator(".short")).to_have_text("10万元")
        assert re.match(rf"{site}/tw/#", page.url), "the conversation has its address below the path"
        page.locator(".cite").get_by_role("button", name="查看原文").click()
        expect(page.get_by_role("dialog").locator("mark")).to_have_text("对园区奖励10万元")
        page.keyboard.press("Escape")
        page.get_by_role("link", name="文件库").click()
        expect(page.locator(".doc")).to_contain_text("甲市园区试行办法")
        page.get_by_role("link", name="只问这份").click()
        expect(page.locator("#chips")).to_contain_text("甲市园区试行办法")
        page.get_by_role("button", name="设置和帮助").click()
        page.get_by_role("link", name="接口说明").click()
        expect(page.locator("#routes")).to_contain_text("/v1/ask")
        page.get_by_role("button", name="发送").click()
        expect(page.locator("#try-result")).to_contain_text("10万元")
        assert page.url == f"{site}/tw/docs"


def test_the_account_of_the_organisation_opens_the_desk(browser: Browser, tmp_path: Path) -> None:
    """Through a provider of another site: the cookies of a login are not sent along from there, and need not be."""
    pytest.importorskip("authlib")
    from oidc_provider import CLIENT, SECRET, running_provider

    with running_provider() as provider:
        oidc = Oidc(provider.issuer, CLIENT, SECRET, (Grant("groups", "/政策科", "operate"),))
        settings = Settings(root_path="/tw", oidc=oidc)
        app = create_app(service(), clock=lambda: TODAY, records=Records(tmp_path), settings=settings)
        with running(app) as base, proxy(base, "/tw", strip=True) as site, tab(browser, site) as opened:
            page = opened.open("/tw/operator")
            page.locator("#locked").get_by_role("button", name="登录").click()
            expect(page.get_by_role("link", name="单位账号登录")).to_be_visible()
            opened.expect_accessible()
            page.get_by_role("link", name="单位账号登录").click()
            expect(page.locator(".tile").first).to_be_visible()
            assert page.url.partition("#")[0] == f"{site}/tw/operator"
            page.get_by_role("button", name="设置和帮助").click()
            expect(page.locator("#account")).to_contain_text("已登录：李工")
            page.get_by_role("button", name="退出登录").click()
            expect(page.get_by_label("问题", exact=True)).to_be_visible()
            expect(page.locator("#suggestions .notice")).to_be_visible()  # nobody is signed in: 401

            provider.claims["groups"] = []
            opened.open("/tw/v1/sso/login?back=/operator")
            expect(page.get_by_role("alert")).to_contain_text("单位账号“李工”没有使用本服务的权限")
            opened.expect_accessible()
            page.get_by_role("link", name="回到首页").click()
            expect(page.get_by_label("问题", exact=True)).to_be_visible()
            expect(page.locator("#suggestions .notice")).to_be_visible()
            opened.expect_failures(401, 403)
            assert {urlsplit(address).hostname for address in opened.elsewhere} == {"localhost"}
            opened.elsewhere.clear()


def test_the_link_of_a_start_opens_the_desk_and_the_files(browser: Browser, tmp_path: Path) -> None:
    records = Records(tmp_path)
    token = Keys(records).start()
    app = create_app(service(), clock=lambda: TODAY, records=records, settings=Settings())
    with running(app) as base, tab(browser, base, reduced_motion="reduce") as opened:
        page = opened.open("/library")
        expect(page.locator(".doc")).to_contain_text("甲市园区试行办法")
        expect(page.locator("#bring")).to_contain_text("请用启动服务时终端里显示的管理链接打开")
        assert page.locator("#files").count() == 0
        opened.expect_accessible()
        opened.open("/")  # another place, so that the link is a page of its own
        opened.open(f"/library#start={token}")
        expect(page.locator("#files")).to_have_count(1)
        assert page.url == f"{base}/library", "the token stays in no history"
        page.get_by_role("link", name="工作台").click()
        expect(page.locator(".tile").first).to_be_visible()


def test_the_token_may_be_typed_and_an_old_link_says_so(browser: Browser, tmp_path: Path) -> None:
    records = Records(tmp_path)
    old, token = Keys(records).start(), Keys(records).start()
    app = create_app(service(), clock=lambda: TODAY, records=records, settings=Settings())
    with running(app) as base, tab(browser, base, reduced_motion="reduce") as opened:
        page = opened.open(f"/operator#start={old}")
        expect(page.locator("#announce")).to_contain_text("已经失效")
        opened.expect_failures(401)
        page.locator("#locked").get_by_role("button", name="登录").click()
        page.get_by_role("dialog").get_by_label("访问密钥").fill(token)
        page.keyboard.press("Enter")
        expect(page.locator(".tile").first).to_be_visible()
