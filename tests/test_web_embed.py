"""The chat page in pages of another site: the one line of docs/embedding.md in a page with a strict policy, on another port."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import PHONE, Tab, tab
from fake_service import TODAY, FakeService, make_document
from live_service import running
from playwright.sync_api import Browser, FrameLocator, expect

from api.app import create_app
from api.records.database import Records
from api.settings import Settings

HOST_PAGE = Path(__file__).parent / "fixtures" / "embedding.html"
POLICY = make_document("甲市园区试行办法\n第一条 对园区奖励10万元。\n第二条 本办法自发布之日起施行。\n")


@contextmanager
def site() -> Iterator[tuple[str, list[str]]]:
    """The other site: its address, and the list into which the address of the service is to be put."""
    service: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = HOST_PAGE.read_text("utf-8").replace("SERVICE", service[0]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            policy = f"default-src 'none'; img-src data:; script-src {service[0]}; frame-src {service[0]}; require-trusted-types-for 'script'"
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}", service  # another site as well, not only another port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of the other site, and that of the service that it embeds."""
    fake = FakeService([POLICY], {"奖励": ("10万元", "对园区奖励10万元")})
    with site() as (address, service):
        settings = Settings(access="ask", frame_ancestors=(address,))
        app = create_app(
            fake, clock=lambda: TODAY, records=Records(tmp_path_factory.mktemp("records")), settings=settings
        )
        with running(app) as base:
            service.append(base)
            yield address, base


@contextmanager
def visit(
    browser: Browser, other: tuple[str, str], size: tuple[int, int] = (1200, 800)
) -> Iterator[tuple[Tab, FrameLocator]]:
    """The page of the other site; whatever it fetches besides is of the service."""
    address, base = other
    with tab(browser, address, size, reduced_motion="reduce") as opened:
        opened.open()
        yield opened, opened.page.frame_locator("iframe")
        assert all(url.startswith(f"{base}/") for url in opened.elsewhere)
        opened.elsewhere.clear()


def test_a_visitor_asks_by_keyboard_and_comes_back_to_where_he_was(browser: Browser, other: tuple[str, str]) -> None:
    with visit(browser, other) as (opened, frame):
        page = opened.page
        button = page.get_by_role("button", name="问一问政策")
        expect(button).to_be_visible()
        assert page.locator("iframe").count() == 0, "nothing is loaded before it is wanted"
        before = set(page.evaluate("Object.keys(window)"))
        assert "Tiaowen" in before and page.evaluate("Object.keys(Tiaowen)") == ["open", "close"]
        button.focus()
        page.keyboard.press("Enter")
        box = frame.get_by_label("问题", exact=True)
        expect(box).to_be_focused()
        page.keyboard.type("园区奖励多少？")
        page.keyboard.press("Enter")
        expect(frame.locator(".short")).to_have_text("10万元")
        expect(frame.locator(".pages")).to_be_hidden()
        frame.get_by_role("button", name="查看原文").first.click()
        expect(frame.locator("#viewer")).to_be_visible()
        page.keyboard.press("Escape")
        expect(frame.locator("#viewer")).to_be_hidden()
        dialog = page.get_by_role("dialog", name="某市政策问答")
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
        expect(frame.locator(".short")).to_have_text("10万元")  # the conversation is still there
        dialog.get_by_role("button", name="关闭").click()
        expect(button).to_be_focused()
        assert set(page.evaluate("Object.keys(window)")) - before <= {"0"}
        assert page.context.cookies() == []


def test_colours_and_side_are_chosen_and_readable(browser: Browser, other: tuple[str, str]) -> None:
    with visit(browser, other) as (opened, frame):
        button = opened.page.get_by_role("button", name="问一问政策")
        expect(button).to_have_css("background-color", "rgb(255, 213, 74)")
        expect(button).to_have_css("color", "rgb(0, 0, 0)")
        assert button.bounding_box()["x"] < 60  # type: ignore[index]
        button.click()
        expect(frame.locator("html")).to_have_attribute("data-theme", "light")
        expect(frame.locator("#suggestions, #extent").last).not_to_be_empty()
        found = [
            row for row in Axe().run(opened.page).response["violations"] if row["impact"] in ("serious", "critical")
        ]
        assert not found, found


def test_on_a_small_screen_it_takes_all_of_it(browser: Browser, other: tuple[str, str]) -> None:
    with visit(browser, other, PHONE) as (opened, frame):
        page = opened.page
        page.get_by_role("button", name="问一问政策").click()
        expect(frame.get_by_label("问题", exact=True)).to_be_visible()
        dialog = page.get_by_role("dialog", name="某市政策问答")
        assert dialog.bounding_box() == {"x": 0, "y": 0, "width": PHONE[0], "height": PHONE[1]}
        assert page.evaluate(
            "document.querySelector('tiaowen-widget').shadowRoot.querySelector('dialog').matches(':modal')"
        )
        assert frame.locator("html").evaluate("root => root.scrollWidth <= innerWidth")
        page.evaluate("Tiaowen.close()")
        expect(dialog).to_be_hidden()
