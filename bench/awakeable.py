"""The peer's waiter: a Restate service that parks on an awakeable until somebody resolves it.

Run in the peers' own environment, which has nothing of Andon's: `make bench-peers` makes it.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import hypercorn.asyncio
import restate
from hypercorn.config import Config

gate = restate.Service("gate")

#: The awakeable that each waiter parks on, by the name it was asked with.
parked: dict[str, str] = {}


@gate.handler()
async def wait(context: restate.Context, name: str) -> str:
    """Park until somebody decides, and say what."""
    id_, decided = context.awakeable()
    parked[name] = id_
    return str(await decided)


served = restate.app([gate])


async def app(scope: Any, receive: Callable[..., Any], send: Callable[..., Awaitable[Any]]) -> None:
    """The service; beside it, `/parked/NAME` tells which awakeable is to be resolved."""
    if scope["type"] != "http" or not scope["path"].startswith("/parked/"):
        await served(scope, receive, send)
        return
    body = json.dumps(parked.get(scope["path"].rpartition("/")[2])).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve on the port given."""
    config = Config()
    config.bind = [f"127.0.0.1:{sys.argv[1]}"]
    config.accesslog = config.errorlog = None
    asyncio.run(hypercorn.asyncio.serve(app, config))


if __name__ == "__main__":
    main()
