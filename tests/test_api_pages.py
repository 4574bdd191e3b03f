"""The pages load nothing from elsewhere, run nothing inline, and never build HTML from what a document says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from fake_service import FakeService, make_document
from fastapi.testclient import TestClient

from api.app import create_app
from api.assets.site import WEB
from api.errors import QUESTION_LIMIT
from qa.catalogue.starters import KINDS

PAGES = ["/", "/library", "/operator", "/evaluation", "/docs"]
FILES = sorted(path.name for path in WEB.iterdir())
PREPARED = WEB.parent / "answer" / "suggestions.json"
HOSTILE = "恶意文件<img src=x onerror=alert(1)>\n第一条 <script>alert(1)</script>\n第二条 完。\n"
SVG_NAMESPACE = "http://www.w3.org/2000/svg"  # a name, not an address: nothing is fetched from it


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(FakeService([make_document(HOSTILE)]))) as client:
        yield client


class Tags(HTMLParser):
    """Every start tag of a page with its attributes, and the text inside script and style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline = ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            self.inline += data.strip()


@pytest.mark.parametrize("path", PAGES + [f"/web/{name}" for name in FILES])
def test_no_served_file_names_a_foreign_host(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    text = response.text.replace(SVG_NAMESPACE, "")
    assert not re.search(r"\b(?:https?|wss?):|[\"'(=]\s*//|@import", text)


@pytest.mark.parametrize("path", PAGES)
def test_pages_run_nothing_inline_and_every_asset_exists(client: TestClient, path: str) -> None:
    page = Tags(client.get(path).text)
    assert page.inline == ""
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        for name in ("src", "href"):
            address = attributes.get(name)
            if address and not address.startswith("#"):
                assert not address.startswith("/"), "also below a path of another site"
                assert client.get(f"/{address}").status_code == 200, address


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".js")])
def test_scripts_build_no_html_and_evaluate_nothing(name: str) -> None:
    source = (WEB / name).read_text("utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\(.on", source
    )


def test_the_browser_itself_refuses_to_make_markup_of_text(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"].split("; ")
    assert {"default-src 'self'", "require-trusted-types-for 'script'", "trusted-types 'none'"} <= set(policy)


def test_modules_import_and_show_only_what_is_there() -> None:
    icons = set(re.findall(r'<symbol id="([^"]+)"', (WEB / "icons.svg").read_text("utf-8")))
    for name in FILES:
        source = (WEB / name).read_text("utf-8")
        if name.endswith(".js"):
            imported = re.findall(r'(?:from|import\() ?"([^"]+)"', source)
            assert {path.removeprefix("./") for path in imported} <= set(FILES), name
            assert set(re.findall(r'\bicon\("([^"]+)"\)', source)) <= icons, name
        if name.endswith(".html"):
            assert set(re.findall(r"icons\.svg#([\w-]+)", source)) <= icons, name


def test_hostile_text_leaves_only_as_json(client: TestClient) -> None:
    document = client.get("/v1/documents").json()["documents"][0]
    for path in ["/v1/documents", f"/v1/documents/{document['id']}"]:
        response = client.get(path)
        assert response.headers["content-type"] == "application/json"
        assert response.headers["x-content-type-options"] == "nosniff"
    for path in PAGES:
        assert "alert(1)" not in client.get(path).text
    asked = client.post("/v1/ask", json={"question": "<script>alert(2)</script>"})
    assert asked.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_accessible_without_sight_mouse_or_script(client: TestClient, path: str) -> None:
    html = client.get(path).text
    page = Tags(html)
    by_tag = {tag for tag, _ in page.tags}
    assert {"main", "h1", "noscript"} <= by_tag
    assert ("html", {"lang": "zh-CN"}) in page.tags
    assert any(a.get("name") == "viewport" for _, a in page.tags)
    assert any(a.get("class") == "skip" and a.get("href") == "#main" for t, a in page.tags if t == "a")
    assert any(a.get("aria-live") for _, a in page.tags)
    labelled = {a.get("for") for t, a in page.tags if t == "label"}
    for tag, attributes in page.tags:
        if tag in ("input", "textarea", "select"):
            assert attributes.get("id") in labelled or attributes.get("aria-label"), attributes


def test_the_page_counts_to_the_limit_of_the_service(client: TestClient) -> None:
    assert f"LIMIT = {QUESTION_LIMIT};" in client.get("/web/composer.js").text


def test_assets_are_cached_by_etag(client: TestClient) -> None:
    first = client.get("/web/chat.js")
    again = client.get("/web/chat.js", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b"" and "content-security-policy" in again.headers


def test_suggestions_name_a_document_and_fit(client: TestClient) -> None:
    rows = json.loads(PREPARED.read_text("utf-8"))
    assert rows and all(set(row) == {"kind", "title", "question"} and row["kind"] in KINDS for row in rows)
    assert all(0 < len(row["question"]) <= QUESTION_LIMIT for row in rows)
