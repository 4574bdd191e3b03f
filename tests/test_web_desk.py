"""The library and the operator's desk as people use them: a real browser, a real server, jobs in processes of their own."""

from __future__ import annotations

import io
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import httpx
import pytest
from browser import DESK, PHONE, Tab, tab
from live_service import DAY, ingest_samples, running
from playwright.sync_api import Browser, FilePayload, Locator, Page, Route, expect

from api.answer.service import EngineService
from api.app import create_app
from api.records.database import FILE, Records
from api.records.keys import Keys
from api.routes.uploads import MOST_FILES
from api.run.serving import DataFolder, Models
from api.settings import Settings
from corpus.store import Store

ATTACK = '<img src=x onerror="window.harmed=1">'
ATTACK_NAME = "雨伞'><img src=x onerror=window.harmed=1>.html"  # less what no name may hold
ATTACK_KEPT = "雨伞'img src=x onerror=window.harmed=1.html"
UMBRELLAS = f"<p>澜江市共享雨伞{ATTACK.replace('<', '&lt;')}管理办法</p><p>第一条 押金每把30元。</p><p>第二条 本办法自2026年5月1日起施行。</p>"
PARKING = "澜江市错峰停车奖励办法"
AMOUNT = "每个车位每年奖励{}元"
LAY = "大院晚上的车位让周边住户用，好处费怎么算？"
SURE = "国家级专精特新小巨人企业奖励多少？"
UNKNOWN = f"低空经济企业购买无人机补贴多少？{ATTACK}"
SOON = 30_000  # milliseconds within which an ingestion of a few pages has ended and its index is in use
FULL = [(DESK, "light"), (PHONE, "dark")]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ingest_samples(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def service(data: Path) -> Iterator[EngineService]:
    """The engine that takes up what is uploaded."""
    service = EngineService.over(DataFolder(data, Models()))
    service.load()
    service.watch()
    yield service
    service.stop()


@pytest.fixture(scope="module")
def server(service: EngineService, data: Path) -> Iterator[str]:
    with running(create_app(service, clock=lambda: DAY, records=Records(data))) as base:
        yield base


@pytest.fixture
def desk(browser: Browser, server: str) -> Iterator[Tab]:
    with tab(browser, server, reduced_motion="reduce") as opened:
        yield opened
        expect_unharmed(opened.page)


def parking(yuan: int, file: str = "停车.docx") -> FilePayload:
    document = docx.Document()
    for line in (
        *(PARKING, "（澜停规〔2026〕1号）", "第一条 为了缓解停车难，鼓励单位向居民错峰开放停车位，制定本办法。"),
        f"第二条 单位夜间向居民开放停车位的，{AMOUNT.format(yuan)}。",
        *("第三条 奖励资金每半年拨付一次，由市城市管理局发放。", "第四条 本办法自2026年1月1日起施行。"),
    ):
        document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return FilePayload(name=file, mimeType=kind, buffer=out.getvalue())


def bring(page: Page, *files: FilePayload, leave: bool = False) -> Locator:
    """Uploads files on the library page; gives the report once the service answers from them. Where `leave`, the page is
    left while they are read, and opened again."""
    page.locator("#files").set_input_files(list(files))
    if leave:
        expect(page.locator(".step-words")).to_have_text(re.compile("^(排队|正在(读取|建立|分词|计算))"))
        page.reload()
    report = page.locator(".result")
    expect(report.locator(".work-head")).to_be_visible(timeout=SOON)
    expect(report.locator(".taking-up")).to_contain_text("已启用", timeout=SOON)
    return report


def press(where: Page | Locator, name: str) -> None:
    where.get_by_role("button", name=name).first.click()


def show(page: Page, tab_name: str) -> Locator:
    page.get_by_role("tab", name=tab_name).click()
    return page.get_by_role("tabpanel")


def ask(base: str, question: str, **more: Any) -> dict[str, Any]:
    got: dict[str, Any] = httpx.post(f"{base}/v1/ask", json={"question": question, **more}, timeout=60).json()
    return got


def expect_unharmed(page: Page) -> None:
    assert page.evaluate("window.harmed") is None
    assert page.locator("img[src=x]").count() == 0


# --- the library -----------------------------------------------------------------------------------------------------


def test_documents_are_found_by_what_is_known_of_them(desk: Tab) -> None:
    page = desk.open("/library")
    rows = page.locator(".doc")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("澜府规〔2026〕3号")
    expect(rows.first).to_contain_text("2026年3月15日至2028年12月31日")
    expect(rows.first.locator(".badge")).to_have_text("现行有效")
    expect(rows.nth(1)).to_contain_text("废止：《澜江市电动自行车停放管理暂行规定》")
    for words, found in (("令第52号", 1), ("02_电动 充电", 1), ("澜江市人民政府", 2), ("没有的", 0)):
        page.get_by_label("查找文件").fill(words)
        expect(rows).to_have_count(found)
    press(page, "清除条件")
    page.get_by_label("种类").select_option(label="办法规章")
    expect(rows).to_have_count(1)
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_label("效力").select_option(label="已废止")
    expect(rows).to_have_count(0)
    press(page, "清除条件")
    rows.nth(1).get_by_role("button", name="澜江市电动自行车停放充电管理办法", exact=True).click()
    drawer = page.get_by_role("dialog")
    expect(drawer.locator(".outline")).to_contain_text("第五条")
    page.keyboard.press("Escape")
    rows.nth(1).get_by_role("link", name="只问这份").click()
    expect(page.locator(".chip")).to_contain_text("电动自行车")


def test_files_come_in_with_progress_and_a_report_and_go_again(desk: Tab) -> None:
    page = desk.open("/library")
    expect(page.locator(".doc")).to_have_count(2)
    page.evaluate(
        """() => {
            window.steps = [];
            new MutationObserver(() => {
                const bar = document.querySelector("#bring progress");
                if (bar) window.steps.push([document.querySelector(".step-words").textContent, bar.value]);
            }).observe(document.querySelector("#bring"), {subtree: true, childList: true, characterData: true, attributes: true});
        }"""
    )
    broken = FilePayload(name="坏的.docx", mimeType="application/octet-stream", buffer=b"PK\x03\x04 broken")
    attack = FilePayload(name=ATTACK_NAME, mimeType="text/html", buffer=UMBRELLAS.encode())
    report = bring(page, parking(600), broken, attack)
    steps = page.evaluate("window.steps")
    words = [step for step, _ in steps]
    assert any(step.startswith("正在上传 3 个文件") for step in words)
    assert ["已传完 3 个文件，等待读取", 1] in steps, "all bytes were sent"
    assert any(step in ("正在读取文件", "正在分词", "正在计算语义", "正在建立索引") for step in words)
    expect(report.locator(".work-head")).to_have_text("导入完成：新增 2 个，没有导入 1 个")
    rejected = report.locator(".rejected")
    expect(rejected).to_contain_text("坏的.docx")
    expect(rejected.locator(".problem")).not_to_be_empty()
    expect(report).to_contain_text(f"{ATTACK}管理办法")
    expect(report).to_contain_text(ATTACK_KEPT)
    desk.expect_accessible()

    page.get_by_text("最近的导入和移除").click()
    last = page.locator(".recent-row").first
    expect(last).to_contain_text("新增 2 个，没有导入 1 个")
    press(last, "看报告")
    expect(last.locator(".rejected")).to_contain_text("坏的.docx")
    desk.expect_accessible()
    page.get_by_text("最近的导入和移除").click()

    expect(page.locator(".doc")).to_have_count(4)
    hostile = page.locator(".doc", has_text="共享雨伞")
    expect(hostile).to_contain_text(f"来源：{ATTACK_KEPT}")
    assert ask(desk.base, "错峰停车奖多少钱一个车位？")["answer"] == "600元"

    press(hostile, "移除")
    sure = page.get_by_role("dialog")
    expect(sure).to_contain_text(ATTACK_KEPT)
    press(sure, "取消")
    expect(page.locator(".doc")).to_have_count(4)
    press(hostile, "移除")
    sure.get_by_role("button", name="移除", exact=True).click()
    expect(page.locator(".work-head")).to_have_text("已移除", timeout=SOON)
    expect(page.locator(".doc")).to_have_count(3, timeout=SOON)
    expect(hostile).to_have_count(0)


def test_an_upload_that_cannot_be_is_refused_before_it_is_sent(desk: Tab) -> None:
    page = desk.open("/library")
    same = [FilePayload(name="一.txt", mimeType="text/plain", buffer=b"x") for _ in range(2)]
    page.locator("#files").set_input_files(same)
    expect(page.get_by_role("alert")).to_contain_text("重名")
    page.locator("#files").set_input_files(FilePayload(name="空.txt", mimeType="text/plain", buffer=b""))
    expect(page.get_by_role("alert")).to_contain_text("“空.txt”是空的")
    page.route("**/v1/documents", lambda route: route.abort() if route.request.method == "POST" else route.fallback())
    page.locator("#files").set_input_files(parking(600, "断网.docx"))
    expect(page.get_by_role("alert")).to_contain_text("文件没有传完")
    desk.expect_failures(0)


def test_a_folder_comes_in_by_batches_with_its_names(desk: Tab, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "市规"
    (folder / "2025").mkdir(parents=True)
    (folder / ".svn").mkdir()
    (folder / ".svn" / "entries").write_text("x")
    (folder / ".DS_Store").write_text("x")
    for n in range(MOST_FILES):
        (folder / "2025" / f"{n:02}.txt").write_text(
            f"澜江市第{n}号试点办法\n第一条 试点{n}每月补助{n + 1}元。\n", "utf-8"
        )
    (folder / "空.txt").write_bytes(b"")
    with zipfile.ZipFile(folder / "包.zip", "w") as archive:
        archive.writestr("里/雨棚.txt", "澜江市雨棚办法\n第一条 雨棚补助标准为90元。\n")
    page = desk.open("/library")
    page.locator("#folder").set_input_files(folder)
    report = page.locator(".result")
    expect(report.locator(".work-head")).to_have_text(
        f"导入完成：新增 {MOST_FILES + 1} 个，没有导入 1 个", timeout=2 * SOON
    )
    expect(report.locator(".taking-up")).to_contain_text("已启用", timeout=SOON)
    expect(report.locator(".report-row")).to_have_count(MOST_FILES + 2)
    expect(report.locator(".rejected")).to_contain_text("市规/空.txt")
    assert (data / "uploads" / "市规" / "2025" / "07.txt").is_file()
    assert Store(data).paths("市规/包.zip/里/雨棚.txt") and not Store(data).paths("市规/.DS_Store")
    desk.expect_accessible()
    assert ask(desk.base, "雨棚补助多少钱？")["answer"] == "90元"
    page.get_by_label("查找文件").fill("市规/2025/07")
    row = page.locator(".doc", has_text="第7号试点")
    press(row, "移除")
    page.get_by_role("dialog").get_by_role("button", name="移除", exact=True).click()
    expect(page.locator(".work-head")).to_have_text("已移除", timeout=SOON)
    assert not (data / "uploads" / "市规" / "2025" / "07.txt").exists()
    Store(data).close()


def test_what_stops_a_batch_is_said_and_too_large_ones_are_split(desk: Tab) -> None:
    page = desk.open("/library")
    sent: list[int] = []

    def refuse(route: Route) -> None:
        if route.request.method != "POST":
            route.fallback()
            return
        sent.append((route.request.post_data_buffer or b"").count(b'name="files"'))
        body = {"error": {"code": "payload_too_large", "message": "太大。", "hint": "请减少。"}}
        route.fulfill(status=413, json=body)

    page.route("**/v1/documents", refuse)
    files = [FilePayload(name=f"{n}.txt", mimeType="text/plain", buffer=b"x") for n in range(3)]
    page.locator("#files").set_input_files(files)
    expect(page.locator(".work-head")).to_have_text("导入完成：没有导入 3 个")
    assert sent == [3, 2, 1, 1, 1]
    expect(page.locator(".rejected").first).to_contain_text("太大。请减少。")
    desk.expect_failures(413)


def test_files_can_be_dropped_on_the_page(desk: Tab) -> None:
    page = desk.open("/library")
    expect(page.locator(".zone")).to_be_visible()
    dropped = page.evaluate_handle(
        "() => { const held = new DataTransfer(); held.items.add(new File([], '拖来的.txt')); return held; }"
    )
    page.dispatch_event(".zone", "dragenter", {"dataTransfer": dropped})
    expect(page.locator(".zone.over")).to_be_visible()
    page.dispatch_event(".zone", "drop", {"dataTransfer": dropped})
    expect(page.locator(".zone.over")).to_have_count(0)
    expect(page.get_by_role("alert")).to_contain_text("“拖来的.txt”是空的")


# --- the operator ----------------------------------------------------------------------------------------------------


def test_an_answer_from_the_refused_question_to_the_change_of_its_clause(desk: Tab) -> None:
    page = desk.open("/library")
    if not page.locator(".doc", has_text=PARKING).count():
        bring(page, parking(600))
    assert ask(desk.base, LAY)["status"] == "refused"

    desk.open("/operator")
    item = page.get_by_role("tabpanel").locator(".item", has_text=LAY)
    expect(item).to_contain_text("没有回答")
    press(item, "写成答案")
    editor = page.get_by_role("dialog", name="写成答案")
    press(editor, "添加一种问法")
    editor.get_by_label("第2种问法").fill("单位院子夜里借给居民停车有钱吗")
    press(editor, "保存并启用")
    expect(editor.get_by_role("alert")).to_have_text("请写下答案。")
    editor.get_by_label("答案").fill("能，每个车位每年600元")
    editor.get_by_label("找哪条规定").fill("夜间向居民开放停车位 奖励")
    editor.get_by_label("找哪条规定").press("Enter")
    press(editor.locator(".candidate", has_text="奖励600元"), "用这条")
    text = editor.get_by_label("条款原文")
    expect(text).to_have_value(f"第二条 单位夜间向居民开放停车位的，{AMOUNT.format(600)}。")
    text.evaluate(
        "(node, words) => { const at = node.value.indexOf(words); node.focus(); node.setSelectionRange(at, at + words.length); }",
        AMOUNT.format(600),
    )
    expect(editor.locator(".preview .quote")).to_have_text(AMOUNT.format(600))
    expect(editor.locator(".preview")).to_contain_text("澜停规〔2026〕1号")
    desk.expect_accessible()
    press(editor, "保存并启用")
    expect(editor).to_contain_text("已保存并启用")
    with page.context.expect_page() as opened:
        editor.get_by_role("link", name="试问").first.click()
    chat = opened.value
    reply = chat.locator(".reply:not(.waiting)")
    expect(reply.locator(".short")).to_have_text("能，每个车位每年600元")
    expect(reply).to_contain_text("工作人员核对过的回答")
    expect(reply.locator(".quote").first).to_have_text(AMOUNT.format(600))
    chat.close()
    press(editor, "完成")
    expect(item).to_have_count(0)

    desk.open("/library")
    changed = bring(page, parking(800), leave=True).locator(".updated")
    expect(changed.locator(".changes")).to_have_text("改动的条款（1）第二条")
    assert ask(desk.base, LAY)["status"] == "refused", "an answer whose clause changed is used no longer"

    desk.open("/operator")
    expect(page.locator(".tile.calls", has_text="要复核的答案")).to_contain_text("1")
    press(page, "去复核")
    entry = page.get_by_role("tabpanel").locator(".item", has_text=LAY)
    expect(entry.locator(".state")).to_have_text("条款已改，停用")
    expect(entry.locator(".versions")).to_contain_text(AMOUNT.format(600))
    expect(entry.locator(".versions")).to_contain_text(AMOUNT.format(800))
    desk.expect_accessible()
    press(entry, "复核")
    editor = page.get_by_role("dialog", name="修改答案")
    editor.get_by_label("答案").fill("能，每个车位每年800元")
    press(editor, "保存")
    press(editor, "完成")
    expect(entry.locator(".state")).to_have_text("使用中")
    got = ask(desk.base, "单位院子夜里借给居民停车有钱吗？")
    assert (got["answered_by"], got["answer"]) == ("faq", "能，每个车位每年800元")
    press(entry, "删除")
    page.get_by_role("dialog").get_by_role("button", name="删除", exact=True).click()
    expect(entry).to_have_count(0)
    assert ask(desk.base, LAY)["answered_by"] == "documents"


def test_a_hand_off_is_taken_and_answered_and_the_asker_reads_it(desk: Tab) -> None:
    page = desk.open()
    page.get_by_label("问题", exact=True).fill(UNKNOWN)
    page.keyboard.press("Enter")
    press(page, "转人工")
    page.get_by_label("联系方式").fill(f"电话{ATTACK}")
    page.get_by_label("补充说明").fill(f"急{ATTACK}")
    press(page, "转给工作人员")
    expect(page.locator(".handoff.open")).to_be_visible()
    talk = page.url

    desk.open("/operator#handoffs")
    item = page.get_by_role("tabpanel").locator(".item", has_text=UNKNOWN)
    expect(item.locator(".asker")).to_contain_text(f"电话{ATTACK}")
    expect(item.locator(".asker")).to_contain_text(f"急{ATTACK}")
    expect(item.locator(".state")).to_have_text("等待处理")
    expect_unharmed(page)
    press(item, "我来处理")
    expect(item.locator(".state")).to_have_text("处理中")
    press(item, "答复")
    press(item, "答复并办结")
    expect(item.get_by_role("alert")).to_contain_text("请写下答复")
    item.get_by_label("给提问人的答复").fill(f"目前没有这项补贴。{ATTACK}")
    press(item, "答复并办结")
    expect(item).to_have_count(0)

    page.goto(talk)
    expect(page.locator(".handoff-reply")).to_have_text(f"目前没有这项补贴。{ATTACK}")


def test_a_thumb_down_is_seen_and_set_aside(desk: Tab) -> None:
    answer = ask(desk.base, SURE)
    body = {"answer_id": answer["id"], "rating": "down", "reason": "incomplete", "comment": f"不全{ATTACK}"}
    httpx.post(f"{desk.base}/v1/feedback", json=body).raise_for_status()
    page = desk.open("/operator")
    item = show(page, "点踩").locator(".item")
    expect(item).to_contain_text(f"不完整：不全{ATTACK}")
    expect(item).to_contain_text(answer["answer"])
    press(item, "查看原文")
    expect(page.get_by_role("dialog").locator("mark").first).to_be_in_viewport()
    page.keyboard.press("Escape")
    press(item, "不用处理")
    expect(page.get_by_role("tabpanel")).to_contain_text("没有被点踩的回答")
    expect(show(page, "问得最多")).to_contain_text(SURE)


def test_the_tabs_are_worked_by_keyboard(desk: Tab) -> None:
    page = desk.open("/operator")
    page.get_by_role("tab", name="未答").focus()
    for key, name in (
        ("ArrowRight", "点踩"),
        ("End", "操作日志"),
        ("ArrowRight", "未答"),
        ("ArrowLeft", "操作日志"),
        ("Home", "未答"),
    ):
        page.keyboard.press(key)
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        expect(page.get_by_role("tab", selected=True)).to_contain_text(name)
        expect(page.get_by_role("tabpanel")).to_have_count(1)


def test_what_was_written_is_not_lost_by_leaving_the_editor(desk: Tab) -> None:
    ask(desk.base, LAY)
    page = desk.open("/operator#often")
    press(page.locator(".item", has_text=LAY), "写成答案")
    editor = page.get_by_role("dialog", name="写成答案")
    editor.get_by_text("按目录选").click()
    press(editor.locator(".picks"), "电动自行车停放充电管理办法")
    editor.get_by_role("button", name=re.compile("^第五条")).click()
    expect(editor.get_by_label("条款原文")).to_have_value(re.compile("新建住宅小区"))
    editor.get_by_label("答案").fill("写了一半")
    page.keyboard.press("Escape")
    press(page.get_by_role("dialog", name="不保存就离开？"), "取消")
    expect(editor.get_by_label("答案")).to_have_value("写了一半")
    page.keyboard.press("Escape")
    press(page.get_by_role("dialog", name="不保存就离开？"), "离开")
    expect(editor).to_have_count(0)


# --- keys ------------------------------------------------------------------------------------------------------------


def test_each_role_sees_what_it_may_and_an_ended_login_asks_again(
    browser: Browser, service: EngineService, tmp_path: Path
) -> None:
    records = Records(tmp_path)
    tokens = {role: Keys(records).create(name, role)[1] for role, name in (("operate", "张工"), ("admin", "李工"))}  # type: ignore[arg-type]
    app = create_app(service, clock=lambda: DAY, records=records, settings=Settings(access="keys"))
    with running(app) as base, tab(browser, base, reduced_motion="reduce") as opened:
        page = opened.open("/operator")
        expect(page.locator("#locked")).to_contain_text("工作台需要有 operate 权限的密钥")
        expect(page.locator("#desk")).to_be_hidden()
        opened.expect_accessible()
        page.locator("#locked").get_by_role("button", name="登录").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("访问密钥").fill("tw_wrong")
        press(dialog, "登录")
        expect(dialog.get_by_role("alert")).to_contain_text("密钥不对")
        opened.expect_failures(401)
        dialog.get_by_label("访问密钥").fill(tokens["operate"])
        press(dialog, "登录")
        expect(page.locator(".tile").first).to_be_visible()

        opened.open("/library")
        expect(page.locator(".doc").first).to_be_visible()
        expect(page.locator("#bring")).to_contain_text("需要有 admin 权限的密钥。现在登录的密钥（张工）没有这项权限")
        assert page.get_by_role("button", name="移除").count() == page.locator("#files").count() == 0
        opened.expect_accessible()

        opened.open("/operator")
        expect(page.locator(".tile").first).to_be_visible()
        with sqlite3.connect(tmp_path / FILE) as connection:
            connection.execute("UPDATE logins SET expires_at = '2020-01-01T00:00:00.000000+00:00'")
        page.get_by_label("统计的时间").select_option("30")
        expect(dialog.get_by_role("alert")).to_contain_text("登录已过期")
        opened.expect_failures(401)
        dialog.get_by_label("访问密钥").fill(tokens["admin"])
        press(dialog, "登录")
        expect(dialog).to_have_count(0)
        expect(page.locator(".tile").first).to_be_visible()
        opened.open("/library")
        expect(page.locator("#files")).to_have_count(1)


# --- for everybody ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "colours"), FULL, ids=["wide light", "phone dark"])
def test_no_serious_finding_in_any_state(browser: Browser, server: str, size: tuple[int, int], colours: str) -> None:
    answer = ask(server, SURE)
    httpx.post(f"{server}/v1/feedback", json={"answer_id": answer["id"], "rating": "down"}).raise_for_status()
    httpx.post(f"{server}/v1/handoffs", json={"question": UNKNOWN, "contact": "电话", "note": "急"}).raise_for_status()
    clause = answer["citations"][0]["clause"]["id"]
    entry = {"questions": ["电动车能进电梯吗", "电瓶车能进电梯吗"], "answer": "不能", "clause_id": clause}
    httpx.post(f"{server}/v1/faq", json=entry).raise_for_status()
    with tab(browser, server, size, color_scheme=colours, reduced_motion="reduce") as opened:
        page = opened.open("/library")
        expect(page.locator(".doc").first).to_be_visible()
        opened.expect_accessible()
        press(page.locator(".doc").first, "移除")
        opened.expect_accessible()
        page.keyboard.press("Escape")
        opened.open("/operator")
        for name in ("未答", "点踩", "转人工", "问得最多", "常见问题"):
            expect(show(page, name).locator(".item").first).to_be_visible()
            opened.expect_accessible()
        show(page, "转人工")
        press(page.get_by_role("tabpanel"), "答复")
        press(page.get_by_role("tabpanel"), "写成答案")
        editor = page.get_by_role("dialog", name="写成答案")
        expect(editor.locator(".candidate").first).to_be_visible()
        opened.expect_accessible()
        press(editor.locator(".candidate").first, "用这条")
        expect(editor.locator(".preview .cite")).to_be_visible()
        opened.expect_accessible()
