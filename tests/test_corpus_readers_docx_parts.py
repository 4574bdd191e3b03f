"""Word files: every part is read or said to be left out - marks of text, fields, drawings, files in files, heads, notes."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import docx as writer
import openpyxl
import pytest
from docx.oxml import parse_xml
from docx.shared import Cm
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image
from test_corpus_readers_docx import W, edited, p, saved, texts, with_body

from corpus.readers import docx, embedded, mime, ocr, read_lines
from corpus.readers.errors import NoTextLayer
from corpus.readers.lines import LeftOut
from corpus.reading import read_file

REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
DGM = 'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"'
OLD, GRADED = '<w:pStyle w:val="Old"/>', '<w:pStyle w:val="Graded"/>'
SHOWN = '<w:strike w:val="0"/>'
GONE, GONE_2 = '<w:rStyle w:val="Gone"/>', '<w:rStyle w:val="Gone2"/>'
C = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def char(kind: str, data: str = "") -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}">{data}</w:fldChar></w:r>'


def code(text: str) -> str:
    return f'<w:r><w:instrText xml:space="preserve">{text}</w:instrText></w:r>'


def read(data: bytes) -> tuple[list[str], list[tuple[str, str]]]:
    """The texts and what was left out."""
    lines = docx.read(data)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    return [x.text for x in lines if x.text], [(x.left_out.reason, x.left_out.text) for x in lines if x.left_out]


def read_body(xml: str) -> tuple[list[str], list[tuple[str, str]]]:
    """What is read of a package with nothing but this body."""
    names = (
        f'{W} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml" '
        'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", f"<w:document {names}><w:body>{xml}</w:body></w:document>")
    return read(out.getvalue())


def with_part(body: str, name: str, content: bytes | str, kind: str) -> bytes:
    """A file whose body refers to one more part by the relationship rX."""
    data = edited(saved(with_body(body)), {
        "word/_rels/document.xml.rels": lambda old: old.replace(
            "</Relationships>", f"<Relationship Id='rX' Target='{name}' Type='{REL}/{kind}'/></Relationships>"
        )
    })  # fmt: skip
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"word/{name}", content)
    return out.getvalue()


def chunk(name: str, content: bytes | str) -> bytes:
    body = f"{p('前文')}<w:altChunk xmlns:r='{REL}' r:id='rX'/>{p('后文')}"
    return with_part(body, name, content, "aFChunk")


# -- marks of text -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "reason"),
    [("<w:strike/>", "deleted"), ('<w:dstrike w:val="true"/>', "deleted"), ("<w:vanish/>", "hidden"), ('<w:strike w:val="1"/>', "deleted"),
     ('<w:strike w:val="0"/>', None), ('<w:vanish w:val="off"/>', None)],
)  # fmt: skip
def test_marked_text_is_left_out(mark: str, reason: str | None) -> None:
    shown, left = read_body(f"<w:p>{run('每户')}{run('800元', mark)}{run('1200元。')}</w:p>")
    assert shown == ["每户1200元。" if reason else "每户800元1200元。"]
    assert left == ([(reason, "800元")] if reason else [])


def test_marks_come_from_styles_and_what_a_run_says_goes_before() -> None:
    document = with_body(
        f"<w:p>{run('甲')}{run('乙', GONE_2)}{run('丙', GONE_2 + SHOWN)}</w:p>"
        f"{p('丁', OLD)}"
        f"<w:p><w:pPr><w:pStyle w:val='Old'/></w:pPr>{run('戊', GONE)}</w:p>"
    )
    for xml in (
        '<w:style w:type="character" w:styleId="Gone"><w:name w:val="Gone"/><w:rPr><w:strike/></w:rPr></w:style>',
        '<w:style w:type="character" w:styleId="Gone2"><w:name w:val="Gone2"/><w:basedOn w:val="Gone"/></w:style>',
        '<w:style w:type="paragraph" w:styleId="Old"><w:name w:val="Old"/><w:rPr><w:strike/></w:rPr></w:style>',
    ):
        document.styles.element.append(parse_xml(xml.replace("<w:style", f"<w:style {W}", 1)))
    assert read(saved(document)) == (["甲丙", "戊"], [("deleted", "乙"), ("deleted", "丁")]), (
        "two toggles undo each other"
    )


def test_struck_and_deleted_text_in_cells_rows_and_text_boxes() -> None:
    box = f"<w:r><w:pict><v:textbox><w:txbxContent><w:p>{run('框')}{run('去', '<w:strike/>')}</w:p></w:txbxContent></v:textbox></w:pict></w:r>"
    shown, left = read_body(
        f"<w:tbl><w:tr><w:tc><w:p>{run('留')}{run('删', '<w:strike/>')}</w:p></w:tc><w:tc>{p('下')}</w:tc></w:tr>"
        f'<w:tr><w:trPr><w:del w:id="6" w:author="x"/></w:trPr><w:tc>{p("行一")}</w:tc><w:tc>{p("行二")}</w:tc></w:tr></w:tbl>'
        f'<w:p>{box}</w:p><w:p><w:del w:id="7" w:author="x">{box}</w:del>{run("完")}</w:p>'
    )
    assert shown == ["\t留\t下", "框", "完"]
    assert Counter(left) == Counter(
        [("deleted", "删"), ("deleted", "行一 行二"), ("deleted", "去"), ("deleted", "框去")]
    )


def test_a_struck_item_keeps_its_number_and_takes_it_away() -> None:
    from test_corpus_readers_docx import level, numbered, with_lists

    struck = numbered("乙").replace("<w:r>", "<w:r><w:rPr><w:strike/></w:rPr>")
    document = with_lists(with_body(numbered("甲") + struck + numbered("丙")), level(0, "decimal", "%1、"))
    assert read(saved(document)) == (["1、甲", "3、丙"], [("deleted", "2、乙")])


_STATES: dict[str, tuple[str, Callable[[str], str]]] = {
    "plain": ("", run),
    "inserted": ("", lambda t: f'<w:ins w:id="1" w:author="x">{run(t)}</w:ins>'),
    "control": ("", lambda t: f"<w:sdt><w:sdtPr/><w:sdtContent>{run(t)}</w:sdtContent></w:sdt>"),
    "link": ("", lambda t: f"<w:hyperlink>{run(t)}</w:hyperlink>"),
    "deleted": ("deleted", lambda t: f'<w:del w:id="1" w:author="x"><w:r><w:delText>{t}</w:delText></w:r></w:del>'),
    "moved": ("deleted", lambda t: f'<w:moveFrom w:id="1" w:author="x">{run(t)}</w:moveFrom>'),
    "struck": ("deleted", lambda t: run(t, "<w:strike/>")),
    "hidden": ("hidden", lambda t: run(t, "<w:vanish/>")),
    "prompt": ("markup", lambda t: f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{run(t)}</w:sdtContent></w:sdt>"),
    "box": ("", lambda t: f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'><wps:txbx><w:txbxContent>{p(t)}</w:txbxContent></wps:txbx></mc:Choice>"
            f"<mc:Fallback><w:pict><v:textbox><w:txbxContent>{p(t)}</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"),
}  # fmt: skip


@settings(max_examples=30)
@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from(sorted(_STATES)), st.booleans()), min_size=1, max_size=6),
        min_size=1,
        max_size=4,
    )
)
def test_every_run_is_shown_or_left_out_once(paragraphs: list[list[tuple[str, bool]]]) -> None:
    body, wanted, number = p("首段"), Counter({"": 2}), 0
    for states in paragraphs:
        xml = ""
        for state, _ in states:
            text = chr(0x4E00 + 100 + number)
            number += 1
            xml += _STATES[state][1](text)
            wanted[_STATES[state][0] + text] += 1
        cell = f"<w:p>{xml}</w:p>"
        body += f"<w:tbl><w:tr><w:tc>{cell}</w:tc><w:tc>{p('')}</w:tc></w:tr></w:tbl>" if states[0][1] else cell
    shown, left = read_body(body)
    found = Counter({"": 2})
    found.update(c for line in shown for c in line if c not in "首段\t ")
    found.update(reason + c for reason, text in left for c in text)
    assert found == wanted


# -- fields and forms --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (r"eq \o\ac(○,3)", "③"),
        (r"EQ \o\ac(○,二)", "㊁"),
        (r"EQ \f(1,2)", "1/2"),
        (r"EQ \r(3,x)", "3√x"),
        ("SYMBOL 254 \\f Wingdings", "☑"),
        ("MACROBUTTON NoMacro 请填写", "请填写"),
        ('HYPERLINK "x"', ""),
    ],
)
def test_fields_without_a_result_print_what_their_code_says(field: str, text: str) -> None:
    assert texts(with_body(f"<w:p>{run('见')}{char('begin')}{code(field)}{char('end')}{run('。')}</w:p>")) == [
        f"见{text}。"
    ]


def test_phonetic_guides_leave_the_word() -> None:
    guide = r'EQ \* jc2 \* "Font:宋体" \* hps10 \o\ad(\s\up 9(lán),澜)'
    ruby = "<w:r><w:ruby><w:rt><w:r><w:t>pin</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>拼</w:t></w:r></w:rubyBase></w:ruby></w:r>"
    shown, left = read_body(f"<w:p>{char('begin')}{code(guide)}{char('end')}{run('江')}{ruby}</w:p>")
    assert (shown, left) == (["澜江拼"], [("markup", "lán"), ("markup", "pin")])


def test_an_equation_nested_without_end_is_left_unread() -> None:
    deep = code("EQ " + "\\f(" * 900)
    shown, left = read_body(f"<w:p>{run('甲')}{char('begin')}{deep}{char('end')}</w:p>")
    assert shown == ["甲"]
    assert left[0][0] == "unread"


def test_boxes_and_lists_of_forms_show_their_state() -> None:
    ticked = "<w:ffData><w:checkBox><w:default w:val='0'/><w:checked/></w:checkBox></w:ffData>"
    empty = "<w:ffData><w:checkBox><w:default w:val='0'/></w:checkBox></w:ffData>"
    choice = "<w:ffData><w:ddList><w:result w:val='1'/><w:listEntry w:val='甲'/><w:listEntry w:val='乙'/></w:ddList></w:ffData>"
    fields = "".join(f"{char('begin', data)}{code('FORM')}{char('end')}" for data in (ticked, empty, choice))
    assert texts(with_body(f"<w:p>{fields}</w:p>")) == ["☑□乙"]


def test_contents_lists_and_prompts_are_left_out_with_their_text() -> None:
    toc = f"<w:p>{char('begin')}{code('TOC')}{char('separate')}{run('第一章 总则')}{char('end')}</w:p>"
    control = f'<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr><w:sdtContent>{p("目录一")}</w:sdtContent></w:sdt>'
    prompt = f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{p('单击此处')}</w:sdtContent></w:sdt>"
    assert read_body(toc + control + prompt + p("正文")) == (
        ["正文"],
        [("navigation", "第一章 总则"), ("navigation", "目录一"), ("markup", "单击此处")],
    )


def test_figures_set_high_behind_figures_and_signs_of_symbol_fonts() -> None:
    high = '<w:vertAlign w:val="superscript"/>'
    font = '<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/>'
    shown, left = read_body(
        f"<w:p>{run('10')}{run('4', high)}{run('个、5m')}{run('2', high)}{run('þ是', font)}"
        f'<w:r><w:sym w:font="Symbol" w:char="F061"/><w:sym w:font="Nobody" w:char="F0FF"/></w:r></w:p>'
    )
    assert shown == ["10⁴个、5m2☑是α"]
    assert left == [("unread", "[Nobody F0FF]")]


def test_formulas_stand_on_one_line() -> None:
    def t(text: str) -> str:
        return f"<m:r><m:t>{text}</m:t></m:r>"

    body = (
        f"<w:p><m:oMathPara><m:oMath>{t('y=')}<m:f><m:num>{t('a+b')}</m:num><m:den>{t('c')}</m:den></m:f>"
        f"<m:d><m:e><m:sSup><m:e>{t('x')}</m:e><m:sup>{t('2')}</m:sup></m:sSup></m:e></m:d>"
        f"<m:rad><m:deg/><m:e>{t('z')}</m:e></m:rad></m:oMath></m:oMathPara></w:p>"
    )
    assert texts(with_body(body)) == ["y=(a+b)/c(x^2)√z"]


# -- drawings ----------------------------------------------------------------------------------------------------------


def point(ident: str, text: str = "", kind: str = "node") -> str:
    body = f"<dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t>" if text else ""
    return f'<dgm:pt modelId="{ident}" type="{kind}">{body}</dgm:pt>'


def link(source: str, target: str, order: int) -> str:
    return f'<dgm:cxn modelId="c{source}{target}" srcId="{source}" destId="{target}" srcOrd="{order}"/>'


def drawing(inner: str) -> str:
    return f"<w:p {A} xmlns:r='{REL}'><w:r><w:drawing><a:graphic><a:graphicData>{inner}</a:graphicData></a:graphic></w:drawing></w:r></w:p>"


def test_a_diagram_is_read_along_its_tree() -> None:
    points = point("3", "复审") + point("0", kind="doc") + point("1", "受理") + point("2", "初审") + point("9", "单列")
    model = f"<dgm:dataModel {A} {DGM}><dgm:ptLst>{points}</dgm:ptLst><dgm:cxnLst>{link('0', '2', 1)}{link('0', '1', 0)}{link('2', '3', 0)}{link('3', '0', 0)}</dgm:cxnLst></dgm:dataModel>"
    body = p("流程：") + drawing(f"<dgm:relIds {DGM} r:dm='rX'/>") + p("完")
    assert read(with_part(body, "diagrams/data1.xml", model, "diagramData"))[0] == [
        "流程：", "受理", "初审", "复审", "单列", "完",
    ]  # fmt: skip
    assert read(saved(with_body(body))) == (["流程：", "完"], [("unread", "SmartArt 图示")])


def test_a_chart_gives_its_title_and_a_line_for_each_category() -> None:
    def cache(kind: str, *cells: str) -> str:
        code = "<c:formatCode>0%</c:formatCode>" if kind == "num%" else ""
        inner = "".join(f'<c:pt idx="{i}"><c:v>{cell}</c:v></c:pt>' for i, cell in enumerate(cells))
        name = kind.rstrip("%")
        return f"<c:{name}Ref><c:{name}Cache>{code}{inner}</c:{name}Cache></c:{name}Ref>"

    def series(name: str, kind: str, *cells: str) -> str:
        return f"<c:ser><c:tx>{cache('str', name)}</c:tx><c:cat>{cache('str', '2023年', '2024年')}</c:cat><c:val>{cache(kind, *cells)}</c:val></c:ser>"

    title = "<c:title><c:tx><c:rich><a:p><a:r><a:t>参保情况</a:t></a:r></a:p></c:rich></c:tx></c:title>"
    xml = f"<c:chartSpace {C} {A}><c:chart>{title}<c:plotArea><c:barChart>{series('人数', 'num', '120', '0.30000000000000004')}{series('比例', 'num%', '0.95', '0.97')}</c:barChart></c:plotArea></c:chart></c:chartSpace>"
    shown, left = read(with_part(p("见图") + drawing(f"<c:chart {C} r:id='rX'/>"), "charts/chart1.xml", xml, "chart"))
    assert shown == ["见图", "参保情况", "2023年：人数 120，比例 95%", "2024年：人数 0.3，比例 97%"]
    assert not left


def test_word_art_is_text_and_a_watermark_is_none() -> None:
    def art(ident: str, text: str) -> str:
        return f"<w:r><w:pict><v:shape id='{ident}'><v:textpath string='{text}'/></v:shape></w:pict></w:r>"

    shown, left = read_body(f"<w:p>{art('a1', '澜江市人民政府文件')}{art('PowerPlusWaterMarkObject1', '机密')}</w:p>")
    assert (shown, left) == (["澜江市人民政府文件"], [("watermark", "机密")])


def picture(width: int, height: int) -> io.BytesIO:
    out = io.BytesIO()
    Image.new("L", (width, height), 255).save(out, "PNG")
    out.seek(0)
    return out


def test_pictures_are_counted_and_a_file_of_pictures_says_so() -> None:
    document = writer.Document()
    document.add_picture(picture(40, 60), Cm(15), Cm(20))
    document.add_picture(picture(40, 41), Cm(15), Cm(20))
    with pytest.raises(NoTextLayer) as caught:
        docx.read(saved(document))
    assert caught.value.hint
    document.add_paragraph("附件如图。")
    assert read(saved(document)) == (["附件如图。"], [("unread", "图片 2 张")])


@pytest.mark.skipif(ocr.problem() is not None, reason="needs the extra `ocr`")
def test_a_picture_like_a_page_is_recognised() -> None:
    from test_corpus_readers_ocr import FONT, drawn  # type: ignore[import-not-found]

    document = writer.Document()
    document.add_picture(io.BytesIO(drawn(["第一条 停车收费每小时3元。"], FONT)), Cm(15), Cm(20))
    assert "停车收费" in "".join(line.text for line in docx.read(saved(document)))


# -- files in files ----------------------------------------------------------------------------------------------------

_HTML = "<html><head><meta charset='utf-8'></head><body><p>二、每人每年70元。</p></body></html>"
_MHT = (
    "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/html; charset=\"gb2312\"\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n"
)  # fmt: skip


def saved_page(page: str) -> bytes:
    import base64

    return _MHT.format(base64.encodebytes(page.encode("gb18030")).decode()).encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", _HTML.encode()),
        ("a.mht", saved_page("<html><body><p>二、每人每年70元。</p></body></html>")),
        ("a.txt", "二、每人每年70元。".encode("gb18030")),
        ("a.docx", saved(with_body(p("二、每人每年70元。")))),
        ("chunk.dat", "二、每人每年70元。".encode()),
    ],
)
def test_a_chunk_is_read_at_its_place(name: str, content: bytes) -> None:
    assert read(chunk(name, content))[0] == ["前文", "二、每人每年70元。", "后文"]


def test_a_chunk_that_cannot_be_read_is_named() -> None:
    rtf = rb"{\rtf1 \strike 800\strike0 900}"
    for name, content in (("a.rtf", rtf), ("b.bin", bytes(200)), ("c.docx", b"PK\x03\x04word/" + bytes(60))):
        shown, left = read(chunk(name, content))
        assert shown == ["前文", "后文"]
        assert left[0][0] == "unread"
        assert name in left[0][1]
    body = f"{p('前文')}<w:altChunk xmlns:r='{REL}' r:id='none'/>"
    assert read_body(body) == (["前文"], [("unread", "链接的对象")])


def test_a_chunk_of_rich_text() -> None:
    pytest.importorskip("striprtf")
    text = "".join(f"\\u{ord(c)}?" for c in "二、每人每年")
    assert read(chunk("a.rtf", (r"{\rtf1\ansi\uc1 " + text + r"70\par}").encode()))[0] == [
        "前文",
        "二、每人每年70",
        "后文",
    ]


def test_a_chunk_in_a_cell_is_read_there() -> None:
    body = f"<w:tbl><w:tr><w:tc>{p('标准')}</w:tc><w:tc><w:altChunk xmlns:r='{REL}' r:id='rX'/>{p('')}</w:tc></w:tr></w:tbl>"
    assert read(with_part(body, "a.html", _HTML, "aFChunk"))[0] == ["\t标准\t二、每人每年70元。"]


def ole(program: str = "Excel.Sheet.12") -> str:
    return (
        f"<w:p xmlns:r='{REL}' xmlns:o='urn:schemas-microsoft-com:office:office'>{run('见附表')}<w:r><w:object>"
        f"<v:shape><v:imagedata r:id='rP'/></v:shape><o:OLEObject Type='Embed' ProgID='{program}' r:id='rX'/></w:object></w:r></w:p>"
    )


def test_embedded_workbooks_and_documents_are_read_behind_their_paragraph() -> None:
    book = openpyxl.Workbook()
    book.active.append(["项目", "标准"])
    book.active.append(["体检", "70元"])
    out = io.BytesIO()
    book.save(out)
    shown, left = read(with_part(ole() + p("完"), "embeddings/x.xlsx", out.getvalue(), "package"))
    assert shown[0] == "见附表"
    assert shown[-3:] == ["\t项目\t标准", "\t体检\t70元", "完"]
    assert not left, "the picture that stands for the object is none of the text's"
    inner = saved(with_body(p("附则")))
    assert read(with_part(ole("Word.Document.12"), "embeddings/x.docx", inner, "package"))[0] == ["见附表", "附则"]


def test_other_objects_are_named() -> None:
    shown, left = read(
        with_part(ole("Equation.3"), "embeddings/oleObject1.bin", b"\xd0\xcf\x11\xe0" + bytes(90), "oleObject")
    )
    assert (shown, left) == (["见附表"], [("unread", "嵌入对象 oleObject1.bin（Equation.3）")])


def test_files_in_files_stay_within_one_allowance() -> None:
    data = saved(with_body(p("最里")))
    for _ in range(6):
        data = chunk("a.docx", data)
    shown, left = read(data)
    assert shown.count("前文") == embedded.MAX_DEPTH + 1
    assert "最里" not in shown
    assert left == [("unread", "嵌入的文件 a.docx")]
    allowance = embedded.Allowance(parts=2, unpacked=20)
    lines = [embedded.lines_of("二、每人。".encode(), "a.txt", allowance, None) for _ in range(3)]
    assert [line[0].text for line in lines] == ["二、每人。", "", ""], "the bytes are spent before the files are"


def test_a_part_is_read_once_however_often_it_is_named() -> None:
    many = p("甲") + f"<w:altChunk xmlns:r='{REL}' r:id='rX'/>" * 9
    shown, left = read(with_part(many, "a.txt", "乙", "aFChunk"))
    assert (shown, left) == (["甲", "乙"], [("unread", "a.txt：前面已经读过")] * 8)
    model = f"<dgm:dataModel {A} {DGM}><dgm:ptLst>{point('1', '受理')}</dgm:ptLst></dgm:dataModel>"
    body = drawing(f"<dgm:relIds {DGM} r:dm='rX'/>") * 3
    assert read(with_part(body, "d.xml", model, "diagramData")) == (["受理"], [("unread", "SmartArt 图示")] * 2)


def test_a_page_saved_as_one_file_is_known_by_its_head() -> None:
    data = saved_page("<html><body><p>第一条 甲。</p></body></html>")
    assert mime.matches(data)
    assert mime.matches(b"From: <Saved by Blink>\r\nSubject: =?utf-8?Q?a?=\r\n" + data)
    assert not mime.matches("MIME-Version 说明".encode())
    assert [line.text for line in mime.read(data)] == ["第一条 甲。"]


# -- heads, comments, notes --------------------------------------------------------------------------------------------


def with_head(lines: list[str], body: list[str], *, first: bool) -> bytes:
    document = writer.Document()
    section = document.sections[0]
    section.different_first_page_header_footer = first
    head = section.first_page_header if first else section.header
    head.paragraphs[0].text = lines[0]
    for line in lines[1:]:
        head.add_paragraph(line)
    for line in body:
        document.add_paragraph(line)
    return saved(document)


def test_a_letterhead_in_the_first_head_stands_first() -> None:
    head = ["澜江市人民政府文件", "澜政发〔2024〕3号"]
    body = ["关于停车收费的通知", "一、每小时3元。"]
    for first in (True, False):
        assert read(with_head(head, body, first=first)) == (head + body, [])
    assert read(with_head(head, [*head, *body], first=True)) == (
        head + body,
        [("running_head", head[0]), ("running_head", head[1])],
    )
    documents = read_file(with_head(head, body, first=True), "a.docx").documents
    assert [document.number for document, _ in documents] == ["澜政发〔2024〕3号"]


def test_heads_that_run_along_are_left_out() -> None:
    data = with_head(["国家市场监督管理总局规章", "澜江市民政局"], ["第一条 甲。"], first=False)
    assert read(data) == (
        ["第一条 甲。"],
        [("running_head", "国家市场监督管理总局规章"), ("running_head", "澜江市民政局")],
    )
    document = writer.Document()
    document.add_paragraph("第一条 甲。")
    foot = document.sections[0].footer.paragraphs[0]._p
    for xml in (run("— "), char("begin"), code("PAGE"), char("separate"), run("12"), char("end"), run(" —")):
        foot.append(parse_xml(re.sub(r"^<w:r>", f"<w:r {W}>", xml)))
    assert read(saved(document)) == (["第一条 甲。"], [("page_number", "— 12 —")])


def test_comments_and_notes_whose_marks_were_deleted_are_left_out() -> None:
    body = (
        f'<w:p>{run("正文")}<w:r><w:commentReference w:id="0"/></w:r>'
        '<w:del w:id="8" w:author="x"><w:r><w:footnoteReference w:id="2"/></w:r></w:del></w:p>'
    )
    comments = f'<w:comments {W}><w:comment w:id="0" w:author="张三">{p("此处待核")}</w:comment></w:comments>'
    data = with_part(body, "comments.xml", comments, "comments")
    data = edited(data, {
        "word/footnotes.xml": f'<w:footnotes {W}><w:footnote w:id="2">{p("旧注")}</w:footnote></w:footnotes>',
        "word/_rels/document.xml.rels": lambda old: old.replace("</Relationships>", f"<Relationship Id='rn' Target='footnotes.xml' Type='{REL}/footnotes'/></Relationships>"),
    })  # fmt: skip
    assert read(data) == (["正文"], [("deleted", "旧注"), ("comment", "此处待核")])


# -- the file as a whole -----------------------------------------------------------------------------------------------


def test_titles_by_style_and_over_several_lines() -> None:
    document = with_body(
        f"<w:p><w:pPr><w:pStyle w:val='Title'/></w:pPr>{run('澜江市人民政府')}<w:r><w:br/></w:r>{run('关于停车收费的通知')}</w:p>"
        f"{p('总体要求', GRADED)}{p('甲。')}"
    )
    document.styles.element.append(
        parse_xml(
            f'<w:style {W} w:type="paragraph" w:styleId="Graded"><w:name w:val="二级标题"/><w:basedOn w:val="Normal"/></w:style>'
        )
    )
    lines = docx.read(saved(document))
    assert [(line.text, line.level) for line in lines] == [
        ("澜江市人民政府关于停车收费的通知", 1),
        ("总体要求", 2),
        ("甲。", 0),
    ]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["澜江市人民政府", "关于停车收费的", "通　知", "澜政发〔2024〕3号"], ["澜江市人民政府关于停车收费的通　知", "澜政发〔2024〕3号"]),
        (["澜江市停车管理办法", "（试行）"], ["澜江市停车管理办法", "（试行）"]),
        (["澜江市人民政府文件", "关于停车的通知"], ["澜江市人民政府文件", "关于停车的通知"]),
        (["附件1", "停车收费标准"], ["附件1", "停车收费标准"]),
        (["澜江市民政局", "2024年5月1日"], ["澜江市民政局", "2024年5月1日"]),
        (["澜江市停车管理办法", "澜江市供暖补助办法"], ["澜江市停车管理办法", "澜江市供暖补助办法"]),
    ],
)  # fmt: skip
def test_a_title_broken_over_lines_in_the_middle_is_one(lines: list[str], wanted: list[str]) -> None:
    text = "<w:r><w:br/></w:r>".join(map(run, lines))
    assert read_body(f"<w:p><w:pPr><w:jc w:val='center'/></w:pPr>{text}</w:p>")[0] == wanted
    assert read_body(f"<w:p>{text}</w:p>")[0] == lines, "only where it is set in the middle"


def test_a_heading_that_runs_on_in_the_next_paragraph() -> None:
    body = f"<w:p><w:pPr><w:rPr><w:vanish/><w:specVanish/></w:rPr></w:pPr>{run('第一条')}</w:p>{p(' 甲。')}"
    assert texts(with_body(body)) == ["第一条 甲。"]


def test_text_outside_paragraphs_is_read() -> None:
    body = f"<w:ins w:id='1' w:author='x'>{run('甲')}</w:ins><mc:AlternateContent><mc:Choice Requires='x'>{p('乙')}</mc:Choice></mc:AlternateContent>{p('丙')}<w:r><w:t>丁</w:t></w:r>"
    assert texts(with_body(body)) == ["甲", "乙", "丙", "丁"]


_STRICT = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "http://purl.oclc.org/ooxml/wordprocessingml/main",
    REL: "http://purl.oclc.org/ooxml/officeDocument/relationships",
}


@pytest.mark.parametrize("kind", ["strict", "docm", "dotx"])
def test_other_kinds_of_word_packages_are_read(kind: str) -> None:
    document = with_body(f"<w:p>{run('甲')}{run('乙', '<w:strike/>')}</w:p>")
    document.add_heading("标题", 1)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(document))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if kind == "strict" and name.endswith((".xml", ".rels")):
                for one, other in _STRICT.items():
                    text = text.replace(one.encode(), other.encode())
            elif name == "[Content_Types].xml":
                main = (
                    "application/vnd.ms-word.document.macroEnabled"
                    if kind == "docm"
                    else "application/vnd.openxmlformats-officedocument.wordprocessingml.template"
                )
                text = text.replace(
                    b"application/vnd.openxmlformats-officedocument.wordprocessingml.document", main.encode()
                )
            new.writestr(name, text)
    lines = read_lines(out.getvalue())
    assert [(line.text, line.level) for line in lines if line.text] == [("甲", 0), ("标题", 1)]
    assert [line.left_out for line in lines if line.left_out] == [LeftOut("deleted", "乙")]


# -- real files --------------------------------------------------------------------------------------------------------

_PARTS = re.compile(r"word/(?:document|footnotes|endnotes|comments|header\d*|footer\d*|diagrams/data\d*)\.xml")
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def characters(data: bytes, wanted: Callable[[str], bool]) -> Counter[str]:
    """The characters of all text in the parts of a file, that of old copies of text boxes aside."""
    out: Counter[str] = Counter()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in filter(wanted, filter(_PARTS.fullmatch, archive.namelist())):
            root = etree.fromstring(archive.read(name))
            for old in list(root.iter(_FALLBACK)):
                old.getparent().remove(old)
            for element in root.iter("{*}t", "{*}delText"):
                out.update("".join((element.text or "").split()))
    return out


@pytest.mark.shared
def test_nothing_of_the_real_files_is_lost_or_doubled(shared: Path) -> None:
    files = sorted((shared / "cities").glob("*.docx"))
    for path in files[::2]:
        data = path.read_bytes()
        lines = docx.read(data)
        found: Counter[str] = Counter()
        for line in lines:
            found.update("".join(line.text.split()))
            found.update(
                "".join(line.left_out.text.split()) if line.left_out and line.left_out.reason != "unread" else ""
            )
        body = characters(data, lambda name: "header" not in name and "footer" not in name)
        assert not body - found, path.name
        # Cells that reach over rows are repeated, and numbers and notes are written out.
        merged = Counter(c for line in lines if line.text.startswith("\t") for c in line.text if not c.isspace())
        more = found - characters(data, lambda name: True) - merged
        assert sum(more.values()) <= 0.02 * sum(found.values()) + 8, path.name
    assert len(files) >= 90


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "wanted", "unwanted"),
    [
        ("29_18_strike", "1200元", "800元"),
        ("31_13_altchunk_mixed", "70元", "链接"),
        ("33_15_smartart", "中心三个工作日内审核", "图示"),
    ],
)
def test_the_cases(shared: Path, name: str, wanted: str, unwanted: str) -> None:
    text = "".join(line.text for line in docx.read((shared / "cases" / f"{name}.docx").read_bytes()))
    assert wanted in text
    assert unwanted not in text
