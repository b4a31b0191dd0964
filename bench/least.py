"""The least that keeps what it acknowledges, and wakes who waits: how close the limit is.

A request is a row and nothing else, as many of them a commit as came meanwhile, as durable as
Andon's file. It knows no caller, no policy, no chain and no card: what lies between this and Andon
is what Andon does.
"""

import asyncio
import sqlite3
import sys
import uuid
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
from aiohttp import web

_OPENED = "INSERT INTO asked (id, status, body) VALUES (?, 'pending', ?)"
_DECIDED = "UPDATE asked SET status = 'withdrawn' WHERE id = ?"


class Kept:
    """The file, and what waits for its next commit."""

    def __init__(self, path: str) -> None:
        self._link = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE asked (id TEXT PRIMARY KEY, status TEXT, body TEXT) WITHOUT ROWID",
        ):
            self._link.execute(statement)
        self._thread = ThreadPoolExecutor(1)
        self._ready = asyncio.Event()
        self._rows: list[tuple[str, Sequence[str], asyncio.Future[None]]] = []

    async def keep(self, sql: str, *values: str) -> None:
        """Run it with whatever else comes, and return when it is on disk."""
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rows.append((sql, values, kept))
        self._ready.set()
        await kept

    async def run(self) -> None:
        """Commit after commit."""
        while await self._ready.wait():
            self._ready.clear()
            rows, self._rows = self._rows, []
            await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, rows)
            for _, _, kept in rows:
                kept.set_result(None)

    def _commit(self, rows: list[tuple[str, Sequence[str], asyncio.Future[None]]]) -> None:
        self._link.execute("BEGIN IMMEDIATE")
        for sql, values, _ in rows:
            self._link.execute(sql, values)
        self._link.execute("COMMIT")


KEPT: web.AppKey[Kept] = web.AppKey("kept", Kept)
WAITING: dict[str, asyncio.Event] = {}


async def open_(request: web.Request) -> web.Response:
    """Keep the body, and answer with it."""
    body = await request.read()
    made = {"id": uuid.uuid4().hex, "status": "pending", **orjson.loads(body)}
    await request.app[KEPT].keep(_OPENED, made["id"], body.decode())
    WAITING[made["id"]] = asyncio.Event()
    return _answer(made, 201)


async def wait(request: web.Request) -> web.Response:
    """Answer when it is decided."""
    id_ = request.match_info["id"]
    await WAITING[id_].wait()
    return _answer({"id": id_, "status": "withdrawn"})


async def withdraw(request: web.Request) -> web.Response:
    """Keep the decision, and wake who waits."""
    id_ = request.match_info["id"]
    await request.app[KEPT].keep(_DECIDED, id_)
    WAITING[id_].set()
    return _answer({"id": id_, "status": "withdrawn"})


def _answer(said: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(said), status=status, content_type="application/json")


async def _running(app: web.Application) -> AsyncIterator[None]:
    app[KEPT] = Kept(sys.argv[2])
    task = asyncio.create_task(app[KEPT].run())
    yield
    task.cancel()


def main() -> None:
    """Serve on the port given, on the file given."""
    app = web.Application()
    app.cleanup_ctx.append(_running)
    app.add_routes(
        [
            web.post("/v1/escalations", open_),
            web.get("/v1/escalations/{id}", wait),
            web.post("/v1/escalations/{id}/withdraw", withdraw),
        ]
    )
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
