"""What a citizen meets on the chat page: the way back, links of others, receipts, long answers, names of files, voice."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browser import Tab, tab
from fake_service import TODAY, FakeService, make_document
from live_service import running
from playwright.sync_api import Browser, Page, expect

from api.app import create_app
from api.records.database import Records
from api.records.keys import Keys
from api.settings import Settings

TEXT = """甲市园区试行办法
一、支持范围
（一）奖励办法
对园区奖励10万元。
二、申报材料
园区企业申报时应当提交申请表；营业执照复印件；上年度财务审计报告；经办人身份证明；园区管理机构出具的意见；信用承诺书。
"""
LIST = "申请表；营业执照复印件；上年度财务审计报告；经办人身份证明；园区管理机构出具的意见；信用承诺书；县级以上主管部门要求的其他证明材料"
ANSWERS = {"奖励": ("10万元", "对园区奖励10万元"), "材料": (LIST, "应当提交申请表")}
# The recognition of Chromium asks a service of its maker: what stands here in its place says what it would.
HEARS = """
window.SpeechRecognition = class extends EventTarget {
  start() {
    const results = [[{ transcript: "园区奖励多少" }]];
    setTimeout(() => { this.dispatchEvent(Object.assign(new Event("result"), { results })); this.dispatchEvent(new Event("end")); }, 20);
  }
  stop() {}
};
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address, and the key of an operator."""
    records = Records(tmp_path_factory.mktemp("records"))
    token = Keys(records).create("窗口", "operate")[1]
    settings = Settings(access="ask", voice=True, rate_address=0)
    app = create_app(
        FakeService([make_document(TEXT)], ANSWERS), clock=lambda: TODAY, records=records, settings=settings
    )
    with running(app) as base:
        yield base, token


@pytest.fixture
def chat(browser: Browser, server: tuple[str, str]) -> Iterator[Tab]:
    with tab(browser, server[0], reduced_motion="reduce") as opened:
        opened.open()
        yield opened


def ask(page: Page, question: str) -> None:
    page.get_by_label("问题", exact=True).fill(question)
    page.keyboard.press("Enter")
    expect(page.locator(".turn").last.locator(".act-row")).to_be_visible()


def test_back_closes_the_document_and_leaves_the_conversation(chat: Tab) -> None:
    page = chat.page
    ask(page, "园区奖励多少？")
    source, drawer = page.get_by_role("button", name=re.compile("查看原文")).first, page.locator("#viewer")
    address = page.url
    for leave in (page.go_back, lambda: page.keyboard.press("Escape")):
        source.click()
        expect(drawer).to_be_visible()
        leave()
        expect(drawer).to_be_hidden()
        expect(page.locator(".short")).to_have_text("10万元")
        assert page.url == address
    page.go_back()  # one press, although a document was opened and closed since
    expect(page.locator("#welcome")).to_be_visible()
    page.go_forward()
    expect(page.locator(".short")).to_have_text("10万元")


def test_a_link_to_a_conversation_of_another_browser_says_so(chat: Tab) -> None:
    page = chat.page
    expect(page.locator("#not-here")).to_be_hidden()
    page.goto(f"{chat.base}/docs")
    chat.open("/#talk=0123456789abcdef")
    expect(page.locator("#not-here")).to_contain_text("不在这个浏览器里")
    ask(page, "园区奖励多少？")
    expect(page.locator("#not-here")).to_be_hidden()


def test_the_reply_of_a_person_is_found_by_its_receipt_in_another_browser(
    browser: Browser, server: tuple[str, str], chat: Tab
) -> None:
    base, token = server
    page = chat.page
    ask(page, "能不能养狗？")
    page.get_by_role("button", name="转人工").click()
    page.get_by_role("button", name="转给工作人员").click()
    number = page.locator(".receipt code").inner_text()
    headers = {"Authorization": f"Bearer {token}"}
    done = {"status": "closed", "reply": "园区里可以养。"}
    assert page.request.post(f"{base}/v1/operator/handoffs/{number}", data=done, headers=headers).ok
    with tab(browser, base, reduced_motion="reduce") as other:
        other.open(f"/#receipt={number}")
        found = other.page.get_by_role("dialog", name="查询人工答复")
        expect(found.locator(".handoff-reply")).to_have_text("园区里可以养。")
        other.expect_accessible()
        found.get_by_label("回执号").fill("没有这个")
        found.get_by_role("button", name="查询").click()
        expect(found.locator(".problem")).to_contain_text("没有这个回执号")
        other.expect_failures(404)


def test_a_long_enumeration_stands_as_a_list_and_labels_stand_once(chat: Tab) -> None:
    page = chat.page
    ask(page, "要什么材料？")
    expect(page.locator("ul.short li")).to_have_text(LIST.split("；"))
    ask(page, "园区奖励多少？")
    assert (
        "".join(page.locator(".turn").last.locator(".where").first.inner_text().split())
        == "一、（一）支持范围›奖励办法"
    )


def test_names_of_files_are_for_those_who_look_after_them(chat: Tab, server: tuple[str, str]) -> None:
    page = chat.page
    ask(page, "园区奖励多少？")
    expect(page.locator(".source .staff-only")).to_be_hidden()
    assert page.request.post(f"{chat.base}/v1/login", data={"key": server[1]}).ok
    page.reload()
    expect(page.locator(".source .staff-only")).to_contain_text("sample.txt · 第4行")


def test_a_spoken_question_is_written_and_left_to_be_sent(browser: Browser, server: tuple[str, str]) -> None:
    with tab(browser, server[0], reduced_motion="reduce") as opened:
        opened.page.add_init_script(HEARS)
        page = opened.open()
        page.get_by_role("button", name="说话提问").click()
        expect(page.get_by_label("问题", exact=True)).to_have_value("园区奖励多少")
        expect(page.get_by_label("问题", exact=True)).to_be_focused()
        expect(page.locator(".turn")).to_have_count(0)
