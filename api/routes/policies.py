"""The routes of lists: policies by what their metadata say, and the conditions of a clause as a check list."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from api.answer.desk import Desk
from api.contract import schemas
from api.routes.documents import require_plausible
from corpus.types import Kind
from qa.catalogue.policies import Policy, PolicyPage, Wanted
from qa.conditions import conditions_of

PAGE, LARGEST_PAGE = 50, 200
NO_PROMISE = "逐项对照仅供自查，是否符合以受理部门的审核为准。"


class PoliciesIn(BaseModel):
    """Which policies. Every field is optional; an absent or null one limits nothing."""

    model_config = ConfigDict(extra="forbid")

    subject: schemas.Name | None = Field(None, description="主题，如 居住证、住房保障，可带地名")
    department: schemas.Name | None = Field(None, description="负责的部门，如 市民政局")
    region: schemas.Name | None = Field(None, description="适用地区")
    in_force_on: schemas.Day | None = Field(None, description="只要这一天现行有效的")
    ends_before: schemas.Day | None = Field(None, description="只要在这一天之前到期的")
    limit: Annotated[int, Field(strict=True, ge=1, le=LARGEST_PAGE)] = Field(PAGE, description="每页的文件数")
    cursor: Annotated[schemas.Text, Field(max_length=1000)] | None = Field(None, description="上一页的 next_cursor")

    def wanted(self) -> Wanted:
        return Wanted(**dict(self))


class PolicyOut(schemas.DocumentRef):
    """A policy. `stated` are its own words on its validity, or its title where it says nothing; `clauses` those that the
    department is responsible for."""

    kind: Kind
    region: str | None
    stated: schemas.QuoteOut
    clauses: list[schemas.QuoteOut]


class PoliciesOut(BaseModel):
    """One page of the list; `next_cursor` is null on the last, `total` counts all pages."""

    policies: list[PolicyOut]
    next_cursor: str | None
    total: int


class ConditionsOut(BaseModel):
    """The conditions of a clause, each in its own words. `needs` says whether they are all asked for, or any of them, as far as the
    clause says so. Whoever ticks them gets no promise."""

    clause: schemas.PassageClause
    document: schemas.DocumentRef
    needs: Literal["all", "any", "unsaid"]
    lead: schemas.QuoteOut | None
    items: list[schemas.QuoteOut]
    note: str = NO_PROMISE


def page_out(page: PolicyPage, desk: Desk) -> PoliciesOut:
    policies = [_policy_out(policy, desk) for policy in page.policies]
    return PoliciesOut(policies=policies, next_cursor=page.following, total=page.total)


def _policy_out(policy: Policy, desk: Desk) -> PolicyOut:
    day = desk.clock()
    return PolicyOut(
        **dict(schemas.document_ref(policy.document, day)),
        kind=policy.document.kind,
        region=policy.document.region,
        stated=schemas.quote_out(policy.stated, day),
        clauses=[schemas.quote_out(c, day) for c in policy.clauses],
    )


def add(app: FastAPI, desk: Desk) -> None:
    @app.post("/v1/policies", summary="按主题、部门、地区、效力列出文件", response_model=PoliciesOut)
    def policies(body: PoliciesIn) -> PoliciesOut:
        return page_out(desk.view().policies(body.wanted()), desk)

    @app.get(
        "/v1/clauses/{id}/conditions",
        summary="一条条款的条件，逐项列出",
        response_model=ConditionsOut | None,
        description="条款没有列出条件时为 null。",
    )
    def conditions(id: str) -> ConditionsOut | None:
        require_plausible(id)
        view, day = desk.view(), desk.clock()
        document, clause = view.clause(id)
        found = conditions_of(document, view.clauses(document.id), clause)
        if found is None:
            return None
        return ConditionsOut(
            clause=schemas.PassageClause(id=clause.id, address=clause.address),
            document=schemas.document_ref(document, day),
            needs=found.needs,
            lead=schemas.quote_out(found.lead, day) if found.lead else None,
            items=[schemas.quote_out(c, day) for c in found.items],
        )
