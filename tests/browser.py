"""A real browser before a real service: Chromium of the system, driven by playwright, and what every page must keep to.

Playwright's driver leaves an event loop in the thread that it runs in for as long as it is there, so that the browser is
one of a module and not of the session: other tests of the same run want a loop of their own.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from live_service import SAMPLES, engine_service
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from api.answer.service import EngineService
from corpus.ingest import ingest
from corpus.store import Store
from qa.build import update_index

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
PHONE, DESK = (390, 844), (1440, 900)
WAIT = 15_000  # milliseconds after which something that should appear is said to be missing

HOSTILE_FILE = '雨伞"><img src=x onerror=window.harmed=1>.txt'
HOSTILE_TITLE = '澜江市共享雨伞<img src=x onerror="window.harmed=1">管理办法'
HOSTILE_QUOTE = "第二条 共享雨伞每次收取押金<script>window.harmed=1</script>30元，归还后立即退还。"
HOSTILE_TEXT = f"""{HOSTILE_TITLE}
（澜市管规〔2026〕9号）

第一条 为规范共享雨伞服务<svg onload=window.harmed=1>，制定本办法。
{HOSTILE_QUOTE}
第三条 本办法自2026年5月1日起施行。
"""


def chromium() -> str:
    """Where the system's Chromium is; without one the test is skipped, or fails where CI=true."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI=true, but none of {', '.join(NAMES)} is installed", pytrace=False)
        pytest.skip(f"needs a browser: none of {', '.join(NAMES)} is installed")
    return found


@contextmanager
def launched() -> Iterator[Browser]:
    path = chromium()
    expect.set_options(timeout=WAIT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


def service_for_pages(folder: Path) -> EngineService:
    """The real engine over all bundled samples and one document whose title, text and file name attack the page."""
    files, data = folder / "files", folder / "data"
    files.mkdir()
    (files / HOSTILE_FILE).write_text(HOSTILE_TEXT, "utf-8")
    store = Store(data)
    assert ingest(store, [SAMPLES, files]).count("rejected") == 0
    assert update_index(store, data)
    return engine_service(data)


@dataclass
class Tab:
    """A page that is watched: what it wrote to the console, what failed in it, and where else it tried to go."""

    page: Page
    base: str
    problems: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        self.page.goto(self.base + path)
        return self.page

    def expect_failures(self, *statuses: int) -> None:
        """Takes out what Chromium itself says of answers with these statuses (0: no connection), and nothing else."""
        known = [f"the server responded with a status of {status}" for status in statuses if status]
        known += ["net::ERR_"] if 0 in statuses else []
        rest = [text for text in self.problems if not any(part in text for part in known)]
        assert rest != self.problems, "no such failure happened"
        self.problems[:] = rest

    def expect_accessible(self) -> None:
        """No serious or critical finding of axe-core, and nothing that sticks out at the side."""
        found = Axe().run(self.page).response["violations"]
        bad = [row for row in found if row["impact"] in ("serious", "critical")]
        told = [(row["id"], [node["html"][:160] for node in row["nodes"]][:4]) for row in bad]
        assert not bad, told
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"


@contextmanager
def tab(browser: Browser, base: str, size: tuple[int, int] = DESK, **context: Any) -> Iterator[Tab]:
    """A fresh profile with one page. Whoever leaves it must have gone nowhere else and must have seen no fault."""
    width, height = size
    made = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", **context)
    made.set_default_timeout(WAIT)
    watched = Tab(made.new_page(), base)
    page = watched.page
    page.on("pageerror", lambda error: watched.problems.append(str(error)))
    page.on("console", lambda said: watched.problems.append(said.text) if said.type in ("error", "warning") else None)
    host = urlsplit(base).netloc
    made.on("request", lambda sent: None if urlsplit(sent.url).netloc == host else watched.elsewhere.append(sent.url))
    try:
        yield watched
        assert watched.problems == []
        assert watched.elsewhere == []
    finally:
        made.close()


def ask(page: Page, question: str) -> Locator:
    """Writes a question and sends it by keyboard; gives the turn once it is answered."""
    number = page.locator(".turn").count()
    page.get_by_label("问题", exact=True).fill(question)
    page.keyboard.press("Enter")
    turn = page.locator(".turn").nth(number)
    expect(turn.locator(".reply:not(.waiting)")).to_be_visible()
    return turn
