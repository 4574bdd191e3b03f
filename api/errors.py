"""The errors of a request, and the one shape in which every error leaves the service.

    PolicyError                      corpus/errors.py; any other branch of the tree keeps its own code and status
    ├── ApiError
    │   ├── BadRequest               422  "invalid_request"      JSON that is not what the route takes
    │   │   ├── QuestionEmpty        422  "question_empty"
    │   │   ├── QuestionTooLong      422  "question_too_long"
    │   │   └── ContentUnsupported   422  "content_unsupported"  a chat message that is not text
    │   ├── ModelNotFound            404  "model_not_found"      OpenAI clients name a model; there is one
    │   ├── InvalidJson              400  "invalid_json"         a body that is not JSON at all
    │   ├── MethodNotAllowed         405  "method_not_allowed"
    │   ├── PayloadTooLarge          413  "payload_too_large"
    │   ├── BodyTimeout              408  "body_timeout"         the body did not arrive in time
    │   ├── KeyMissing               401  "key_missing"          this needs a key
    │   ├── KeyWrong                 401  "key_wrong"            no key in force has this text
    │   ├── SessionExpired           401  "session_expired"      the login of a page has ended
    │   ├── Forbidden                403  "forbidden"            the key's role may not do this
    │   ├── SignOnExpired            400  "sso_expired"          a sign-on that this browser did not begin, or too long ago
    │   ├── SignOnRefused            403  "sso_refused"          the provider of accounts said no
    │   ├── SignOnUntrusted          403  "sso_untrusted"        what it said of the person does not hold
    │   ├── SignOnNoRole             403  "sso_no_role"          the person may do nothing here
    │   ├── SignOnUnavailable        503  "sso_unavailable"      the provider of accounts does not answer
    │   ├── OriginRefused            403  "origin_refused"       a page of another site, or a host that is not ours
    │   ├── EmbeddingOff             404  "embedding_off"        no other site may frame the chat page
    │   ├── RateLimited              429  "rate_limited"         too many calls in a minute
    │   ├── Busy                     503  "busy"                 the queue is full
    │   ├── TimedOut                 504  "timeout"              the question took too long
    │   ├── SignatureWrong           401  "signature_wrong"      a bot's message that its platform did not sign
    │   ├── MessageStale             401  "message_stale"        a bot's message signed too long ago
    │   ├── MessageUnreadable        400  "message_unreadable"   a bot's message that is not what its platform sends
    │   ├── MessageReused            409  "message_reused"       the id of a message that said something else
    │   ├── MessageUnanswered        503  "message_unanswered"   a bot's message is still being answered
    │   ├── NotReady                 503  "not_ready"            the index is still being loaded
    │   ├── CannotListen             500  "cannot_listen"        the address to serve on is taken; of the command line
    │   └── Internal                 500  "internal"             a fault of ours; the log has the rest
    ├── StoreError                   503  "store_unusable"       corpus/errors.py
    │   ├── DiskFull                 507  "disk_full"            nothing more can be written
    │   └── DataDamaged              500  "data_damaged"         a database holds what the program never wrote
    ├── NotSafe                      ---  "not_safe"             of the command line, as the four below
    ├── CannotBackUp                 ---  "cannot_back_up"       the archive cannot be written
    ├── BadArchive                   ---  "bad_archive"          no archive of a data folder, or a damaged one
    ├── CannotRestore                ---  "cannot_restore"       the data folder holds something, or is in use
    ├── WatchBusy                    ---  "watch_busy"           another process watches folders for the data folder
    └── NotFound                     404  "not_found"            corpus/errors.py; unknown routes as well

The body is always {"error": {"code", "message", "hint"}}: `code` is a stable English word, `message` and `hint` are
Chinese, and `hint` says what to do next. Nothing of a traceback, a path or the offending value is in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, get_args

from corpus.errors import NotFound, PolicyError, StoreError
from corpus.types import Kind

QUESTION_LIMIT = 500  # code points
BODY_LIMIT = 64 * 1024  # bytes
TOP_K_LIMIT = 50
EARLIER_LIMIT = 6  # earlier questions that come with one
ID_LIMIT = 200  # characters of an id, an issuer or a region


class NotSafe(PolicyError):
    """A service that anybody could use and manage is not started unless the operator says so."""

    code = "not_safe"


class CannotBackUp(PolicyError):
    """The archive of a data folder cannot be written. Of the command line only."""

    code = "cannot_back_up"


class BadArchive(PolicyError):
    """The file is no archive of a data folder, or is damaged. Of the command line only."""

    code = "bad_archive"


class CannotRestore(PolicyError):
    """The data folder cannot be replaced: it holds something, or is in use. Of the command line only."""

    code = "cannot_restore"


class WatchBusy(PolicyError):
    """Another process watches folders for this data folder; one does at a time. Of the command line only."""

    code = "watch_busy"


class ApiError(PolicyError):
    """Root of the errors of a request. Raise a subclass."""

    default_message: ClassVar[str] = "服务内部出错。"
    default_hint: ClassVar[str] = ""
    retry_after: int | None = None  # seconds after which the same call may succeed

    def __init__(self, message: str | None = None, hint: str | None = None) -> None:
        super().__init__(message or self.default_message, self.default_hint if hint is None else hint)


class BadRequest(ApiError):
    """The body or a parameter is JSON, but not what the route takes."""

    code = "invalid_request"
    status = 422
    default_message = "请求的内容不符合要求。"
    default_hint = "请对照 /docs 检查字段名和取值。"


class QuestionEmpty(BadRequest):
    """The question holds nothing but white space."""

    code = "question_empty"
    default_message = "问题是空的。"
    default_hint = "请写下想问的事，例如“某项奖励最高多少”。"


class QuestionTooLong(BadRequest):
    """The question is longer than QUESTION_LIMIT code points."""

    code = "question_too_long"
    default_message = f"问题太长，最多 {QUESTION_LIMIT} 个字。"
    default_hint = "请只留下要问的那一件事，或者分几次提问。"


class ContentUnsupported(BadRequest):
    """The question of a chat holds a picture, sound or a file."""

    code = "content_unsupported"
    default_message = "只能读文字，读不了图片、声音和文件。"
    default_hint = "请把问题写成文字；消息内容用字符串，或者 type 为 text 的片段。"


class ModelNotFound(ApiError):
    """An OpenAI client asked for a model that is not here."""

    code = "model_not_found"
    status = 404
    default_message = "没有这个模型。"
    default_hint = "model 请填 tiaowen；可用的模型见 /v1/models。"


class InvalidJson(ApiError):
    """The body is not JSON in UTF-8."""

    code = "invalid_json"
    status = 400
    default_message = "请求体不是合法的 JSON。"
    default_hint = "请用 UTF-8 编码的 JSON，并带上请求头 Content-Type: application/json。"


class MethodNotAllowed(ApiError):
    """The address is right, the method is not."""

    code = "method_not_allowed"
    status = 405
    default_message = "这个地址不支持这种请求方法。"
    default_hint = "支持的方法见响应头 Allow，或者查看 /docs。"


class PayloadTooLarge(ApiError):
    """The body is larger than `limit` bytes."""

    code = "payload_too_large"
    status = 413
    default_hint = "请缩短问题、减少筛选条件，或者把文件分几次上传。"

    def __init__(self, limit: int = BODY_LIMIT) -> None:
        size = f"{limit // 2**20} MB" if limit >= 2**20 else f"{limit // 1024} KB"
        super().__init__(f"请求体太大，最多 {size}。")


class BodyTimeout(ApiError):
    """The body did not arrive within the time that it was given."""

    code = "body_timeout"
    status = 408
    retryable = True
    default_message = "请求体没有在规定时间内传完。"
    default_hint = "请检查网络后重新发送。"


class KeyMissing(ApiError):
    """The route needs a key, and the request brought none."""

    code = "key_missing"
    status = 401
    default_message = "这项操作需要密钥。"
    default_hint = "请在请求头带上 Authorization: Bearer 密钥；网页请先登录。密钥由管理员用 tiaowen keys create 生成。"


class KeyWrong(ApiError):
    """No key in force has this text. Whether it ever was one is not said."""

    code = "key_wrong"
    status = 401
    default_message = "密钥不对，或者已被撤销。"
    default_hint = "请核对密钥；忘记了就请管理员重新生成一个。"


class SessionExpired(ApiError):
    """The cookie of a login that has ended."""

    code = "session_expired"
    status = 401
    default_message = "登录已过期。"
    default_hint = "请重新登录。"


class Forbidden(ApiError):
    """The key is right, but its role may not do this."""

    code = "forbidden"
    status = 403
    default_message = "这个密钥没有做这件事的权限。"
    default_hint = "请换用权限更高的密钥：operate 可用工作台，admin 可管理文件。"

    @classmethod
    def of_person(cls) -> Forbidden:
        """Of somebody who signed in with an account of the organisation."""
        return cls("这个账号没有做这件事的权限。", "请让管理员在单位账号系统里把你加进有权限的组，再重新登录。")


class SignOnExpired(ApiError):
    """The sign-on with the organisation's account was not begun by this browser, was ended before, or took too long."""

    code = "sso_expired"
    status = 400
    default_message = "这次登录已经失效。"
    default_hint = "请回到页面重新登录；浏览器要允许本站的 Cookie，登录要在十分钟内完成。"


class SignOnRefused(ApiError):
    """The provider of accounts did not let the person in, or took back the code that it gave."""

    code = "sso_refused"
    status = 403
    default_message = "单位账号系统没有同意这次登录。"
    default_hint = "请重新登录；若仍不行，请管理员核对单位账号系统里本服务的客户端编号、密钥和回跳地址。"


class SignOnUntrusted(ApiError):
    """What the provider of accounts said of the person is not signed by it, is for another service or sign-on, or is stale."""

    code = "sso_untrusted"
    status = 403
    default_message = "单位账号系统给出的身份无法核实。"
    default_hint = "请重新登录；若仍不行，请管理员看服务日志里的原因，并核对两边的时钟。"


class SignOnNoRole(ApiError):
    """The person is who they say, but the settings give their account no role."""

    code = "sso_no_role"
    status = 403
    default_message = "这个单位账号没有使用本服务的权限。"
    default_hint = "请让管理员在单位账号系统里把你加进有权限的组，再重新登录；或改用密钥登录。"

    def __init__(self, name: str = "") -> None:
        super().__init__(f"单位账号“{name}”没有使用本服务的权限。" if name else None)


class SignOnUnavailable(ApiError):
    """The provider of accounts does not answer, or not as a provider does."""

    code = "sso_unavailable"
    status = 503
    retryable = True
    default_message = "单位账号系统现在连不上。"
    default_hint = "请稍后再试，或改用密钥登录；若一直如此，请管理员看服务日志里的原因。"


class OriginRefused(ApiError):
    """A page of another site, or a request through a name that is not ours."""

    code = "origin_refused"
    status = 403
    default_message = "不接受从这个来源发来的请求。"
    default_hint = (
        "未设密钥时只接受本机访问：对外服务请先用 tiaowen keys create 生成密钥；"
        "经过代理时请传递原来的 Host，其他网站的来源用 TIAOWEN_CORS 列出。"
    )


class EmbeddingOff(ApiError):
    """The script for other sites was asked for, and no site may frame the chat page."""

    code = "embedding_off"
    status = 404
    default_message = "没有开启在其他网站里嵌入。"
    default_hint = "管理员用 TIAOWEN_FRAME_ANCESTORS 列出可以嵌入的网站后即可使用，见 docs/embedding.md。"


class RateLimited(ApiError):
    """One key or one address called too often. `retry_after` says in how many seconds the next call is taken."""

    code = "rate_limited"
    status = 429
    retryable = True
    default_message = "请求太频繁。"
    default_hint = "请按响应头 Retry-After 给出的秒数稍后再试。"

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class Busy(ApiError):
    """As many questions wait as may; the same call will succeed later."""

    code = "busy"
    status = 503
    retryable = True
    retry_after = 2
    default_message = "现在提问的人太多，请稍候。"
    default_hint = "请过几秒再试。"


class TimedOut(ApiError):
    """The question took longer than it may."""

    code = "timeout"
    status = 504
    retryable = True
    default_message = "这个问题用时太长，没有等到结果。"
    default_hint = "请稍后再试，或者把问题问得更具体。"


class SignatureWrong(ApiError):
    """The signature of a bot's message or of the webhook is absent or made with another secret. Which, is not said."""

    code = "signature_wrong"
    status = 401
    default_message = "签名不对。"
    default_hint = "请核对密钥、令牌和签名的算法，见 docs/bots.md。"


class MessageStale(ApiError):
    """The time that a message was signed with is not a time, or too far from ours: a replay, or a clock that is wrong."""

    code = "message_stale"
    status = 401
    default_message = "消息的时间不在允许的范围内。"
    default_hint = "请校准两边的时钟，并在发送时重新签名。"


class MessageUnreadable(ApiError):
    """A message that cannot be decrypted or is not what its platform sends."""

    code = "message_unreadable"
    status = 400
    default_message = "消息无法解析。"
    default_hint = "请核对加密密钥和消息格式，见 docs/bots.md。"


class MessageReused(ApiError):
    """The id of a message seen before, with other content."""

    code = "message_reused"
    status = 409
    default_message = "这个消息编号已用于另一条消息。"
    default_hint = "重发同一条消息时内容不要变；新的消息请用新的编号。"


class MessageUnanswered(ApiError):
    """The answer is not there yet. The platform sends the message again, and gets it then."""

    code = "message_unanswered"
    status = 503
    retryable = True
    default_message = "这条消息还在处理。"
    default_hint = "请稍后重发同一条消息，会得到同一个答复。"


class NotReady(ApiError):
    """The index is not loaded yet; the same call will succeed later."""

    code = "not_ready"
    status = 503
    retryable = True
    retry_after = 5
    default_message = "服务正在启动，暂时不能回答。"
    default_hint = "请稍等几秒再试；/readyz 返回 200 时即可使用。"


class CannotListen(ApiError):
    """The address that the service was told to serve on is taken, or is not this machine's. Of the command line only."""

    code = "cannot_listen"
    default_message = "无法在这个地址上提供服务。"
    default_hint = "请换一个端口（--port），或先停止占用它的程序；也请检查 --host 是不是本机的地址。"


class Internal(ApiError):
    """Something that should not have happened. The cause is in the log, under the request id."""

    default_message = "服务内部出错，没能完成这次请求。"
    default_hint = "请稍后再试；若反复出现，请把响应头 X-Request-ID 告诉管理员。"


class DiskFull(StoreError):
    """The disk of the data folder has no room left. What was confirmed before is there."""

    code = "disk_full"
    status = 507

    def __init__(self, hint: str = "请腾出磁盘空间后重试；在那之前仍然可以提问。") -> None:
        super().__init__("磁盘已满，没能写入。", hint)


class DataDamaged(StoreError):
    """A file of the data folder is not as it was written: a bad disk, a copy cut short, an edit by hand."""

    code = "data_damaged"
    status = 500
    retryable = False

    def __init__(self) -> None:
        super().__init__(
            "数据目录里的文件已损坏。",
            "请用 tiaowen restore 恢复备份；没有备份时换一个数据目录重新导入（tiaowen ingest）。",
        )


def unknown_address() -> NotFound:
    """The error for a route that does not exist."""
    return NotFound("没有这个地址。", "可用的地址见 /docs。")


_PATH = re.compile(
    r"(['\"])/[^'\"\n]*?([^/'\"\n]*)\1|(?<![\w/.:~])/(?!v1/)(?:[^/\s：，。；（）“”'\"]+/)+([^/\s：，。；（）“”'\"]*)"
)


def error_body(error: PolicyError) -> dict[str, dict[str, str]]:
    """The one JSON shape of every error. Where files lie on the server is for its log and its terminal: a path is given by
    its last name."""
    message = _PATH.sub(lambda found: found[2] or found[3] or "", error.message)
    return {"error": {"code": error.code, "message": message, "hint": error.hint}}


FIELD_RULES = {
    "question": f"question 应为字符串，1 到 {QUESTION_LIMIT} 个字。",
    "session_id": f"session_id 应为 1 到 {ID_LIMIT} 个字符的字符串。",
    "top_k": f"top_k 应为 1 到 {TOP_K_LIMIT} 的整数。",
    "earlier": f"earlier 应为至多 {EARLIER_LIMIT} 句之前问过的话，每句 1 到 {QUESTION_LIMIT} 个字。",
    "as_of": "as_of 应为形如 2026-03-15 的日期（1900 到 2199 年）。",
    "filters": "filters 应为对象，可用字段：document_ids、issuer、region、kind、in_force。",
    "filters.document_ids": "filters.document_ids 应为文件编号的数组。",
    "filters.issuer": "filters.issuer 应为非空字符串。",
    "filters.region": "filters.region 应为非空字符串。",
    "filters.kind": f"filters.kind 应为 {'、'.join(get_args(Kind))} 之一。",
    "filters.in_force": "filters.in_force 应为 true 或 false。",
    "model": "model 应为字符串 tiaowen。",
    "messages": 'messages 应为数组，每条形如 {"role": "user", "content": "问题"}。',
    "stream": "stream 应为 true 或 false。",
    "stream_options": "stream_options 应为对象，可用字段：include_usage（true 或 false）。",
    "n": "n 只能是 1：同一个问题只有一个答案。",
    "metadata": f"metadata 应为对象，其中 session_id 为 1 到 {ID_LIMIT} 个字符的字符串。",
    "x-session-id": f"请求头 X-Session-Id 应为 1 到 {ID_LIMIT} 个字符。",
    "document_ids": "document_ids 应为文件编号的数组。",
    "in_force": "in_force 应为 true 或 false。",
    "clause_id": "clause_id 应为回答或查询结果里的条款编号。",
    "limit": "limit 应为 1 到 200 的整数。",
    "rating": "rating 应为 up 或 down。",
    "reason": "reason 应为 wrong、incomplete、outdated、irrelevant、other 之一。",
    "comment": "comment 最多 500 个字。",
    "contact": "contact 最多 100 个字。",
    "note": "note 最多 500 个字。",
    "reply": "reply 最多 2000 个字。",
    "status": "status 应为 taken 或 closed。",
    "kind": "kind 应为 unanswered、disliked、handoffs 之一（dismiss 只收前两个）。",
    "days": "days 应为 1 到 3650 的整数。",
    "questions": "questions 应为 1 到 20 个问题，每个 1 到 500 个字。",
    "answer": "answer 应为 1 到 500 个字。",
    "files": "files 应为上传的文件，1 到 20 个。",
    "cursor": "cursor 应为上一页返回的 next_cursor。",
    "low": "low 应为 0 到 1 的数。",
    "high": "high 应为 0 到 1 的数。",
    "day": "day 应为日期，如 2026-11-21。",
    "words": "words 最多 100 个字。",
    "mark": "mark 应为 good、bad、none 之一。",
    "format": "format 应为 csv 或 xlsx。",
    "verdict": "verdict 应为 good 或 bad。",
    "name": "name 最多 40 个字。",
    "file": "file 应为上传的一个文件。",
    "set": "set 应为问题集的名字，见 GET /v1/evaluation-sets。",
    "before": "before 应为上一页返回的 next_before。",
    "back": "back 应为 /、/library、/operator、/evaluation、/docs 之一。",
}


def validation_error(detail: Mapping[str, Any]) -> ApiError:
    """The first thing that pydantic found wrong, in words. The offending value is not repeated."""
    kind = detail["type"]
    if kind == "json_invalid":
        return InvalidJson()
    if kind == "question_empty":
        return QuestionEmpty()
    if kind == "question_too_long":
        return QuestionTooLong()
    if kind == "content_unsupported":
        return ContentUnsupported()
    if kind == "question_missing":
        return BadRequest("messages 里没有用户的问题。", FIELD_RULES["messages"])
    where = [str(part) for part in detail["loc"][1:] if not isinstance(part, int)]
    if not where:
        return BadRequest("请求体应为 JSON 对象。", InvalidJson.default_hint)
    name = _printable(".".join(where))
    if kind == "extra_forbidden":
        return BadRequest(f"不认识的字段：{name}。", "请对照 /docs 检查字段名。")
    if kind == "bad_characters":
        return BadRequest(f"{name} 里有无法处理的字符。", "请去掉空字符（NUL）和不成对的代理字符。")
    if kind == "missing":
        return BadRequest(f"缺少字段：{name}。", _rule(name))
    return BadRequest(f"字段 {name} 的取值不对。", _rule(name))


def _rule(name: str) -> str | None:
    """What a field takes, or what the nearest field around it takes."""
    while name and name not in FIELD_RULES:
        name = name.rpartition(".")[0]
    return FIELD_RULES.get(name)


def _printable(name: str) -> str:
    """A field's name as the caller wrote it, cut short and safe to put into a JSON answer."""
    return "".join(c for c in name[:60] if c.isprintable())
