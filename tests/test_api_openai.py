"""The door for OpenAI clients, through the official client against a served engine, and its corners over a small fake."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import openai
import pytest
from fake_service import TODAY, FakeService, make_document
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from live_service import CENTRE, DAY, SMALL_GIANT, engine_service, ingest_samples, running

from api.answer.service import EngineService
from api.app import create_app
from api.contract.citing import Reference
from api.routes.openai import PIECE
from corpus.types import Validity

ROOT = Path(__file__).resolve().parents[1]
Messages = list[dict[str, Any]]
DRONE = "低空经济企业购买无人机补贴多少？"


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


# --- the official client, the real engine -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> EngineService:
    return engine_service(ingest_samples(tmp_path_factory.mktemp("openai")))


@pytest.fixture(scope="module")
def address(service: EngineService) -> Iterator[str]:
    with running(create_app(service, clock=lambda: DAY)) as address:
        yield f"{address}/v1"


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=address, api_key="not-needed", max_retries=0) as client:
        yield client


def test_an_answer_with_footnotes_and_references(client: openai.OpenAI, service: EngineService) -> None:
    reply = client.chat.completions.create(model="tiaowen", messages=[user(SMALL_GIANT)])
    (choice,) = reply.choices
    text = choice.message.content or ""
    assert (reply.object, reply.model, choice.finish_reason) == ("chat.completion", "tiaowen", "stop")
    assert reply.id.startswith("chatcmpl-") and choice.message.role == "assistant"
    assert text.startswith("最高100万元[^1]\n\n") and "（现行有效）" in text
    references = [Reference.model_validate(r) for r in choice.message.references]
    first = references[0]
    assert first.address == "一、（一）" and first.status == "in_force" and first.number == "澜府规〔2026〕3号"
    assert f"[^1]: 《{first.title}》（澜府规〔2026〕3号）一、（一）： “{first.quote}”" in text
    for reference in references:
        document = service.current().document(reference.document_id)
        assert document.text[reference.start : reference.end] == reference.quote
        assert service.current().clause(reference.clause_id)[1].address == reference.address
        assert reference.source.line_start >= 1 and reference.source.file.endswith(".txt")
    extra = reply.tiaowen
    assert (extra["status"], extra["answer"], extra["reason"]) == ("answered", "最高100万元", None)
    assert 0.5 < extra["confidence"] <= 1 and reply.id == f"chatcmpl-{extra['answer_id']}"


def test_a_stream_says_the_same_as_a_whole_reply(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="tiaowen", messages=[user(SMALL_GIANT)])
    chunks = list(client.chat.completions.create(model="tiaowen", messages=[user(SMALL_GIANT)], stream=True))
    assert {c.object for c in chunks} == {"chat.completion.chunk"} and len({(c.id, c.created) for c in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    pieces = [c.choices[0].delta.content or "" for c in chunks]
    assert "".join(pieces) == whole.choices[0].message.content and len(pieces) > 5
    assert [c.choices[0].finish_reason for c in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    last = chunks[-1]
    assert last.choices[0].delta.references == whole.choices[0].message.references
    same = {"status", "reason", "answer", "confidence", "warnings", "rewritten", "nearest", "message", "answered_by"}
    assert {k: last.tiaowen[k] for k in same} == {k: whole.tiaowen[k] for k in same}
    assert all(c.usage is None for c in chunks)


def test_usage_of_a_stream_counts_characters(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "system", "content": "你是助手"}, user(SMALL_GIANT)]
    whole = client.chat.completions.create(model="tiaowen", messages=messages)
    stream = client.chat.completions.create(
        model="tiaowen", messages=messages, stream=True, stream_options={"include_usage": True}
    )
    *others, last = list(stream)
    assert last.choices == [] and last.usage == whole.usage and all(c.usage is None for c in others)
    assert whole.usage and whole.usage.prompt_tokens == 4 + len(SMALL_GIANT)
    assert whole.usage.completion_tokens == len(whole.choices[0].message.content or "")
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens


def test_the_streaming_helper_of_the_client_puts_all_together(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="tiaowen", messages=[user(SMALL_GIANT)])
    with client.chat.completions.stream(model="tiaowen", messages=[user(SMALL_GIANT)]) as stream:
        said = "".join(event.delta for event in stream if event.type == "content.delta")
        final = stream.get_final_completion().choices[0]
    assert said == final.message.content == whole.choices[0].message.content
    assert final.message.references == whole.choices[0].message.references


def test_a_refusal_names_the_nearest_clauses_and_has_no_references(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="tiaowen", messages=[user(DRONE)])
    message, extra = reply.choices[0].message, reply.tiaowen
    assert message.references == [] and extra["status"] == "refused" and extra["reason"]
    assert message.content and message.content.startswith(extra["message"])
    assert extra["nearest"] and all(f"《{n['title']}》{n['address']}" in message.content for n in extra["nearest"])
    assert message.refusal is None and extra["answer"] is None


@pytest.mark.parametrize("stream", [False, True])
def test_a_follow_up_leans_on_the_messages_before(client: openai.OpenAI, stream: bool) -> None:
    messages: Messages = [user(CENTRE)]
    answers = []
    for following in ("那省级的呢？", "这事归哪些部门管？", None):
        reply: Any = client.chat.completions.create(model="tiaowen", messages=messages, stream=stream)
        text = (
            "".join(c.choices[0].delta.content or "" for c in reply)
            if stream
            else str(reply.choices[0].message.content)
        )
        answers.append(text.partition("[^1]")[0])
        messages += [{"role": "assistant", "content": text}, user(following or "")]
    assert answers == ["150万元", "60万元", "市发改委、市工信局、市教育局"]


def test_a_follow_up_works_in_a_process_that_never_saw_the_conversation(service: EngineService) -> None:
    messages = [user(CENTRE), {"role": "assistant", "content": "150万元"}, user("那省级的呢？")]
    with (
        running(create_app(service, clock=lambda: DAY)) as fresh,
        openai.OpenAI(base_url=f"{fresh}/v1", api_key="x", max_retries=0) as client,
    ):
        reply: Any = client.chat.completions.create(model="tiaowen", messages=messages)
        alone: Any = client.chat.completions.create(model="tiaowen", messages=messages[2:])
    assert reply.tiaowen["answer"] == "60万元" and "省级" in reply.tiaowen["rewritten"]
    assert alone.tiaowen["answer"] != "60万元" and alone.tiaowen["rewritten"] is None, "nothing was remembered"


def test_a_client_that_sends_its_last_message_only_names_a_session(client: openai.OpenAI) -> None:
    def ask(text: str, **named: Any) -> Any:
        return client.chat.completions.create(model="tiaowen", messages=[user(text)], **named).tiaowen

    by_field: Any = {"metadata": {"session_id": "talk-1"}}
    by_header: Any = {"extra_headers": {"X-Session-Id": "talk-2"}}
    for named in (by_field, by_header):
        assert ask(CENTRE, **named)["answer"] == "150万元"
        assert ask("那省级的呢？", **named)["answer"] == "60万元"
    assert ask("那省级的呢？", metadata={"session_id": "talk-3"})["rewritten"] is None, "sessions do not leak"


def test_the_asynchronous_client(address: str) -> None:
    async def talk() -> tuple[str, str]:
        async with openai.AsyncOpenAI(base_url=address, api_key="x", max_retries=0) as client:
            whole = await client.chat.completions.create(model="tiaowen", messages=[user(SMALL_GIANT)])
            stream = await client.chat.completions.create(
                model="tiaowen",
                messages=[user(SMALL_GIANT)],
                stream=True,
            )
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
            return whole.choices[0].message.content or "", "".join(pieces)

    whole, streamed = asyncio.run(talk())
    assert whole == streamed and whole.startswith("最高100万元")


def test_models(client: openai.OpenAI) -> None:
    (model,) = client.models.list().data
    assert (model.id, model.object) == ("tiaowen", "model")
    assert client.models.retrieve("tiaowen") == model
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-4o")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("changed", "error", "code"),
    [
        ({"model": "gpt-4o"}, openai.NotFoundError, "model_not_found"),
        ({"messages": [user("问" * 501)]}, openai.UnprocessableEntityError, "question_too_long"),
        ({"messages": [user(" \n")]}, openai.UnprocessableEntityError, "question_empty"),
        ({"messages": []}, openai.UnprocessableEntityError, "invalid_request"),
        ({"messages": [{"role": "system", "content": "你好"}]}, openai.UnprocessableEntityError, "invalid_request"),
        ({"n": 2}, openai.UnprocessableEntityError, "invalid_request"),
        (
            {"messages": [user("图里是什么？"), {"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            openai.UnprocessableEntityError,
            "content_unsupported",
        ),
    ],
)
def test_errors_are_what_the_client_raises(
    client: openai.OpenAI, changed: dict[str, Any], error: type[openai.APIStatusError], code: str, stream: bool
) -> None:
    given: dict[str, Any] = {"model": "tiaowen", "messages": [user("奖励多少？")], "stream": stream, **changed}
    with pytest.raises(error) as caught:
        client.chat.completions.create(**given)
    assert caught.value.code == code and isinstance(caught.value.body, dict)
    assert set(caught.value.body) == {"code", "message", "hint"} and caught.value.body["hint"]


def test_the_example_of_the_documentation_runs(address: str) -> None:
    page = (ROOT / "docs" / "openai-mcp.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    code = example.replace("http://127.0.0.1:8000/v1", address)
    assert address in code
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    first, _, second = done.stdout.partition("60万元[^1]")
    assert first.startswith("150万元[^1]") and first.count("二、（五）") == 2 and "二、（五）" in second


# --- corners, over a small fake ---------------------------------------------------------------------------------------

OLD = make_document(
    "旧办法\n第一条 奖励30万元，\n另有补助。\n第二条 期满即止。\n", validity=Validity(None, TODAY.replace(year=2024))
)


@pytest.fixture
def fake() -> FakeService:
    return FakeService([OLD], {"奖": ("30万元", "奖励30万元，\n另有补助")})


@pytest.fixture
def plain(fake: FakeService) -> TestClient:
    return TestClient(create_app(fake, clock=lambda: TODAY), raise_server_exceptions=False)


def post(plain: TestClient, messages: Messages, **more: Any) -> Any:
    return plain.post("/v1/chat/completions", json={"model": "tiaowen", "messages": messages, **more})


def test_the_text_of_a_reply_to_the_letter(plain: TestClient) -> None:
    got = post(plain, [user("奖多少？")]).json()
    assert got["choices"][0]["message"]["content"] == (
        "30万元[^1]\n\n注意：所引文件在提问当日不在有效期内，请核对现行规定。\n\n"
        "[^1]: 《旧办法》第一条： “奖励30万元，\n    另有补助”（已失效）"
    )
    assert got["choices"][0]["message"]["references"][0]["quote"] == "奖励30万元，\n另有补助"
    assert [w["code"] for w in got["tiaowen"]["warnings"]] == ["expired"]


def test_a_stream_is_server_sent_events_to_the_letter(plain: TestClient) -> None:
    response = post(plain, [user("奖多少？")], stream=True)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    *events, done, end = response.text.split("\n\n")
    assert (done, end) == ("data: [DONE]", "") and all(e.startswith("data: {") for e in events)
    first, *middle, last = [json.loads(e.removeprefix("data: ")) for e in events]
    assert set(first) == {"id", "object", "created", "model", "choices"}
    assert first["choices"] == [
        {"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": None, "finish_reason": None}
    ]
    assert all(set(c["choices"][0]["delta"]) == {"content"} for c in middle)
    assert set(last["choices"][0]["delta"]) == {"references"} and last["tiaowen"]["status"] == "answered"


def test_what_reaches_the_engine(plain: TestClient, fake: FakeService) -> None:
    post(
        plain, [{"role": "system", "content": "只说英文"}, user(" 第一问 "), user("奖？")], metadata={"session_id": "a"}
    )
    parts = [{"type": "text", "text": "奖励"}, {"type": "text", "text": "多少"}]
    picture = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}
    post(plain, [picture, user("长" * 501), {"role": "user", "content": parts}], metadata={"session_id": "b"})
    post(plain, [user(f"第{n}问") for n in range(20)] + [{"role": "assistant", "content": None}])
    first, second, third = fake.asked
    assert (first.text, first.earlier, first.session) == ("奖？", ("第一问",), None)
    assert (second.text, second.earlier, second.session) == ("奖励\n多少", (), "b")
    assert third.text == "第19问" and third.earlier == tuple(f"第{n}问" for n in range(13, 19))


def test_parameters_that_mean_nothing_here_are_ignored(plain: TestClient) -> None:
    more = {
        "temperature": 0.2,
        "tools": [{"type": "function"}],
        "seed": 7,
        "user": "张三",
        "max_tokens": 1,
        "stop": ["。"],
    }
    response = post(plain, [user("奖多少？")], **more, n=1, stream=None, stream_options=None, metadata=None)
    assert response.status_code == 200 and response.json()["tiaowen"]["answer"] == "30万元"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"stream": "yes"}, "stream"),
        ({"n": True}, "n"),
        ({"stream_options": []}, "stream_options"),
        ({"stream_options": {"include_usage": 1}}, "stream_options"),
        ({"metadata": {"session_id": 5}}, "metadata.session_id"),
        ({"metadata": {"session_id": "x" * 201}}, "metadata.session_id"),
        ({"messages": {"role": "user"}}, "messages"),
        ({"messages": [{"role": "robot", "content": "a"}]}, "messages.role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.content"),
        ({"messages": [{"content": "a"}]}, "messages.role"),
        ({"model": None}, "model"),
    ],
)
def test_bad_requests_name_the_field_and_what_it_takes(plain: TestClient, more: dict[str, Any], says: str) -> None:
    response = plain.post("/v1/chat/completions", json={"model": "tiaowen", "messages": [user("奖？")], **more})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (422, "invalid_request")
    assert says in error["message"] and says.split(".")[0] in error["hint"]


def test_not_ready_is_told_before_a_stream_begins(plain: TestClient, fake: FakeService) -> None:
    fake.is_ready = False
    for stream in (False, True):
        response = post(plain, [user("奖？")], stream=stream)
        assert response.status_code == 503 and response.json()["error"]["code"] == "not_ready"
    assert plain.get("/v1/models").status_code == 200


TURNS = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["system", "user", "assistant", "tool"]),
        "content": st.none()
        | st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
        | st.lists(st.fixed_dictionaries({"type": st.sampled_from(["text", "file"]), "text": st.text(max_size=9)})),
    }
)


@cache
def anybody() -> TestClient:
    """One service for all examples: to build one takes longer than to ask it."""
    return TestClient(create_app(FakeService([OLD]), clock=lambda: TODAY), raise_server_exceptions=False)


@settings(max_examples=25)
@given(messages=st.lists(TURNS, max_size=6), stream=st.booleans())
def test_any_conversation_is_answered_or_explained(messages: Messages, stream: bool) -> None:
    body = {"model": "tiaowen", "messages": messages, "stream": stream}
    response = anybody().post("/v1/chat/completions", json=body)
    assert response.status_code in (200, 422), response.text
    if response.status_code == 422:
        assert set(response.json()["error"]) == {"code", "message", "hint"}
    elif stream:
        events = [json.loads(e[6:]) for e in response.text.split("\n\n") if e.startswith("data: {")]
        pieces = [e["choices"][0]["delta"].get("content", "") for e in events]
        assert all(len(piece) <= PIECE for piece in pieces) and "".join(pieces)
    else:
        assert response.json()["usage"]["prompt_tokens"] >= 1


def test_the_schema_says_what_is_sent(plain: TestClient) -> None:
    operation = plain.get("/openapi.json").json()["paths"]["/v1/chat/completions"]["post"]
    content = operation["responses"]["200"]["content"]
    assert set(content) == {"application/json", "text/event-stream"}
    assert content["application/json"]["schema"]["$ref"].endswith("/ChatCompletion")


def test_words_of_a_document_make_no_link_and_no_picture() -> None:
    text = "第一条 见![图](https://example.org/a.png)和[这里](javascript:alert(1))，<img src=x>奖励30万元，[甲]: https://example.org"
    document = make_document(f"办法\n{text}\n")
    fake = FakeService([document], {"奖": ("30万元<b>", text)})
    client = TestClient(create_app(fake, clock=lambda: TODAY), raise_server_exceptions=False)
    message = post(client, [user("奖多少？")]).json()["choices"][0]["message"]
    assert "](" not in message["content"].replace("\\](", "") and "<b>" not in message["content"].replace("\\<b>", "")
    assert "\\<img" in message["content"] and "\\]: https" in message["content"]
    assert message["references"][0]["quote"] == text, "the data are the document's very words"
