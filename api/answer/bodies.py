"""The bodies of whole documents: written once, kept packed, sent in pieces to however many read them however slowly.

A document of a few megabytes is a body of many, and seconds of work. It is written piece by piece through gzip, by threads
of its own, so that questions keep theirs; who asks for the same one meanwhile waits for the same body. A reader holds
nothing but his place in it.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import json
import threading
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import islice

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from api.contract import schemas
from api.edge.negotiation import has_tag, takes_gzip
from api.errors import Busy, TimedOut
from api.view import View

THREADS = 2  # that write bodies; a question waits for no more than its share of the cores
WAITING = 64  # bodies that are written or wait to be
KEPT = 16 * 2**20  # bytes of packed bodies that are kept
PIECE = 64 * 1024  # bytes of a piece as it is sent
_BATCH = 200  # clauses that are written at a stroke
_CLAUSES = TypeAdapter(list[schemas.ClauseOut])

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Body:
    """One body, packed by gzip; `size` is the number of bytes of what was packed."""

    packed: bytes
    size: int


class Bodies:
    """The bodies of GET /v1/documents/{id} of one service. Safe for several threads and event loops."""

    def __init__(self, timeout: float, kept: int = KEPT) -> None:
        self._timeout = timeout
        self._most = kept
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="document")
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, Body] = OrderedDict()
        self._held = 0
        self._at_work: dict[Key, Future[Body]] = {}

    async def response(self, view: View, id: str, day: date, request: Request) -> Response:
        """The document, or 304 where the caller has it. Raises NotFound, Busy, TimedOut."""
        tag = tag_of(view, id, day)
        headers = {"ETag": f'W/"{tag}"', "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
        if has_tag(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        body = await self._get((tag, id), view, day)
        if takes_gzip(request.headers.get("accept-encoding", "")):
            headers |= {"Content-Encoding": "gzip", "Content-Length": str(len(body.packed))}
            return StreamingResponse(_slices(body.packed), media_type="application/json", headers=headers)
        headers["Content-Length"] = str(body.size)
        return StreamingResponse(_unpacked(body.packed), media_type="application/json", headers=headers)

    async def _get(self, key: Key, view: View, day: date) -> Body:
        with self._lock:
            if (body := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return body
            future = self._at_work.get(key)
            if future is None:
                if len(self._at_work) >= WAITING:
                    raise Busy
                future = self._at_work[key] = self._threads.submit(self._write, key, view, day)
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), self._timeout)
        except TimeoutError as error:
            raise TimedOut from error

    def _write(self, key: Key, view: View, day: date) -> Body:
        try:
            body = packed(written(view, key[1], day))
        except BaseException:
            with self._lock:
                del self._at_work[key]
            raise
        with self._lock:
            del self._at_work[key]
            self._kept[key] = body
            self._held += len(body.packed)
            while self._held > self._most:
                self._held -= len(self._kept.popitem(last=False)[1].packed)
        return body


def tag_of(view: View, id: str, day: date) -> str:
    """What tells one body from another: the version of the documents and the day, by which validity is told. The same in
    all worker processes."""
    version = view.version()
    parts = json.dumps([version.index, version.built_at.isoformat(), id, day.isoformat()])
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def written(view: View, id: str, day: date) -> Iterator[bytes]:
    """The JSON of schemas.DocumentFull in pieces. Raises NotFound before the first."""
    document = view.document(id)
    head = schemas.document_full(document, (), view.linked_from(id), day).model_dump(mode="json")
    for n, (name, value) in enumerate(head.items()):
        yield ("," if n else "{").encode() + json.dumps(name).encode() + b":"
        if name != "clauses":
            yield json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
            continue
        rows = iter(view.clauses(id))
        separator = b"["
        while batch := list(islice(rows, _BATCH)):
            yield separator + _CLAUSES.dump_json([schemas.clause_out(document, clause) for clause in batch])[1:-1]
            separator = b","
        yield b"]" if separator == b"," else b"[]"
    yield b"}"


def packed(pieces: Iterator[bytes]) -> Body:
    """A body, without ever holding it unpacked."""
    pack = zlib.compressobj(5, wbits=31)  # with the head and the checksum of gzip
    out, size = [], 0
    for piece in pieces:
        size += len(piece)
        out.append(pack.compress(piece))
    out.append(pack.flush())
    return Body(b"".join(out), size)


async def _slices(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


async def _unpacked(data: bytes) -> AsyncIterator[bytes]:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        while piece := file.read(PIECE):
            yield piece
