"""A server that is asked to end does so within ten seconds, whatever hangs on it.

Who waits is answered, what is under way ends, what is owed stays owed, and a second signal ends it
at once.
"""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.stopping import SIGNALS
from tests.trust.standing import Standing

Figure = Callable[[str, str], None]

#: Seconds the issue allows, and what a busy machine may add to the process's own end.
WITHIN_S = 10.0

PARKED, SLOW = 40, 10


class Abyss:
    """A receiver that takes everything and answers nothing, or Slack while it is like that."""

    def __init__(self) -> None:
        self.taken = 0  #: connections
        self._never = asyncio.Event()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken += 1
        await self._never.wait()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        self.taken -= 1

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Its port."""
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            self._never.set()
            async with asyncio.timeout(5):
                while self.taken:  # noqa: ASYNC110  its callers are done with it
                    await asyncio.sleep(0.01)


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[Standing]:
    """A server that is ended whatever happens."""
    made = Standing(tmp_path / "andon")
    yield made
    made.end()


async def parked(standing: Standing, id_: str) -> tuple[int, str]:
    """A request that waits for a decision which does not come."""
    status, said = await standing.call("GET", f"/v1/escalations/{id_}", Prefer="wait=50")
    return status, said["status"]


async def slow(standing: Standing) -> bytes:
    """A client that sends its body a byte a second; what it hears."""
    reader, writer = await asyncio.open_connection("127.0.0.1", standing.port)
    head = f"POST /v1/escalations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {standing.key}\r\n"
    writer.write(f"{head}Idempotency-Key: s\r\nContent-Type: application/json\r\n".encode())
    writer.write(b"Content-Length: 1000\r\n\r\n{")
    heard = b""
    with suppress(ConnectionError):
        while not heard and not reader.at_eof():
            writer.write(b" ")
            await writer.drain()
            with suppress(TimeoutError):
                heard = await asyncio.wait_for(reader.read(4096), 1.0)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return heard


async def hanging(standing: Standing, port: int) -> None:
    """Callbacks that are under way to a receiver which does not answer."""
    for n in range(3):
        url = f"http://127.0.0.1:{port}/hook/{n}"
        made = (await standing.open(f"hang{n}", callback_url=url))[1]
        path = f"/v1/escalations/{made['id']}/withdraw"
        assert (await standing.call("POST", path, {"reason": "not needed"}))[0] == 200


async def loaded(standing: Standing, abyss: Abyss, port: int) -> tuple[list[Any], list[Any]]:
    """Parked requests, slow clients and hanging callbacks, all under way."""
    made = (await standing.open("parked"))[1]
    await hanging(standing, port)
    polls = [asyncio.create_task(parked(standing, made["id"])) for _ in range(PARKED)]
    trickles = [asyncio.create_task(slow(standing)) for _ in range(SLOW)]

    async def waiting() -> bool:
        async with aiohttp.ClientSession() as http, http.get(f"{standing.url}/metrics") as answer:
            told = await answer.text()
        return f"andon_parked_requests {PARKED}.0" in told and abyss.taken >= 1

    await standing.until(waiting)
    return polls, trickles


async def ends(standing: Standing) -> tuple[int, float]:
    """Exit code, and seconds until it has ended."""
    began = time.monotonic()
    code = await asyncio.to_thread(standing.stop)
    return code, time.monotonic() - began


async def prepared(standing: Standing, port: int) -> None:
    """A server whose service may be called back there."""
    standing.settings["ANDON_ALLOWED_CALLBACKS"] = f"127.0.0.1:{port}"
    await standing.seed()
    await standing.allow(f"127.0.0.1:{port}")
    await standing.start()


@pytest.mark.parametrize("number", SIGNALS)
async def test_under_load_it_ends_within_ten_seconds_and_answers_who_waits(
    standing: Standing, number: int, figure: Figure
) -> None:
    abyss = Abyss()
    async with abyss.listening() as port:
        await prepared(standing, port)
        polls, trickles = await loaded(standing, abyss, port)
        code, seconds = await ends(standing)
        answered = await asyncio.gather(*polls)
        heard = await asyncio.gather(*trickles)
    assert (code, standing.events("not-drained")) == (0, [])
    assert seconds < WITHIN_S
    assert answered == [(200, "pending")] * PARKED
    assert len(heard) == SLOW
    figure("SIGTERM under load", f"{PARKED} parked, {SLOW} slow, 3 hanging: {seconds:.1f} s")


#: A server that starts when every lease of the one before is over.
LATER = """
import sys
from datetime import timedelta
from bot.cli import app
from tests.trust.crashing.forked import later
later(timedelta(seconds=31))
sys.argv = ["andon-server", "serve"]
app()
"""


async def test_what_was_under_way_is_owed_after_the_restart(standing: Standing) -> None:
    abyss = Abyss()
    async with abyss.listening() as port:
        await prepared(standing, port)
        await hanging(standing, port)
        await standing.until(lambda: asyncio.sleep(0, abyss.taken >= 1))
        assert (await ends(standing))[0] == 0
        before = abyss.taken
        standing.serves = (sys.executable, "-c", LATER)
        await standing.start()
        await standing.until(lambda: asyncio.sleep(0, abyss.taken > before))


#: A server whose end waits for everybody, however long they take.
PATIENT = """
import sys
import bot.app, bot.stopping, bot.background.lanes
bot.app.END_WITHIN_S = 60.0
sys.argv = ["andon-server", "serve"]
from bot.cli import app
app()
"""

#: A server that never ends by itself.
STUCK = """
import sys, asyncio
import bot.app, bot.stopping
async def never(*parts):
    await asyncio.Event().wait()
bot.app.drain = never
sys.argv = ["andon-server", "serve"]
from bot.cli import app
app()
"""


#: A server that has not ended yet when the second signal comes, however busy the machine is.
DRAINING = STUCK.replace("bot.app.drain", "bot.stopping.WITHIN_S = 600.0\nbot.app.drain")


async def test_a_second_signal_ends_it_at_once(standing: Standing) -> None:
    standing.serves = (sys.executable, "-c", DRAINING)
    abyss = Abyss()
    async with abyss.listening() as port:
        await prepared(standing, port)
        polls, trickles = await loaded(standing, abyss, port)
        assert standing.running is not None
        standing.running.send_signal(signal.SIGTERM)
        await standing.until(lambda: asyncio.sleep(0, bool(standing.events("asked-to-stop"))))
        code = await asyncio.to_thread(standing.stop, signal.SIGINT)
        done = await asyncio.gather(*polls, *trickles, return_exceptions=True)
    assert code == 128 + signal.SIGINT
    assert len(done) == PARKED + SLOW


async def test_two_signals_in_the_same_moment_end_it_at_once(standing: Standing) -> None:
    standing.serves = (sys.executable, "-c", DRAINING)
    await standing.seed()
    await standing.start()
    assert standing.running is not None
    standing.running.send_signal(signal.SIGTERM)
    # Whichever of them comes second.
    assert standing.stop(signal.SIGINT) in {128 + number for number in SIGNALS}


@pytest.mark.parametrize("bug", [PATIENT, STUCK], ids=["waits for slow clients", "never ends"])
async def test_a_drain_without_bounds_is_found_and_cut_short(
    standing: Standing, bug: str, figure: Figure
) -> None:
    """The last resort: the process ends all the same, and says that it had to."""
    standing.serves = (sys.executable, "-c", bug)
    abyss = Abyss()
    async with abyss.listening() as port:
        await prepared(standing, port)
        polls, trickles = await loaded(standing, abyss, port)
        code, seconds = await ends(standing)
        await asyncio.gather(*polls, *trickles, return_exceptions=True)
    assert (code, len(standing.events("not-drained"))) == (3, 1)
    assert seconds < WITHIN_S
    figure("planted bugs", "drain: one without a bound is found")
