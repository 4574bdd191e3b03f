"""Web pages -> lines: the body whole and in order, what stands around it gone, and what is refused."""

from __future__ import annotations

import re

import pytest

from corpus.canonical import paragraphs
from corpus.errors import BadFile, EmptyFile, TooLarge
from corpus.readers import html

BODY = (
    "<p>各区人民政府：</p><p>　　现将《澜江市充电设施管理办法》印发给你们，请遵照执行。</p><p>第一条&nbsp;&nbsp;为了<b>加强</b>管理，制定本办法。</p>"
    "<p>第二条 补贴<span>300</span>万元，<br>含税。</p><p>附件：<a href='a.docx'>申请表.docx</a></p><p>澜江市人民政府</p><p>2024年3月1日</p>"
)
PAGE = f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>澜江市充电设施管理办法 - 澜江市人民政府</title><style>p{{}}</style>
<meta name="ArticleTitle" content="澜江市充电设施管理办法"></head><body onload="alert(1)">
<header><a href=/>首页</a></header><div class="header"><a>首页</a> <a>政务</a></div>
<div class="lanmu"><ul><li><a>要闻</a></li><li><a>政策</a></li><li><a>公开</a></li><li><a>互动</a></li></ul></div>
<div class="main"><div class="crumb">当前位置：<a>首页</a> &gt; <a>政策</a></div>
<table><tr><td>索引号：</td><td>0001/2024-01</td><td>发文字号：</td><td>澜府发〔2024〕3号</td></tr><tr><td>发布日期</td><td>2024-03-01</td></tr></table>
<div class="wrap"><div class="biaoti">【字体：<a>大</a> <a>中</a> <a>小</a>】</div><div>打印本页</div>
<div class="TRS_Editor">{BODY}</div></div><nav>上一篇</nav>
<div class="related"><h3>相关文档</h3><ul><li><a>《办法》解读，图解</a></li></ul></div></div>
<div id="footer">主办：澜江市人民政府办公室，地址：一路1号。ICP备1号</div><script>document.write("脚本。")</script><noscript>无脚本。</noscript></body></html>"""


def lines(page: str, encoding: str = "utf-8") -> list[str]:
    return [line.text for line in html.read(page.encode(encoding)) if line.text]


def body(inner: str) -> list[str]:
    return lines(f"<html><body>{inner}</body></html>")


def test_the_body_is_whole_and_what_is_around_it_goes() -> None:
    assert lines(PAGE) == [
        "澜江市充电设施管理办法", "索引号：0001/2024-01", "发文字号：澜府发〔2024〕3号", "发布日期：2024-03-01", "各区人民政府：",
        "　　现将《澜江市充电设施管理办法》印发给你们，请遵照执行。", "第一条\xa0\xa0为了加强管理，制定本办法。", "第二条 补贴300万元，", "含税。",
        "附件：申请表.docx", "澜江市人民政府", "2024年3月1日",
    ]  # fmt: skip


def test_a_page_that_is_only_a_body_is_whole() -> None:
    page = body(
        "<h2>关于开放日的通知</h2>" + BODY + "<div><p>第三条 短。</p></div><p>第三条 短。</p><ul><li>甲</li></ul>末"
    )
    assert page[0] == "关于开放日的通知"
    assert page[-4:] == ["第三条 短。", "第三条 短。", "甲", "末"]
    assert len(page) == 13


def test_every_paragraph_of_a_long_page_is_kept_in_order() -> None:
    parts = [f"第{n}条 内容{n}，请办理。" if n % 3 else f"短句{n}" for n in range(400)]
    inner = "".join(f"<div><p>{part}</p></div>" if n % 5 else f"{part}<br>" for n, part in enumerate(parts))
    assert lines(PAGE.replace(BODY, inner))[-400:] == parts


def test_headings_give_levels() -> None:
    read = html.read(
        "<html><body><h1>总 则</h1><p>甲。</p><h3><span>范围</span></h3><div>乙</div></body></html>".encode()
    )
    assert [(line.text, line.level) for line in read] == [("总 则", 1), ("甲。", 0), ("范围", 3), ("乙", 0)]
    assert [line.number for line in read] == [1, 2, 3, 4]


def test_tables_are_rows_and_a_layout_table_is_not() -> None:
    table = (
        "<table><caption>补贴表</caption><tr><th rowspan=2>类别</th><th colspan=2>标准</th></tr><tr><td>A&lt;B</td><td><p>上</p><p>下</p></td></tr>"
        "<tr><td></td><td>3</td><td></td></tr></table>"
    )
    read = html.read(
        f"<html><body><table><tr><td><p>栏目</p></td><td>{table}</td></tr></table>后文</body></html>".encode()
    )
    texts = [line.text for line in read if line.text]
    assert texts == ["栏目", "补贴表", "\t类别\t标准\t标准", "\t类别\tA<B\t上 下", "\t \t3\t ", "后文"]
    assert [p.text for p in paragraphs(read) if not p.cells] == ["栏目", "补贴表", "后文"]


def test_numbers_of_ordered_lists_stand_as_text() -> None:
    assert body("<ol start=3><li>甲</li><li><p>乙</p></li><li value=9>丙</li></ol><ol type=a><li>丁</li></ol><ul><li>戊</li></ul>") == [
        "3. 甲", "4. 乙", "9. 丙", "a. 丁", "戊",
    ]  # fmt: skip
    assert body("<ol><li>（一）甲</li></ol><ol style='list-style:none'><li>乙</li></ol>") == ["（一）甲", "乙"]


def test_entities_spaces_and_hidden_parts() -> None:
    assert body("<p>区&lt;管委会&gt;&amp;&#20013;&#x5FC3;\n  下  行</p><p hidden>藏</p><p style='display: none'>藏</p><pre>一\n二</pre>") == [
        "区<管委会>&中心 下 行", "一", "二",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "gb2312"),
        ("gb18030", "gb2312"),
        ("gb18030", ""),
        ("utf-8-sig", ""),
        ("utf-16", "utf-8"),
        ("big5", "big5"),
        ("gb18030", "utf-8"),
    ],
)
def test_the_charset_is_found(encoding: str, declared: str) -> None:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    data = f"<html><head>{meta}</head><body><p>第一章 中文，信息公告。</p></body></html>".encode(encoding)
    assert html.matches(data)
    assert html.read(data)[0].text == "第一章 中文，信息公告。"


def test_attachments_in_a_row_are_no_navigation() -> None:
    links = "".join(f"<li><a href='f{n}.pdf'>{n}．申请表</a></li>" for n in range(1, 6))
    assert "5．申请表" in lines(PAGE.replace("<p>澜江市人民政府</p>", f"<ul>{links}</ul><p>澜江市人民政府</p>"))


def test_a_body_in_an_element_with_an_unlucky_name_is_kept() -> None:
    assert "第二条 补贴300万元，" in lines(PAGE.replace("TRS_Editor", "printArea content-footer"))


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ("", EmptyFile),
        ("<html><body></body></html>", EmptyFile),
        ("<html><body><script>x。</script></body></html>", EmptyFile),
        ("<p>", EmptyFile),
    ],
)
def test_pages_without_text_are_refused(page: str, kind: type[BadFile]) -> None:
    with pytest.raises(kind) as caught:
        html.read(page.encode())
    assert re.search(r"[一-鿿]", caught.value.hint)


def test_a_page_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "MAX_BYTES", 100)
    with pytest.raises(TooLarge):
        html.read(PAGE.encode())


@pytest.mark.parametrize(
    "unit",
    ["<div>", "<b>", "<table><tr><td>", "<ul><li>", "<p>甲。</p>", "<ol><li>甲</li></ol>", "<a>甲</a>", "&lt;", "<br>"],
)
def test_much_of_anything_is_read_in_time(unit: str) -> None:
    assert html.read(f"<html><body>{unit * 600}乙</body></html>".encode())[-1].text.strip().endswith("乙")


def test_a_page_too_deep_to_be_read_whole_is_refused() -> None:
    with pytest.raises(TooLarge, match="嵌套"):
        html.read(f"<html><body>甲。{'<div>' * 9000}乙</body></html>".encode())


@pytest.mark.parametrize(
    "unit", ["<p>甲。</p>", "<ol><li>甲</li></ol>", "<a>甲</a>", "&lt;", "<br>", "<tr><td>甲<td>乙"]
)
def test_a_long_page_takes_time_in_proportion(unit: str) -> None:
    assert (
        html.read(f"<html><body><table>{unit * 10_000}</table>乙</body></html>".encode())[-1]
        .text.strip()
        .endswith("乙")
    )


def test_entities_of_xml_are_not_expanded() -> None:
    page = '<!DOCTYPE html [<!ENTITY a "AAAA"><!ENTITY s SYSTEM "file:///etc/hostname">]><html><body><p>甲&a;&s;乙</p></body></html>'
    assert "AAAA" not in "".join(lines(page))


def test_only_pages_match() -> None:
    for page in (
        PAGE,
        "<html><p>甲</p>",
        "\n<!-- x --><div>甲</div>",
        "<?xml version='1.0'?><html></html>",
        "<P>甲</P>",
    ):
        assert html.matches(page.encode())
        assert html.matches(page.encode("utf-16"))
    for other in (
        "",
        "区<管委会>",
        "<管委会>甲",
        "<p>甲",
        "<people></people>",
        "# 标题\n<div>甲</div>",
        "<div align=center>图</div>\n\n# 标题\n\n第一条 甲。",
        "<?xml version='1.0'?><w:document></w:document>",
    ):
        assert not html.matches(other.encode())
