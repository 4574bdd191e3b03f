"""OFD files written by hand: pages, the order of what stands on them, what is left out, and what cannot be read."""

from __future__ import annotations

import io
import zipfile

import pytest

from corpus.errors import TooLarge
from corpus.readers import ofd, read_lines
from corpus.readers.errors import Damaged, Encrypted, NoTextLayer

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def run(text: str, x: float, y: float, size: float = 5, delta: str = "") -> str:
    return f'<ofd:TextObject Boundary="{x} {y} 150 {size}" Size="{size}"><ofd:TextCode X="0" Y="{size}" DeltaX="{delta or f"g {len(text) - 1} {size}"}">{text}</ofd:TextCode></ofd:TextObject>'


def page(*objects: str, template: str = "") -> str:
    used = f'<ofd:Template TemplateID="{template}"/>' if template else ""
    return f"<ofd:Page {NS}>{used}<ofd:Content><ofd:Layer>{''.join(objects)}</ofd:Layer></ofd:Content></ofd:Page>"


def package(*pages: str, template: str = "", watermark: str = "", more: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            "OFD.xml",
            f"<ofd:OFD {NS}><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        )
        listed = "".join(f'<ofd:Page ID="{n}" BaseLoc="Pages/Page_{n}/Content.xml"/>' for n in range(len(pages)))
        drawn = '<ofd:TemplatePage ID="T" BaseLoc="Tpls/T.xml"/>' if template else ""
        notes = "<ofd:Annotations>Annots.xml</ofd:Annotations>" if watermark else ""
        archive.writestr(
            "Doc_0/Document.xml",
            f"<ofd:Document {NS}><ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea>{drawn}</ofd:CommonData><ofd:Pages>{listed}</ofd:Pages>{notes}</ofd:Document>",
        )
        for n, xml in enumerate(pages):
            archive.writestr(f"Doc_0/Pages/Page_{n}/Content.xml", xml)
        if template:
            archive.writestr("Doc_0/Tpls/T.xml", page(run(template, 10, 100)))
        if watermark:
            archive.writestr(
                "Doc_0/Annots.xml",
                f'<ofd:Annotations {NS}><ofd:Page PageID="0"><ofd:FileLoc>A.xml</ofd:FileLoc></ofd:Page></ofd:Annotations>',
            )
            archive.writestr(
                "Doc_0/A.xml",
                f'<ofd:PageAnnot {NS}><ofd:Annot Type="Watermark"><ofd:Appearance>{run(watermark, 50, 50)}</ofd:Appearance></ofd:Annot></ofd:PageAnnot>',
            )
        for name, text in (more or {}).items():
            archive.writestr(name, text)
    return out.getvalue()


def texts(data: bytes) -> list[tuple[str, int | None]]:
    return [(line.text, line.page) for line in read_lines(data) if line.text]


def left_out(data: bytes) -> list[tuple[str, str]]:
    return [(line.left_out.reason, line.left_out.text) for line in ofd.read(data) if line.left_out]


def test_text_comes_page_by_page_from_top_to_bottom_and_from_left_to_right() -> None:
    data = package(
        page(run("第一条 下面。", 30, 120), run("停车", 30, 60), run("办法", 40, 60.5), run("甲市", 70, 60)),
        page(run("第二页", 30, 60)),
    )
    assert ofd.matches(data)
    assert texts(data) == [("停车办法 甲市", 1), ("第一条 下面。", 1), ("第二页", 2)]


def test_runs_in_one_object_and_by_a_matrix() -> None:
    two = '<ofd:TextObject Boundary="30 50 100 5" Size="5"><ofd:TextCode X="0" Y="5" DeltaX="5">甲乙</ofd:TextCode><ofd:TextCode X="10">丙</ofd:TextCode></ofd:TextObject>'
    turned = '<ofd:TextObject Boundary="30 40 100 5" CTM="0.5 0 0 0.5 0 0" Size="10"><ofd:TextCode X="0" Y="10">上面</ofd:TextCode></ofd:TextObject>'
    assert texts(package(page(two, turned))) == [("上面", 1), ("甲乙丙", 1)]


def test_what_is_left_out_is_said() -> None:
    data = package(
        *(
            page(run(f"正文{n}。", 30, 100 + n), run("内部文件", 30, 5), run(f"- {n} -", 90, 288), template="T")
            for n in range(1, 4)
        ),
        template="底版",
        watermark="样本",
    )
    assert [text for text, _ in texts(data)] == ["正文1。", "正文2。", "正文3。"]
    found = left_out(data)
    assert found.count(("running_head", "内部文件")) == 3 and found.count(("running_head", "底版")) == 3
    assert ("page_number", "- 2 -") in found and ("watermark", "样本") in found
    alone = package(page(run("正文。", 30, 120), template="T"), template="红头")
    assert [text for text, _ in texts(alone)] == ["红头", "正文。"], "a template of one page is that page's own"


def test_limits_and_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoTextLayer, match="图片"):
        read_lines(package(page()))
    with pytest.raises(Damaged, match="页面"):
        read_lines(package())
    with pytest.raises(Encrypted):
        read_lines(package(page(), more={"Doc_0/Encryptions.xml": "<x/>"}))
    with pytest.raises(Damaged):
        read_lines(package(page(run("文", 1, 1)))[:300])
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + page(run("&a;", 30, 50))
    assert "aaaa" not in "".join(text for text, _ in texts(package(page(run("好", 30, 90)), bomb)))
    monkeypatch.setattr(ofd, "MAX_CHARACTERS", 1)
    with pytest.raises(TooLarge, match="万字"):
        read_lines(package(page(run("两字", 30, 50))))
    monkeypatch.setattr(ofd, "MAX_PAGES", 1)
    with pytest.raises(TooLarge, match="1 页"):
        read_lines(package(page(), page()))
