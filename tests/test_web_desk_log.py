"""The desk's log, marks, groups, trends, FAQ tables and audit, and the page of evaluations: a real browser, server and job."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator

import httpx
import openpyxl
import pytest
from browser import DESK, PHONE, Tab, tab
from live_service import CENTRE, DAY, SMALL_GIANT, ingest_samples, running
from playwright.sync_api import Browser, FilePayload, Locator, expect

from api.answer.service import EngineService
from api.app import create_app
from api.records.database import Records
from api.run.serving import DataFolder, Models

ATTACK = '<img src=x onerror="window.harmed=1">'
UNKNOWN = ["低空经济企业买无人机补贴多少？", "低空经济企业购买无人机补贴多少？", f"公园的孔雀几点表演？{ATTACK}"]
SOON = 90_000  # milliseconds within which the process of a small evaluation has ended on a busy machine
FULL = [(DESK, "light"), (PHONE, "dark")]
GOLD = [
    {"id": "1", "type": "amount", "style": "colloquial", "question": SMALL_GIANT, "answers": ["100万元"], "quote": "分别给予最高100万元、50万元、20万元一次性奖励"},
    {"id": "2", "type": "amount", "style": "formal", "question": CENTRE, "answers": [f"7亿元{ATTACK}"], "quote": "这句话不在文件里，谁也引不到"},
]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIAOWEN_READER", "none")  # also of the process of the job
        data = ingest_samples(tmp_path_factory.mktemp("log"))
        service = EngineService.over(DataFolder(data, Models(reader="none")))
        service.load()
        with running(create_app(service, clock=lambda: DAY, records=Records(data))) as base:
            for question in (SMALL_GIANT, CENTRE, *UNKNOWN):
                httpx.post(f"{base}/v1/ask", json={"question": question}, timeout=60).raise_for_status()
            yield base


@pytest.fixture
def desk(browser: Browser, server: str) -> Iterator[Tab]:
    with tab(browser, server, reduced_motion="reduce") as opened:
        yield opened
        assert opened.page.evaluate("window.harmed") is None
        assert opened.page.locator("img[src=x]").count() == 0


def panel(desk: Tab, name: str) -> Locator:
    page = desk.open("/operator")
    page.get_by_role("tab", name=name).click()
    return page.get_by_role("tabpanel")


def test_the_log_is_searched_and_an_answer_marked(desk: Tab) -> None:
    shown = panel(desk, "记录")
    expect(shown.locator(".item")).to_have_count(5)
    shown.get_by_label("结果").select_option(label="已答")
    shown.get_by_label("查找").fill("小巨人")
    shown.get_by_label("查找").press("Enter")
    expect(shown.locator(".item")).to_have_count(1)
    link = shown.get_by_role("link", name="导出 csv").get_attribute("href")
    text = httpx.get(desk.base + str(link)).content.decode("utf-8-sig")
    assert SMALL_GIANT in text and CENTRE not in text
    shown.get_by_role("button", name=re.compile("^对：")).click()
    expect(shown.locator(".item .state")).to_have_text("标注：对")
    shown.get_by_label("查找").fill("")
    shown.get_by_label("结果").select_option(label="拒答")
    expect(shown.locator(".item")).to_have_count(3)
    shown.get_by_role("button", name=re.compile("^不对：公园")).click()
    shown.get_by_role("button", name="文件没有规定，应当拒答").click()
    expect(shown.locator(".item .state:visible")).to_have_text("标注：不对")
    gold = [json.loads(line) for line in httpx.get(f"{desk.base}/v1/operator/gold").text.splitlines()]
    assert [row["type"] for row in gold][1] == "unanswerable" and gold[0]["question"] == SMALL_GIANT


def test_groups_trends_and_the_audit_are_shown(desk: Tab) -> None:
    groups = panel(desk, "问题归类")
    expect(groups.locator(".item")).to_have_count(2)
    expect(groups.locator(".item").first).to_contain_text("2 种问法")
    trends = panel(desk, "趋势")
    expect(trends.get_by_role("img", name=re.compile("共提问 5 次，答出 2 次"))).to_be_visible()
    expect(trends.locator("tbody tr").filter(has_text="专精特新")).to_be_visible()
    httpx.get(f"{desk.base}/v1/operator/gold")
    expect(panel(desk, "操作日志").locator(".item").first).to_contain_text("导出标注")


def test_a_table_of_answers_is_brought_in_and_somebody_is_put_in_charge(desk: Tab) -> None:
    shown = panel(desk, "常见问题")
    book = openpyxl.Workbook()
    book.active.append(["问法", "答案", "文件", "条款", "引文"])
    book.active.append(["无人机能补贴吗", f"看{ATTACK}", "", "", "分别给予最高100万元、50万元、20万元一次性奖励"])
    book.active.append(["没有依据的", "甲", "没有的文件", "第一条", ""])
    out = io.BytesIO()
    book.save(out)
    shown.locator("#faq-file").set_input_files(
        FilePayload(name="a.xlsx", mimeType="application/xlsx", buffer=out.getvalue())
    )
    expect(shown).to_contain_text("新增 1 条")
    expect(shown).to_contain_text("第 3 行 没有依据的：没有这份文件")
    expect(shown.locator(".item")).to_have_count(1)
    waiting = panel(desk, "未答")
    field = waiting.get_by_label(re.compile("经办人")).first
    field.fill("张工")
    field.press("Tab")
    expect(desk.page.locator("#announce")).to_have_text("已交给张工")
    expect(panel(desk, "未答").get_by_label(re.compile("经办人")).first).to_have_value("张工")


def test_an_evaluation_is_run_and_its_report_read(desk: Tab) -> None:
    page = desk.open("/evaluation")
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in GOLD).encode()
    page.locator("#set-file").set_input_files(FilePayload(name="坏.jsonl", mimeType="text/plain", buffer=b"{"))
    expect(page.locator("#sets .problem")).to_contain_text("第 1 行")
    desk.expect_failures(422)
    page.locator("#set-file").set_input_files(FilePayload(name="试点.jsonl", mimeType="text/plain", buffer=content))
    expect(page.get_by_label("选一份")).to_have_value("试点")
    page.get_by_role("button", name="开始评测").click()
    expect(page.locator(".run-figures")).to_contain_text("都对", timeout=SOON)
    page.get_by_role("button", name=re.compile("^看报告")).click()
    report = page.frame_locator("#report")
    expect(report.get_by_role("heading", name="评测：试点")).to_be_visible()
    expect(report.locator("article").filter(has_text=CENTRE)).to_contain_text(f"7亿元{ATTACK}")
    link = report.get_by_role("link", name="打开所引条款").first
    with page.context.expect_page() as opened:
        link.click()
    drawer = opened.value.get_by_role("dialog")
    expect(drawer.locator(".outline")).to_contain_text("一、")
    opened.value.close()


@pytest.mark.parametrize(("size", "scheme"), FULL)
def test_all_is_accessible_and_fits(browser: Browser, server: str, size: tuple[int, int], scheme: str) -> None:
    with tab(browser, server, size, color_scheme=scheme, reduced_motion="reduce") as opened:
        for name in ("记录", "问题归类", "趋势", "常见问题", "操作日志"):
            shown = panel(opened, name)
            expect(shown.locator(".item, .picture").first).to_be_visible()
            opened.expect_accessible()
        opened.open("/evaluation")
        expect(opened.page.locator("#sets .set-row")).to_be_visible()
        opened.expect_accessible()
