"""Real servers, each in a process of its own, with somebody who answers: what an escalation's
reference begins with is what people do. Each line of standard input is a server; it tells its log
where it listens and the keys of its service. See tests/forging.py.
"""

import asyncio
import inspect
import json
import os
import traceback
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from approvals import commands
from approvals.commands import Actor
from approvals.escalation import Escalation
from approvals.words import Kind
from bot.app import Server, serving
from bot.ids import new_id
from storage.sqlite.bringing_up import upgrade
from tests.building import SAMPLE
from tests.client.contract.wires import a_vote_on
from tests.client.serving import settings_for
from tests.forging import fork_for_each_line, settle_in

#: Seconds between two looks of the people.
LOOK_S = 0.02

#: How long who is late leaves it.
LATE_S = 1.0

#: Its callers' service, and one of a caller that makes recoveries manual.
SERVICE, ALONE = "matrix", "alone"

#: As much as a whole matrix asks.
LIMITS = {
    "ANDON_OPENS_PER_MINUTE": 100_000,
    "ANDON_REQUESTS_PER_MINUTE": 1_000_000,
    "ANDON_MOST_PENDING": 100_000,
}

#: One service runs the recoveries of all cells, so their number makes none manual; and one
#: recovery never runs by itself, as only the server knows.
POLICY = f"""{SAMPLE}
[automation]
allow = ["idempotent", "restart", "cache", "cleanup", "retry"]
most = 100
within_s = 1
manual_for_s = 1
report_within_s = 86400
"""


async def speak(server: Server, held: Escalation) -> None:
    """What people do about it."""
    word, submit = (held.reference or "").partition(" ")[0], server.store.writer.submit
    priya = Actor(account="UPRIYA")
    if word == "late" and server.clock() - held.created_at < timedelta(seconds=LATE_S):
        return
    if word in ("approve", "late"):
        await submit(a_vote_on(held, "release", "go"))
    elif word == "reject":
        await submit(a_vote_on(held, "abort", "not tonight"))
    elif word == "withdraw":
        await submit(
            commands.Withdraw(id=new_id("cmd"), escalation_id=held.id, service=held.service)
        )
    elif word == "stop":
        stop = commands.Stop(id=new_id("cmd"), escalation_id=held.id, actor=priya, reason="wrong")
        await asyncio.gather(submit(a_vote_on(held, "release", "go")), submit(stop))


async def serve(folder: Path, port: int) -> None:
    """Serve until it is killed."""
    policy = folder / "policy.toml"
    policy.write_text(POLICY, encoding="utf-8")
    settings = settings_for(folder, port, **LIMITS).model_copy(update={"policy": str(policy)})
    async with serving(settings) as server:
        services = server.store.services
        keys = {
            "key": await services.add(SERVICE),
            "cannot claim": await services.add(SERVICE, scopes=("open", "read")),
            "alone": await services.add(ALONE),
            "cannot open": await services.add(SERVICE, scopes=("read", "claim")),
        }
        print(json.dumps({"url": server.url, **keys}), flush=True)
        while True:
            for held in await server.store.reads.pending():
                if held.kind is Kind.APPROVAL:
                    await speak(server, held)
            await asyncio.sleep(LOOK_S)


def _serve(start: dict[str, Any]) -> NoReturn:
    """Become the server."""
    try:
        settle_in(start["folder"], start["log"], start["environment"])
        with suppress(KeyboardInterrupt):
            asyncio.run(serve(Path(start["folder"]), start["port"]))
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def main() -> None:
    """Fork a server for each line, until there are no more."""
    with TemporaryDirectory() as folder:  # every start would work out the migrations anew
        upgrade(Path(folder) / "andon.db")
    inspect.stack()
    fork_for_each_line(_serve)


if __name__ == "__main__":
    main()
