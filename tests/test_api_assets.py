"""The files of the pages as they are sent: packed once, kept by digests, few and small enough for a slow line, framed only by whom was named."""

from __future__ import annotations

import gzip
import re
from graphlib import CycleError
from pathlib import Path

import pytest
from fake_service import FakeService, make_document
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from api.assets.modules import NotJoinable, joined
from api.assets.site import KEEP, WEB, Site, site
from api.edge.negotiation import takes_gzip
from api.settings import Settings

PAGES = ("/", "/library", "/operator", "/evaluation", "/docs")
MOST_BYTES = 50_000
"""Of the first load of the chat page, packed: about a second at 50 KB/s."""
MOST_FILES = 6
FRAMER = "https://www.example.test"


def client_of(settings: Settings | None = None) -> TestClient:
    service = FakeService([make_document("甲市办法\n第一条 奖励10万元。\n")])
    return TestClient(create_app(service) if settings is None else create_app(service, settings=settings))


@pytest.fixture(scope="module")
def client() -> TestClient:
    return client_of()


def loaded(html: str) -> set[str]:
    return set(re.findall(r'(?:src|href)="(web/[^"#]+)', html))


def test_what_is_sent_packed_is_the_file(client: TestClient) -> None:
    for name, asset in site().names.items():
        if asset.packed is not None:
            assert gzip.decompress(asset.packed) == asset.data and len(asset.packed) < len(asset.data), name
    plain = client.get("/web/chat.js", headers={"Accept-Encoding": "identity"})
    packed = client.get("/web/chat.js", headers={"Accept-Encoding": "br, gzip"})
    assert plain.content == packed.content == (WEB / "chat.js").read_bytes()
    assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    assert plain.headers["etag"] != packed.headers["etag"]
    for known, encoding in ((plain, "identity"), (packed, "gzip")):
        headers = {"If-None-Match": known.headers["etag"], "Accept-Encoding": encoding}
        again = client.get("/web/chat.js", headers=headers)
        assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == known.headers["etag"]


def test_the_first_load_is_few_and_small_files(client: TestClient) -> None:
    page = client.get("/")
    names = loaded(page.text)
    sent = [site().names["index.html"], *(site().names[name.removeprefix("web/")] for name in names)]
    assert len(sent) <= MOST_FILES
    assert sum(len(asset.packed or asset.data) for asset in sent) <= MOST_BYTES


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_one_sheet_and_one_script_that_are_kept_for_good(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.headers["cache-control"] == "no-cache"
    assert page.text.count('rel="stylesheet"') == page.text.count('type="module"') == 1
    for address in loaded(page.text):
        assert re.search(r"-[0-9a-f]{12}\.\w+$", address)
        answer = client.get(f"/{address}")
        assert answer.status_code == 200 and answer.headers["cache-control"] == KEEP
        assert not re.search(r"^(?:import|export)\b", answer.text, re.M)


def test_a_page_of_another_version_is_served_what_there_is_now_and_told_to_keep_nothing(client: TestClient) -> None:
    old = client.get("/web/chat-000000000000.js")
    assert old.status_code == 200 and old.headers["cache-control"] == "no-cache"
    assert client.get("/web/nothing-000000000000.js").status_code == 404


def test_a_digest_is_that_of_the_content(tmp_path: Path) -> None:
    for path in WEB.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "format.js").write_bytes((WEB / "format.js").read_bytes() + b"// changed\n")
    changed = set(Site(tmp_path).names) - set(site().names)
    assert {re.sub(r"-[0-9a-f]{12}", "", name) for name in changed} >= {"chat.js", "library.js"}
    assert not any(name.endswith(".css") for name in changed)


@pytest.mark.parametrize(
    "text",
    [
        'import * as all from "./b.js";',
        'import "./b.js";',
        "export default 1;",
        "export let x = 1;",
        'const later = await import("./b.js");',
        'export { x } from "./b.js";',
    ],
)
def test_a_form_that_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(NotJoinable, match=r"a\.js"):
        joined("a.js", {"a.js": text, "b.js": "export const x = 1;"}.__getitem__)


def test_modules_in_a_circle_are_refused() -> None:
    texts = {
        "a.js": 'import { b } from "./b.js";\nexport const a = 1;',
        "b.js": 'import { a } from "./a.js";\nexport const b = 1;',
    }
    with pytest.raises(CycleError):
        joined("a.js", texts.__getitem__)


@given(st.lists(st.sets(st.integers(0, 7), max_size=3), min_size=1, max_size=8))
def test_a_module_comes_once_and_after_what_it_needs(needs: list[set[int]]) -> None:
    texts = {}
    for n, wanted in enumerate(needs):
        imports = [f'import {{ x{m} }} from "./m{m}.js";' for m in sorted(wanted) if m < n]
        texts[f"m{n}.js"] = "\n".join([*imports, f"export const x{n} = 1;"])
    whole = joined(f"m{len(needs) - 1}.js", texts.__getitem__)
    for n in range(len(needs)):
        assert whole.count(f"const x{n} = 1;") <= 1
        for m in needs[n]:
            if m < n and f"const x{n} = 1;" in whole:
                assert whole.index(f"const x{m} = 1;") < whole.index(f"const x{n} = 1;")


@pytest.mark.parametrize(
    ("header", "takes"), [("gzip", True), ("br;q=1, GZIP;q=0.5", True), ("gzip;q=0", False), ("", False)]
)
def test_accept_encoding(header: str, takes: bool) -> None:
    assert takes_gzip(header) is takes


# -- frames of other sites, voice ----------------------------------------------------------------------------------------


def test_nobody_frames_anything_unless_named(client: TestClient) -> None:
    for path in (*PAGES, "/v1/documents"):
        answer = client.get(path)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"
    off = client.get("/widget.js")
    assert off.status_code == 404 and off.json()["error"]["code"] == "embedding_off"
    assert "TIAOWEN_FRAME_ANCESTORS" in off.json()["error"]["hint"]


def test_who_is_named_frames_the_chat_page_and_no_other() -> None:
    client = client_of(Settings(access="ask", frame_ancestors=(FRAMER,)))
    page = client.get("/")
    assert f"frame-ancestors 'self' {FRAMER};" in page.headers["content-security-policy"]
    assert "x-frame-options" not in page.headers
    for path in PAGES[1:]:
        assert client.get(path).headers["x-frame-options"] == "DENY"
    widget = client.get("/widget.js")
    assert widget.headers["cross-origin-resource-policy"] == "cross-origin"
    assert (
        "innerHTML" not in widget.text
        and client.get("/web/chat.js").headers["cross-origin-resource-policy"] == "same-origin"
    )


def test_only_where_voice_is_on_the_page_may_listen(client: TestClient) -> None:
    assert "data-voice" not in client.get("/").text
    assert "microphone=()" in client.get("/").headers["permissions-policy"]
    on = client_of(Settings(access="ask", voice=True))
    assert "<html data-voice " in on.get("/").text
    assert "microphone=(self)" in on.get("/").headers["permissions-policy"]
    assert "microphone=()" in on.get("/library").headers["permissions-policy"]
