"""How long the first load of the chat page takes on a slow line, in Chromium: `python -m eval.first_load http://127.0.0.1:8000`.

The line is made by Chromium itself (CDP, Network.emulateNetworkConditions): so many KB a second down and up, so many
milliseconds before each answer. A table of requests, bytes as sent (heads included), and seconds until something is seen,
until a question can be asked, until the suggestions are there; with an empty cache and then again. Needs playwright (the
extra `dev`) and Chromium.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LINES = ((50.0, 400.0), (20.0, 800.0))
"""KB a second and milliseconds of the lines that are measured unless others are named."""
_TIMEOUT = 120_000  # milliseconds
_MARKS = ("#nav a", "#suggestions button")  # the first is drawn by the script once the composer listens
_WATCH = """
const at = window.firstSeen = {};
new MutationObserver(() => {
  for (const mark of %s) if (!(mark in at) && document.querySelector(mark)) at[mark] = performance.now();
}).observe(document, { childList: true, subtree: true });
"""
_SEEN = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"


@dataclass(frozen=True, slots=True)
class Load:
    """One load of a page: requests, bytes on the line, and seconds from the request of the page on."""

    requests: int
    bytes: int
    seen: float
    can_ask: float
    suggested: float


def measure(context: BrowserContext, url: str, kilobytes: float, latency: float) -> Load:
    """Loads `url` in a new tab of `context` over a line of `kilobytes` a second and `latency` milliseconds."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    sizes: list[float] = []

    def loaded(event: dict[str, Any]) -> None:
        sizes.append(event["encodedDataLength"])

    session.on("Network.loadingFinished", loaded)
    session.send("Network.enable")
    through = kilobytes * 1024
    line = {"offline": False, "latency": latency, "downloadThroughput": through, "uploadThroughput": through}
    session.send("Network.emulateNetworkConditions", line)
    page.set_default_timeout(_TIMEOUT)
    page.add_init_script(_WATCH % json.dumps(_MARKS))
    page.goto(url, wait_until="commit")
    for mark in _MARKS:
        page.wait_for_selector(mark, state="attached")
    page.wait_for_load_state("networkidle")
    at = [page.evaluate("mark => firstSeen[mark]", mark) / 1000 for mark in _MARKS]
    seen = page.evaluate(_SEEN) / 1000
    page.close()
    fetched = [size for size in sizes if size]  # what came from the cache has none
    return Load(len(fetched), round(sum(fetched)), seen, *at)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; 0, or 2 where the browser is missing."""
    parser = argparse.ArgumentParser(prog="python -m eval.first_load", description="慢线路上第一次打开提问页要多久")
    parser.add_argument("url", help="服务的地址，例如 http://127.0.0.1:8000/")
    parser.add_argument(
        "--line", nargs=2, type=float, action="append", metavar=("KB", "MS"), help="每秒 KB 数和延迟毫秒数，可写几次"
    )
    parser.add_argument("--times", type=int, default=3, help="各测几次，取中位数")
    options = parser.parse_args(arguments)
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        path = None
    if path is None:
        print("需要 Chromium 和 playwright（pip install -e '.[dev]'）", file=sys.stderr)
        return 2
    print("| 线路 | 缓存 | 请求数 | 字节 | 看到页面 | 可以提问 | 建议出现 |\n|---|---|---|---|---|---|---|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for kilobytes, latency in options.line or LINES:
            rows: dict[str, list[Load]] = {"空": [], "有": []}
            for _ in range(options.times):
                context = browser.new_context()
                for cache in rows:
                    rows[cache].append(measure(context, options.url, kilobytes, latency))
                context.close()
            for cache, loads in rows.items():
                seconds = [median(getattr(load, name) for load in loads) for name in ("seen", "can_ask", "suggested")]
                told = " | ".join(f"{value:.2f} 秒" for value in seconds)
                sizes = f"{median(load.requests for load in loads):.0f} | {median(load.bytes for load in loads):,.0f}"
                print(f"| {kilobytes:g} KB/s，{latency:g} 毫秒 | {cache} | {sizes} | {told} |", flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
