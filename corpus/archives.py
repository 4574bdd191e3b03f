"""Files that hold files, as people send and download them: zips, and mails with attachments; what is in them one after
the other, within limits.

Members are read in memory and never written anywhere, so that a name can lead nowhere; it only names the member in the
library. What an operating system puts beside people's files (`__MACOSX`, `.DS_Store`, hidden files) is passed over.
Office files and other packages are zips too and are no archives: their first parts tell them apart. Source: PKWARE
APPNOTE.TXT 6.3.
"""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from corpus.errors import BadFile, EmptyFile, TooLarge
from corpus.readers import docx, mime, ooxml, pptx, xlsx
from corpus.readers.errors import Damaged, Encrypted

MAX_FILES = 2000
"""Files that an archive may hold, those of archives inside it counted too."""

MAX_UNPACKED = ooxml.MAX_UNPACKED
"""Bytes that the files of an archive may have unpacked, all together, those of archives inside it counted too."""

MAX_RATIO = ooxml.MAX_RATIO
"""How many times larger than the archive its files may be. Looked at from ooxml.SMALL bytes on."""

MAX_DEPTH = 2
"""An archive inside an archive is opened, one inside that is not. Mails with attachments count like archives."""

_MOST_ENTRIES = 100_000  # of the directory, folders and passed-over files counted: each takes a kilobyte of memory
_EMPTY = b"PK\x05\x06"
_ENTRY = b"PK\x01\x02"
_PACKAGES = frozenset({
    "[Content_Types].xml", "_rels/.rels", "mimetype", "OFD.xml", "word/document.xml", "xl/workbook.xml",
    "ppt/presentation.xml", "META-INF/MANIFEST.MF",
})  # fmt: skip
_SYSTEM = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
_UTF8 = 0x800  # flag of an entry: its name is UTF-8
_SECRET = 0x1 | 0x40 | 0x2000  # under a password, strong encryption, an encrypted directory
_UNICODE_PATH = 0x7075  # extra field of Info-ZIP: the name in UTF-8 beside one in a local encoding
_LONGEST_NAME = 400


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a file: its name with its folders ("2024/办法.docx"), and its bytes or why it cannot be had."""

    name: str
    content: bytes | BadFile


@dataclass(frozen=True, slots=True)
class Found:
    """What `walk` comes upon: its place inside the file ("" for the file itself, "/2024/办法.docx"), its bytes or why they
    cannot be had, and whether it is an archive or a mail that brings files along, which come before it."""

    place: str
    content: bytes | BadFile
    kind: Literal["file", "archive", "mail"] = "file"


@dataclass(slots=True)
class Budget:
    """What may still be taken out of one file that lies on disk, however deep it is nested."""

    files: int = MAX_FILES
    unpacked: int = MAX_UNPACKED

    def take(self, files: int, unpacked: int) -> None:
        """Raises TooLarge where that is more than is left."""
        self.files -= files
        self.unpacked -= unpacked
        if self.files < 0:
            raise TooLarge(f"压缩包里的文件超过 {MAX_FILES} 个", "请分成几个压缩包，或解压后导入文件夹")
        if self.unpacked < 0:
            raise TooLarge(
                f"压缩包里的文件展开后超过 {MAX_UNPACKED // 1024 // 1024} MB", "请分成几个压缩包，或解压后导入文件夹"
            )


def matches(data: bytes) -> bool:
    """Whether the bytes are a zip of files, whole or broken, and not a package of Office, OFD or the like."""
    if data.startswith(_EMPTY):
        return True
    if not ooxml.is_zip(data):
        return False
    names = ooxml.names(data)
    if not _PACKAGES.isdisjoint(names):
        return False
    return _opens(data) or not any(reader.matches(data) for reader in (docx, xlsx, pptx))


def walk(data: bytes) -> Iterator[Found]:
    """A file and all files inside it, one in memory at a time. One that cannot be had does not stop the others."""
    yield from _walk(data, Budget(), 0, "")


def _walk(data: bytes, budget: Budget, depth: int, place: str) -> Iterator[Found]:
    archive = matches(data)
    if not archive and not mime.matches(data):
        yield Found(place, data)
        return
    holds = False
    try:
        for member in members(data, _at(depth, budget)) if archive else _attached(data, budget, depth):
            holds = True
            if isinstance(member.content, BadFile):
                yield Found(f"{place}/{member.name}", member.content)
            else:
                yield from _walk(member.content, budget, depth + 1, f"{place}/{member.name}")
    except BadFile as error:
        yield Found(place, error)
    else:
        yield Found(place, data, "archive" if archive else "mail" if holds else "file")


def _attached(data: bytes, budget: Budget, depth: int) -> Iterator[Member]:
    """The files attached to a mail. Its own text can be read where they are too many or too deep."""
    seen: set[str] = set()
    for given, content in mime.attachments(data):
        name = distinct(inner_name(given) or "附件", seen)
        try:
            _at(depth, budget).take(1, len(content))
            yield Member(name, content)
        except TooLarge as error:
            yield Member(name, error)


def _at(depth: int, budget: Budget) -> Budget:
    """What may be taken out of a file at this depth. Raises TooLarge where that is too deep."""
    if depth >= MAX_DEPTH:
        raise TooLarge(f"压缩包或邮件嵌套超过 {MAX_DEPTH} 层", "请解压后导入文件夹")
    return budget


def members(data: bytes, budget: Budget) -> Iterator[Member]:
    """The files of an archive in the order of its directory, one in memory at a time.

    Raises Damaged, TooLarge, Encrypted (all files are under a password) or EmptyFile before the first one is given; a
    single file that cannot be had comes with its error.
    """
    if data.count(_ENTRY) > _MOST_ENTRIES:
        raise TooLarge("压缩包的目录过大", "请确认文件来源可信；确有需要时请解压后导入文件夹")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, OSError) as error:
        raise Damaged("压缩包已损坏或不完整，无法打开", "请重新下载或重新压缩后再导入") from error
    entries = [(name, info) for info in archive.infolist() if (name := _shown_name(info))]
    if not entries:
        raise EmptyFile("压缩包里没有可以导入的文件", "请确认压缩包的内容后重新导入")
    if all(info.flag_bits & _SECRET for _, info in entries):
        raise Encrypted("压缩包有密码保护，无法读取", "请解压后导入文件夹，或重新压缩成不带密码的 zip")
    unpacked = sum(info.file_size for _, info in entries)
    if unpacked > ooxml.SMALL and unpacked > MAX_RATIO * len(data):
        raise TooLarge(
            f"压缩包展开后有 {unpacked // 1024 // 1024} MB，压缩比超过 {MAX_RATIO} 倍",
            "请确认文件来源可信；确有需要时请解压后导入文件夹",
        )
    budget.take(len(entries), unpacked)
    seen: set[str] = set()
    for name, info in entries:
        yield Member(distinct(name, seen), _content(archive, info))


def _opens(data: bytes) -> bool:
    return data.count(_ENTRY) > _MOST_ENTRIES or zipfile.is_zipfile(io.BytesIO(data))


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | BadFile:
    """zipfile gives no more bytes than the size declared, which was counted, and checks them against their checksum."""
    if info.flag_bits & _SECRET:
        return Encrypted("压缩包里的这个文件有密码保护，无法读取", "请解压后导入，或重新压缩成不带密码的 zip")
    try:
        return archive.read(info)
    except NotImplementedError:
        return BadFile("压缩包里的这个文件用了不支持的压缩方法", "请解压后导入，或用系统自带的压缩功能重新压缩")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, struct.error):
        return Damaged("压缩包里的这个文件已损坏", "请重新下载或重新压缩后再导入")


# -- names -------------------------------------------------------------------------------------------------------------


def _shown_name(info: zipfile.ZipInfo) -> str:
    """The name of an entry as users see it, "" for what is passed over: folders, and what a system put there."""
    name = _decoded(info).split("\0")[0]
    return "" if name.endswith(("/", "\\")) else inner_name(name)


def inner_name(name: str) -> str:
    """A name from inside a file as the name of a file of the library: folders with /, none of them leading up or away;
    "" for hidden files and what an operating system adds."""
    parts = ["".join(c for c in part if unicodedata.category(c)[0] != "C").strip() for part in _parts(name)]
    parts = [part for part in parts if part not in ("", ".", "..")]
    if any(part.startswith(".") or part in _SYSTEM for part in parts):
        return ""
    return unicodedata.normalize("NFC", "/".join(parts))[-_LONGEST_NAME:].lstrip("/")


def distinct(name: str, seen: set[str]) -> str:
    """The name, or where it was seen the first of `name (2).docx`, `name (3).docx` that was not; it is seen now."""
    stem, dot, suffix = name.rpartition(".")
    stem, tail = (stem, dot + suffix) if stem and "/" not in suffix else (name, "")
    number, out = 1, name
    while out in seen:
        number += 1
        out = f"{stem} ({number}){tail}"
    seen.add(out)
    return out


def _parts(name: str) -> list[str]:
    parts = name.replace("\\", "/").split("/")
    return parts[1:] if len(parts) > 1 and len(parts[0]) == 2 and parts[0][1] == ":" else parts  # C:


def _decoded(info: zipfile.ZipInfo) -> str:
    """The name of an entry. Without the flag of UTF-8, zipfile takes the bytes as code page 437; in China they are GBK,
    from macOS and Linux UTF-8."""
    if info.flag_bits & _UTF8:
        return info.orig_filename
    try:
        raw = info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return info.orig_filename
    if (name := _unicode_path(info.extra, raw)) is not None:
        return name
    utf8, gbk = (_try(raw, encoding) for encoding in ("utf-8", "gb18030"))
    # Two bytes of GBK can look like one letter of UTF-8 below U+0800, where no Chinese stands.
    if utf8 is not None and (gbk is None or raw.isascii() or any(c >= "\u0800" for c in utf8)):
        return utf8
    return gbk if gbk is not None else info.orig_filename


def _try(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """The name in the extra field of Info-ZIP, where it belongs to this name (APPNOTE 4.6.9)."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        body = extra[at + 4 : at + 4 + size]
        if kind == _UNICODE_PATH and len(body) > 5 and struct.unpack_from("<I", body, 1)[0] == zlib.crc32(raw):
            return _try(body[5:], "utf-8")
        at += 4 + size
    return None
