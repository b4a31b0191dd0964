"""The usual way: a plain SQLModel server, one session a request, committed before it answers.

It checks nothing, and remembers one row where Andon writes a dozen. Its file is as durable.
"""

import sys
import uuid
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from sqlalchemy import JSON, Text, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

ENGINE: web.AppKey[AsyncEngine] = web.AppKey("engine", AsyncEngine)


class Asked(SQLModel, table=True):
    """A request, with the columns an escalation is searched by."""

    id: str = Field(primary_key=True)
    service: str = Field(index=True)
    category: str
    title: str
    environment: str
    status: str = "pending"
    created_at: datetime = Field(index=True)
    operation: dict[str, Any] = Field(sa_type=JSON)
    context: dict[str, Any] = Field(sa_type=JSON)
    summary: str = Field(default="", sa_type=Text)


async def open_(request: web.Request) -> web.Response:
    """Add a row, commit, answer."""
    said = await request.json()
    made = {
        "id": f"esc_{uuid.uuid4().hex}",
        "service": "data-sync",
        "created_at": datetime.now(UTC),
    }
    async with AsyncSession(request.app[ENGINE], expire_on_commit=False) as session:
        asked = Asked(**said, **made)
        session.add(asked)
        await session.commit()
    return web.json_response(asked.model_dump(mode="json"), status=201)


def _durable(connection: Any, _: object) -> None:
    """As durable as Andon's file."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


async def _ready(app: web.Application) -> None:
    event.listen(app[ENGINE].sync_engine, "connect", _durable)
    async with app[ENGINE].begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)


def main() -> None:
    """Serve on the port given, on the file given."""
    app = web.Application()
    app[ENGINE] = create_async_engine(f"sqlite+aiosqlite:///{sys.argv[2]}", pool_timeout=60)
    app.on_startup.append(_ready)
    app.add_routes([web.post("/v1/escalations", open_)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
