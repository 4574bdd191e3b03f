"""The routes by which an administrator brings files in and takes them out."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from fastapi import APIRouter, FastAPI, File, Form, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field

from api.access import principal_of
from api.answer.desk import Desk
from api.changes import follow
from api.changes.dispatch import Dispatcher
from api.changes.jobs import MOST_WAITING as MOST_WAITING
from api.changes.jobs import Job, Jobs, Kind, State, new_id
from api.contract.schemas import ErrorDetail, PassageDocument
from api.errors import BadRequest
from api.routes.documents import require_plausible
from corpus.errors import NotFound
from corpus.store import Store, is_there

MOST_FILES = 20
NAME_BYTES = 200  # of a file or a folder
MOST_FOLDERS = 12  # one inside the other
KINDS: tuple[Kind, ...] = ("upload", "drop", "watch")
"""Jobs that change the documents."""
NAMES_SHOWN = 5
NAME_CHARACTERS = 2000  # of a name with its folders, and those inside an archive


class JobMade(BaseModel):
    """A job that has begun; GET /v1/ingestions/{id} tells how far it is."""

    id: str


class FileOut(BaseModel):
    """What became of one file; files inside an archive or a mail have entries of their own, named `archive.zip/inner.docx`,
    and are `removed` where a new version of it holds them no longer. Of watched folders: `renamed`, from `before`, where the
    same bytes were there under another name, and `gone` where a file went and the library keeps it. `added`, `changed`, `removed` are addresses of clauses
    where it is a new version; `recognised` are pages read by text recognition, `unread` pages that are pictures and were
    not read. `left_out` says how often something was left out of the text, by reason: navigation, running_head, …"""

    file: str
    outcome: Literal["added", "updated", "unchanged", "rejected", "removed", "renamed", "gone"]
    code: str
    message: str
    hint: str
    documents: list[PassageDocument]
    clauses: int
    added: list[str]
    changed: list[str]
    removed: list[str]
    recognised: list[int]
    unread: list[int]
    left_out: dict[str, int] = Field(default_factory=dict)
    before: str = ""


class JobOut(BaseModel):
    """How far an ingestion is; `files`, the counts and `index` are there when it is done. `passages` is null where the
    index did not have to change. The service answers from `index` once GET /readyz names it or a higher one."""

    id: str
    status: State
    stage: str
    done: int
    total: int
    files: list[FileOut]
    documents: int | None
    clauses: int | None
    passages: int | None
    index: str | None
    error: ErrorDetail | None


class IngestionRow(BaseModel):
    """One of the last changes of the library: an upload, a removal, or what was found in watched folders. `names` are the
    first of `files` files; `counts` says how many had which outcome."""

    id: str
    kind: Literal["upload", "drop", "watch"]
    status: State
    names: list[str]
    files: int
    counts: dict[str, int]
    error: ErrorDetail | None
    created_at: str
    updated_at: str


class IngestionList(BaseModel):
    ingestions: list[IngestionRow]


def add(app: FastAPI, desk: Desk) -> None:
    jobs = Jobs(desk.records)
    dispatcher = Dispatcher(jobs, desk.records.folder)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        dispatcher.kick(settle=True)  # what was accepted before the service was started
        yield

    app.include_router(APIRouter(lifespan=lifespan))
    if desk.records.shared:
        follow.add(app, desk.records.folder, lambda: dispatcher.kick(settle=True))

    @app.post("/v1/documents", summary="上传文件并导入", response_model=JobMade, status_code=202)
    def upload(
        request: Request,
        files: Annotated[
            list[UploadFile], File(min_length=1, max_length=MOST_FILES, description=f"1 到 {MOST_FILES} 个文件")
        ],
        response: Response,
        names: Annotated[
            list[str],
            Form(
                max_length=MOST_FILES, description="各文件在文件库里的名字，可带文件夹（2024/办法.docx）；不填用文件名"
            ),
        ] = [],  # noqa: B006 (what FastAPI wants; nobody changes it)
    ) -> JobMade:
        if names and len(names) != len(files):
            raise BadRequest("names 的个数和文件的个数不同。", "每个文件一个名字，顺序相同。")
        names = [relative_name(name) for name in names] or [file_name(file.filename or "") for file in files]
        if len(set(names)) < len(names):
            raise BadRequest("上传的文件里有重名的。", "请改名后再上传。")
        if not {str(folder) for name in names for folder in PurePosixPath(name).parents}.isdisjoint(names):
            raise BadRequest("有的文件和别的文件所在的文件夹同名。", "请改名后再上传。")
        with jobs.accepting():
            ident = new_id()
            try:
                jobs.receive([(name, file.file) for name, file in zip(names, files, strict=True)], ident)
                jobs.put("upload", names, ident)
            except BaseException:
                shutil.rmtree(jobs.incoming(ident), ignore_errors=True)
                raise
        desk.audit.put(principal_of(request), "files.upload", "、".join(names), files=len(names), job=ident)
        return _begun(ident, response)

    @app.delete("/v1/files/{name:path}", summary="移除一个文件", response_model=JobMade, status_code=202)
    def remove(name: str, request: Request, response: Response) -> JobMade:
        if len(name) > NAME_CHARACTERS or not name.isprintable():
            raise NotFound("没有导入过这个文件。", "文件名见 GET /v1/documents 的 sources。")
        if not (desk.view().has_file(name) or jobs.expects(name) or _is_stored(desk.records.folder, name)):
            raise NotFound("没有导入过这个文件。", "文件名见 GET /v1/documents 的 sources。")
        with jobs.accepting():
            ident = jobs.put("drop", [name])
        desk.audit.put(principal_of(request), "files.remove", name, job=ident)
        return _begun(ident, response)

    @app.get("/v1/ingestions", summary="最近的导入和移除", response_model=IngestionList)
    def ingestions(limit: Annotated[int, Query(ge=1, le=100, description="最多几次")] = 20) -> IngestionList:
        return IngestionList(ingestions=[_row(job) for job in jobs.recent(KINDS, limit)])

    @app.get("/v1/ingestions/{id}", summary="导入的进展和结果", response_model=JobOut)
    def ingestion(id: str) -> JobOut:
        require_plausible(id)
        job = jobs.get(id)
        if job.kind == "evaluate":
            raise NotFound("没有这次导入的记录。", "编号见上传时返回的 id。")
        if job.status not in ("done", "failed"):
            dispatcher.kick()
        report = {"files": [], "documents": None, "clauses": None, "passages": None, "index": None, **job.report}
        told = {name: getattr(job, name) for name in ("id", "status", "stage", "done", "total", "error")}
        return JobOut.model_validate({**told, **report})

    def _begun(ident: str, response: Response) -> JobMade:
        dispatcher.kick()
        response.headers["Location"] = f"/v1/ingestions/{ident}"
        return JobMade(id=ident)


def _row(job: Job) -> IngestionRow:
    return IngestionRow(
        id=job.id,
        kind=job.kind,  # type: ignore[arg-type]  # one of KINDS
        status=job.status,
        names=list(job.names[:NAMES_SHOWN]),
        files=len(job.names),
        counts=Counter(file["outcome"] for file in job.report.get("files", [])),
        error=ErrorDetail(**job.error) if job.error else None,
        created_at=job.created_at,
        updated_at=job.updated_at,
    )


def _is_stored(data: Path, name: str) -> bool:
    """Whether a file was taken in that the version that is served may not have yet."""
    return is_there(data) and bool(Store(data, create=False).paths(name))


def file_name(given: str) -> str:
    """The name under which an upload is kept: the last part of what the browser says, without what no name may hold.

    Raises BadRequest where nothing is left.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*').strip(" .")
    path = Path(kept)
    while len(kept.encode("utf-8", "replace")) > NAME_BYTES and path.stem:
        path = path.with_name(path.stem[:-1] + path.suffix) if len(path.stem) > 1 else Path(path.suffix)
        kept = path.name
    if not kept or kept.startswith(".") or len(kept.encode("utf-8", "replace")) > NAME_BYTES:
        raise BadRequest("文件名不能用。", "请用普通的文件名，例如 专精特新若干措施.docx。")
    return kept


def relative_name(given: str) -> str:
    """A name with its folders, each part as `file_name` keeps it, with / between them; none leads up or away.

    Raises BadRequest where a part cannot be used.
    """
    parts = [part for part in re.split(r"[/\\]", given) if part.strip(" .")]
    if len(parts) > MOST_FOLDERS:
        raise BadRequest(f"文件夹超过 {MOST_FOLDERS - 1} 层。", "请减少文件夹的层数后再上传。")
    return "/".join(file_name(part) for part in parts) or file_name(given)
