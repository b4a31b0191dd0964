"""Durable opens a second, over a plain SQLModel server with a session a request."""

import json
import tempfile

from bench.load import Requests, load, request
from bench.opens import BODY, open_requests
from bench.servers import Andon, cpu_seconds, free_port, started, until_up
from bench.spread import told

ROUNDS, SECONDS, CONNECTIONS = 5, 3.0, 64


def session_requests(_: int) -> Requests:
    """The same body each time: the plain server makes a row of each."""
    said = json.dumps(BODY).encode()
    made = request("POST", "/v1/escalations", said, Content_Type="application/json")
    return lambda n: made


async def measure(andon: Andon, rounds: int = ROUNDS, seconds: float = SECONDS) -> None:
    """Alternate between the two, on one core and alike."""
    port, ratios = free_port(), []
    many = {"connections": CONNECTIONS, "seconds": seconds}
    with (
        tempfile.TemporaryDirectory() as folder,
        started("bench.sessions", str(port), f"{folder}/plain.db") as plain,
    ):
        await until_up(port)
        for n in range(rounds):
            before = cpu_seconds(plain.pid), cpu_seconds(andon.pid)
            theirs = await load(port, session_requests, **many)
            mine = await load(andon.port, open_requests(andon.key), **many)
            their_cpu = (cpu_seconds(plain.pid) - before[0]) / len(theirs.took)
            my_cpu = (cpu_seconds(andon.pid) - before[1]) / len(mine.took)
            ratios.append(mine.per_second / theirs.per_second)
            print(
                f"  round {n + 1}: plain sessions {theirs.per_second:5.0f}/s"
                f" ({their_cpu * 1e6:.0f} us of CPU each, {theirs.wrong} wrong),"
                f" opens {mine.per_second:5.0f}/s ({my_cpu * 1e6:.0f} us of CPU each,"
                f" {mine.wrong} wrong), ratio {ratios[-1]:.1f}"
            )
    print(f"durable opens over a plain SQLModel server: {told(ratios, 1)}; bar 6, aim 12")
