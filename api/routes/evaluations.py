"""The routes by which an administrator measures the service on question sets: sets, runs, reports, comparisons."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import FastAPI, File, Request, Response, UploadFile
from pydantic import BaseModel

from api.access import principal_of
from api.answer.desk import Desk
from api.changes.dispatch import Dispatcher
from api.changes.evaluations import FILES, MOST_RUNS, Evaluations, GoldSet
from api.changes.jobs import Job, Jobs, State, new_id
from api.contract.schemas import ErrorDetail, Name, _Request
from api.errors import BadRequest
from api.routes.documents import require_plausible
from corpus.errors import NotFound

MARKS = "工作台标注"
"""The name of the set that the marks of the desk make."""
SANDBOX = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox",
    "X-Frame-Options": "SAMEORIGIN",
}
"""A report may be shown inside the page of evaluations, and can do nothing there."""
_HTML: dict[int | str, dict[str, object]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}


class SetOut(BaseModel):
    """A question set: its name, its lines, when it was uploaded; "" for the set that the marks of the desk make."""

    name: str
    rows: int
    uploaded_at: str


class SetList(BaseModel):
    sets: list[SetOut]


class SetDeleted(BaseModel):
    name: str


class RunIn(_Request):
    """Which set to run."""

    set: Name


class RunMade(BaseModel):
    id: str


class RunOut(BaseModel):
    """An evaluation: how far it is (`done` of `total` questions, each asked twice), and its figures when it is done."""

    id: str
    set: str
    status: State
    done: int
    total: int
    figures: dict[str, float]
    error: ErrorDetail | None
    created_at: str
    updated_at: str


class RunList(BaseModel):
    runs: list[RunOut]


def add(app: FastAPI, desk: Desk) -> None:
    jobs = Jobs(desk.records)
    evaluations = Evaluations(desk.records)
    dispatcher = Dispatcher(jobs, desk.records.folder)

    @app.get("/v1/evaluation-sets", summary="问题集", response_model=SetList)
    def sets() -> SetList:
        marked = desk.marks.gold().count("\n")
        own = [SetOut(name=MARKS, rows=marked, uploaded_at="")] if marked else []
        return SetList(sets=[*own, *(_set(one) for one in evaluations.sets())])

    @app.post("/v1/evaluation-sets", summary="上传问题集", response_model=SetOut, status_code=201)
    def upload(
        file: Annotated[UploadFile, File(description="jsonl，写法见 docs/evaluation.md")], request: Request
    ) -> SetOut:
        made = evaluations.put(file.filename or "", file.file.read())
        desk.audit.put(principal_of(request), "evaluation.upload", made.name, rows=made.rows)
        return _set(made)

    @app.delete("/v1/evaluation-sets/{name}", summary="删去问题集", response_model=SetDeleted)
    def delete(name: str, request: Request) -> SetDeleted:
        evaluations.delete(name)
        desk.audit.put(principal_of(request), "evaluation.remove", name)
        return SetDeleted(name=name)

    @app.post("/v1/evaluations", summary="在问题集上评测", response_model=RunMade, status_code=202)
    def begin(body: RunIn, request: Request, response: Response) -> RunMade:
        content = desk.marks.gold().encode() if body.set == MARKS else evaluations.content(body.set)
        if not content:
            raise BadRequest("还没有可以评测的标注。", "在工作台的“记录”里把回答标为对或不对，并写明应当怎么答。")
        with jobs.accepting():
            ident = new_id()
            evaluations.begin(ident, body.set, content)
            jobs.put("evaluate", [body.set], ident)
        desk.audit.put(principal_of(request), "evaluation.run", body.set, id=ident)
        dispatcher.kick()
        response.headers["Location"] = f"/v1/evaluations/{ident}"
        return RunMade(id=ident)

    @app.get("/v1/evaluations", summary="最近的评测", response_model=RunList)
    def runs() -> RunList:
        return RunList(runs=[_run(job) for job in jobs.last("evaluate", MOST_RUNS)])

    @app.get("/v1/evaluations/{id}", summary="评测的进展和结果", response_model=RunOut)
    def found(id: str) -> RunOut:
        job = _job(id)
        if job.status not in ("done", "failed"):
            dispatcher.kick()
        return _run(job)

    @app.get("/v1/evaluations/{id}/files/{name}", summary="评测的报告和错题", responses=_HTML, response_class=Response)
    def file(id: str, name: Literal["report.html", "report.json", "rows.jsonl", "wrong.xlsx"]) -> Response:
        job = _job(id)
        path = evaluations.file(job.id, name)
        headers = SANDBOX if name == "report.html" else {"Content-Disposition": f"attachment; filename={job.id}-{name}"}
        return Response(path.read_bytes(), media_type=FILES[name], headers=headers)

    @app.get(
        "/v1/evaluations/{id}/compared/{first}", summary="与先前一次评测比较", responses=_HTML, response_class=Response
    )
    def compared(id: str, first: str) -> Response:
        page = evaluations.compared(_job(first).id, _job(id).id)
        return Response(page, media_type=FILES["report.html"], headers=SANDBOX)

    def _job(ident: str) -> Job:
        require_plausible(ident)
        job = jobs.get(ident)
        if job.kind != "evaluate":
            raise NotFound("没有这次评测。", "编号见 GET /v1/evaluations。")
        return job


def _set(one: GoldSet) -> SetOut:
    return SetOut(name=one.name, rows=one.rows, uploaded_at=one.uploaded_at)


def _run(job: Job) -> RunOut:
    return RunOut(
        id=job.id,
        set=job.names[0],
        status=job.status,
        done=job.done,
        total=job.total,
        figures=job.report.get("figures", {}),
        error=ErrorDetail(**job.error) if job.error else None,
        created_at=job.created_at,
        updated_at=job.updated_at,
    )
