"""Word files -> lines: what stands in the body and in which order, Word's own numbers, and what is refused."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import docx as writer
import pytest
from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from corpus import bulletin, outline
from corpus.canonical import paragraphs
from corpus.errors import BadFile, EmptyFile, TooLarge
from corpus.numerals import to_int
from corpus.readers import docx, ooxml
from corpus.readers.errors import Damaged, Encrypted
from corpus.readers.lines import LeftOut
from corpus.readers.numbering import number_text

W = nsdecls("w")


def saved(document: Document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def texts(document: Document) -> list[str]:
    return [line.text for line in docx.read(saved(document)) if line.text]


def with_body(xml: str) -> Document:
    """A document whose body is this XML (elements in the w namespace)."""
    document = writer.Document()
    body = document.element.body
    wrapper = parse_xml(
        f'<w:body {W} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        f'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
        f'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape">{xml}</w:body>'
    )
    for element in list(wrapper):
        body.insert(len(body) - 1, element)
    return document


def p(text: str, properties: str = "") -> str:
    return f'<w:p><w:pPr>{properties}</w:pPr><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def numbered(text: str, depth: int = 0, num: int = 90) -> str:
    return p(text, f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{num}"/></w:numPr>')


def level(depth: int, style: str, text: str, more: str = "") -> str:
    start = "" if "<w:start " in more else '<w:start w:val="1"/>'
    return f'<w:lvl w:ilvl="{depth}">{start}<w:numFmt w:val="{style}"/>{more}<w:lvlText w:val="{text}"/></w:lvl>'


def with_lists(document: Document, levels: str, nums: str = "", more: str = "") -> Document:
    """Adds the abstract list 90 and the lists that `nums` gives (by default list 90)."""
    root = document.part.numbering_part.element
    root.insert(0, parse_xml(f'<w:abstractNum {W} w:abstractNumId="90">{levels}</w:abstractNum>'))
    for xml in re.findall(r"<w:abstractNum .*?</w:abstractNum>", more):
        root.insert(0, parse_xml(xml.replace("<w:abstractNum", f"<w:abstractNum {W}", 1)))
    nums = nums or '<w:num w:numId="90"><w:abstractNumId w:val="90"/></w:num>'
    for xml in re.findall(r"<w:num .*?</w:num>", nums):
        root.append(parse_xml(xml.replace("<w:num", f"<w:num {W}", 1)))
    return document


# -- text and order ----------------------------------------------------------------------------------------------------


def test_paragraphs_and_tables_come_in_document_order() -> None:
    document = writer.Document()
    document.add_heading("澜江市补贴办法", 1)
    document.add_paragraph("\u3000\u3000第一条\u3000为了发展，制定本办法。")
    table = document.add_table(2, 3)
    for cell, text in zip(table._cells, ["类别", "", "标准\n（万元）", "甲", "乙", "300"], strict=True):
        cell.text = text
    document.add_paragraph("第二条 自发布之日起施行。")
    lines = docx.read(saved(document))
    assert [line.text for line in lines] == [
        "澜江市补贴办法", "\u3000\u3000第一条\u3000为了发展，制定本办法。", "\t类别\t \t标准 （万元）", "", "\t甲\t乙\t300", "",
        "第二条 自发布之日起施行。",
    ]  # fmt: skip
    assert [line.number for line in lines] == list(range(1, 8))
    assert [line.level for line in lines][:2] == [1, 0]
    rows = [paragraph.cells for paragraph in paragraphs(lines) if paragraph.cells]
    assert rows[1] == ("甲", "乙", "300")


def test_a_cell_merged_downwards_names_its_group_in_every_row() -> None:
    document = writer.Document()
    table = document.add_table(3, 3)
    for cell, text in zip(table._cells, ["类别", "项目", "说明", "工业", "技改", "", "", "研发", "注"], strict=True):
        cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    table.cell(0, 1).merge(table.cell(0, 2))
    assert texts(document) == ["\t类别\t项目 说明\t项目 说明", "\t工业\t技改\t ", "\t工业\t研发\t注"]


def test_a_table_of_one_column_only_frames_its_text() -> None:
    document = writer.Document()
    cell = document.add_table(1, 1).cell(0, 0)
    cell.text = "第一条 甲。"
    cell.add_paragraph("第二条 乙。")
    assert texts(document) == ["第一条 甲。", "第二条 乙。"]


def test_revisions_are_read_as_accepted() -> None:
    run = "<w:r><w:t>{}</w:t></w:r>"
    gone = "<w:r><w:delText>{}</w:delText></w:r>"
    mark = '<w:pPr><w:rPr><w:del w:id="9" w:author="x"/></w:rPr></w:pPr>'
    document = with_body(
        f'<w:p>{run.format("补贴")}<w:del w:id="1" w:author="x">{gone.format("100")}</w:del>'
        f'<w:ins w:id="2" w:author="x">{run.format("300")}</w:ins>{run.format("万元")}</w:p>'
        f"<w:p>{mark}{run.format('前半句，')}</w:p><w:p>{run.format('后半句。')}</w:p>"
        f'<w:p>{mark}<w:del w:id="3" w:author="x">{gone.format("整段")}</w:del></w:p>'
        f'<w:p><w:moveFrom w:id="4" w:author="x">{run.format("移走")}</w:moveFrom></w:p>'
        f'<w:p><w:moveTo w:id="5" w:author="x">{run.format("移来")}</w:moveTo></w:p>'
        f'<w:tbl><w:tr><w:trPr><w:del w:id="6" w:author="x"/></w:trPr><w:tc>{p("删")}</w:tc><w:tc>{p("除")}</w:tc></w:tr>'
        f"<w:tr><w:tc>{p('留')}</w:tc><w:tc>{p('下')}</w:tc></w:tr></w:tbl>"
    )
    assert texts(document) == ["补贴300万元", "前半句，后半句。", "移来", "\t留\t下"]


def test_fields_give_their_results_and_contents_lists_go() -> None:
    def char(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    def code(text: str) -> str:
        return f"<w:r><w:instrText>{text}</w:instrText></w:r>"

    def run(text: str) -> str:
        return f"<w:r><w:t>{text}</w:t></w:r>"

    body = (
        f"<w:p>{char('begin')}{code('TOC -o')}{char('separate')}{run('第一章 总则')}{char('begin')}{code('PAGEREF x')}{char('separate')}"
        f"{run('1')}{char('end')}</w:p><w:p>{run('第二章 附则')}</w:p><w:p>{char('end')}</w:p>"
        f"<w:p>{run('见')}{char('begin')}{code('REF a')}{char('separate')}{run('第三条')}{char('end')}"
        f'<w:fldSimple w:instr="DATE">{run("2025年")}</w:fldSimple><w:hyperlink>{run("官网")}</w:hyperlink></w:p>'
    )
    assert texts(with_body(body)) == ["见第三条2025年官网"]
    broken = body.replace(f"<w:p>{char('end')}</w:p>", "")
    assert "第二章 附则" in texts(with_body(broken)), "a contents list that never ends hides nothing"


def test_breaks_tabs_signs_and_hidden_text() -> None:
    document = with_body(
        '<w:p><w:r><w:tab/><w:t>甲</w:t><w:tab/><w:t>乙</w:t><w:br/><w:t>丙</w:t><w:br w:type="page"/><w:t>1</w:t><w:noBreakHyphen/><w:t>2</w:t>'
        '<w:sym w:font="Wingdings" w:char="F0FE"/></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>藏</w:t></w:r>'
        '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>显</w:t></w:r></w:p>'
        "<w:p><m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f></m:oMath></w:p>"
        "<w:p><w:r><w:ruby><w:rt><w:r><w:t>pin</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>拼</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>"
    )
    assert texts(document) == ["甲\t乙", "丙", "1-2☑显", "a/b", "拼"]


def test_a_text_box_is_read_once_after_its_paragraph() -> None:
    box = f"<w:txbxContent>{p('框内文字')}</w:txbxContent>"
    document = with_body(
        "<w:p><w:r><w:t>正文</w:t></w:r><w:r><mc:AlternateContent><mc:Choice Requires='wps'><wps:txbx>"
        f"{box}</wps:txbx></mc:Choice><mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
        f"<w:p><w:r><w:pict><v:textbox>{box.replace('框内', '旧框')}</v:textbox></w:pict></w:r></w:p>"
    )
    assert texts(document) == ["正文", "框内文字", "旧框文字"]


def test_headers_and_footers_are_not_text_and_notes_stand_at_the_end() -> None:
    document = with_body(
        '<w:p><w:r><w:t>补贴。</w:t><w:footnoteReference w:id="2"/></w:r></w:p><w:p><w:r><w:t>完。</w:t></w:r></w:p>'
    )
    document.sections[0].header.paragraphs[0].text = "页眉"
    document.sections[0].footer.paragraphs[0].text = "页脚"
    data = edited(saved(document), {
        "word/footnotes.xml": f'<w:footnotes {W}><w:footnote w:type="separator" w:id="1">{p("")}</w:footnote>'
        f'<w:footnote w:id="2">{p("以税前计。")}</w:footnote></w:footnotes>',
        "word/_rels/document.xml.rels": lambda old: old.replace("</Relationships>", "<Relationship Id='rn' Target='footnotes.xml' "
        "Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes'/></Relationships>"),
    })  # fmt: skip
    lines = docx.read(data)
    assert [line.text for line in lines if line.text] == ["补贴。", "完。", "注1：以税前计。"]
    assert [line.left_out for line in lines if line.left_out] == [
        LeftOut("running_head", "页眉"),
        LeftOut("running_head", "页脚"),
    ]


def test_heading_levels_come_from_styles_and_outline_levels() -> None:
    document = writer.Document()
    document.add_heading("大标题", 2)
    document.styles.add_style("自定", 1).base_style = document.styles["Heading 3"]
    document.add_paragraph("小标题", "自定")
    document.add_paragraph("这一段是正文。它被误设为标题。", "Heading 1")
    document.add_paragraph("直接").paragraph_format.element.get_or_add_pPr().append(
        parse_xml(f'<w:outlineLvl {W} w:val="4"/>')
    )
    assert [line.level for line in docx.read(saved(document))] == [2, 3, 0, 5]


# -- numbers -----------------------------------------------------------------------------------------------------------


def test_automatic_numbers_stand_as_typed_text() -> None:
    levels = level(0, "chineseCountingThousand", "第%1章") + level(1, "chineseCounting", "第%2条", '<w:lvlRestart w:val="0"/>') + level(
        2, "chineseCounting", "（%3）"
    )  # fmt: skip
    body = "".join(
        numbered(*row)
        for row in [
            ("总则", 0),
            ("甲。", 1),
            ("乙：", 1),
            ("子；", 2),
            ("丑。", 2),
            ("附则", 0),
            ("丙：", 1),
            ("寅。", 2),
        ]
    )
    assert texts(with_lists(with_body(body), levels)) == [
        "第一章\u3000总则", "第一条\u3000甲。", "第二条\u3000乙：", "（一）子；", "（二）丑。", "第二章\u3000附则", "第三条\u3000丙：", "（一）寅。",
    ]  # fmt: skip


def test_decimal_levels_name_those_above_and_legal_levels_are_arabic() -> None:
    levels = (
        level(0, "chineseCounting", "%1、")
        + level(1, "decimal", "%1.%2", "<w:isLgl/>")
        + level(2, "decimalEnclosedCircle", "%3")
    )
    body = (
        numbered("总", 0)
        + numbered("分", 1)
        + numbered("细", 2)
        + numbered("细", 2)
        + numbered("分", 1)
        + numbered("细", 2)
    )
    assert texts(with_lists(with_body(body), levels)) == ["一、总", "1.1 分", "①细", "②细", "1.2 分", "①细"]


def test_hidden_levels_count_and_digits_may_have_zeros_before_them() -> None:
    zeros = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice Requires="w14">'
        '<w:numFmt w:val="custom" w:format="001, 002, 003, ..."/></mc:Choice><mc:Fallback><w:numFmt w:val="decimal"/></mc:Fallback></mc:AlternateContent>'
    )
    hidden = level(0, "decimal", "%1").replace("</w:lvl>", "<w:rPr><w:vanish/></w:rPr></w:lvl>")
    padded = level(1, "decimal", "%1-%2").replace('<w:numFmt w:val="decimal"/>', zeros)
    body = numbered("总", 0) + numbered("总", 0) + numbered("分", 1)
    assert texts(with_lists(with_body(body), hidden + padded)) == ["总", "总", "2-001 分"]


def test_lists_of_one_kind_count_on_unless_one_starts_anew() -> None:
    nums = "".join(f'<w:num w:numId="{n}"><w:abstractNumId w:val="90"/>{o}</w:num>' for n, o in [
        (90, ""), (91, ""), (92, '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride>'),
    ])  # fmt: skip
    body = "".join(numbered("项", 0, n) for n in (90, 90, 91, 92, 92, 90))
    lines = texts(with_lists(with_body(body), level(0, "decimal", "%1．", '<w:start w:val="3"/>'), nums))
    assert lines == ["3．项", "4．项", "5．项", "7．项", "8．项", "9．项"]


def test_numbers_come_from_styles_and_numid_0_takes_them_away() -> None:
    document = with_lists(
        with_body(p("甲", '<w:pStyle w:val="Tiao"/>') + p("乙", '<w:pStyle w:val="Tiao"/><w:numPr><w:numId w:val="0"/></w:numPr>')
                  + p("丙", '<w:pStyle w:val="Kuan"/>')),
        level(0, "chineseCounting", "第%1编") + level(1, "chineseCounting", "第%2条", '<w:pStyle w:val="Tiao"/>'),
    )  # fmt: skip
    styles = document.styles.element
    styles.append(parse_xml(
        f'<w:style {W} w:type="paragraph" w:styleId="Tiao"><w:name w:val="条"/><w:pPr><w:numPr><w:numId w:val="90"/></w:numPr></w:pPr></w:style>'
    ))  # fmt: skip
    styles.append(parse_xml(
        f'<w:style {W} w:type="paragraph" w:styleId="Kuan"><w:name w:val="款"/><w:basedOn w:val="Tiao"/>'
        f'<w:pPr><w:numPr><w:ilvl w:val="1"/></w:numPr></w:pPr></w:style>'
    ))  # fmt: skip
    assert texts(document) == ["第一条\u3000甲", "乙", "第二条\u3000丙"]


def test_a_list_may_point_at_a_numbering_style() -> None:
    more = '<w:abstractNum w:abstractNumId="80"><w:numStyleLink w:val="Liebiao"/></w:abstractNum>'
    nums = "".join(f'<w:num w:numId="{n}"><w:abstractNumId w:val="{n}"/></w:num>' for n in (80, 90))
    document = with_lists(with_body(numbered("甲", 0, 80)), level(0, "ideographTraditional", "%1．"), nums, more)
    document.styles.element.append(parse_xml(
        f'<w:style {W} w:type="numbering" w:styleId="Liebiao"><w:name w:val="列表"/><w:pPr><w:numPr><w:numId w:val="90"/></w:numPr></w:pPr></w:style>'
    ))  # fmt: skip
    assert texts(document) == ["甲．甲"]


def test_deleted_paragraphs_do_not_count_and_bullets_are_signs() -> None:
    gone = (
        '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="90"/></w:numPr><w:rPr><w:del w:id="1" w:author="x"/></w:rPr></w:pPr>'
        '<w:del w:id="2" w:author="x"><w:r><w:delText>删</w:delText></w:r></w:del></w:p>'
    )
    body = numbered("甲") + gone + numbered("乙") + numbered("点", 1)
    assert texts(with_lists(with_body(body), level(0, "decimal", "%1、") + level(1, "bullet", "\uf06c"))) == [
        "1、甲",
        "2、乙",
        "●点",
    ]


@pytest.mark.parametrize(
    ("number", "style", "text"),
    [
        (10, "chineseCounting", "十"), (103, "chineseCountingThousand", "一百零三"), (21, "japaneseCounting", "二十一"), (12, "chineseLegalSimplified", "壹拾贰"),
        (10, "ideographDigital", "一〇"), (20, "decimalEnclosedCircle", "⑳"), (21, "decimalEnclosedCircle", "21"), (3, "decimalEnclosedParen", "⑶"),
        (2, "ideographEnclosedCircle", "㊁"), (11, "ideographTraditional", "甲"), (12, "ideographZodiac", "亥"), (3, "decimalZero", "03"), (12, "decimalFullWidth", "１２"),
        (28, "lowerLetter", "bb"), (12, "ordinal", "12th"), (22, "ordinal", "22nd"), (3, "russianLower", "в"), (7, "zero3", "007"), (26, "hex", "1A"), (1994, "upperRoman", "MCMXCIV"), (5, "none", ""), (7, "unheardOf", "7"), (-1, "chineseCounting", "-1"),
    ],
)  # fmt: skip
def test_number_formats(number: int, style: str, text: str) -> None:
    assert number_text(number, style) in (text, text.replace("壹拾", "拾"))


# -- what is refused ---------------------------------------------------------------------------------------------------


def edited(data: bytes, parts: dict[str, object]) -> bytes:
    """A package with parts replaced or added: text, or a function of the old text."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part(old.read(name).decode()) if callable(part) else str(part))
    return out.getvalue()


@pytest.fixture
def good() -> bytes:
    document = writer.Document()
    for number in range(200):
        document.add_paragraph(f"第{number}条 内容{number * 7919}。")
    return saved(document)


@pytest.mark.parametrize("share", [0.3, 0.7, 0.97])
def test_a_file_cut_off_is_damaged(good: bytes, share: float) -> None:
    data = good[: int(len(good) * share)]
    assert docx.matches(data)
    with pytest.raises(Damaged) as caught:
        docx.read(data)
    assert caught.value.code == "damaged_file"
    assert "重新下载" in caught.value.hint


def test_flipped_bytes_are_damaged_or_read(good: bytes) -> None:
    for at in range(40, len(good), len(good) // 60):
        data = good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :]
        try:
            docx.read(data)
        except BadFile as error:
            assert error.hint


def test_a_file_under_a_password_is_named_so() -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000) + "EncryptedPackage".encode("utf-16-le") + bytes(100)
    assert docx.matches(data)
    with pytest.raises(Encrypted, match="密码"):
        docx.read(data)
    assert not docx.matches(data.replace(b"E", b"F")), "an old doc file is not an encrypted docx"


@pytest.mark.parametrize("limit", ["MAX_UNPACKED", "MAX_RATIO"])
def test_a_zip_bomb_is_too_large(good: bytes, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = edited(good, {"word/media/x.xml": "0" * 5_000_000})
    docx.read(data)
    monkeypatch.setattr(ooxml, limit, 10 if limit == "MAX_RATIO" else 5_000_000)
    with pytest.raises(TooLarge):
        docx.read(data)


def test_entities_are_not_expanded_and_nothing_outside_is_opened(good: bytes, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("机密")
    data = edited(good, {
        "word/document.xml": f'<!DOCTYPE x [<!ENTITY a "AAAA"><!ENTITY s SYSTEM "{secret.as_uri()}">]><w:document {W}><w:body>'
        f"<w:p><w:r><w:t>甲&a;&s;乙</w:t></w:r></w:p></w:body></w:document>"
    })  # fmt: skip
    try:
        text = "".join(line.text for line in docx.read(data))
    except BadFile:
        return
    assert "AAAA" not in text
    assert "机密" not in text


def test_an_empty_document_is_empty() -> None:
    with pytest.raises(EmptyFile, match="没有文字"):
        docx.read(saved(writer.Document()))


def test_a_package_without_a_document_is_damaged(good: bytes) -> None:
    with pytest.raises(Damaged):
        docx.read(edited(good, {"word/document.xml": "<a>"}))


def test_only_word_files_match(good: bytes) -> None:
    assert docx.matches(good)
    for other in (b"", b"PK\x03\x04", b"%PDF-1.7", "第一条 甲".encode(), b"PK\x03\x04" + bytes(60)):
        assert not docx.matches(other)


# -- real files --------------------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_every_real_file_is_one_document_with_all_its_articles(shared: Path) -> None:
    files = sorted((shared / "legaldc" / "docx").glob("*.docx"))[::2]
    single = with_articles = unbroken = 0
    for path in files:
        drafts = bulletin.split(paragraphs(docx.read(path.read_bytes())))
        single += len(drafts) == 1
        labels = [c.label for c in outline.build(drafts[0], drafts[0].title or "").clauses]
        numbers = [to_int(m[1]) for label in labels if (m := re.fullmatch(r"第(.+)条", label))]
        with_articles += bool(numbers)
        unbroken += bool(numbers) and numbers == list(range(1, len(numbers) + 1))
    assert len(files) >= 100
    assert single >= 0.97 * len(files)
    assert with_articles >= 0.95 * len(files)
    assert unbroken >= 0.97 * with_articles


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("党政机关公文处理工作条例", ["第一章\u3000总", "第二章\u3000公文种类", "第八章\u3000附"]),
        ("证券公司监督管理条例", ["第四章\u3000业务规则与风险控制"]),
        ("药物非临床研究质量管理规范", ["（三）具备实验动物的检疫", "（五）具备清洗消毒设施"]),
        (
            "表格格式和代码标准第2部分：表格格式规则第1分部：框线式表格格式规则",
            ["1 范围", "3.4 术语规范性原则", "4.6 线条"],
        ),
    ],
)
def test_numbers_that_only_word_computes_are_there(shared: Path, name: str, wanted: list[str]) -> None:
    path = shared / "legaldc" / "docx" / f"{name}.docx"
    lines = [line.text.strip() for line in docx.read(path.read_bytes())]
    typed = "".join(t.text or "" for t in writer.Document(str(path)).element.body.iter(qn("w:t")))
    for start in wanted:
        assert any(line.startswith(start) for line in lines), start
        assert start not in typed
