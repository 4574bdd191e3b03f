"""The chat page as people use it: a real browser, a real server, the real engine over the bundled samples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import DESK, HOSTILE_FILE, HOSTILE_QUOTE, HOSTILE_TITLE, PHONE, Tab, ask, tab
from live_service import DAY, SMALL_GIANT, running
from playwright.sync_api import Browser, Locator, Page, Route, expect

from api.answer.service import EngineService
from api.app import create_app
from api.records.database import Records
from api.records.keys import Keys
from api.settings import Settings

UNKNOWN = "低空经济企业购买无人机补贴多少？"
ATTACK = '<img src=x onerror="window.harmed=1">押金'
STORAGE_OFF = (
    """Object.defineProperty(window, "localStorage", {get() { throw new DOMException("denied", "SecurityError"); }})"""
)


@pytest.fixture(scope="module")
def server(full_service: EngineService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    records = Records(tmp_path_factory.mktemp("records"))
    with running(create_app(full_service, clock=lambda: DAY, records=records)) as base:
        yield base


@pytest.fixture
def chat(browser: Browser, server: str) -> Iterator[Tab]:
    with tab(browser, server, reduced_motion="reduce") as opened:
        opened.open()
        yield opened


def press(where: Page | Locator, name: str) -> None:
    where.get_by_role("button", name=name).first.click()


# --- asking ----------------------------------------------------------------------------------------------------------


def test_ask_follow_up_and_open_the_citation_with_the_quote_marked(chat: Tab) -> None:
    page = chat.page
    turn = ask(page, SMALL_GIANT)
    assert turn.locator(".short").inner_text() == "最高100万元"
    card = turn.locator(".cite").first
    for words in ("澜府规〔2026〕3号", "现行有效", "一、（一）", "01_专精特新若干措施.txt"):
        expect(card).to_contain_text(words)
    quote = card.locator(".quote").inner_text()

    second = ask(page, "那省级的呢？")
    assert second.locator(".short").inner_text() == "最高50万元"
    expect(second.locator(".understood")).to_contain_text("省级小巨人")

    press(card, "查看原文")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", level=2)).to_contain_text("专精特新企业高质量发展若干措施")
    assert "".join(drawer.locator("mark").all_inner_texts()) == quote
    expect(drawer.locator("mark").first).to_be_in_viewport()
    expect(drawer.locator("[aria-current=true]")).to_contain_text("奖励认定企业")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(card.get_by_role("button", name="查看原文")).to_be_focused()


def test_a_follow_up_is_undone_with_one_tap_and_thanks_are_no_question(chat: Tab) -> None:
    page = chat.page
    ask(page, SMALL_GIANT)
    second = ask(page, "那省级的呢？")
    press(second, "不接上文，按原话问")
    third = page.locator("section.turn").nth(2)
    expect(third.locator(".bubble")).to_have_text("那省级的呢？")
    expect(third.locator(".reply:not(.waiting)")).to_be_visible()
    expect(third.locator(".understood")).to_have_count(0)
    fourth = ask(page, "好的，谢谢")
    expect(fourth.locator(".reply")).to_contain_text("不客气")
    expect(fourth.locator(".cite, .understood, .act-row")).to_have_count(0)


def test_suggested_questions_are_asked_by_a_click(chat: Tab) -> None:
    first = chat.page.locator(".suggestion").first
    words = first.inner_text()
    first.click()
    expect(chat.page.locator(".bubble")).to_have_text(words)
    expect(chat.page.locator(".short")).to_be_visible()


def test_the_answer_is_copied_with_its_source(browser: Browser, server: str) -> None:
    with tab(browser, server, permissions=["clipboard-read", "clipboard-write"]) as opened:
        page = opened.open()
        turn = ask(page, SMALL_GIANT)
        press(turn, "复制回答和出处")
        expect(turn.get_by_text("已复制")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        for words in ("最高100万元", turn.locator(".quote").first.inner_text(), "澜府规〔2026〕3号", "一、（一）"):
            assert words in copied
        assert "现行有效，2026年3月15日至2028年12月31日" in copied


def test_a_refusal_that_asks_back_offers_the_documents_it_may_mean(chat: Tab) -> None:
    turn = ask(chat.page, "第五条怎么规定的？")
    choice = turn.locator(".choices button").first
    title = choice.inner_text()
    choice.click()
    expect(chat.page.locator(".bubble").nth(1)).to_have_text(f"{title}第五条怎么规定的？")
    expect(chat.page.locator(".turn").nth(1).locator(".short")).to_be_visible()


def test_a_question_that_may_mean_several_places_offers_them(chat: Tab) -> None:
    told = "新认定的国家级专精特新小巨人奖多少"
    choices = [{"label": "澜江市", "question": told}, {"label": "石桥市", "question": "石桥市奖多少"}]
    refusal = {"status": "refused", "reason": "ambiguous", "message": "请说明是哪里：澜江市、石桥市。", "answer": None}

    def asked_back(route: Route) -> None:
        reply = route.fetch(headers={**route.request.headers, "accept": "application/json"}).json()
        is_first = route.request.post_data_json["question"] == SMALL_GIANT
        route.fulfill(json=reply | refusal | {"citations": [], "choices": choices} if is_first else reply)

    chat.page.route("**/v1/ask", asked_back)
    turn = ask(chat.page, SMALL_GIANT)
    expect(turn.locator(".choices button")).to_have_text(["澜江市", "石桥市"])
    turn.get_by_role("button", name="澜江市", exact=True).click()
    expect(chat.page.locator(".bubble").nth(1)).to_have_text(told)
    expect(chat.page.locator(".turn").nth(1).locator(".short")).to_have_text("最高100万元")


def test_waiting_is_said_and_can_be_stopped(chat: Tab) -> None:
    held: list[Route] = []
    page = chat.page
    page.route("**/v1/ask", lambda route: held.append(route))
    page.get_by_label("问题", exact=True).fill(SMALL_GIANT)
    press(page, "提问")
    expect(page.locator(".working")).to_contain_text("正在")
    expect(page.locator("#log")).to_have_attribute("aria-busy", "true")
    press(page, "停止回答")
    expect(page.locator(".stopped")).to_be_visible()
    page.unroute("**/v1/ask")
    press(page, "再问一次")
    expect(page.locator(".short")).to_have_text("最高100万元")
    assert len(held) == 1


def test_events_are_read_however_the_network_cuts_them(chat: Tab) -> None:
    found = chat.page.evaluate(
        """async () => {
          const { eventsOf } = await import("/web/service.js");
          const text = ': still here\\r\\n\\r\\nevent: step\\r\\ndata: {"step":"读"}\\r\\n\\r\\nevent: delta\\ndata: {"text":\\ndata: "最高𠮷"}\\n\\n';
          const bytes = new TextEncoder().encode(text);
          const all = new Set();
          for (let a = 0; a <= bytes.length; a += 1) {
            for (const b of [a, Math.min(a + 1, bytes.length), bytes.length]) {
              const body = new ReadableStream({ start(c) {
                for (const part of [bytes.slice(0, a), bytes.slice(a, b), bytes.slice(b)]) c.enqueue(part);
                c.close();
              } });
              const events = [];
              for await (const event of eventsOf(body)) events.push(event);
              all.add(JSON.stringify(events));
            }
          }
          return [...all];
        }"""
    )
    assert [json.loads(text) for text in found] == [
        [{"event": "step", "data": {"step": "读"}}, {"event": "delta", "data": {"text": "最高𠮷"}}]
    ]


def test_the_page_reads_an_answer_that_comes_in_one_piece(chat: Tab) -> None:
    def plain(route: Route) -> None:
        route.continue_(headers={**route.request.headers, "accept": "application/json"})

    chat.page.route("**/v1/ask", plain)
    assert ask(chat.page, SMALL_GIANT).locator(".short").inner_text() == "最高100万元"


# --- filters ---------------------------------------------------------------------------------------------------------


def test_filters_become_chips_and_are_sent(chat: Tab) -> None:
    page = chat.page
    press(page, "范围")
    dialog = page.get_by_role("dialog", name="回答范围")
    dialog.get_by_label("只查这些文件").fill("2022—2024")
    dialog.get_by_role("checkbox", name="培育扶持办法").check()
    dialog.get_by_label("按哪一天的规定").fill("2023-06-01")
    dialog.get_by_label("只用当天有效的文件").check()
    press(dialog, "完成")
    expect(page.locator(".chip")).to_have_count(3)
    with page.expect_request("**/v1/ask") as sent:
        turn = ask(page, "国家级小巨人奖励多少？")
    body = sent.value.post_data_json
    assert body["as_of"] == "2023-06-01"
    assert body["filters"]["in_force"] is True and len(body["filters"]["document_ids"]) == 1
    assert turn.locator(".short").inner_text() == "60万元"
    expect(turn.locator(".scope")).to_contain_text("按2023年6月1日的规定")
    press(page, "去掉范围：只用当天有效的文件")
    expect(page.locator(".chip")).to_have_count(2)
    expect(page.get_by_label("问题", exact=True)).to_be_focused()


# --- feedback and the way to a person --------------------------------------------------------------------------------


def test_thumbs_and_a_reason_reach_the_service(chat: Tab) -> None:
    page = chat.page
    turn = ask(page, SMALL_GIANT)
    with page.expect_response("**/v1/feedback") as up:
        press(turn, "有用")
    assert up.value.ok and up.value.request.post_data_json["rating"] == "up"
    expect(turn.get_by_role("button", name="有用")).to_have_attribute("aria-pressed", "true")
    press(turn, "没用")
    turn.get_by_text("已过时").click()
    turn.get_by_label("补充说明").fill("今年的标准改了")
    with page.expect_response("**/v1/feedback") as down:
        page.keyboard.press("Control+Enter")
    assert down.value.ok
    sent = down.value.request.post_data_json
    assert (sent["rating"], sent["reason"], sent["comment"]) == ("down", "outdated", "今年的标准改了")
    expect(turn.locator(".done")).to_be_visible()
    expect(turn.get_by_role("button", name="没用")).to_have_attribute("aria-pressed", "true")


def test_a_refusal_goes_to_a_person_and_the_reply_comes_back_after_a_reload(chat: Tab) -> None:
    page = chat.page
    turn = ask(page, UNKNOWN)
    assert turn.locator(".short").count() == 0
    press(turn, "转人工")
    turn.get_by_label("联系方式").fill("zhang@example.invalid")
    turn.get_by_label("补充说明").fill("想买两架")
    with page.expect_response("**/v1/handoffs") as made:
        press(turn, "转给工作人员")
    expect(turn.locator(".handoff")).to_contain_text("已转给工作人员")
    address = f"{chat.base}/v1/operator/handoffs/{made.value.json()['id']}"
    assert page.request.post(address, data={"status": "taken"}).ok
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # the page is looked at again
    expect(turn.locator(".handoff")).to_contain_text("工作人员正在处理")
    assert page.request.post(address, data={"status": "closed", "reply": "目前没有<b>这项</b>补贴。"}).ok
    page.reload()
    expect(page.locator(".handoff-reply")).to_have_text("目前没有<b>这项</b>补贴。")
    expect(page.locator(".bubble")).to_have_text(UNKNOWN)


def test_a_reply_in_another_conversation_is_flagged_in_the_list(chat: Tab) -> None:
    page = chat.page
    turn = ask(page, UNKNOWN)
    press(turn, "转人工")
    with page.expect_response("**/v1/handoffs") as made:
        press(turn, "转给工作人员")
    expect(turn.locator(".handoff")).to_be_visible()
    ident = made.value.json()["id"]
    page.request.post(f"{chat.base}/v1/operator/handoffs/{ident}", data={"status": "closed", "reply": "没有。"})
    page.goto(chat.base + "/docs")
    chat.open()
    expect(page.locator(".flag")).to_have_text("有新的人工答复")
    page.locator(".talk").click()
    expect(page.locator(".handoff-reply")).to_have_text("没有。")
    expect(page.locator(".flag")).to_have_count(0)


def test_an_answer_that_a_person_prepared_is_marked_as_such(chat: Tab) -> None:
    page = chat.page
    documents = page.request.get(f"{chat.base}/v1/documents").json()["documents"]
    ident = next(row["id"] for row in documents if "电动自行车" in row["title"])
    clauses = page.request.get(f"{chat.base}/v1/documents/{ident}").json()["clauses"]
    clause = next(row for row in clauses if row["label"] == "第一条")
    entry = {"questions": ["滑板车能放进充电柜吗？"], "answer": "不能，本办法只管电动自行车", "clause_id": clause["id"]}
    made = page.request.post(f"{chat.base}/v1/faq", data=entry)
    assert made.ok, made.text()
    turn = ask(page, "滑板车能放进充电柜吗？")
    assert turn.locator(".short").inner_text() == entry["answer"]
    expect(turn.locator(".prepared")).to_have_text("工作人员核对过的回答")
    expect(turn.locator(".cite").first).to_contain_text("第一条")


# --- history ---------------------------------------------------------------------------------------------------------


def test_history_survives_a_reload_and_is_deleted_with_a_way_back(chat: Tab) -> None:
    page = chat.page
    ask(page, SMALL_GIANT)
    page.keyboard.press("Alt+n")
    ask(page, UNKNOWN)
    page.reload()
    expect(page.locator(".bubble")).to_have_text(UNKNOWN)
    page.locator(".talk", has_text=SMALL_GIANT).click()
    expect(page.locator(".short")).to_have_text("最高100万元")
    assert ask(page, "那省级的呢？").locator(".short").inner_text() == "最高50万元"
    page.go_back()
    expect(page.locator(".bubble")).to_have_text(UNKNOWN)
    press(page, f"删除对话：{UNKNOWN}")
    expect(page.locator(".talk")).to_have_count(1)
    expect(page.locator("#welcome")).to_be_visible()
    press(page, "全部删除")
    expect(page.locator(".talk")).to_have_count(0)
    press(page, "撤销")
    expect(page.locator(".talk")).to_have_count(1)
    press(page, "全部删除")
    kept = page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('tiaowen.talk.'))")
    assert kept == []


def test_the_skip_link_leaves_the_conversation_where_it_is(chat: Tab) -> None:
    page = chat.page
    ask(page, SMALL_GIANT)
    page.evaluate("document.querySelector('.skip').focus()")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.locator(".short")).to_be_visible()


def test_history_is_bounded_and_tolerates_what_it_did_not_write(chat: Tab) -> None:
    page = chat.page
    page.evaluate(
        """() => {
          localStorage.setItem("tiaowen.talk.bad", "{");
          localStorage.setItem("tiaowen.talk.null", "null");
          localStorage.setItem("tiaowen.talk.old", JSON.stringify({ id: "old", title: 7, turns: "x" }));
          for (let n = 0; n < 80; n += 1) {
            localStorage.setItem(`tiaowen.talk.${n}`, JSON.stringify({ id: String(n), title: `第${n}个`, updated: n, turns: [] }));
          }
        }"""
    )
    page.reload()
    ask(page, SMALL_GIANT)
    expect(page.locator(".talk")).to_have_count(60)
    expect(page.locator(".talk").first).to_contain_text(SMALL_GIANT)
    expect(page.locator(".talk").last).to_contain_text("第21个")


def test_the_page_answers_where_storage_is_off_or_full(browser: Browser, server: str, chat: Tab) -> None:
    with tab(browser, server) as opened:
        opened.page.add_init_script(STORAGE_OFF)
        page = opened.open()
        assert ask(page, SMALL_GIANT).locator(".short").inner_text() == "最高100万元"
        expect(page.locator("#history-off")).to_be_visible()
    page = chat.page
    page.evaluate(
        """() => {
          let size = 1 << 20;
          for (let n = 0; size > 0; n += 1) {
            try { localStorage.setItem(`else${n}`, "x".repeat(size)); } catch { size >>= 1; }
          }
        }"""
    )
    assert ask(page, SMALL_GIANT).locator(".short").inner_text() == "最高100万元"
    expect(page.locator("#history-off")).to_be_visible()


# --- attacks ---------------------------------------------------------------------------------------------------------


def test_markup_in_question_title_text_and_file_name_is_shown_as_text(chat: Tab) -> None:
    page = chat.page
    turn = ask(page, f"共享雨伞的押金是多少？{ATTACK}")
    expect(turn.locator(".bubble")).to_contain_text(ATTACK)
    turn = ask(page, "共享雨伞的押金是多少？")
    card = turn.locator(".cite").first
    assert card.locator(".quote").inner_text() == HOSTILE_QUOTE
    assert card.locator(".cite-title").inner_text() == HOSTILE_TITLE
    expect(card.locator(".source")).to_contain_text(HOSTILE_FILE)
    press(card, "查看原文")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", level=2)).to_have_text(HOSTILE_TITLE)
    assert "".join(drawer.locator("mark").all_inner_texts()) == HOSTILE_QUOTE
    page.keyboard.press("Escape")
    press(page, "范围")
    page.get_by_label("只查这些文件").fill("雨伞")
    page.get_by_role("checkbox", name="雨伞").check()
    press(page, "完成")
    page.reload()
    expect(page.locator(".talk-title")).to_contain_text(ATTACK[:20])
    assert page.evaluate("window.harmed") is None
    assert page.locator("main img, main script, main svg:not(.icon), aside img, dialog img").count() == 0


# --- keys, limits, network -------------------------------------------------------------------------------------------


def test_a_service_with_keys_asks_for_one_and_goes_on(
    browser: Browser, full_service: EngineService, tmp_path: Path
) -> None:
    records = Records(tmp_path)
    _, token = Keys(records).create("窗口", "ask")
    settings = Settings(access="keys", any_host=True, rate_key=30)
    with (
        running(create_app(full_service, clock=lambda: DAY, records=records, settings=settings)) as base,
        tab(browser, base) as opened,
    ):
        page = opened.open()
        dialog = page.get_by_role("dialog", name="请先登录")
        dialog.get_by_label("访问密钥").fill("tw_wrong")
        page.keyboard.press("Enter")
        expect(dialog.locator(".problem")).not_to_be_empty()
        page.keyboard.press("Escape")
        page.get_by_label("问题", exact=True).fill(SMALL_GIANT)
        page.keyboard.press("Enter")
        expect(dialog).to_be_visible()
        opened.expect_accessible()
        dialog.get_by_label("访问密钥").fill(token)
        press(dialog, "登录")
        expect(page.locator(".short")).to_have_text("最高100万元")
        expect(page.get_by_role("link", name="工作台")).to_have_count(0)
        opened.expect_failures(401)

        while page.evaluate("fetch('/v1/me').then((answer) => answer.status)") == 200:
            pass
        page.get_by_label("问题", exact=True).fill("那省级的呢？")
        page.keyboard.press("Enter")
        failed = page.locator(".failed")
        expect(failed.get_by_role("button")).to_contain_text("秒后可以再试")
        expect(failed.get_by_role("button")).to_be_disabled()
        opened.expect_failures(429)


def test_a_busy_service_is_tried_again_when_it_said(chat: Tab) -> None:
    page = chat.page
    busy = {"error": {"code": "busy", "message": "现在提问的人太多。", "hint": "请稍后再试。"}}
    page.route("**/v1/ask", lambda route: route.fulfill(status=503, json=busy, headers={"Retry-After": "1"}))
    failed = ask(page, SMALL_GIANT).locator(".failed")
    expect(failed).to_contain_text("现在提问的人太多。")
    page.unroute("**/v1/ask")
    press(failed, "再试一次")
    expect(page.locator(".short")).to_have_text("最高100万元")
    chat.expect_failures(503)


def test_without_a_network_the_page_says_so_and_goes_on_after(chat: Tab) -> None:
    page = chat.page
    page.context.set_offline(True)
    expect(page.locator(".offline")).to_be_visible()
    failed = ask(page, SMALL_GIANT).locator(".failed")
    expect(failed).to_contain_text("连接不上服务")
    page.context.set_offline(False)
    expect(page.locator(".offline")).to_be_hidden()
    press(failed, "再试一次")
    expect(page.locator(".short")).to_have_text("最高100万元")
    chat.expect_failures(0)


# --- keyboard, colours, print, screen readers ------------------------------------------------------------------------


def test_shortcuts_do_what_the_help_says(chat: Tab) -> None:
    page = chat.page
    box = page.get_by_label("问题", exact=True)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("/?")
    page.keyboard.press("Shift+Enter")
    assert box.input_value() == "/?\n"
    page.locator("#main").focus()
    page.keyboard.press("?")
    helping = page.get_by_role("dialog", name="使用说明")
    helping.get_by_label("使用单个字符的快捷键").uncheck()
    page.keyboard.press("Escape")
    page.locator("#main").focus()
    page.keyboard.press("?")
    expect(helping).to_be_hidden()
    page.keyboard.press("/")
    expect(box).not_to_be_focused()


def test_colours_follow_the_system_until_one_is_chosen(browser: Browser, server: str) -> None:
    with tab(browser, server, color_scheme="dark") as opened:
        page = opened.open()
        root = page.locator("html")
        expect(root).to_have_attribute("data-theme", "dark")
        page.emulate_media(color_scheme="light")
        expect(root).to_have_attribute("data-theme", "light")
        press(page, "设置和帮助")
        page.get_by_text("深色").click()
        expect(root).to_have_attribute("data-theme", "dark")
        page.reload()
        expect(root).to_have_attribute("data-theme", "dark")
        press(page, "设置和帮助")
        page.get_by_text("跟随系统").click()
        expect(root).to_have_attribute("data-theme", "light")


def test_a_screen_reader_hears_the_answer(chat: Tab) -> None:
    page = chat.page
    ask(page, SMALL_GIANT)
    expect(page.get_by_role("status")).to_have_text(
        "回答：最高100万元。依据澜江市人民政府关于印发《澜江市支持专精特新企业高质量发展若干措施》的通知一、（一），现行有效。"
    )
    levels = page.locator("main h2:visible, main h3, main h4").evaluate_all("nodes => nodes.map((n) => n.tagName)")
    assert levels[:4] == ["H2", "H3", "H3", "H4"]


def test_print_shows_the_answers_and_nothing_to_press(chat: Tab) -> None:
    page = chat.page
    ask(page, SMALL_GIANT)
    page.emulate_media(media="print")
    expect(page.locator(".short")).to_be_visible()
    expect(page.locator(".quote").first).to_be_visible()
    assert page.locator("button:visible").count() == 0


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1440"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_every_state_is_accessible(browser: Browser, server: str, size: tuple[int, int], colours: str) -> None:
    with tab(browser, server, size, color_scheme=colours, reduced_motion="reduce") as opened:
        page = opened.open()
        expect(page.locator(".suggestion").first).to_be_visible()
        opened.expect_accessible()
        press(page, "设置和帮助")
        press(page, "使用说明")
        opened.expect_accessible()
        page.keyboard.press("Escape")
        turn = ask(page, SMALL_GIANT)
        press(turn, "没用")
        turn.get_by_text("不完整").click()
        opened.expect_accessible()
        press(turn, "查看原文")
        expect(page.locator("mark").first).to_be_visible()
        opened.expect_accessible()
        page.keyboard.press("Escape")
        press(page, "范围")
        page.locator(".pick-list input").first.check()
        opened.expect_accessible()
        press(page, "全部清除")
        press(page, "完成")
        refused = ask(page, UNKNOWN)
        press(refused, "转人工")
        opened.expect_accessible()
        press(refused, "转给工作人员")
        expect(refused.locator(".handoff")).to_be_visible()
        if size == PHONE:
            press(page, "对话记录")
        press(page, "全部删除")
        opened.expect_accessible()
