"""Lists, handling cards and conditions on the chat page: a real browser, a real server, the real engine over made-up documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import DESK, PHONE, Tab, ask, tab
from live_service import DAY, engine_service, running
from playwright.sync_api import Browser, expect
from test_api_policies import CONDITION, HANDLING, OTHER, RULES

from api.app import create_app
from api.records.database import Records
from corpus.ingest import ingest
from corpus.store import Store
from qa.build import update_index

NEWER = RULES.replace("护理补贴办法\n澜民规〔2024〕2号", "护理补贴实施办法\n澜民规〔2026〕9号").replace(
    "60周岁", "65周岁"
)
NEWER = NEWER.replace(
    "自2024年1月1日起施行，有效期至2026年12月31日。",
    "自2026年6月1日起施行，有效期至2031年5月31日。《澜江市护理补贴办法》（澜民规〔2024〕2号）同时废止。",
)
MANY = "澜江市第{}期活动办法\n澜办规〔2026〕1{:02}号\n\n第一条 为办好活动，制定本办法。\n\n第二条 本办法自2026年1月1日起施行，有效期至2026年12月{}日。\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("lists")
    texts = [RULES, OTHER, NEWER, *(MANY.format("一二三四五六七八九十甲乙丙丁"[n], n, n + 10) for n in range(14))]
    for n, text in enumerate(texts):
        (folder / f"{n:02}.txt").write_text(text, "utf-8")
    store = Store(folder / "data")
    assert ingest(store, sorted(folder.glob("*.txt"))).count("rejected") == 0
    assert update_index(store, folder / "data")
    app = create_app(engine_service(folder / "data"), clock=lambda: DAY, records=Records(folder / "records"))
    with running(app) as base:
        yield base


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def chat(browser: Browser, server: str, request: pytest.FixtureRequest) -> Iterator[Tab]:
    with tab(browser, server, request.param, reduced_motion="reduce") as opened:
        opened.open()
        yield opened


def test_a_list_is_a_table_whose_rows_open_their_clauses(chat: Tab) -> None:
    page = chat.page
    turn = ask(page, "今年到期的政策有哪些")
    rows = turn.locator(".rows tbody tr")
    expect(rows).to_have_count(12)
    turn.get_by_role("button", name="再看 3 行").click()
    expect(rows).to_have_count(15)
    expect(turn.get_by_role("heading", name="依据")).to_have_count(0)
    chat.expect_accessible()
    rows.first.get_by_role("button").click()
    expect(page.locator("dialog[open] mark").first).to_contain_text("有效期至2026年12月10日")


def test_a_new_version_stands_beside_the_old_one(chat: Tab) -> None:
    turn = ask(chat.page, "澜江市护理补贴实施办法新旧两版有什么变化")
    row = turn.locator(".rows tbody tr").filter(has_text="65周岁")
    expect(row).to_contain_text("现在")
    expect(row).to_contain_text("（二）年满60周岁。")
    chat.expect_accessible()


def test_a_handling_card_shows_what_the_document_says(chat: Tab) -> None:
    turn = ask(chat.page, HANDLING)
    card = turn.get_by_role("region", name="办事要点")
    expect(card.locator("dt")).to_contain_text(["条件", "材料", "去哪办"])
    expect(card).to_contain_text("（一）居民身份证；")
    expect(card).not_to_contain_text("电话")
    chat.expect_accessible()
    card.get_by_role("button").first.click()
    expect(chat.page.locator("dialog[open] mark").first).to_be_visible()


def test_conditions_are_ticked_by_the_reader_and_promise_nothing(chat: Tab) -> None:
    turn = ask(chat.page, CONDITION)
    turn.get_by_role("button", name="对照条件").click()
    conditions = turn.get_by_role("region", name="对照条件")
    boxes = conditions.get_by_role("checkbox")
    expect(boxes).to_have_count(2)
    expect(boxes.first).to_be_focused()
    conditions.get_by_text("（一）具有本市户籍；").click()
    expect(boxes.first).to_be_checked()
    expect(conditions).to_contain_text("已勾选 1 项，共 2 项")
    expect(conditions).to_contain_text("以受理部门的审核为准")
    chat.expect_accessible()


def test_a_conversation_kept_in_the_browser_shows_its_lists_again(chat: Tab) -> None:
    page = chat.page
    ask(page, "今年到期的政策有哪些")
    page.reload()
    expect(page.locator(".turn .rows tbody tr")).to_have_count(12)
