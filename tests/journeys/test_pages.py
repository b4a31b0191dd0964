"""A served Andon pages people outside Slack, by a real HTTP receiver and a real SMTP server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from approvals.commands import Acknowledge, Actor
from approvals.ports import Delivery
from bot.app import Server, serving
from bot.background.pages import BACKOFF_S
from bot.ids import new_id
from bot.settings import Settings
from tests.bot.background.paging import Mailbox, Receiver
from tests.building import SAMPLE, a_vote, an_open
from tests.journeys.world import MovedClock
from tests.patience import PATIENCE_S


@asynccontextmanager
async def andon(
    folder: Path, routes: str, clock: MovedClock | None = None
) -> AsyncIterator[Server]:
    """A server without Slack whose policy has these routes."""
    (folder / "policy.toml").write_text(f"{SAMPLE}\n[routes]\n{routes}", encoding="utf-8")
    given = {
        "ANDON_DATABASE_URL": f"sqlite:///{folder / 'andon.db'}",
        "ANDON_PORT": 0,
        "ANDON_POLICY": str(folder / "policy.toml"),
        "ANDON_SIGNING_KEYS": str(folder / "keys"),
        "ANDON_SLACK_MODE": "off",
    }
    settings = Settings(_env_file=None, **given)  # type: ignore[call-arg]
    async with serving(settings, clock=clock or MovedClock()) as server:
        yield server


async def asked(server: Server) -> str:
    """Something critical is held; its id."""
    command = an_open(severity="critical")
    settled = await server.store.writer.submit(command)
    assert settled.refusal is None, settled.refusal
    return command.escalation_id


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """Until it is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not await look():  # noqa: ASYNC110  another task
            await asyncio.sleep(0.02)


def pager(receiver: Receiver) -> str:
    """The route that critical ones take by default."""
    return f'pager = {{ address = "{receiver.address}" }}'


async def pages(server: Server, id_: str) -> list[Delivery]:
    """The pages of an escalation as recorded."""
    return [d for d in await server.store.deliveries.of(id_) if d.kind == "page"]


async def settled(server: Server, id_: str) -> list[Delivery]:
    """The same, once each is delivered or given up."""

    async def over() -> bool:
        return {d.state for d in await pages(server, id_)} <= {"delivered", "failed"}

    await until(over)
    return await pages(server, id_)


async def tried(server: Server, id_: str) -> bool:
    """Whether the one page has been tried once."""
    return [page.attempts for page in await pages(server, id_)] == [1]


async def test_what_is_critical_pages_at_once(receiver: Receiver, tmp_path: Path) -> None:
    async with andon(tmp_path, pager(receiver)) as server:
        id_ = await asked(server)
        (page,) = await settled(server, id_)
    (got,) = receiver.got
    assert (page.target, page.state, page.attempts) == ("pager", "delivered", 1)
    assert got["title"] == "CRITICAL production: Data sync failed 3 times"
    assert f"Id: {id_}" in got["message"]
    assert got["type"] == "failure"


async def test_it_pages_by_mail(tmp_path: Path) -> None:
    async with Mailbox() as box:
        mail = f"mailto://127.0.0.1:{box.port}?from=andon@example.com&to=sam@example.com"
        route = f'pager = {{ address = "{mail}&mode=insecure" }}'
        async with andon(tmp_path, route) as server:
            await settled(server, await asked(server))
    assert [mail["Subject"] for mail in box.mails] == [
        "CRITICAL production: Data sync failed 3 times"
    ]


async def test_a_page_that_fails_is_recorded_and_sent_again(
    receiver: Receiver, tmp_path: Path
) -> None:
    receiver.answers, clock = [500], MovedClock()
    async with andon(tmp_path, pager(receiver), clock) as server:
        id_ = await asked(server)

        async def missed() -> bool:
            found = await server.store.reads.escalation(id_)
            return found is not None and [m.to for m in found.missed] == ["route:pager"]

        await until(missed)
        await until(partial(tried, server, id_))
        clock.move(seconds=BACKOFF_S[0])
        (page,) = await settled(server, id_)
    assert (page.state, page.attempts, len(receiver.got)) == ("delivered", 2, 2)


@pytest.mark.parametrize("answer", ["decided", "acknowledged"])
async def test_a_page_still_to_be_repeated_is_not_sent_once_somebody_answered(
    receiver: Receiver, tmp_path: Path, answer: str
) -> None:
    receiver.answers, clock = [500], MovedClock()
    async with andon(tmp_path, pager(receiver), clock) as server:
        id_ = await asked(server)
        await until(partial(tried, server, id_))
        looks = Acknowledge(id=new_id("cmd"), escalation_id=id_, actor=Actor(account="USAM"))
        command = a_vote(id_, option="leave") if answer == "decided" else looks
        assert (await server.store.writer.submit(command)).refusal is None
        clock.move(seconds=BACKOFF_S[0])
        (page,) = await settled(server, id_)
    assert len(receiver.got) == 1
    assert page.state == "failed"
    assert str(page.error).startswith("not sent: ")


async def test_a_route_without_its_secret_is_said_at_the_start_and_given_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    route = 'pager = { address = "json://127.0.0.1:9/${PAGER_OF_TESTS}" }'
    async with andon(tmp_path, route) as server:
        (page,) = await settled(server, await asked(server))
    said = "PAGER_OF_TESTS is not set; give it in the environment, or as PAGER_OF_TESTS_FILE."
    assert (page.state, page.error) == ("failed", said)
    assert said in capsys.readouterr().out


async def test_told_to_stop_while_a_receiver_hangs_it_ends_and_the_page_stays_owed(
    receiver: Receiver, tmp_path: Path
) -> None:
    receiver.go = asyncio.Event()
    async with asyncio.timeout(PATIENCE_S):
        async with andon(tmp_path, pager(receiver)) as server:
            id_ = await asked(server)

            async def called() -> bool:
                return bool(receiver.got)

            await until(called)
        receiver.go.set()
        receiver.go = None
        clock = MovedClock()
        clock.move(seconds=60)  # past the lease of the one that was under way
        async with andon(tmp_path, pager(receiver), clock) as server:
            (page,) = await settled(server, id_)
    assert (page.state, len(receiver.got)) == ("delivered", 2)
