"""Lists, handling cards and conditions as programs meet them: over HTTP, as OpenAI and chat text, with roles and pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from live_service import engine_service

from api.answer.service import EngineService
from api.app import create_app
from api.bots import replies
from api.bots.feishu import card as feishu_card
from api.contract.schemas import AskResponse
from api.records.database import Records
from api.records.keys import Keys
from api.settings import Settings
from corpus.ingest import ingest
from corpus.store import Store
from qa.build import update_index

DAY = date(2026, 11, 21)
RULES = """澜江市护理补贴办法
澜民规〔2024〕2号

第一条 为做好护理补贴，制定本办法。

第二条 申请护理补贴应当同时符合下列条件：
（一）具有本市户籍；
（二）年满60周岁。

第三条 申请人应当向街道便民服务中心提出申请，并提交下列材料：
（一）居民身份证；
（二）评估报告。

第四条 市民政局负责补贴的审核。

第五条 本办法自2024年1月1日起施行，有效期至2026年12月31日。
"""
OTHER = """澜江市停车收费办法
澜价规〔2025〕1号

第一条 停车每小时收费5元。

第二条 本办法自2025年6月1日起施行，有效期至2028年5月31日。
"""
ENDING, HANDLING, CONDITION = (
    "今年到期的政策有哪些",
    "澜江市护理补贴怎么申请，要什么材料？",
    "申请护理补贴要符合什么条件？",
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> EngineService:
    folder: Path = tmp_path_factory.mktemp("policies")
    (folder / "a.txt").write_text(RULES, "utf-8")
    (folder / "b.txt").write_text(OTHER, "utf-8")
    store = Store(folder / "data")
    assert ingest(store, [folder / "a.txt", folder / "b.txt"]).count("rejected") == 0
    assert update_index(store, folder / "data")
    return engine_service(folder / "data")


@pytest.fixture(scope="module")
def client(service: EngineService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    records = Records(tmp_path_factory.mktemp("records"))
    with TestClient(create_app(service, clock=lambda: DAY, records=records)) as found:
        yield found


def ask(client: TestClient, question: str) -> dict[str, Any]:
    response = client.post("/v1/ask", json={"question": question})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def assert_word_for_word(client: TestClient, quote: dict[str, Any]) -> None:
    document = client.get(f"/v1/documents/{quote['document']['id']}").json()
    assert document["text"][quote["start"] : quote["end"]] == quote["quote"] != ""
    clause = next(c for c in document["clauses"] if c["id"] == quote["clause"]["id"])
    assert clause["address"] == quote["clause"]["address"]
    assert clause["start"] <= quote["start"] and quote["end"] <= clause["end"]


# --- answers that are lists -------------------------------------------------------------------------------------------


def test_each_row_has_its_words_dates_and_page(client: TestClient) -> None:
    body = ask(client, ENDING)
    assert body["status"] == "answered" and body["card"] is None and body["conditions"] is None
    (row,) = body["rows"]
    assert row["title"] == "澜江市护理补贴办法" and row["value"] == "2026年12月31日到期" and row["other"] is None
    assert row["document"]["effective_until"] == "2026-12-31" and row["document"]["status"] == "in_force"
    assert_word_for_word(client, row)
    assert [c["quote"] for c in body["citations"]] == [row["quote"]]
    query = parse_qs(urlsplit(row["link"]).query)
    assert query == {"doc": [row["document"]["id"]], "clause": [row["clause"]["id"]], "start": [str(row["start"])], "end": [str(row["end"])]}  # fmt: skip


def test_a_list_reads_as_text_with_its_footnotes(client: TestClient) -> None:
    body = {"model": "tiaowen", "messages": [{"role": "user", "content": ENDING}]}
    reply = client.post("/v1/chat/completions", json=body).json()
    message = reply["choices"][0]["message"]
    assert "- 《澜江市护理补贴办法》第五条：2026年12月31日到期[^1]" in message["content"]
    assert "[^1]: 《澜江市护理补贴办法》" in message["content"]
    assert message["references"][0]["quote"] in message["content"]
    assert reply["tiaowen"]["rows"][0]["title"] == "澜江市护理补贴办法"


def test_chats_show_the_rows(client: TestClient) -> None:
    reply = replies.of_response(AskResponse.model_validate(ask(client, ENDING)))
    line = "《澜江市护理补贴办法》 第五条：2026年12月31日到期"
    assert f"- {line}" in replies.markdown(reply)
    assert f"· {line}" in replies.text(reply)
    assert any(line in str(part) for part in feishu_card(reply, "")["elements"])
    assert len(replies.text(reply, limit=300).encode()) <= 300


# --- handling cards ---------------------------------------------------------------------------------------------------


def test_a_card_is_word_for_word_and_leaves_out_what_is_not_said(client: TestClient) -> None:
    card = ask(client, HANDLING)["card"]
    fields = {field["name"]: field for field in card["fields"]}
    assert card["document"]["title"] == "澜江市护理补贴办法"
    assert fields["materials"]["label"] == "材料"
    assert [item["quote"] for item in fields["materials"]["items"]][1:] == ["（一）居民身份证；", "（二）评估报告。"]
    assert not {"telephone", "online"} & fields.keys()
    for field in card["fields"]:
        assert field["items"]
        for item in field["items"]:
            assert_word_for_word(client, item)


def test_a_card_reads_as_text(client: TestClient) -> None:
    body = {"model": "tiaowen", "messages": [{"role": "user", "content": HANDLING}]}
    content = client.post("/v1/chat/completions", json=body).json()["choices"][0]["message"]["content"]
    assert "办事要点（《澜江市护理补贴办法》）：" in content
    assert "- 材料：“（一）居民身份证；”（第三条第（一）项）" in content
    reply = replies.of_response(AskResponse.model_validate(ask(client, HANDLING)))
    assert any(line.startswith("材料：") and "居民身份证" in line for line in reply.listed)


# --- conditions -------------------------------------------------------------------------------------------------------


def test_an_answer_leads_to_the_conditions_of_its_clause(client: TestClient) -> None:
    ident = ask(client, CONDITION)["conditions"]
    assert ident is not None
    found = client.get(f"/v1/clauses/{ident}/conditions").json()
    assert found["needs"] == "all" and "审核为准" in found["note"]
    assert [item["quote"] for item in found["items"]] == ["（一）具有本市户籍；", "（二）年满60周岁。"]
    for item in [found["lead"], *found["items"]]:
        assert_word_for_word(client, item)


def test_a_clause_without_conditions_has_none_and_an_unknown_one_is_an_error(client: TestClient) -> None:
    ident = ask(client, ENDING)["rows"][0]["clause"]["id"]
    assert client.get(f"/v1/clauses/{ident}/conditions").json() is None
    response = client.get("/v1/clauses/none/conditions")
    assert response.status_code == 404 and response.json()["error"]["code"] == "not_found"


# --- POST /v1/policies ------------------------------------------------------------------------------------------------


def titles(client: TestClient, **body: Any) -> list[str]:
    response = client.post("/v1/policies", json=body)
    assert response.status_code == 200, response.text
    return [policy["title"] for policy in response.json()["policies"]]


def test_policies_by_every_filter(client: TestClient) -> None:
    both = ["澜江市护理补贴办法", "澜江市停车收费办法"]
    assert titles(client) == both
    assert titles(client, subject="停车") == both[1:]
    assert titles(client, department="市民政局") == both[:1]
    assert titles(client, region="澜江市") == both and titles(client, region="禾山市") == []
    assert titles(client, in_force_on="2024-06-01") == both[:1]
    assert titles(client, ends_before="2027-01-01") == both[:1]


def test_policies_carry_their_words_and_come_in_pages(client: TestClient) -> None:
    first = client.post("/v1/policies", json={"limit": 1}).json()
    assert first["total"] == 2 and first["next_cursor"]
    second = client.post("/v1/policies", json={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert second["next_cursor"] is None
    for page in (first, second):
        (policy,) = page["policies"]
        assert_word_for_word(client, policy["stated"])
        assert "有效期至" in policy["stated"]["quote"]
    (policy,) = client.post("/v1/policies", json={"department": "民政局"}).json()["policies"]
    assert policy["clauses"][0]["quote"] == "第四条 市民政局负责补贴的审核。"


@pytest.mark.parametrize("body", [{"limit": 0}, {"in_force_on": "tomorrow"}, {"subject": ""}, {"unknown": 1}])
def test_wrong_filters_are_refused(client: TestClient, body: dict[str, Any]) -> None:
    response = client.post("/v1/policies", json=body)
    assert response.status_code == 422 and response.json()["error"]["code"] == "invalid_request"


def test_a_cursor_of_no_page_is_not_found(client: TestClient) -> None:
    response = client.post("/v1/policies", json={"cursor": "none"})
    assert response.status_code == 404 and response.json()["error"]["code"] == "not_found"


def test_lists_need_the_role_ask(service: EngineService, tmp_path: Path) -> None:
    records = Records(tmp_path)
    key = Keys(records).create("reader", "ask")[1]
    with TestClient(create_app(service, clock=lambda: DAY, records=records, settings=Settings(access="keys"))) as shut:
        for method, path in (("POST", "/v1/policies"), ("GET", "/v1/clauses/none/conditions")):
            assert shut.request(method, path, json={} if method == "POST" else None).status_code == 401
            headers = {"Authorization": f"Bearer {key}"}
            asked = shut.request(method, path, json={} if method == "POST" else None, headers=headers)
            assert asked.status_code == (200 if method == "POST" else 404)
