"""The real server in a process of its own, with somebody who answers: what an escalation's
reference begins with is what people do. Prints where it listens and the keys of its service.

    python -m tests.client.matrix.server FOLDER PORT
"""

import asyncio
import json
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from approvals import commands
from approvals.commands import Actor
from approvals.escalation import Escalation
from bot.app import Server, serving
from bot.ids import new_id
from tests.client.contract.wires import a_vote_on
from tests.client.serving import settings_for

#: Seconds between two looks of the people.
LOOK_S = 0.02

#: How long who is late leaves it.
LATE_S = 1.0

SERVICE = "matrix"


#: As much as a whole matrix asks.
LIMITS = {
    "ANDON_OPENS_PER_MINUTE": 100_000,
    "ANDON_REQUESTS_PER_MINUTE": 1_000_000,
    "ANDON_MOST_PENDING": 100_000,
}


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


async def main(folder: Path, port: int) -> None:
    """Serve until it is killed."""
    async with serving(settings_for(folder, port, **LIMITS)) as server:
        services = server.store.services
        keys = {
            "key": await services.add(SERVICE),
            "cannot claim": await services.add(SERVICE, scopes=("open", "read")),
        }
        print(json.dumps({"url": server.url, **keys}), flush=True)
        while True:
            for held in await server.store.reads.pending():
                await speak(server, held)
            await asyncio.sleep(LOOK_S)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
