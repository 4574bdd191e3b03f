"""The tools that a language model gets of this service: what each takes, gives and says, without the protocol around it.

Each result is given twice: as data in the shape of its output schema, and as text that can be read with its citations.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api.access import Principal
from api.answer.desk import Desk
from api.contract import schemas
from api.contract.citing import (
    STATUS_NAMES,
    NearClause,
    Reference,
    Verdict,
    cited_text,
    near_clause,
    references_of,
    verdict_of,
)
from api.contract.markup import inert
from api.errors import EARLIER_LIMIT, TOP_K_LIMIT
from api.routes.documents import require_plausible
from api.routes.policies import PoliciesIn, PoliciesOut, PolicyOut, page_out
from corpus.errors import NotFound
from corpus.types import Kind

CHANNEL = "mcp"
INSTRUCTIONS = """条问用已导入的政策文件的条款原文回答问题。
引用时 quote 必须一字不改，并写明文件名、文号、条款位置和效力（现行有效、已失效等）；warnings 里的提醒要一并转告。
status 为 refused 表示文件里没有足够的依据：请如实转告 message，不要自己编造或推断答案，也不要把 nearest 里的条款当作答案。
需要看一条的上下文，用 get_clause；要知道有哪些文件，用 list_documents；按主题、部门、地区、到期日筛选，用 find_policies。
ask 的 rows 是清单的各行，card 是办事要点，里面的 quote 同样一字不改。"""


# --- what comes in ---------------------------------------------------------------------------------------------------


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Questioning(_Arguments):
    """What asking and searching have in common."""

    question: schemas.QuestionText = Field(
        description="用户的问题，照原话，1 到 500 个字", json_schema_extra={"minLength": 1, "maxLength": 500}
    )
    as_of: schemas.Day | None = Field(default=None, description="按哪一天的规定，YYYY-MM-DD；默认今天")
    in_force: bool = Field(default=False, description="true：只用那一天有效的文件")
    document_ids: Annotated[list[schemas.Name], Field(max_length=1000)] | None = Field(
        default=None, description="只在这些文件里找（编号来自 list_documents）"
    )

    def request(self, top_k: int, earlier: list[str] | None = None) -> schemas.AskRequest:
        limited = self.in_force or self.document_ids is not None
        filters = {"in_force": self.in_force or None, "document_ids": self.document_ids}
        body = {"question": self.question, "top_k": top_k, "as_of": self.as_of, "earlier": earlier}
        return schemas.AskRequest.model_validate({**body, "filters": filters if limited else None})


class AskArguments(_Questioning):
    earlier: Annotated[list[schemas.QuestionText], Field(max_length=EARLIER_LIMIT)] | None = Field(
        default=None, description="这段对话里用户之前的问题，旧的在前；问的是“那省级的呢？”这类追问时必须带上"
    )


class SearchArguments(_Questioning):
    top_k: int = Field(default=5, ge=1, le=TOP_K_LIMIT, description="返回的条文数")


class ClauseArguments(_Arguments):
    clause_id: schemas.Text = Field(description="条款编号，来自 ask 或 search 的 clause_id")


class DocumentsArguments(_Arguments):
    limit: int = Field(default=50, ge=1, le=200, description="返回的文件数")
    cursor: Annotated[schemas.Text, Field(max_length=1000)] | None = Field(
        default=None, description="上一次结果里的 next_cursor"
    )


class PoliciesArguments(PoliciesIn):
    """The filters of POST /v1/policies."""


# --- what goes out ---------------------------------------------------------------------------------------------------


class AskResult(Verdict):
    """An answer with its references, or a refusal with the nearest clauses."""

    references: list[Reference] = Field(description="依据：逐字的原文和出处。没有回答时为空")


class SearchResult(BaseModel):
    """Clauses by nearness to a question. They are material, no answer."""

    question: str
    clauses: list[NearClause]


class DocumentRow(schemas.DocumentRef):
    kind: Kind
    region: str | None


class DocumentsResult(BaseModel):
    documents: list[DocumentRow]
    next_cursor: str | None = Field(description="还有更多文件时不为空")


# --- the tools --------------------------------------------------------------------------------------------------------

Run = Callable[[Desk, Any, Principal], Awaitable[tuple[BaseModel, str]]]


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `run` takes the arguments as an instance of `takes` and gives the result with its text; it raises
    PolicyError."""

    name: str
    title: str
    description: str
    takes: type[BaseModel]
    gives: type[BaseModel]
    run: Run


async def _ask(desk: Desk, given: AskArguments, who: Principal) -> tuple[AskResult, str]:
    response = await desk.ask(given.request(top_k=5, earlier=given.earlier), who, channel=CHANNEL)
    result = AskResult(**dict(verdict_of(response)), references=references_of(response))
    text = cited_text(response)
    if result.status == "answered":  # not every client shows its model the data beside the text
        clauses = "，".join(f"[^{n}] {r.clause_id}" for n, r in enumerate(result.references, 1))
        text += f"\n\n把握：{result.confidence:.0%}\nclause_id：{clauses}"
    return result, text


async def _search(desk: Desk, given: SearchArguments, who: Principal) -> tuple[SearchResult, str]:
    response = await desk.search(given.request(given.top_k), who)
    clauses = [near_clause(p) for p in response.passages]
    lines = [
        f"{c.rank}. {inert(f'《{c.title}》{c.address}')}（clause_id: {c.clause_id}）\n{inert(c.text)}" for c in clauses
    ]
    return SearchResult(question=response.question, clauses=clauses), "\n\n".join(lines) or "没有找到相关条款。"


async def _get_clause(desk: Desk, given: ClauseArguments, who: Principal) -> tuple[schemas.ClauseFull, str]:
    def load() -> schemas.ClauseFull:
        view = desk.view()
        try:
            document, clause = view.clause(given.clause_id)
        except NotFound as error:
            raise NotFound("没有这条条款。", "clause_id 是 ask 或 search 结果里的编号，请重新查一次。") from error
        return schemas.clause_full(document, clause, view.referring(clause.id), desk.clock())

    require_plausible(given.clause_id)
    result = await run_in_threadpool(load)
    document = result.document
    number = f"（{document.number}）" if document.number else ""
    head = inert(f"《{document.title}》{number}{result.address}")
    return result, f"{head}（{STATUS_NAMES[document.status]}）\n\n{inert(result.text)}"


async def _list_documents(desk: Desk, given: DocumentsArguments, who: Principal) -> tuple[DocumentsResult, str]:
    rows, following = await run_in_threadpool(desk.view().documents, given.limit, given.cursor)
    day = desk.clock()
    documents = [DocumentRow(**dict(schemas.document_ref(d, day)), kind=d.kind, region=d.region) for d in rows]
    lines = [_listed(d) for d in documents] or ["没有导入的文件。"]
    more = [f"还有更多文件，cursor: {following}"] if following else []
    return DocumentsResult(documents=documents, next_cursor=following), "\n".join([*lines, *more])


async def _find_policies(desk: Desk, given: PoliciesArguments, who: Principal) -> tuple[PoliciesOut, str]:
    result = await run_in_threadpool(lambda: page_out(desk.view().policies(given.wanted()), desk))
    lines = [_policy_line(policy) for policy in result.policies] or ["没有符合的文件。"]
    more = [f"共 {result.total} 份，还有更多，cursor: {result.next_cursor}"] if result.next_cursor else []
    return result, "\n".join([*lines, *more])


def _policy_line(policy: PolicyOut) -> str:
    name = inert(f"《{policy.title}》{policy.number or ''}")
    quotes = [policy.stated, *policy.clauses]
    said = "；".join(f"{q.clause.address}“{' '.join(q.quote.split())}”（clause_id: {q.clause.id}）" for q in quotes)
    return f"- {name}（{STATUS_NAMES[policy.status]}）document_id: {policy.id}：{inert(said)}"


def _listed(document: DocumentRow) -> str:
    name = inert(f"《{document.title}》{document.number or ''}")
    return f"- {name}（{STATUS_NAMES[document.status]}）document_id: {document.id}"


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "ask",
            "问政策",
            "回答关于已导入政策文件的问题（多少钱、什么条件、找哪个部门、什么时候截止……），给出简短的答案和逐字引用的条款。"
            "引用 references 里的 quote 时一字不改，写明文件名、文号和条款位置，并转告 warnings。status 为 refused 时文件里没有"
            "足够的依据：如实转告 message，不要自己补出答案。",
            AskArguments,
            AskResult,
            _ask,
        ),
        Tool(
            "search",
            "查条文",
            "按问题查相关的条款原文，只查不答。结果是材料而不是答案；要答案请用 ask。引用 text 时一字不改。",
            SearchArguments,
            SearchResult,
            _search,
        ),
        Tool(
            "get_clause",
            "看一条条款",
            "一条条款的全文、所在文件及效力、责任部门、它引用的和引用它的条款。引用 text 时一字不改。",
            ClauseArguments,
            schemas.ClauseFull,
            _get_clause,
        ),
        Tool(
            "list_documents",
            "列出文件",
            "已导入的文件：编号、标题、文号、发文机关、施行日期和当前效力。可用编号限定 ask 和 search 的范围。",
            DocumentsArguments,
            DocumentsResult,
            _list_documents,
        ),
        Tool(
            "find_policies",
            "按条件找文件",
            "按主题、负责部门、地区、某一天是否有效、哪天之前到期来筛选文件，每份附上写明效力的原文；给出部门时附上由它负责的条款。引用 quote 时一字不改。",
            PoliciesArguments,
            PoliciesOut,
            _find_policies,
        ),
    )
}
