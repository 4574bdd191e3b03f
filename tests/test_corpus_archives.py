"""Zips and mails as folders of files: what is taken out of them, under which names, within which limits, and what goes."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage
from pathlib import Path

import docx
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import archives
from corpus.archives import Budget, inner_name, members, walk
from corpus.errors import BadFile, EmptyFile, TooLarge
from corpus.ingest import drop, ingest, read_all
from corpus.readers.errors import Damaged, Encrypted
from corpus.store import Store

NOTICE = "甲市停车办法\n第一条 停车收费每小时{}元。\n第二条 本办法自2025年1月1日起施行。\n"
OTHER = "甲市落户办法\n第一条 具有本科学历的，可以落户。\n第二条 本办法自2025年3月1日起施行。\n"


def zipped(*files: tuple[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


def zipped_raw(names: list[bytes], flags: int = 0, content: bytes = b"x") -> bytes:
    """A zip whose names are these bytes and whose entries have these flags, as other programs write them."""
    data = zipped(*((f"{n:0{len(name)}d}", content) for n, name in enumerate(names)), compression=zipfile.ZIP_STORED)
    for n, name in enumerate(names):
        assert len(name) >= 2
        data = data.replace(f"{n:0{len(name)}d}".encode(), name)
    if flags:
        data = _flagged(data, flags)
    return data


def _flagged(data: bytes, flags: int) -> bytes:
    out = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = 0
        while (found := data.find(mark, start)) >= 0:
            out[found + at : found + at + 2] = flags.to_bytes(2, "little")
            start = found + 4
    return bytes(out)


def word(text: str) -> bytes:
    document, out = docx.Document(), io.BytesIO()
    for line in text.splitlines():
        document.add_paragraph(line)
    document.save(out)
    return out.getvalue()


def mail(*attached: tuple[str, bytes], body: str = "各位：\n请按附件执行。") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "办公室 <a@example.cn>", "b@example.cn", "转发：关于停车的通知"
    message.set_content(body)
    for name, content in attached:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def names_of(data: bytes) -> list[str]:
    return [member.name for member in members(data, Budget())]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


def outcomes(store: Store, path: Path) -> dict[str, str]:
    return {f.file: f.outcome for f in ingest(store, [path]).files}


# -- into the library --------------------------------------------------------------------------------------------------


def test_each_file_of_a_zip_is_a_file_and_changes_go_and_stay_by_themselves(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "文件.zip"
    path.write_bytes(
        zipped(("2024/停车.txt", NOTICE.format(5)), ("落户.docx", word(OTHER)), ("坏.docx", b"PK\x03\x04 x"))
    )
    assert outcomes(store, path) == {
        "文件.zip/2024/停车.txt": "added", "文件.zip/落户.docx": "added", "文件.zip/坏.docx": "rejected",
    }  # fmt: skip
    assert {s.file for d in store.documents() for s in d.sources} == {"文件.zip/2024/停车.txt", "文件.zip/落户.docx"}
    before = store.digest()
    assert set(outcomes(store, path).values()) == {"unchanged", "rejected"} and store.digest() == before
    path.write_bytes(zipped(("2024/停车.txt", NOTICE.format(6)), ("坏.docx", b"PK\x03\x04 x")))
    again = ingest(store, [path])
    assert again.changed and {f.file: f.outcome for f in again.files} == {
        "文件.zip/2024/停车.txt": "updated", "文件.zip/坏.docx": "rejected", "文件.zip/落户.docx": "removed",
    }  # fmt: skip
    assert [f.diff.changed for f in again.files if f.outcome == "updated"] == [("第一条",)]
    assert len(drop(store, ["文件.zip"])) == 2 and store.counts().files == 0


def test_a_file_that_cannot_be_read_any_more_keeps_its_last_version(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(("停车.txt", NOTICE.format(5)), ("里.zip", zipped(("落户.txt", OTHER)))))
    assert set(outcomes(store, path).values()) == {"added"}
    path.write_bytes(zipped(("停车.txt", b"\x00\x01\x02"), ("里.zip", b"PK\x03\x04 cut off")))
    assert outcomes(store, path) == {"a.zip/停车.txt": "rejected", "a.zip/里.zip": "rejected"}
    assert len(store.documents()) == 2
    path.write_bytes(b"PK\x03\x04 cut off")
    (report,) = ingest(store, [path]).files
    assert (report.file, report.code, len(store.documents())) == ("a.zip", "damaged_file", 2)
    path.write_text(OTHER, "utf-8")  # no archive any more
    assert set(outcomes(store, path).values()) == {"added", "updated", "removed"} - {"added"}
    assert [d.sources[0].file for d in store.documents()] == ["a.zip"]


def test_a_zip_of_which_nothing_can_be_read_leaves_nothing_behind(tmp_path: Path, store: Store) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(("a.txt", b""), ("b.txt", b"\x00\x01")))
    assert set(outcomes(store, tmp_path / "a.zip").values()) == {"rejected"}
    assert store.counts().files == 0


def test_a_mail_and_its_attachments(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "通知.eml"
    path.write_bytes(mail(("停车办法.docx", word(NOTICE.format(5))), ("表.zip", zipped(("落户.txt", OTHER)))))
    assert outcomes(store, path) == {
        "通知.eml/停车办法.docx": "added", "通知.eml/表.zip/落户.txt": "added", "通知.eml": "added",
    }  # fmt: skip
    (tmp_path / "空.eml").write_bytes(mail(("落户.txt", OTHER.encode()), body=" \n"))
    assert outcomes(store, tmp_path / "空.eml") == {"空.eml/落户.txt": "added"}, "a mail that only brings files along"
    assert len(drop(store, ["通知.eml"])) == 4, "the mail, a file, an archive and the file in it"
    assert len(drop(store, ["空.eml"])) == 2


def test_moving_an_archive_moves_what_is_inside(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(("停车.txt", NOTICE.format(5))))
    ingest(store, [path])
    store.move_file(str(path), "/elsewhere/a.zip")
    assert store.all_paths() == ["/elsewhere/a.zip", "/elsewhere/a.zip/停车.txt"]
    assert store.read_of("/elsewhere/a.zip/停车.txt")


def test_a_name_that_goes_on_like_another_is_not_inside_it(tmp_path: Path, store: Store) -> None:
    for name in ("a.zip", "a.zip2", "a%zip"):
        (tmp_path / name).write_bytes(zipped(("停车.txt", NOTICE.format(5))))
        ingest(store, [tmp_path / name])
    drop(store, ["a.zip"])
    assert len(store.all_paths()) == 4


def test_how_each_file_inside_would_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(("停车.txt", NOTICE.format(5)), ("空.txt", b"")))
    found = dict(read_all(path, "a.zip"))
    assert list(found) == ["a.zip/停车.txt", "a.zip/空.txt"]
    assert isinstance(found["a.zip/空.txt"], EmptyFile)
    reading = found["a.zip/停车.txt"]
    assert not isinstance(reading, BadFile) and reading.documents[0][0].title == "甲市停车办法"


# -- what is an archive ------------------------------------------------------------------------------------------------


def test_packages_are_no_archives() -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.save(out)
    whole = word(OTHER)
    for data in (whole, whole[: len(whole) // 2], out.getvalue(), zipped(("mimetype", "application/epub+zip"))):
        assert not archives.matches(data)
    for data in (zipped(("word/a.txt", "x")), zipped(("ppt/x.txt", "x"), ("xl/y", "")), b"PK\x05\x06" + bytes(18)):
        assert archives.matches(data)


# -- limits and errors -------------------------------------------------------------------------------------------------


def test_limits_hold_over_all_that_is_nested() -> None:
    three = zipped(*((f"{n}.txt", "x") for n in range(3)))
    with pytest.raises(TooLarge, match=f"{archives.MAX_FILES} 个"):
        names_of(zipped(*((f"{n}.txt", "x") for n in range(archives.MAX_FILES + 1))))
    budget = Budget(files=4)
    assert len(list(members(three, budget))) == 3
    with pytest.raises(TooLarge):
        list(members(three, budget))
    with pytest.raises(TooLarge, match="MB"):
        list(members(three, Budget(unpacked=2)))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(TooLarge, match="压缩比"):
        names_of(zipped(("a.txt", bytes(30_000_000))))


def test_a_directory_that_is_too_long_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MOST_ENTRIES", 3)
    with pytest.raises(TooLarge, match="目录"):
        names_of(zipped(*((f"{n}/", "") for n in range(4))))


@pytest.mark.parametrize("wrap", [lambda data: zipped(("里.zip", data)), lambda data: mail(("里.zip", data))])
def test_what_is_nested_too_deep_is_said(wrap: object) -> None:
    data = zipped(("深.txt", "x"))
    assert callable(wrap)
    fine = [f.place for f in walk(wrap(data)) if f.kind == "file"]
    assert [place.endswith("里.zip/深.txt") for place in fine] == [True]
    deep = [f for f in walk(wrap(zipped(("又.zip", data)))) if isinstance(f.content, BadFile)]
    assert [(f.place, "2 层" in f.content.message) for f in deep if isinstance(f.content, BadFile)] == [
        ("/里.zip/又.zip", True)
    ]


def test_passwords_and_damage_are_told() -> None:
    with pytest.raises(Encrypted, match="密码"):
        names_of(zipped_raw([b"aa", b"bb"], flags=1))
    data = bytearray(zipped(("好.txt", "好" * 50), ("坏.txt", "坏" * 50), compression=zipfile.ZIP_STORED))
    data[bytes(data).find("坏坏".encode())] ^= 1
    good, bad = members(bytes(data), Budget())
    assert good.content == ("好" * 50).encode() and isinstance(bad.content, Damaged)
    for method in (9, 97):
        other = bytearray(zipped(("a.txt", "x")))
        other[8:10] = other[bytes(other).find(b"PK\x01\x02") + 10 :][:2] = method.to_bytes(2, "little")
        at = bytes(other).find(b"PK\x01\x02") + 10
        other[at : at + 2] = method.to_bytes(2, "little")
        (only,) = members(bytes(other), Budget())
        assert isinstance(only.content, BadFile) and "压缩方法" in only.content.message
    with pytest.raises(Damaged):
        names_of(zipped(("a.txt", "x"))[:40])
    with pytest.raises(EmptyFile):
        names_of(zipped(("__MACOSX/._a.txt", "x"), (".DS_Store", "x"), ("目录/", "")))


def test_one_file_under_a_password_does_not_stop_the_others() -> None:
    data = bytearray(zipped(("a.txt", "x"), ("b.txt", "y")))
    data[bytes(data).rfind(b"PK\x01\x02") + 8] |= 1
    first, second = members(bytes(data), Budget())
    assert first.content == b"x" and isinstance(second.content, Encrypted)


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("政策/停车办法.txt".encode("gbk"), "政策/停车办法.txt"),
        ("联通\\办法.txt".encode("gbk"), "联通/办法.txt"),
        ("噢.txt".encode("gbk"), "噢.txt"),
        ("政策/办法.txt".encode(), "政策/办法.txt"),
        (b"plain/a.txt", "plain/a.txt"),
        ("誠.txt".encode("gbk"), "誠.txt"),  # its second byte is the backslash's neighbour
        (b"C:\\x\\a.txt", "x/a.txt"),
    ],
)
def test_names_without_the_flag_of_utf8(raw: bytes, name: str) -> None:
    assert names_of(zipped_raw([raw])) == [name]


def test_names_lead_nowhere_and_are_distinct() -> None:
    data = zipped(("../../etc/passwd", "1"), ("/abs/a.txt", "2"), ("./abs/a.txt", "3"), ("a\x07b.txt", "4"))
    assert names_of(data) == ["etc/passwd", "abs/a.txt", "abs/a (2).txt", "ab.txt"]


@given(st.text(max_size=60))
def test_an_inner_name_stays_inside(text: str) -> None:
    name = inner_name(text)
    parts = name.split("/")
    assert name == "" or not any(part in ("", ".", "..") or part.startswith(".") for part in parts)
    assert inner_name(name) == name and "\\" not in name


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_bad_file(data: bytes) -> None:
    for start in (b"PK\x03\x04", b"PK\x05\x06", b"From: a\r\nTo: b\r\nSubject: c\r\n"):
        assert list(walk(start + data))
