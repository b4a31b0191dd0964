"""Blocked services: they really ask, wait, claim, verify and report, and run in no other case."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from approvals import commands
from approvals.commands import Actor
from bot.app import Server, serving
from bot.demo import cast
from bot.demo.calling import Caller, NotAGrant, signed
from bot.demo.scenes import Scene, expiring, migration, sync, transfer
from bot.demo.strips import Strip
from bot.ids import new_id
from bot.settings import Settings
from bot.signing import KeyRing
from tests.building import Clock

NOW = datetime(2026, 11, 12, 21, 30, tzinfo=UTC)


@dataclass
class Place:
    """A server without Slack that knows the demo's policy, and its clock."""

    server: Server
    http: aiohttp.ClientSession
    clock: Clock

    async def strip(self, scene: Scene, *, base: str = "") -> Strip:
        """A strip of that scene, whose pretended operation takes no time."""
        key = await self.server.store.services.add(scene.service)
        caller = Caller(
            http=self.http, base=base or self.server.url, service=scene.service, key=key
        )
        scene = replace(scene, runs_s=0.0)
        return Strip(scene=scene, caller=caller, changed=lambda: None, clock=self.clock)

    async def vote(self, strip: Strip, person: str, option: str, **more: Any) -> None:
        """Somebody decides in Slack."""
        given = {"rationale": "I looked", "read_whole": True, **more}
        vote = commands.Vote(
            id=new_id("cmd"),
            escalation_id=str(strip.escalation),
            actor=Actor(account=person),
            option=option,
            shown=0,
            digest=strip.digest,
            **given,
        )
        settled = await self.server.store.writer.submit(vote)
        assert settled.refusal is None

    async def outcome(self, strip: Strip) -> Any:
        """What the service reported."""
        path = f"/v1/escalations/{strip.escalation}"
        return (await strip.caller.call("GET", path))[1]["outcome"]


def settings_without_slack(folder: Path) -> Settings:
    """The demo's policy, no Slack: people are as the file says."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        ANDON_DATABASE_URL=f"sqlite:///{folder / 'andon.db'}",
        ANDON_PORT=0,
        ANDON_POLICY=str(cast.POLICY),
        ANDON_SIGNING_KEYS=str(folder / "keys"),
        ANDON_SLACK_MODE="off",
    )


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A running server."""
    clock = Clock()
    async with (
        serving(settings_without_slack(tmp_path), clock=clock) as server,
        aiohttp.ClientSession() as http,
    ):
        yield Place(server=server, http=http, clock=clock)


@asynccontextmanager
async def living(strip: Strip) -> AsyncIterator[asyncio.Task[None]]:
    """The strip lives until the block ends, or its own end."""
    task = asyncio.create_task(strip.live())
    try:
        await until(lambda: strip.state != "opening")
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Any) -> None:
    """Until it is so."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110  what changes it has no event
            await asyncio.sleep(0.005)


def states(strip: Strip) -> list[str]:
    """Through which it went."""
    return [step["state"] for step in strip.history]


async def test_it_is_held_from_the_moment_it_asked(place: Place) -> None:
    strip = await place.strip(migration(NOW))
    async with living(strip):
        shown = strip.shown()
    assert shown["state"] == "held"
    assert shown["line"] == "alembic upgrade 8f2c:9a41"
    assert shown["escalation"].startswith("esc_")
    assert shown["decide_by"] == "2026-11-12T22:30:00.000000Z"


async def test_one_yes_releases_it_and_it_runs_and_reports(place: Place) -> None:
    strip = await place.strip(migration(NOW))
    async with living(strip) as task:
        await place.vote(strip, "UINES", "migrate")
        await asyncio.wait_for(task, 10)
    assert states(strip) == ["held", "released", "running", "succeeded"]
    assert strip.history[1]["note"] == "as “Migrate, keep data”, grant verified"
    assert strip.took_ms == 0  # the clock stands still
    assert (await place.outcome(strip))["result"] == "succeeded"


async def test_one_of_two_leaves_it_held(place: Place) -> None:
    strip = await place.strip(transfer())
    async with living(strip) as task:
        await place.vote(strip, "UMIA", "release")
        assert strip.state == "held"
        await place.vote(strip, "UTOM", "release")
        await asyncio.wait_for(task, 10)
    assert states(strip) == ["held", "released", "running", "succeeded"]


async def test_given_up_while_it_asks_it_is_withdrawn_as_soon_as_it_has_asked(place: Place) -> None:
    strip = await place.strip(migration(NOW))
    asked = asyncio.create_task(strip.live())
    await asyncio.sleep(0)
    await strip.give_up()
    await asyncio.wait_for(asked, 10)
    assert states(strip) == ["withdrawn"]
    answer = await strip.caller.call("GET", f"/v1/escalations/{strip.escalation}")
    assert answer[1]["status"] == "withdrawn"


async def test_an_abort_ends_it_with_the_reason_and_it_never_ran(place: Place) -> None:
    strip = await place.strip(sync(NOW))
    async with living(strip) as task:
        await place.vote(strip, "USAM", "leave", rationale="the firewall first")
        await asyncio.wait_for(task, 10)
    assert (strip.state, strip.line) == ("aborted", "«the firewall first» It never ran.")
    assert states(strip) == ["held", "aborted"]


async def test_silence_expires_it(place: Place) -> None:
    """Ninety seconds; the clock of this test is moved, nobody waits."""
    strip = await place.strip(expiring())
    async with living(strip) as task:
        place.clock.pass_(91)
        await asyncio.wait_for(task, 10)
    assert (strip.state, strip.line) == ("expired", "It never ran.")


async def test_giving_up_withdraws_it(place: Place) -> None:
    strip = await place.strip(migration(NOW))
    async with living(strip) as task:
        await strip.give_up()
        await asyncio.wait_for(task, 10)
    assert strip.state == "withdrawn"


async def test_giving_up_what_is_decided_does_nothing(place: Place) -> None:
    strip = await place.strip(migration(NOW))
    async with living(strip) as task:
        await place.vote(strip, "UINES", "migrate")
        await asyncio.wait_for(task, 10)
    await strip.give_up()
    assert strip.state == "succeeded"


async def test_before_the_decision_it_cannot_run_even_once(place: Place) -> None:
    strip = await place.strip(transfer())
    async with living(strip):
        refused = await strip.twice()
    assert (refused["status"], refused["problem"]["type"]) == (409, "/problems/not-approved")


async def test_it_cannot_run_twice(place: Place) -> None:
    strip = await place.strip(migration(NOW))
    async with living(strip) as task:
        await place.vote(strip, "UINES", "migrate")
        await asyncio.wait_for(task, 10)
    refused = await strip.twice()
    assert (refused["status"], refused["problem"]["type"]) == (409, "/problems/already-claimed")


@pytest.mark.parametrize(
    "scene", [migration(NOW), transfer(), sync(NOW), expiring()], ids=lambda scene: scene.key
)
async def test_something_else_than_was_shown_is_refused(place: Place, scene: Scene) -> None:
    """Before the decision and after it."""
    strip = await place.strip(scene)
    async with living(strip):
        refused = await strip.change()
    assert (refused["status"], refused["problem"]["type"]) == (409, "/problems/digest-mismatch")


async def test_what_andon_does_not_take_is_refused_with_its_own_words(place: Place) -> None:
    scene = sync(NOW)
    strip = await place.strip(replace(scene, body={**scene.body, "category": "Not a slug"}))
    await strip.live()
    assert strip.state == "refused"
    assert strip.line.startswith("The request cannot be taken: ")


async def test_it_stays_held_while_andon_does_not_answer(place: Place) -> None:
    """The stand-in of a server that went away says nothing at all."""
    strip = await place.strip(sync(NOW), base="http://127.0.0.1:9")
    task = asyncio.create_task(strip.live())
    await until(lambda: "does not answer" in strip.line)
    strip.caller = replace(strip.caller, base=place.server.url)
    await until(lambda: strip.state == "held")
    assert strip.line == "sync_data --batch 8813 --attempts 3"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def forging(grant: str, digest: str, ring: KeyRing) -> AsyncIterator[str]:
    """A server that says yes to everything, and whose grant is what the test says."""
    opened = {"id": "esc_1", "digest": digest, "deadline_at": "2026-11-12T22:30:00Z"}

    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("jwks.json"):
            return web.json_response(ring.jwks())
        if request.path.endswith("/claim"):
            return web.json_response({"grant": grant, "option": "retry"})
        decided = {"status": "approved", "decided_at": "2026-11-12T21:30:00Z", "decision": {}}
        return web.json_response(opened | decided)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_it_does_not_run_on_a_grant_about_something_else(tmp_path: Path) -> None:
    """Well signed, but for another digest and another service."""
    ring = KeyRing(tmp_path / "keys")
    grant = ring.sign({"aud": "payments", "sub": "esc_1", "digest": "sha256:other", "nonce": "n"})
    async with forging(grant, "sha256:mine", ring) as url, aiohttp.ClientSession() as http:
        caller = Caller(http=http, base=url, service="data-sync", key="andon_x")
        strip = Strip(scene=sync(NOW), caller=caller, changed=lambda: None, key="n")
        await strip.live()
    assert (strip.state, strip.line) == ("refused", "The grant is about another aud, digest.")
    assert "running" not in states(strip)


async def test_it_does_not_run_on_a_grant_that_andon_did_not_sign(tmp_path: Path) -> None:
    ring, other = KeyRing(tmp_path / "keys"), KeyRing(tmp_path / "other")
    claims = {"aud": "data-sync", "sub": "esc_1", "digest": "sha256:mine", "nonce": "n"}
    async with (
        forging(other.sign(claims), "sha256:mine", ring) as url,
        aiohttp.ClientSession() as http,
    ):
        caller = Caller(http=http, base=url, service="data-sync", key="andon_x")
        strip = Strip(scene=sync(NOW), caller=caller, changed=lambda: None, key="n")
        await strip.live()
    assert strip.state == "refused"
    assert strip.line.startswith("The grant's signature is not Andon's: ")


@pytest.mark.parametrize("grant", ["", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_is_no_grant(grant: str, tmp_path: Path) -> None:
    with pytest.raises(NotAGrant):
        signed(grant, KeyRing(tmp_path / "keys").jwks())


def test_a_grant_is_read_with_the_published_keys(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys")
    published = json.loads(json.dumps(ring.jwks()))
    assert signed(ring.sign({"sub": "esc_1"}), published) == {"sub": "esc_1"}
