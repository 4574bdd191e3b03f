"""Presentations written by hand: order, titles, numbers, tables, charts, diagrams, and what is left out."""

from __future__ import annotations

import io
import zipfile

import pytest

from corpus.errors import EmptyFile, TooLarge
from corpus.readers import pptx, read_lines
from corpus.readers.errors import Damaged

R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NS = f'xmlns:p="p" xmlns:a="a" xmlns:r="{R}" xmlns:c="c" xmlns:dgm="d"'


def rels(*rows: tuple[str, str, str]) -> str:
    inner = "".join(f'<Relationship Id="{i}" Type="{R}/{kind}" Target="{target}"/>' for i, kind, target in rows)
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inner}</Relationships>'
    )


def shape(text: str, kind: str = "", at: tuple[int, int] | None = None, tall: int = 10, idx: str = "") -> str:
    mark = f'<p:ph type="{kind}"{f" idx={chr(34)}{idx}{chr(34)}" if idx else ""}/>' if kind else ""
    place = f'<a:xfrm><a:off x="{at[0]}" y="{at[1]}"/><a:ext cx="10" cy="{tall}"/></a:xfrm>' if at else ""
    lines = (
        text if text.startswith("<a:p>") else "".join(f"<a:p><a:r><a:t>{t}</a:t></a:r></a:p>" for t in text.split("\n"))
    )
    return f"<p:sp><p:nvSpPr><p:cNvPr/><p:nvPr>{mark}</p:nvPr></p:nvSpPr><p:spPr>{place}</p:spPr><p:txBody>{lines}</p:txBody></p:sp>"


def frame(inner: str) -> str:
    return f"<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr name='对象'/><p:nvPr/></p:nvGraphicFramePr><p:xfrm/><a:graphic><a:graphicData>{inner}</a:graphicData></a:graphic></p:graphicFrame>"


def deck(*slides: str, parts: dict[str, str] | None = None, beside: str = "", show: str = "1") -> bytes:
    """A deck; `beside` are relationships of each slide, and only the last slide is shown as `show` says."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("_rels/.rels", rels(("r1", "officeDocument", "ppt/presentation.xml")))
        order = "".join(f'<p:sldId id="{n}" r:id="s{n}"/>' for n in range(len(slides)))
        package.writestr(
            "ppt/presentation.xml", f"<p:presentation {NS}><p:sldIdLst>{order}</p:sldIdLst></p:presentation>"
        )
        # the parts are named in reverse: the order of the list counts
        names = [f"slides/slide{len(slides) - n}.xml" for n in range(len(slides))]
        package.writestr("ppt/_rels/presentation.xml.rels", rels(*((f"s{n}", "slide", x) for n, x in enumerate(names))))
        for n, (name, tree) in enumerate(zip(names, slides, strict=True)):
            shown = show if n == len(slides) - 1 else "1"
            xml = f'<p:sld {NS} show="{shown}"><p:cSld><p:spTree>{tree}</p:spTree></p:cSld></p:sld>'
            package.writestr(f"ppt/{name}", xml)
            if beside:
                package.writestr(f"ppt/slides/_rels/{name.rpartition('/')[2]}.rels", beside)
        for name, xml in (parts or {}).items():
            package.writestr(name, xml)
    return out.getvalue()


def texts(data: bytes) -> list[str]:
    return [line.text for line in read_lines(data) if line.text]


def left_out(data: bytes) -> list[tuple[str, str, int | None]]:
    return [(k.left_out.reason, k.left_out.text, k.page) for k in pptx.read(data) if k.left_out]


def test_slides_are_headings_with_their_text_from_top_to_bottom() -> None:
    one = shape("右下", at=(50, 51)) + shape("左下", at=(0, 50)) + shape("上", at=(0, 20)) + shape("第一页", "title")
    two = shape("第二页", "ctrTitle") + shape("甲\n乙", "body")
    data = deck(one, two)
    assert pptx.matches(data)
    lines = [(line.text, line.level, line.page) for line in read_lines(data)]
    assert lines == [
        ("第一页", 1, 1), ("上", 0, 1), ("左下", 0, 1), ("右下", 0, 1), ("第二页", 1, 2), ("甲", 0, 2), ("乙", 0, 2),
    ]  # fmt: skip


def test_groups_and_layouts_say_where_things_stand() -> None:
    group = (
        '<p:grpSp><p:grpSpPr><a:xfrm><a:off x="0" y="100"/><a:ext cx="10" cy="50"/><a:chOff x="0" y="0"/>'
        f'<a:chExt cx="10" cy="50"/></a:xfrm></p:grpSpPr>{shape("组内", at=(0, 0))}</p:grpSp>'
    )
    slide = group + shape("占位", "body", idx="7") + shape("中间", at=(0, 60))
    layout = f"<p:sldLayout {NS}><p:cSld><p:spTree>{shape('提示', 'body', at=(0, 5), idx='7')}</p:spTree></p:cSld></p:sldLayout>"
    data = deck(slide, parts={"ppt/layouts/l.xml": layout}, beside=rels(("x", "slideLayout", "../layouts/l.xml")))
    assert texts(data) == ["占位", "中间", "组内"]


def test_automatic_numbers_are_typed() -> None:
    def numbered(kind: str, text: str, level: int = 0) -> str:
        return f'<a:p><a:pPr lvl="{level}"><a:buAutoNum type="{kind}"/></a:pPr><a:r><a:t>{text}</a:t></a:r></a:p>'

    body = "".join((
        numbered("ea1ChsPeriod", "总则"), numbered("arabicParenBoth", "其一", 1), numbered("arabicParenBoth", "其二", 1),
        numbered("ea1ChsPeriod", "分则"), numbered("arabicParenBoth", "又一", 1), "<a:p><a:r><a:t>不编号</a:t></a:r></a:p>",
        numbered("arabicPeriod", "甲"), numbered("circleNumDbPlain", "乙"),
    ))  # fmt: skip
    assert texts(deck(shape(body))) == [
        "一、总则", "(1)其一", "(2)其二", "二、分则", "(1)又一", "不编号", "1.甲", "①乙",
    ]  # fmt: skip


def test_tables_charts_and_diagrams() -> None:
    def cell(text: str, more: str = "") -> str:
        return f"<a:tc {more}><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>"

    table = (
        f'<a:tbl><a:tblPr firstRow="1"/><a:tr>{cell("事项")}{cell("标准", "gridSpan={0}2{0}".format(chr(34)))}{cell("", "hMerge={0}1{0}".format(chr(34)))}</a:tr>'
        f"<a:tr>{cell('停车', 'rowSpan={0}2{0}'.format(chr(34)))}{cell('5元')}{cell('小时')}</a:tr>"
        f"<a:tr>{cell('', 'vMerge={0}1{0}'.format(chr(34)))}{cell('50元')}{cell('天')}</a:tr></a:tbl>"
    )
    slide = frame(table) + frame('<c:chart r:id="k"/>') + frame('<dgm:relIds r:dm="m"/>') + frame("<p:oleObj/>")
    chart = (
        f"<c:chartSpace {NS}><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>逐年</a:t></a:r></a:p></c:rich></c:tx></c:title>"
        "<c:ser><c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>金额</c:v></c:pt></c:strCache></c:strRef></c:tx>"
        "<c:cat><c:strRef><c:strCache><c:pt idx='0'><c:v>2024年</c:v></c:pt><c:pt idx='1'><c:v>2025年</c:v></c:pt></c:strCache></c:strRef></c:cat>"
        "<c:val><c:numRef><c:numCache><c:pt idx='0'><c:v>3</c:v></c:pt><c:pt idx='1'><c:v>4.5</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser></c:chart></c:chartSpace>"
    )

    def point(ident: str, text: str, kind: str = "node") -> str:
        return (
            f'<dgm:pt modelId="{ident}" type="{kind}"><dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t></dgm:pt>'
        )

    def tied(above: str, below: str, order: int) -> str:
        return f'<dgm:cxn srcId="{above}" destId="{below}" srcOrd="{order}"/>'

    diagram = f"<dgm:dataModel {NS}><dgm:ptLst>{point('3', '办结')}{point('2', '受理')}{point('4', '送达')}{point('1', '', 'doc')}{point('9', '布局', 'pres')}</dgm:ptLst><dgm:cxnLst>{tied('1', '3', 1)}{tied('1', '2', 0)}{tied('2', '4', 0)}</dgm:cxnLst></dgm:dataModel>"
    data = deck(
        slide,
        parts={"ppt/charts/c.xml": chart, "ppt/diagrams/d.xml": diagram},
        beside=rels(("k", "chart", "../charts/c.xml"), ("m", "diagramData", "../diagrams/d.xml")),
    )
    assert texts(data) == [
        "\t事项\t标准\t标准", "\t停车\t5元\t小时", "\t停车\t50元\t天", "逐年", "\t \t金额", "\t2024年\t3", "\t2025年\t4.5", "受理",
        "送达", "办结",
    ]  # fmt: skip
    assert [line.header for line in pptx.read(data) if line.text][:2] == [True, False]
    assert left_out(data) == [("unread", "对象", 1)]
    broken = deck(frame('<c:chart r:id="k"/>') + frame('<dgm:relIds r:dm="m"/>') + shape("文"))
    assert left_out(broken) == [("unread", "图表", 1), ("unread", "SmartArt", 1)]


def test_what_is_left_out_is_said() -> None:
    foot = shape("3", "sldNum") + shape("内部资料", "ftr")
    picture = "<p:pic><p:nvPicPr><p:cNvPr descr='流程图'/><p:nvPr/></p:nvPicPr></p:pic>"
    gone = "<p:sp><p:nvSpPr><p:cNvPr hidden='1'/><p:nvPr/></p:nvSpPr><p:txBody><a:p><a:r><a:t>藏</a:t></a:r></a:p></p:txBody></p:sp>"
    notes = (
        f"<p:notes {NS}><p:cSld><p:spTree>{shape('讲稿', 'body')}{shape('1', 'sldNum')}</p:spTree></p:cSld></p:notes>"
    )
    comments = f"<p:cmLst {NS}><p:cm><p:text>再核对</p:text></p:cm></p:cmLst>"
    data = deck(
        shape("正文") + foot + picture + gone, shape("隐藏页"), show="0",
        parts={"ppt/n.xml": notes, "ppt/c.xml": comments},
        beside=rels(("n", "notesSlide", "../n.xml"), ("c", "comments", "../c.xml")),
    )  # fmt: skip
    assert texts(data) == ["正文"]
    assert sorted(left_out(data), key=str) == sorted([
        ("page_number", "3", 1), ("running_head", "内部资料", 1), ("unread", "流程图", 1), ("hidden", "藏", 1),
        ("comment", "讲稿", 1), ("comment", "再核对", 1), ("hidden", "隐藏页", 2),
    ], key=str)  # fmt: skip


def test_limits_and_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EmptyFile, match="没有文字"):
        read_lines(deck(shape("藏", "sldNum")))
    with pytest.raises(Damaged):
        read_lines(deck(shape("文"))[:500])
    monkeypatch.setattr(pptx, "MAX_CELLS", 1)
    with pytest.raises(TooLarge, match="单元格"):
        read_lines(deck(frame("<a:tbl><a:tr><a:tc/><a:tc/></a:tr></a:tbl>")))
    monkeypatch.setattr(pptx, "MAX_SLIDES", 1)
    with pytest.raises(TooLarge, match="1 页"):
        read_lines(deck("", ""))
