"""doc, wps, rtf, odt, xls, et, ods -> lines through LibreOffice, and what becomes of them where it is absent or fails.

`old_word.doc` and `old_excel.xls` were written by LibreOffice 7.4 from texts of this project.
"""

from __future__ import annotations

import http.server
import io
import os
import shutil
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
import openpyxl
import pytest

from corpus.errors import NotText, TooLarge
from corpus.ingest import ingest
from corpus.queries import Counts
from corpus.readers import office, read_lines
from corpus.readers.errors import Damaged, Encrypted
from corpus.store import Store

FIXTURES = Path(__file__).parent / "fixtures"
WORD = (FIXTURES / "old_word.doc").read_bytes()
EXCEL = (FIXTURES / "old_excel.xls").read_bytes()
RTF = (
    r"{\rtf1\ansi\uc1 "
    + "".join(f"\\u{ord(c)}?" for c in "澜江市停车管理办法")
    + r"\par "
    + "".join(f"\\u{ord(c)}?" for c in "第一条 停车收费每小时3元。")
    + r"\par}"
).encode()
STRUCK = RTF.replace(rb"\par}", rb"\strike 800\strike0 \par}")
needs_soffice = pytest.mark.skipif(
    not (shutil.which("soffice") or shutil.which("libreoffice")), reason="needs LibreOffice (soffice) on the path"
)

_NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" '
    'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def odt(body: str, manifest: str = "", kind: str = "text") -> bytes:
    mime = f"application/vnd.oasis.opendocument.{kind}"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", mime)
        archive.writestr(
            "content.xml",
            f'<office:document-content {_NAMES} office:version="1.2"><office:body><office:text>{body}</office:text>'
            "</office:body></office:document-content>",
        )
        entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{mime}"/>'
        content = f'<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">{manifest}</manifest:file-entry>'
        archive.writestr("META-INF/manifest.xml", f"<manifest:manifest {_NAMES}>{entry}{content}</manifest:manifest>")
    return out.getvalue()


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for LibreOffice: a script that a test fills."""
    path = tmp_path / "fake soffice"
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)
    monkeypatch.setenv(office.SETTING, str(path))
    return path


# -- what is read ------------------------------------------------------------------------------------------------------


@needs_soffice
def test_an_old_word_file_has_its_numbers_and_tables() -> None:
    assert [line.text for line in read_lines(WORD) if line.text] == [
        "澜江市停车管理办法", "第一条　停车收费每小时3元，最高不超过20元。", "1. 申请人应当提交下列材料",
        "2. 主管部门应当及时办理", "\t类别\t额度", "\t工业\t300万元", "第二条　本办法自2026年7月1日起施行。",
    ]  # fmt: skip


@needs_soffice
def test_an_old_excel_file_has_its_sheets_and_rows() -> None:
    assert [line.text for line in read_lines(EXCEL) if line.text] == [
        "奖补名单", "\t企业\t金额", "\t甲公司\t12.5", "\t乙公司\t300",
    ]  # fmt: skip


@needs_soffice
def test_rich_text_is_read() -> None:
    assert [line.text for line in read_lines(RTF)] == ["澜江市停车管理办法", "第一条 停车收费每小时3元。"]


@pytest.fixture
def visits() -> Iterator[tuple[str, list[str]]]:
    """The address of a web server on this machine, and what was asked of it."""
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET

        def log_message(self, *_: object) -> None:
            """Keeps quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()
        thread.join()


@needs_soffice
def test_pictures_and_sections_linked_from_outside_are_not_fetched(
    visits: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, seen = visits
    private = tmp_path / "private"  # other processes have folders of their own in the common one
    private.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(private))
    (tmp_path / "other.txt").write_text("别的文件的内容", "utf-8")
    body = (
        "<text:p>第一条 停车收费每小时3元。</text:p>"
        f'<text:p><draw:frame svg:width="2cm" svg:height="2cm"><draw:image xlink:href="{address}/a.png" xlink:type="simple"'
        ' xlink:show="embed" xlink:actuate="onLoad"/></draw:frame></text:p>'
        f'<text:section text:name="A"><text:section-source xlink:href="{address}/b.odt"/><text:p>第二条 施行。</text:p></text:section>'
        f'<text:section text:name="B"><text:section-source xlink:href="{(tmp_path / "other.txt").as_uri()}"'
        ' text:filter-name="Text"/><text:p>第三条 解释。</text:p></text:section>'
    )
    texts = [line.text for line in read_lines(odt(body))]
    assert texts == ["第一条 停车收费每小时3元。", "第二条 施行。", "第三条 解释。"]
    assert seen == []
    assert not list(private.iterdir()), "the private folder is gone"


def rebuilt(data: bytes, parts: dict[str, str]) -> bytes:
    """An Office package with these parts set anew."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, text in parts.items():
            new.writestr(name, text)
    return out.getvalue()


def test_links_in_a_word_package_and_a_page_with_scripts_fetch_nothing(visits: tuple[str, list[str]]) -> None:
    address, seen = visits
    out = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("第一条 停车收费每小时3元。")
    document.save(out)
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = "".join(
        f'<Relationship Id="x{n}" Type="{kind}/{name}" Target="{address}/{name}" TargetMode="External"/>'
        for n, name in enumerate(("attachedTemplate", "image", "styles", "numbering", "footnotes", "oleObject"))
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    relations = f'<Relationships xmlns="{space}">{links}</Relationships>'
    data = rebuilt(
        out.getvalue(), {"word/_rels/document.xml.rels": relations, "word/_rels/settings.xml.rels": relations}
    )
    assert [line.text for line in read_lines(data)] == ["第一条 停车收费每小时3元。"]
    page = (
        f'<html><head><script src="{address}/a.js"></script><link rel="stylesheet" href="{address}/a.css"></head><body>'
        f'<script>document.write("脚本")</script><img src="{address}/a.png" onerror="alert(1)"><iframe src="{address}/b">'
        "</iframe><p>第一条 停车收费每小时3元。</p></body></html>"
    )
    assert [line.text for line in read_lines(page.encode()) if line.text] == ["第一条 停车收费每小时3元。"]
    assert seen == []


def test_a_zip_bomb_in_a_workbook_is_too_large_and_not_unpacked() -> None:
    out = io.BytesIO()
    openpyxl.Workbook().save(out)
    bomb = rebuilt(out.getvalue(), {"xl/media/x.xml": "0" * (64 * 1024 * 1024)})
    with pytest.raises(TooLarge, match="展开"):
        read_lines(bomb)


# -- what a file is ----------------------------------------------------------------------------------------------------


def test_the_content_says_what_a_file_is() -> None:
    for data in (WORD, EXCEL, RTF, odt(""), odt("", kind="spreadsheet")):
        assert office.matches(data)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "WordDocument")
    slides = WORD.replace("WordDocument".encode("utf-16-le"), "PowerPointSl".encode("utf-16-le"))
    for data in (b"", out.getvalue(), slides, odt("", kind="presentation"), WORD[:512], "{关于rtf}".encode()):
        assert not office.matches(data)


@pytest.mark.parametrize(
    ("data", "name", "target"),
    [
        (WORD, "doc、wps", "docx"),
        (EXCEL, "xls、et", "xlsx"),
        (STRUCK, "RTF", "docx"),
        (odt("<text:p/>"), "odt", "docx"),
    ],
)
def test_without_libreoffice_the_hint_says_what_to_do(
    data: bytes, name: str, target: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(office.SETTING, raising=False)
    with pytest.raises(NotText) as caught:
        read_lines(data)
    assert name in caught.value.message
    assert f"另存为 {target}" in caught.value.hint
    assert "LibreOffice" in caught.value.hint


def test_rich_text_without_libreoffice_is_read_by_striprtf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("striprtf")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(office.SETTING, raising=False)
    assert [x.text for x in read_lines(RTF) if x.text] == ["澜江市停车管理办法", "第一条 停车收费每小时3元。"]
    bytes_of = b"".join(b"\\'%02x" % byte for byte in "每户1200元".encode("gb18030"))
    table = rb"{\rtf1\ansi\ansicpg936 \trowd\cellx1\cellx2 " + bytes_of + rb"\cell 2\cell\row}"
    assert [x.text for x in read_lines(table) if x.text] == ["\t每户1200元\t2"]


def encrypted_word() -> bytes:
    at = WORD.index(b"\xec\xa5") + 11  # the high byte of the flags: fEncrypted
    return WORD[:at] + bytes([WORD[at] | 1]) + WORD[at + 1 :]


def encrypted_excel() -> bytes:
    at = EXCEL.index(b"\x09\x08\x10\x00") + 20  # behind the first record
    return EXCEL[:at] + b"\x2f\x00" + EXCEL[at + 2 :]


@pytest.mark.parametrize(
    "data", [encrypted_word(), encrypted_excel(), odt("", "<manifest:encryption-data/>")], ids=["doc", "xls", "odt"]
)
def test_a_file_under_a_password_is_named_so(data: bytes, program: Path) -> None:
    program.write_text('#!/bin/sh\necho started > $(dirname "$0")/started\n')
    with pytest.raises(Encrypted, match="密码"):
        read_lines(data)
    assert not (program.parent / "started").exists()


def test_a_bomb_in_an_opendocument_zip_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.readers.ooxml.MAX_UNPACKED", 100)
    with pytest.raises(TooLarge, match="展开"):
        read_lines(odt("<text:p>甲</text:p>" * 1000))


# -- conversions that fail ---------------------------------------------------------------------------------------------


def test_a_conversion_that_makes_nothing_is_damaged(program: Path) -> None:
    with pytest.raises(Damaged, match="LibreOffice") as caught:
        read_lines(WORD)
    assert "另存为 docx" in caught.value.hint


@needs_soffice
@pytest.mark.parametrize("data", [WORD[:9000], RTF[:6] + b"\x00\xff" * 40], ids=["doc", "rtf"])
def test_a_file_cut_off_is_refused_or_read_in_part(data: bytes) -> None:
    try:
        assert read_lines(data)
    except office.BadFile as error:
        assert error.hint


def test_a_conversion_without_end_is_stopped_with_its_children(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "SECONDS", 1)
    child = program.parent / "child"
    program.write_text(f'#!/bin/sh\n(echo $$ > "{child}"; sleep 60) &\nsleep 60\n')
    with pytest.raises(TooLarge, match="没有转换完"):
        read_lines(WORD)
    group = int(child.read_text())
    with pytest.raises(ProcessLookupError):
        for _ in range(100):  # the children are gone as soon as the system has buried them
            os.killpg(group, 0)
            time.sleep(0.05)


def test_a_result_without_end_is_stopped(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "MAX_WRITTEN", 64 * 1024)
    # The folder for results is the one behind --outdir.
    program.write_text(
        '#!/bin/sh\nwhile [ "$1" != --outdir ]; do shift; done\nmkdir -p "$2"\nexec cat /dev/zero > "$2/in.docx"\n'
    )
    with pytest.raises(TooLarge, match="转换后超过"):
        read_lines(WORD)


def test_a_file_too_large_is_not_converted(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "MAX_BYTES", 1000)
    with pytest.raises(TooLarge):
        read_lines(WORD)


def test_the_conversion_sees_a_bare_environment(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    seen = program.parent / "seen"
    program.write_text(f'#!/bin/sh\nenv > "{seen}"\ncat profile/user/registrymodifications.xcu >> "{seen}"\n')
    with pytest.raises(Damaged):
        read_lines(WORD)
    text = seen.read_text("utf-8")
    assert "SECRET" not in text
    assert "http_proxy=http://127.0.0.1:9" in text
    assert 'oor:name="MacroSecurityLevel" oor:op="fuse"><value>3<' in text


def test_a_failed_conversion_leaves_the_store_as_it_was(tmp_path: Path, program: Path) -> None:
    store = Store(tmp_path / "data")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.doc").write_text("澜江市停车办法\n第一条 停车收费每小时3元。\n", "utf-8")
    assert ingest(store, [folder]).count("added") == 1
    before, counts = store.digest(), store.counts()
    (folder / "a.doc").write_bytes(WORD)
    (report,) = ingest(store, [folder]).files
    assert (report.outcome, report.code) == ("rejected", "damaged_file")
    assert (store.digest(), store.counts()) == (before, counts)
    assert counts == Counts(1, 1, counts.clauses)
