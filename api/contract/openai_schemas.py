"""What OpenAI's chat completions take and give, as far as this service takes part, and its own fields in them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.contract.citing import Reference, Verdict
from api.contract.schemas import Name, Text, askable
from api.errors import EARLIER_LIMIT

MODEL = "tiaowen"


# --- what comes in ---------------------------------------------------------------------------------------------------


class _Taken(BaseModel):
    """Other programs send many fields that mean nothing here (temperature, tools, seed ...): they are ignored."""

    model_config = ConfigDict(extra="ignore")


class ContentPart(_Taken):
    """A piece of a message; only `text` can be read."""

    type: Text
    text: Text | None = None


class ChatMessage(_Taken):
    """A turn. Only what users said is looked at: system messages and what was answered before change nothing."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Text | list[ContentPart] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text or "" for part in self.content if part.type == "text")
        return self.content or ""

    @property
    def is_text(self) -> bool:
        return not isinstance(self.content, list) or all(part.type == "text" for part in self.content)


class StreamOptions(_Taken):
    include_usage: bool | None = Field(None, strict=True, description="最后多发一个只有 usage 的分块")


class ChatMetadata(_Taken):
    session_id: Name | None = Field(None, description="只发最后一句话的程序，用它把追问接上；也可用请求头 X-Session-Id")


class ChatRequest(_Taken):
    """A chat. The last message of role `user` is the question; the ones before it are what a follow-up leans on."""

    model: Text = Field(description=f"模型，只有 {MODEL}", examples=[MODEL])
    messages: list[ChatMessage] = Field(
        min_length=1,
        description="最后一条 role 为 user 的消息就是问题，1 到 500 个字",
        json_schema_extra={"contains": {"properties": {"role": {"const": "user"}}}},
        examples=[[{"role": "user", "content": "国家级小巨人企业奖励多少？"}]],
    )
    stream: bool | None = Field(None, strict=True)
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(strict=True, ge=1, le=1)] | None = Field(
        None, description="只能是 1：同一个问题只有一个答案"
    )
    metadata: ChatMetadata | None = None

    @model_validator(mode="after")
    def _asks(self) -> ChatRequest:
        asked = [message for message in self.messages if message.role == "user"]
        if not asked:
            raise PydanticCustomError("question_missing", "no message of a user")
        if not asked[-1].is_text:
            raise PydanticCustomError("content_unsupported", "only text can be read")
        askable(asked[-1].text)
        return self

    def said(self) -> list[str]:
        """What the user said, the question last."""
        return [message.text for message in self.messages if message.role == "user"]

    def earlier(self) -> list[str]:
        """What the user asked before, oldest first, as far as it can be asked again."""
        return [text for text in self.said()[:-1] if _is_askable(text)][-EARLIER_LIMIT:]

    def characters(self) -> int:
        """Code points of all messages: what `usage` counts."""
        return sum(len(message.text) for message in self.messages)


def _is_askable(text: str) -> bool:
    try:
        askable(text)
    except PydanticCustomError:
        return False
    return True


# --- what goes out ---------------------------------------------------------------------------------------------------


class Usage(BaseModel):
    """Characters (code points), not tokens: nothing here is cut into tokens."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ReplyMessage(BaseModel):
    role: Literal["assistant"]
    content: str = Field(description="简短的答案，后面是带原文的脚注；没有回答时是说明和最接近的条款")
    refusal: None = None
    references: list[Reference] = Field(description="引文；第 n 条就是脚注 n。没有回答时为空")


class Choice(BaseModel):
    index: Literal[0]
    message: ReplyMessage
    logprobs: None = None
    finish_reason: Literal["stop"]


class ChatCompletion(BaseModel):
    """A whole reply."""

    id: str
    object: Literal["chat.completion"]
    created: int = Field(description="秒，Unix 时间")
    model: str
    choices: list[Choice]
    usage: Usage
    tiaowen: Verdict


class Delta(BaseModel):
    """What a chunk adds to the message. A field that is not set is not sent."""

    role: Literal["assistant"] | None = None
    content: str | None = None
    references: list[Reference] | None = None


class ChunkChoice(BaseModel):
    index: Literal[0]
    delta: Delta
    logprobs: None
    finish_reason: Literal["stop"] | None


class Chunk(BaseModel):
    """One event of a streamed reply. The last one with a choice has the references and `tiaowen`."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: Usage | None = None
    tiaowen: Verdict | None = None

    def event(self) -> str:
        return f"data: {self.model_dump_json(exclude_unset=True)}\n\n"


class ModelOut(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ModelOut]
