"""Mails and saved web pages: which part is the text, how names and bytes are decoded, what is attached."""

from __future__ import annotations

from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import BadFile, EmptyFile, TooLarge
from corpus.readers import mime, read_lines

PAGE = "<html><head><title>停车办法</title></head><body><div class='nav'>首页</div><p>第一条 停车收费每小时5元，由城管收取。</p><p>第二条 本办法自2025年1月1日起施行。</p></body></html>"


def texts(data: bytes) -> list[str]:
    return [line.text for line in read_lines(data) if line.text.strip()]


def left_out(data: bytes) -> list[tuple[str, str]]:
    return [(line.left_out.reason, line.left_out.text) for line in mime.read(data) if line.left_out]


def saved(charset: str = "utf-8", sender: str = "<Saved by Blink>", encoding: str = "quoted-printable") -> bytes:
    """A page as browsers save it."""
    import base64
    import quopri

    body = PAGE.encode(charset)
    coded = quopri.encodestring(body) if encoding == "quoted-printable" else base64.encodebytes(body)
    head = (
        f"From: {sender}\r\nSubject: =?utf-8?Q?x?=\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="--b"\r\n\r\n'
    )
    part = f"----b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: {encoding}\r\nContent-Location: http://a.cn/1.html\r\n\r\n"
    frame = "----b\r\nContent-Type: text/html\r\nContent-Location: http://a.cn/frame.html\r\n\r\n<p>广告</p>\r\n"
    picture = "----b\r\nContent-Type: image/png\r\nContent-Location: http://a.cn/1.png\r\n\r\nx\r\n"
    return head.encode() + part.encode() + coded + f"\r\n{frame}{picture}----b--\r\n".encode()


@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
@pytest.mark.parametrize("encoding", ["quoted-printable", "base64"])
@pytest.mark.parametrize("sender", ["<Saved by Blink>", '"Saved by Internet Explorer 11"', "<由 WPS 保存>"])
def test_a_saved_page_is_read_as_the_page(charset: str, encoding: str, sender: str) -> None:
    data = saved(charset, sender, encoding)
    found = texts(data)
    assert "第一条 停车收费每小时5元，由城管收取。" in found and not any("广告" in text for text in found)
    assert ("unread", "http://a.cn/frame.html") in left_out(data)
    assert list(mime.attachments(data)) == []


def test_a_mail_in_two_versions_is_read_once_and_its_subject_is_a_heading() -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "局办 <a@b.cn>", "c@d.cn", "回复: Fwd: 关于停车收费的通知"
    message.set_content("第一条 纯文本。")
    message.add_alternative(PAGE, subtype="html")
    lines = mime.read(message.as_bytes())
    assert (lines[0].text, lines[0].level) == ("关于停车收费的通知", 1)
    found = [line.text for line in lines]
    assert any("每小时5元" in text for text in found) and not any("纯文本" in text for text in found)
    assert ("markup", "From: 局办 <a@b.cn>") in left_out(message.as_bytes())
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))


def test_all_texts_of_a_mail_in_parts_are_read() -> None:
    message = MIMEMultipart("mixed")
    message["From"], message["To"], message["Subject"] = "a@b.cn", "c@d.cn", "通知"
    for text in ("第一条 上半。", "第二条 下半。"):
        message.attach(MIMEText(text, "plain", "gbk"))
    assert texts(message.as_bytes()) == ["通知", "第一条 上半。", "第二条 下半。"]


def test_attachments_have_their_names_in_whatever_encoding() -> None:
    message = EmailMessage()
    message["From"], message["To"] = "a@b.cn", "c@d.cn"
    message.set_content("见附件。")
    message.add_attachment(b"1", maintype="application", subtype="msword", filename="办法.doc")
    message.add_attachment("附注", subtype="plain", filename="附注.txt")
    inner = EmailMessage()
    inner["From"], inner["To"], inner["Subject"] = "x@y.cn", "z@y.cn", "转来/的"
    inner.set_content("里面的信。")
    message.add_attachment(inner)
    data = message.as_bytes()
    raw = b'Content-Type: application/pdf; name="\xb1\xed.pdf"\r\nContent-Disposition: attachment\r\n\r\n%PDF\r\n'
    boundary = message.get_boundary()
    assert boundary
    data = data.replace(f"--{boundary}--".encode(), f"--{boundary}\r\n".encode() + raw + f"--{boundary}--".encode())
    found = dict(mime.attachments(data))
    assert list(found) == ["办法.doc", "附注.txt", "转来／的.eml", "表.pdf"]
    assert found["办法.doc"] == b"1" and mime.matches(found["转来／的.eml"])
    assert "附注" not in "".join(texts(data)) and "里面的信" not in "".join(texts(data))


@pytest.mark.parametrize(
    "text",
    [
        "标题：办法\n发文机关：甲市\n\n第一条",
        "Title: x\nDate: 2025\n\n第一条",
        "From: a\nTo: b\n这不是邮件头\n",
        "",
        "第一条 内容",
    ],
)
def test_what_is_no_message(text: str) -> None:
    assert not mime.matches(text.encode())


def test_limits_and_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    head = b"From: a@b.cn\r\nTo: c@d.cn\r\nSubject: x\r\n"
    with pytest.raises(EmptyFile):
        mime.read(head + b"\r\n \r\n")
    parts = b"".join(b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" for _ in range(6))
    many = head + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--"
    assert mime.read(many)
    monkeypatch.setattr(mime, "MAX_PARTS", 5)
    with pytest.raises(TooLarge, match="5 个"):
        mime.read(many)
    monkeypatch.setattr(mime, "MAX_BYTES", 10)
    with pytest.raises(TooLarge):
        mime.read(many)


def test_deep_nesting_is_a_bad_file() -> None:
    data = b"From: a@b.cn\r\nTo: c@d.cn\r\nMIME-Version: 1.0\r\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000)
    )
    with pytest.raises(BadFile):
        mime.read(data)


@given(st.binary(max_size=400))
def test_whatever_follows_the_headers_is_read_or_refused(rest: bytes) -> None:
    data = b"From: a\r\nTo: b\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nSubject: " + rest
    try:
        mime.read(data)
        list(mime.attachments(data))
    except BadFile:
        return
