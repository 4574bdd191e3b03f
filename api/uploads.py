"""The routes by which an administrator brings files in and takes them out."""

from __future__ import annotations

import re
import shutil
import unicodedata
from pathlib import Path
from typing import Annotated, Literal

from fastapi import FastAPI, File, Response, UploadFile
from pydantic import BaseModel

from api.desk import Desk
from api.documents import require_plausible
from api.errors import BadRequest, Busy
from api.jobs import Jobs, State, new_id
from api.schemas import ErrorDetail, PassageDocument
from corpus.errors import NotFound

MOST_FILES = 20
MOST_WAITING = 20  # jobs, each of which is a process
NAME_BYTES = 200
_CHUNK = 2**20


class JobMade(BaseModel):
    """A job that has begun; GET /v1/ingestions/{id} tells how far it is."""

    id: str


class FileOut(BaseModel):
    """What became of one file. `added`, `changed`, `removed` are addresses of clauses where it is a new version;
    `recognised` are pages read by text recognition, `unread` pages that are pictures and were not read."""

    file: str
    outcome: Literal["added", "updated", "unchanged", "rejected"]
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


def add(app: FastAPI, desk: Desk) -> None:
    jobs = Jobs(desk.records)

    @app.post("/v1/documents", summary="上传文件并导入", response_model=JobMade, status_code=202)
    def upload(
        files: Annotated[
            list[UploadFile], File(min_length=1, max_length=MOST_FILES, description=f"1 到 {MOST_FILES} 个文件")
        ],
        response: Response,
    ) -> JobMade:
        if jobs.waiting() >= MOST_WAITING:
            raise Busy("还有许多上传在等待处理。", "请等前面的导入完成后再上传。")
        names = [file_name(file.filename or "") for file in files]
        if len(set(names)) < len(names):
            raise BadRequest("上传的文件里有重名的。", "请改名后再上传。")
        ident = new_id()
        folder = jobs.incoming(ident)
        folder.mkdir(parents=True)
        try:
            for file, name in zip(files, names, strict=True):
                with (folder / name).open("wb") as copy:
                    shutil.copyfileobj(file.file, copy, _CHUNK)
            jobs.put("upload", names, ident)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return _begun(ident, response)

    @app.delete("/v1/files/{name:path}", summary="移除一个文件", response_model=JobMade, status_code=202)
    def remove(name: str, response: Response) -> JobMade:
        require_plausible(name)
        if not desk.view().has_file(name):
            raise NotFound("没有导入过这个文件。", "文件名见 GET /v1/documents 的 sources。")
        return _begun(jobs.put("drop", [name]), response)

    @app.get("/v1/ingestions/{id}", summary="导入的进展和结果", response_model=JobOut)
    def ingestion(id: str) -> JobOut:
        require_plausible(id)
        job = jobs.get(id)
        report = {"files": [], "documents": None, "clauses": None, "passages": None, "index": None, **job.report}
        return JobOut(
            **{name: getattr(job, name) for name in ("id", "status", "stage", "done", "total")},
            **report,
            error=ErrorDetail(**job.error) if job.error else None,
        )

    def _begun(ident: str, response: Response) -> JobMade:
        jobs.start(ident)
        response.headers["Location"] = f"/v1/ingestions/{ident}"
        return JobMade(id=ident)


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
