"""Web pages as people save them: nothing of the body lost, what stands around it told, particulars set apart."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from corpus import bulletin
from corpus.canonical import paragraphs
from corpus.errors import EmptyFile
from corpus.readers import Line, html
from corpus.readers.html_encoding import decode
from corpus.reading import read_documents

TEXT = (
    "<p>各区人民政府：</p><p>现将《澜江市充电设施管理办法》印发给你们，请遵照执行。</p><p>第一条 为了加强管理，制定本办法。</p>"
    "<p>第二条 本办法由市发展改革委负责解释，自公布之日起施行。</p><p>澜江市人民政府</p><p>2024年3月1日</p>"
)
MENU = "<ul class='menu'>" + "".join(f"<li><a href='/{n}'>栏目{n}</a></li>" for n in range(6)) + "</ul>"


def read(page: str) -> list[Line]:
    return html.read(page.encode())


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines if line.text]


def gone(lines: list[Line], reason: str = "navigation") -> str:
    return "\n".join(line.left_out.text for line in lines if line.left_out and line.left_out.reason == reason)


def page(before: str = "", after: str = "", text: str = TEXT, title: str = "某办法-政策文件-澜江市政府网") -> str:
    return (
        f"<html><head><title>{title}</title></head><body>{MENU}<div class='main'>{before}<div class='content'>{text}</div>"
        f"{after}</div></body></html>"
    )


# -- residue -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "residue",
    [
        "当前位置：<a>首页</a> &gt; <a>政策</a>", "您现在的位置：首页>>政务公开", "【字体：大 中 小】", "【打印本页】【关闭窗口】", "打印 关闭", "浏览次数：24356",
        "字号：T | T", "扫一扫在手机打开当前页", "首页 > 政策 > 文件",
    ],
)  # fmt: skip
def test_residue_above_the_text_goes_and_is_told(residue: str) -> None:
    lines = read(page(before=f"<div>{residue}</div>"))
    assert texts(lines)[-6:] == re.findall("<p>(.*?)</p>", TEXT)
    said = re.sub(r"\s|<[^>]*>|&gt;|>", "", residue)
    assert said in re.sub(r"\s|>", "", gone(lines))


@pytest.mark.parametrize(
    "residue",
    [
        "上一篇：<a>某通知</a>", "【TOP】 【内容纠错】 【打印本页】", "版权所有：澜江市人民政府 某ICP备1号", "你是第 1225552 位来访者", "建议使用分辨率 1024*768",
        "<h3>相关新闻</h3><div>[市区] <a>某新闻</a></div>", "分享到：", "第[1]页", "( 编辑： 某某 ) 【字号：大 中 小】【打印】【关闭】", "正文end--&gt;",
        "声明：本文不代表本网站观点，如有转载，请注明出处。", "如果您在本页面发现错误，请先用鼠标选择出错的内容，再同时按下两个键。",
    ],
)  # fmt: skip
def test_residue_below_the_text_goes_and_is_told(residue: str) -> None:
    lines = read(page(after=f"<div>{residue}</div>"))
    assert texts(lines)[-1] == "2024年3月1日"
    assert visible(re.sub(r"<[^>]*>", "", residue).replace("&gt;", ">")) in visible(gone(lines))


@pytest.mark.parametrize(
    "tail",
    [
        "附件：1．申请表",
        "抄送：市委办公室，市人大办公室。",
        "举报电话：12345",
        "联系人：李某，电话：0555-5550000",
        "主办单位：市商务局",
    ],
)
def test_what_closes_a_document_is_no_residue(tail: str) -> None:
    assert texts(read(page(text=TEXT + f"<p>{tail}</p>")))[-1] == tail


def test_a_file_on_a_code_host_is_its_lines() -> None:
    rows = "".join(
        f"<tr><td class='blob-num' data-line-number='{n}'></td><td class='blob-code'>{line}</td></tr>"
        for n, line in enumerate(["澜江市积分办法", "", "第一条 为了管理，制定本办法。", "短句"], 1)
    )
    lines = read(
        "<html><head><title>laws/澜江市积分办法.txt at master · x/laws · GitHub</title></head><body><header><a>Sign up</a></header>"
        f"<div class='file-header'>4 lines (3 sloc)</div><table>{rows}</table><div class='site-footer'>Contact GitHub, Terms, Privacy.</div></body></html>"
    )
    assert texts(lines) == ["澜江市积分办法", "第一条 为了管理，制定本办法。", "短句"]
    assert "Sign up" in gone(lines) and "sloc" in gone(lines) and "Contact GitHub" in gone(lines)


def test_the_source_of_a_page_on_a_code_host_is_read_as_that_page() -> None:
    source = [
        "&lt;html&gt;&lt;body&gt;&lt;p&gt;第一条 甲。&lt;/p&gt;",
        "&lt;p&gt;第二条 乙。&lt;/p&gt;&lt;/body&gt;&lt;/html&gt;",
    ]
    rows = "".join(f"<tr><td data-line-number='{n}'></td><td>{line}</td></tr>" for n, line in enumerate(source))
    assert texts(read(f"<html><body><table>{rows}</table></body></html>")) == ["第一条 甲。", "第二条 乙。"]


def test_a_page_of_an_encyclopaedia() -> None:
    lines = read(
        f"<html><head><title>澜江市某办法_百度百科</title></head><body>{MENU}<dl><dd><h1>澜江市某办法</h1><a class='edit-lemma'>编辑</a>"
        "<a class='lock-lemma'>锁定</a></dd></dl><div>本词条缺少名片图，补充相关内容使词条更完整，还能快速升级，赶紧来编辑吧！</div>"
        "<div class='para'>《澜江市某办法》已经通过，现予发布。<sup>[1-2]</sup></div><div>第一条 甲，乙。</div><h2>参考资料</h2><div>1. 澜江市网站</div></body></html>"
    )
    assert texts(lines) == ["澜江市某办法", "《澜江市某办法》已经通过，现予发布。", "第一条 甲，乙。"]
    assert all(said in gone(lines) for said in ("编辑", "锁定", "名片图", "[1-2]", "参考资料", "澜江市网站"))


def test_superscripts_elsewhere_stay() -> None:
    assert texts(read("<html><body><p>面积90m<sup>2</sup>。<sup>[1]</sup></p></body></html>")) == ["面积90m2。[1]"]


def test_a_list_of_articles_has_no_text_and_says_what_it_has() -> None:
    items = "".join(
        f"<li><a href='{n}.html'>关于第{n}号事项的通知</a><span>2024-01-0{n}</span></li>" for n in range(1, 9)
    )
    with pytest.raises(EmptyFile, match="第1号事项"):
        read(
            f"<html><head><title>政策文件-澜江市政府网</title></head><body><h2>政策文件</h2><ul>{items}</ul>共 20 页</body></html>"
        )


# -- particulars -------------------------------------------------------------------------------------------------------

BLOCKS = {
    "a table": "<table><tr><td>索引号：</td><td>007/2024-1</td><td>发文字号</td><td>澜府〔2024〕3号</td></tr><tr><td>有效性</td><td>有效</td><td>成文日期</td><td>2024-03-01</td></tr></table>",
    "cells with both": "<table><tr><td><b>索 引 号：</b>007/2024-1</td><td>发文字号：澜府〔2024〕3号</td></tr><tr><td>有效性：有效</td><td>成文日期：2024-03-01</td></tr></table>",
    "a list of terms": "<dl><dt>索引号</dt><dd>007/2024-1</dd><dt>发文字号</dt><dd>澜府〔2024〕3号</dd><dt>有效性</dt><dd>有效</dd><dt>成文日期</dt><dd>2024-03-01</dd></dl>",
    "a list": "<ul><li>索引号：007/2024-1</li><li>发文字号：澜府〔2024〕3号</li><li>有 效 性：有效</li><li>成文日期：2024-03-01</li></ul>",
    "a run": "<p>索引号：007/2024-1　发文字号：澜府〔2024〕3号 有效性：有效 | 成文日期：2024-03-01 浏览次数：7 【打印】</p>",
}


@pytest.mark.parametrize("kind", BLOCKS)
def test_particulars_are_lines_of_their_own(kind: str) -> None:
    lines = read(page(before=BLOCKS[kind]))
    assert [line.text for line in lines if line.particular] == [
        "索引号：007/2024-1", "发文字号：澜府〔2024〕3号", "有效性：有效", "成文日期：2024-03-01",
    ]  # fmt: skip
    assert texts(lines)[-6:] == re.findall("<p>(.*?)</p>", TEXT)


@pytest.mark.parametrize(
    "line", ["发布日期：市局每年公布一次。", "时间安排，地点：市局", "来源于财政的资金：市级", "有效期三年"]
)
def test_sentences_are_no_particulars(line: str) -> None:
    assert not any(found.particular for found in read(page(text=f"<p>{line}</p>{TEXT}")))


def test_what_meta_elements_declare_is_added_where_it_is_not_printed() -> None:
    metas = "<meta name='ArticleTitle' content='澜江市充电设施管理办法'><meta name='PubDate' content='2024-03-05 10:00'><meta name='ContentSource' content='市发展改革委'>"
    bare = read(page().replace("<head>", "<head>" + metas))
    assert texts(bare)[:3] == ["澜江市充电设施管理办法", "发布日期：2024-03-05 10:00", "来源：市发展改革委"]
    told = read(page(before="<div>发布时间：2024-03-05</div>").replace("<head>", "<head>" + metas))
    assert [line.text for line in told if line.particular] == ["来源：市发展改革委", "发布时间：2024-03-05"]


def test_particulars_are_no_document_and_no_title() -> None:
    block = "<div>名称：关于印发充电设施管理办法的通知</div><div>发文字号：澜府〔2024〕3号</div>"
    for before in (
        block + "<h2>关于印发充电设施管理办法的通知</h2>",
        "<h2>关于印发充电设施管理办法的通知</h2>" + block,
    ):
        lines = paragraphs(read(page(before=before)))
        (draft,) = bulletin.split(lines)
        assert draft.title == "关于印发充电设施管理办法的通知"
        assert [p.text for p in draft.paragraphs[1:3]] == [p.text for p in lines if p.particular]
        assert sorted(p.text for p in draft.paragraphs) == sorted(p.text for p in lines)


@pytest.mark.parametrize("own", ["某市养老保险实施办法", "某市城乡居民养老保险实施办法"])
def test_the_title_of_the_page_and_that_of_the_document_are_not_run_together(own: str) -> None:
    before = "<h1>某市养老保险实施办法</h1><div>录入时间：2024-03-01</div>"
    drafts = bulletin.split(paragraphs(read(page(before=before, text=f"<p>{own}</p>{TEXT}"))))
    assert drafts[0].title == own


def test_particulars_alone_are_kept() -> None:
    (draft,) = bulletin.split([p for p in paragraphs(read(page(before=BLOCKS["a list"]))) if p.particular])
    assert len(draft.paragraphs) == 4 and draft.title is None


@pytest.mark.parametrize(
    ("declared", "printed", "title"),
    [
        ("某市充电管理办法-政策文件-某市政府网", "<h3>某市充电管理办法</h3>", "某市充电管理办法"),
        ("某市社会保险基金管理局", "<h2>某市养老保险实施办法</h2>", "某市养老保险实施办法"),
        ("政策法规-某市网", "<div>关于印发某市管理办法的通知</div>", "关于印发某市管理办法的通知"),
        ("某市发展规划（2011-2015）-住房-某局", "", "某市发展规划（2011-2015）"),
        ("某市网站", "", "各区人民政府："),
        ("关于做好某项工作的通知_某市网", "<h1>关于做好某项</h1><h1>工作的通知</h1>", "关于做好某项"),
    ],
)
def test_the_title_is_that_of_the_document_and_not_of_the_site(declared: str, printed: str, title: str) -> None:
    assert texts(read(page(before=printed, title=declared)))[0] == title


# -- lists of terms, struck out and hidden text ------------------------------------------------------------------------


def test_a_term_and_its_value_stand_together() -> None:
    lines = texts(
        read(
            "<html><body><dl><dt>咨询电话：</dt><dd>0555-5550123</dd><dt>材料</dt><dd>身份证</dd><dd><p>照片</p></dd><dt>如何办理？</dt><dd>到窗口办理。</dd><dd>也可网上办理。</dd>"
            "<dt>单独</dt></dl></body></html>"
        )
    )
    assert lines == ["咨询电话：0555-5550123", "材料：身份证、照片", "如何办理？到窗口办理。", "也可网上办理。", "单独"]


def test_struck_out_text_goes_and_inserted_text_stays() -> None:
    lines = read(
        "<html><body><p>补贴<del>300</del><ins>500</ins>元<s>整</s>。<span style='text-decoration: underline line-through'>旧</span>新</p>"
        "<table><tr><td>甲</td><td><strike>1</strike>2</td></tr><tr><td>乙</td><td>3</td></tr></table></body></html>"
    )
    assert texts(lines) == ["补贴500元。新", "\t甲\t2", "\t乙\t3"]
    assert visible(gone(lines, "deleted")) == "300整旧1"


def test_a_tag_that_was_never_closed_loses_no_text() -> None:
    articles = "".join(f"<p>第{n}条 甲，乙；丙，丁。</p>" for n in range(1, 20))
    assert len(texts(read(f"<html><body><p>前，<s>言。</p>{articles}</body></html>"))) >= 19


def test_hidden_text_is_told_and_a_hidden_body_is_read() -> None:
    lines = read(
        "<html><body><p>明。</p><p hidden>藏一</p><div style='display:none'>藏二<script>x</script></div></body></html>"
    )
    assert texts(lines) == ["明。"] and gone(lines, "hidden") == "藏一\n藏二"
    articles = "".join(f"<p>第{n}条 甲，乙；丙，丁。</p>" for n in range(1, 20))
    assert len(texts(read(f"<html><body><div style='display:none'>{articles}</div></body></html>"))) == 19


# -- encodings ---------------------------------------------------------------------------------------------------------

SIMPLE = "第一章 总则，为了规范中文信息公告，朱镕基〇"
TRADITIONAL = "第一章 總則，為了規範中文資訊公告與補貼標準"


@pytest.mark.parametrize("declared", ["", "gb2312", "utf-8", "big5", "iso-8859-1", "windows-1252", "nonsense"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5", "utf-16-le", "utf-16-be", "utf-16", "utf-8-sig"])
def test_the_bytes_and_not_the_declaration_decide(encoding: str, declared: str) -> None:
    text = TRADITIONAL if encoding == "big5" else SIMPLE
    meta = f"<meta charset='{declared}'>" if declared else ""
    data = f"<html><head>{' ' * 3000}{meta}</head><body><p>{text}</p></body></html>".encode(encoding)
    assert html.matches(data)
    assert texts(html.read(data)) == [text]


def test_other_declared_encodings_are_believed() -> None:
    page = "<html><head><meta charset='shift_jis'></head><body><p>この法律は、公布の日から施行する。</p></body></html>"
    assert texts(html.read(page.encode("shift_jis"))) == ["この法律は、公布の日から施行する。"]


# -- properties --------------------------------------------------------------------------------------------------------


def visible(text: str) -> str:
    return re.sub(r"\s", "", text)


words = st.text("办法补贴企业材料规定管理应当可以提供申请期限标准", min_size=2, max_size=12)
sentence = st.builds(lambda a, b: f"{a}，{b}。", words, words)
paragraph = sentence.map(lambda text: (f"<p>{text}</p>", text))
item = words.map(lambda text: (f"<ul><li>{text}</li></ul>", text))
row = st.tuples(words, words).map(lambda t: (f"<table><tr><td>{t[0]}</td><td>{t[1]}</td></tr></table>", "".join(t)))
parts = st.lists(st.one_of(paragraph, item, row), max_size=12)
CHROME = {
    f"<div class='nav'>{MENU}</div>": ["栏目0", "栏目5"],
    "<div>当前位置：<a>首页</a> &gt; <a>政策</a></div>": ["当前位置："],
    "<div>【字体：<a>大</a> <a>中</a> <a>小</a>】</div>": ["字体："],
}
FOOT = {
    "<div>【打印】【关闭】</div>": ["打印"],
    "<div>上一篇：<a>某某</a></div>": ["上一篇：某某"],
    "<div class='footer'>主办：某市政府，地址：一路。</div>": ["主办：某市政府"],
    "<p>版权所有 某ICP备1号</p>": ["某ICP备1号"],
}


@settings(max_examples=25, deadline=None)
@given(paragraph, parts, paragraph, st.lists(st.sampled_from(sorted(CHROME))), st.lists(st.sampled_from(sorted(FOOT))))
def test_every_character_of_the_body_is_in_the_lines_once_and_chrome_is_told(
    first: tuple[str, str], middle: list[tuple[str, str]], last: tuple[str, str], above: list[str], below: list[str]
) -> None:
    body = [first, *middle, last]
    inner = "".join(markup for markup, _ in body)
    lines = read(
        f"<html><body><div class='nav'>{MENU}</div>{''.join(above)}<div class='text'>{inner}</div>{''.join(below)}</body></html>"
    )
    assert visible("".join(texts(lines))) == "".join(text for _, text in body)
    for markup in [*above, *below]:
        assert all(said in visible(gone(lines)) for said in {**CHROME, **FOOT}[markup])


@pytest.mark.parametrize(
    ("unit", "size"),
    [
        (f"<p>第一条 {'甲，乙丙丁。' * 30}</p>", 5_000_000),
        ("<div class='nav'><a>甲</a></div>", 200_000),
        ("<dl><dt>甲</dt><dd>乙</dd></dl>", 200_000),
        ("<s>甲</s>", 200_000),
        ("文号：1 来源：2 ", 200_000),
        ("<dt>甲</dt>", 200_000),
    ],
)
def test_a_large_page_takes_seconds(unit: str, size: int) -> None:
    data = f"<html><body><p>甲，乙。</p>{unit * (size // len(unit.encode()))}<p>丙，丁。</p></body></html>".encode()
    start = time.process_time()
    assert html.read(data)
    assert time.process_time() - start < 5


# -- the real files ----------------------------------------------------------------------------------------------------


def _pages(shared: Path) -> list[Path]:
    return sorted(path for path in (shared / "cities").iterdir() if path.suffix.lower() in (".html", ".htm"))


_NOT_SHOWN = {
    "script",
    "style",
    "template",
    "iframe",
    "object",
    "embed",
    "svg",
    "canvas",
    "audio",
    "video",
    "map",
    "applet",
}


def _shown(element: etree._Element) -> str:
    out = []
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, inner in walker:
        if event == "end":
            out.append((inner.tail or "") if inner is not element else "")
        elif not isinstance(inner.tag, str) or inner.tag in _NOT_SHOWN:
            walker.skip_subtree()
        else:
            out.append(inner.text or "")
    return "".join(out)


@pytest.mark.shared
def test_every_character_of_a_real_page_is_in_a_line_or_told(shared: Path) -> None:
    """Counted by letters and digits: the marks around labels are set anew. A cell that leads the rows it spans is
    repeated, so that there may be more in the lines than on the page, never less."""
    for path in _pages(shared):
        text = decode(path.read_bytes())
        root = etree.fromstring(text.encode(), etree.HTMLParser(encoding="utf-8", remove_comments=True, huge_tree=True))
        lines = html.read(path.read_bytes())
        got = "".join(line.left_out.text if line.left_out else line.text for line in lines)
        wanted, found = re.sub(r"\W", "", _shown(next(root.iter("body")))), re.sub(r"\W", "", got)
        missing = {c: wanted.count(c) - found.count(c) for c in set(wanted) if wanted.count(c) > found.count(c)}
        assert not missing, (path.name, missing)


@pytest.mark.shared
def test_real_pages_begin_and_end_with_their_text(shared: Path) -> None:
    residue = re.compile(
        r"当前.{0,4}位置|浏览次数|点击|打印|关闭窗口|版权所有|ICP备|上一篇|下一篇|分享到|字体：|来访者|设为首页|Skip to content"
    )
    for path in _pages(shared):
        found = [line.text for line in html.read(path.read_bytes()) if line.text.strip()]
        bad = [text for text in found[:15] + found[-10:] if residue.search(text) and len(text) < 60]
        assert not [text for text in bad if "点击" not in text or "点击：" in text], path.name


@pytest.mark.shared
def test_a_list_of_terms_answers(shared: Path) -> None:
    data = (shared / "cases" / "30_j.html").read_bytes()
    ((document, _),) = read_documents(data, "30_j.html")
    assert "咨询电话：0555-5550123" in document.text.split("\n")


@pytest.mark.parametrize("name", ["article_top", "detail-head"])
def test_a_table_of_particulars_at_the_top_is_kept(name: str) -> None:
    rows = (
        "<tr><td></td><td>文 &nbsp; 号</td><td>澜教〔2024〕1号</td><td>统一编号</td><td>LJ01</td></tr>"
        "<tr><td></td><td>发布机关</td><td colspan=3>澜江市教育局</td></tr>"
        "<tr><td></td><td>发文日期</td><td>2024-03-02</td><td>失效日期</td><td>2027-03-01</td></tr>"
    )
    lines = read(page(before=f"<div class='{name}'><table>{rows}</table></div>"))
    printed = [line.text for line in lines if line.particular]
    assert printed == [
        "文号：澜教〔2024〕1号",
        "统一编号：LJ01",
        "发布机关：澜江市教育局",
        "发文日期：2024-03-02",
        "失效日期：2027-03-01",
    ]


def test_a_menu_at_the_top_still_goes() -> None:
    lines = read(page(before="<div class='top'>澜江市教育局 发文机关名录 欢迎访问</div>"))
    assert "发文机关名录" in gone(lines)


# -- pages of forums and code hosts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heading",
    [
        "<h1><a href='/thread-9-1-1.html'>2020澜江入学攻略，家长看过来~~</a></h1>",
        "<div class='post'><h2><a href='http://b.example/thread-9.html' id='subject'>2020澜江入学攻略，家长看过来~~</a></h2></div>",
        "<h3> <a href='#'>2020澜江入学攻略，家长看过来~~</a> </h3>",
    ],
)
def test_a_heading_that_links_to_its_own_page_is_the_title(heading: str) -> None:
    title = "2020澜江入学攻略，家长看过来~~-2020入学-家长社区|论坛"
    lines = read(page(before=f"{heading}<p>发表在 <a>2020入学</a> 2019-11-17 17:49</p>", title=title))
    assert texts(lines)[0] == "2020澜江入学攻略，家长看过来~~"


def test_a_heading_that_links_elsewhere_is_no_title() -> None:
    lines = read(page(before="<h2><a href='/x.html'>更多入学政策，家长看过来~~</a></h2>", title="家长社区|论坛"))
    assert "更多入学政策，家长看过来~~" not in texts(lines)[:1]


@pytest.mark.parametrize(
    "said",
    [
        "<p>Sorry, something went wrong. <a>Reload?</a></p><p>Sorry, we cannot display this file.</p>",
        "Sorry, we cannot display this file.Sorry, this file is invalid so it cannot be displayed.",
    ],
)
def test_a_page_of_a_code_host_that_shows_no_file_has_no_text(said: str) -> None:
    shown = (
        "<html><head><title>laws/澜江市积分办法.pdf at master · x/laws · GitHub</title></head><body><header><a>Sign up</a></header>"
        f"<div class='file'><div>{said}</div></div><footer>Contact GitHub, Terms, Privacy.</footer></body></html>"
    )
    with pytest.raises(EmptyFile, match="没有正文"):
        read(shown)
