"""Office Open XML packages (docx, xlsx, pptx) as untrusted zips: what kind they are, and their parts within limits.

A package is a zip of XML parts tied by relationships (ECMA-376 part 2). Nothing outside the zip is ever opened: external
relationships are not looked at, entities are not expanded, DTDs are not loaded.
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lxml import etree

from corpus.errors import BadFile, TooLarge
from corpus.readers.errors import Damaged, Encrypted

MAX_UNPACKED = 200 * 1024 * 1024
"""Bytes that the parts of a package may have unpacked, all together."""

MAX_RATIO = 200
"""How many times larger than the file its parts may be. Looked at from SMALL bytes on."""

SMALL = 4 * 1024 * 1024

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LOCAL_HEADER = re.compile(rb"PK\x03\x04.{22}(..)..", re.S)


def is_zip(data: bytes) -> bool:
    """Whether the bytes begin like a zip."""
    return data.startswith(_ZIP)


def is_encrypted(data: bytes) -> bool:
    """Whether this is an Office file under a password: the package, encrypted, in an OLE container (MS-OFFCRYPTO)."""
    return data.startswith(_OLE) and _ENCRYPTED in data


def names(data: bytes) -> list[str]:
    """The names of a zip's parts; of a cut-off zip those whose local headers are there."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, OSError):
        return [_name_at(data, match) for match in _LOCAL_HEADER.finditer(data)]


def _name_at(data: bytes, header: re.Match[bytes]) -> str:
    (size,) = struct.unpack("<H", header[1])
    return data[header.end() : header.end() + size].decode("utf-8", "replace")


@contextmanager
def reading() -> Iterator[None]:
    """Turns whatever broken bytes cause below it into Damaged, a password into Encrypted."""
    try:
        yield
    except BadFile:
        raise
    except MemoryError as error:
        raise TooLarge("文件展开后过大", "请拆分后重新导入") from error
    except Exception as error:  # zipfile, lxml and openpyxl raise almost anything on broken files
        if isinstance(error, RuntimeError) and "encrypted" in str(error):  # zipfile's word for a part under a password
            raise encrypted() from error
        raise Damaged("文件已损坏或不完整，无法打开", "请重新下载，或用 Office、WPS 打开后另存一份再导入") from error


def encrypted() -> Encrypted:
    """The error for a file under a password."""
    return Encrypted("文件有密码保护，无法读取", "请在 Office 或 WPS 中取消密码后另存，再重新导入")


class Package:
    """The parts of a package, read one at a time. Raises TooLarge where they unpack to more than the limits allow.

    Example: `Package(data).xml("word/document.xml")`.
    """

    def __init__(self, data: bytes) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(data))
        self.names = frozenset(self._zip.namelist())
        self._relations: dict[str, list[tuple[str, str, str]]] = {}
        unpacked = sum(info.file_size for info in self._zip.infolist())
        if unpacked > MAX_UNPACKED or (unpacked > SMALL and unpacked > MAX_RATIO * len(data)):
            raise TooLarge(
                f"文件展开后有 {unpacked // 1024 // 1024} MB，超过限制（{MAX_UNPACKED // 1024 // 1024} MB，或压缩比 {MAX_RATIO} 倍）",
                "请确认文件来源可信；确有需要时请拆分后重新导入",
            )

    def open(self, name: str) -> Any:
        """A part as a stream of bytes. zipfile gives no more bytes than the size declared, which was counted."""
        return self._zip.open(name)

    def xml(self, name: str) -> Any:
        """The root element of a part, or None where there is no such part."""
        if name not in self.names:
            return None
        return etree.fromstring(self._zip.read(name), parser())

    def bytes(self, name: str) -> bytes:
        """A part as it is."""
        return self._zip.read(name)

    def size(self, name: str) -> int:
        """How many bytes a part has unpacked."""
        return self._zip.getinfo(name).file_size

    def related(self, source: str, kind: str) -> str | None:
        """The part that `source` ("" for the package) names by a relationship whose type ends in `kind`."""
        return next((target for _, of, target in self._relations_of(source) if of.endswith(f"/{kind}")), None)

    def part(self, source: str, ident: str | None) -> str | None:
        """The part that `source` names by the relationship with this id; None where it is absent or outside the file."""
        target = next((target for own, _, target in self._relations_of(source) if own == ident), None)
        return target if target in self.names else None

    def _relations_of(self, source: str) -> list[tuple[str, str, str]]:
        """Id, type and target of the relationships of a part to parts of this package."""
        if source not in self._relations:
            folder, base = posixpath.split(source)
            root = self.xml(posixpath.join(folder, "_rels", f"{base}.rels"))
            self._relations[source] = [
                (
                    relation.get("Id", ""),
                    relation.get("Type", ""),
                    posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/"),
                )
                for relation in ([] if root is None else root)
                if isinstance(relation.tag, str) and relation.get("TargetMode") != "External"
            ]
        return self._relations[source]

    def relations(self, source: str) -> dict[str, tuple[str, str]]:
        """The relationships of a part ("" for the package) inside the package: id -> (type, part)."""
        out: dict[str, tuple[str, str]] = {}
        for ident, kind, target in self._relations_of(source):
            # Ids are unique; where they are missing, the first of each type is still found.
            out.setdefault(ident or f"#{len(out)}", (kind, target))
        return out


def parser() -> Any:
    """An XML parser that expands no entities, loads no DTD, opens nothing and keeps libxml2's limits."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )


def local(element: Any) -> str:
    """An element's name without its namespace: transitional and strict files have the same names."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def value(element: Any, name: str = "val") -> str | None:
    """An attribute by its name without namespace, None where it is absent."""
    if element is None:
        return None
    for key, text in element.items():
        if key.rpartition("}")[2] == name:
            return str(text)
    return None


def child(element: Any, *path: str) -> Any:
    """The first descendant along a path of names, or None."""
    for name in path:
        if element is None:
            return None
        element = element.find("{*}" + name)
    return element


def is_on(element: Any) -> bool:
    """Whether a toggle property (<w:b/>) is there and not switched off (ECMA-376 17.17.4)."""
    return element is not None and (value(element) or "true").lower() not in ("0", "false", "off", "none")
