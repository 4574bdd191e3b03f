"""Older office files (doc, wps, rtf, odt; xls, et, ods; ppt, dps): LibreOffice makes docx, xlsx or
pptx of them, which are then read.

What a file is, its content says: an OLE container (MS-CFB) with a stream of Word, Excel or PowerPoint (Kingsoft's wps, et
and dps are such), the mark of RTF, or the first part of an OpenDocument zip. The program found on the path, or named by the
environment variable TIAOWEN_SOFFICE, runs without a screen, with a profile of its own in a private temporary folder that
is removed afterwards, macros off, links and remote pictures not loaded and every network access sent to a closed port;
with limits on time, memory and the size of what it writes; and is ended with all its children. A file takes about three
seconds.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from corpus import allowance
from corpus.errors import BadFile, NotText, TooLarge
from corpus.readers import docx, ooxml, pptx, rtf, xlsx
from corpus.readers.errors import Damaged
from corpus.readers.lines import Line

SETTING = "TIAOWEN_SOFFICE"
"""The environment variable that may name the program."""

MAX_BYTES = 64 * 1024 * 1024
"""Largest file that is converted."""

SECONDS = 120
"""Time that a conversion may take."""

MAX_WRITTEN = 200 * 1024 * 1024
"""Bytes that one file may have which the conversion writes."""

MAX_MEMORY = 6 * 1024 * 1024 * 1024
"""Bytes of address space for the conversion; it uses a fraction of that."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RTF = b"{\\rtf"
_ENTRY = 128  # bytes of a directory entry (MS-CFB 2.6)
_ENCRYPTED_WORD = 0x0100  # in the flags of a Word document's head (MS-DOC 2.5.2, fEncrypted)
_WORD_MARK, _FILEPASS = 0xA5EC, 0x002F  # MS-DOC 2.5.2, MS-XLS 2.4.117

# What the profile says: macros never run, nothing is fetched, links are not followed.
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
{items}
</oor:items>
"""
_ITEM = (
    '<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
)
_SETTINGS = (
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Common/Misc", "FirstRun", "false"),
    ("Office.Writer/Content/Update", "Link", "0"),
    ("Office.Calc/Content/Update", "Link", "1"),
    ("Inet/Settings", "ooInetProxyType", "2"),
    ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", "9"),
    ("Inet/Settings", "ooInetFTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetFTPProxyPort", "9"),
    ("Inet/Settings", "ooInetNoProxy", ""),
)
_NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "ftp_proxy", "all_proxy"), "http://127.0.0.1:9")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A family of formats: what people call it, the suffix that LibreOffice knows it by, and what becomes of it."""

    name: str
    suffix: str
    target: str
    read: Callable[[bytes], list[Line]]


_WORD = _Kind("旧版 Word、WPS 文字文件（doc、wps）", "doc", "docx", docx.read)
_EXCEL = _Kind("旧版 Excel、WPS 表格文件（xls、et）", "xls", "xlsx", xlsx.read)
_SLIDES = _Kind("旧版 PowerPoint、WPS 演示文件（ppt、dps）", "ppt", "pptx", pptx.read)
_RICH = _Kind("RTF 文件", "rtf", "docx", docx.read)
_INSTALL = (
    "请用 Word 或 WPS 另存为 {0} 后重新导入；或在运行条问的机器上安装 LibreOffice"
    "（如 apt-get install libreoffice-writer libreoffice-calc），装好后可直接导入"
)
_STREAMS = {"WordDocument": _WORD, "Workbook": _EXCEL, "Book": _EXCEL, "PowerPoint Document": _SLIDES}
_OPEN = {
    b"application/vnd.oasis.opendocument.text": _Kind("OpenDocument 文字文件（odt）", "odt", "docx", docx.read),
    b"application/vnd.oasis.opendocument.text-template": _Kind("OpenDocument 模板（ott）", "ott", "docx", docx.read),
    b"application/vnd.oasis.opendocument.spreadsheet": _Kind("OpenDocument 表格（ods）", "ods", "xlsx", xlsx.read),
}


def matches(data: bytes) -> bool:
    """Whether the bytes are a file that LibreOffice can make docx, xlsx or pptx of."""
    return _kind(data) is not None


def read(data: bytes) -> list[Line]:
    """The lines of an older office file, as the docx, xlsx or pptx reader finds them in its conversion.

    RTF without LibreOffice is read as far as rtf.py can. Raises NotText where LibreOffice is absent, Encrypted, TooLarge, Damaged or EmptyFile.
    """
    kind = _kind(data)
    if kind is None:
        raise ValueError("not an office file: call matches() first")
    if _is_encrypted(data):
        raise ooxml.encrypted()
    if len(data) > MAX_BYTES:
        raise TooLarge(f"{kind.name}超过 {MAX_BYTES // 1024 // 1024} MB", "请拆分，或另存为 docx、xlsx 后重新导入")
    program = _program()
    if program is None and kind is _RICH and rtf.can_read(data):
        return rtf.read(data)
    if program is None:
        raise NotText(f"这是{kind.name}，不能直接导入", _INSTALL.format(kind.target))
    return kind.read(_converted(data, kind, program))


def _program() -> str | None:
    """The LibreOffice to use: what TIAOWEN_SOFFICE names, or what is on the path."""
    for name in [os.environ.get(SETTING, ""), "soffice", "libreoffice"]:
        if name and (found := shutil.which(name)):
            return found
    return None


# -- what a file is ----------------------------------------------------------------------------------------------------


def _kind(data: bytes) -> _Kind | None:
    if data.startswith(_RTF):
        return _RICH
    if data.startswith(_OLE):
        main = _main_stream(data)
        return main[0] if main else None
    if ooxml.is_zip(data):
        size = _uint(data, 18, 4)
        at = 30 + _uint(data, 26, 2) + _uint(data, 28, 2)
        return _OPEN.get(data[at : at + size]) if data[30:38] == b"mimetype" and size < 100 else None
    return None


def _main_stream(data: bytes) -> tuple[_Kind, int] | None:
    """What an OLE container holds and where that begins: of several streams the one named first in the directory, for
    those of embedded objects stand behind it."""
    found = [(*place, kind) for name, kind in _STREAMS.items() if (place := _entry(data, name))]
    if not found:
        return None
    _, start, kind = min(found, key=lambda entry: entry[0])
    return kind, start


def _entry(data: bytes, name: str) -> tuple[int, int] | None:
    """Where the directory entry of a stream stands, and where the stream begins; None where there is none.

    An entry holds the name, its size in bytes with the closing zero, and the type of the stream (MS-CFB 2.6.1).
    """
    wanted = (name + "\0").encode("utf-16-le")
    at = data.find(wanted, 512)
    while at >= 0:
        if _uint(data, at + 64, 2) == len(wanted) and data[at + 66 : at + 67] == b"\x02" and at + _ENTRY <= len(data):
            return at, _place(data, at)
        at = data.find(wanted, at + 1)
    return None


def _place(data: bytes, entry: int) -> int:
    """Where the stream of a directory entry begins. Small streams stand one behind the other in the stream of the first
    entry, in steps of 64 bytes (MS-CFB 2.6.4)."""
    shift = min(12, _uint(data, 30, 2))
    start, size = _uint(data, entry + 116, 4), _uint(data, entry + 120, 4)
    if size >= _uint(data, 56, 4):
        return (start + 1) << shift
    root = (_uint(data, 48, 4) + 1) << shift
    return ((_uint(data, root + 116, 4) + 1) << shift) + start * 64


def _is_encrypted(data: bytes) -> bool:
    """Whether the file opens with a password only, as its own head says."""
    if ooxml.is_zip(data):
        return b"META-INF/manifest.xml" in data and _has_encrypted_parts(data)
    if (main := _main_stream(data)) is None:
        return False
    kind, at = main
    if kind is _WORD:
        return _uint(data, at, 2) == _WORD_MARK and bool(_uint(data, at + 10, 2) & _ENCRYPTED_WORD)
    if kind is not _EXCEL:
        return False  # LibreOffice says whether it can open it
    for _ in range(4):  # the record stands right behind the first ones, if anywhere
        if _uint(data, at, 2) == _FILEPASS:
            return True
        at += 4 + _uint(data, at + 2, 2)
    return False


def _has_encrypted_parts(data: bytes) -> bool:
    with ooxml.reading():
        package = ooxml.Package(data)
        if "META-INF/manifest.xml" not in package.names:
            return False
        with package.open("META-INF/manifest.xml") as part:
            return b"encryption-data" in part.read(4 * 1024 * 1024)


def _uint(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")


# -- conversion --------------------------------------------------------------------------------------------------------


def _converted(data: bytes, kind: _Kind, program: str) -> bytes:
    """What LibreOffice makes of a file. Raises Damaged or TooLarge."""
    with tempfile.TemporaryDirectory(prefix="tiaowen-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / f"in.{kind.suffix}").write_bytes(data)
        (folder / "profile" / "user").mkdir(parents=True)
        items = "\n".join(_ITEM.format(path=path, name=prop, value=value) for path, prop, value in _SETTINGS)
        (folder / "profile" / "user" / "registrymodifications.xcu").write_text(_PROFILE.format(items=items), "utf-8")
        command = [
            program, "--headless", "--norestore", "--nologo", "--nolockcheck", "--nodefault", "--nofirststartwizard",
            f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--convert-to", kind.target,
            "--outdir", str(folder / "out"), str(folder / f"in.{kind.suffix}"),
        ]  # fmt: skip
        if not _finished(command, folder):
            raise TooLarge(f"{kind.name}太复杂，{SECONDS} 秒内没有转换完", f"请拆分，或另存为 {kind.target} 后重新导入")
        made = folder / "out" / f"in.{kind.target}"
        if not made.is_file():
            raise Damaged(
                f"{kind.name}已损坏，或 LibreOffice 打不开它",
                f"请用 Word 或 WPS 打开确认，另存为 {kind.target} 后重新导入",
            )
        if made.stat().st_size >= MAX_WRITTEN:
            raise TooLarge(
                f"{kind.name}转换后超过 {MAX_WRITTEN // 1024 // 1024} MB",
                f"请拆分，或另存为 {kind.target} 后重新导入",
            )
        return made.read_bytes()


def _finished(command: list[str], folder: Path) -> bool:
    """Runs a command within the limits, in a group of processes of its own; False where its time ran out.

    Raises BadFile where it cannot be started.
    """
    environment = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "LC_ALL", "SystemRoot")}
    environment |= {"HOME": str(folder), "TMPDIR": str(folder), **_NO_NETWORK}
    # Its memory is limited by what follows, not by what this process may have (corpus/worker.py).
    limits = f'ulimit -S -d "$(ulimit -H -d)"; ulimit -f {MAX_WRITTEN // 512}; ulimit -v {MAX_MEMORY // 1024}; ulimit -t {SECONDS}; ulimit -c 0'
    allowance.more(SECONDS)
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f'{limits}; exec "$0" "$@"', *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise BadFile(
            f"无法启动 LibreOffice（{error.strerror}）", f"请检查环境变量 {SETTING} 或重装 LibreOffice"
        ) from error
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        return False
    finally:
        _end(process)
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process with all that it started."""
    with suppress(ProcessLookupError):  # raised where all of them had ended
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
