"""Rotation under load: every secret is replaced while it is in use, and nothing valid is refused.

Four sorts of callers go on without a pause, each by what is to be replaced: a service's key, its
`whsec_` secret, Slack's signing secret, the key that signs grants. While two are good both are
used; then the old one is revoked, and has to die. In a real process, told by SIGHUP or by files.
"""

import asyncio
import hmac
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import jwt
import pytest
from cryptography.exceptions import InvalidSignature

from bot.demo.workspace.server import serve
from bot.demo.workspace.workspace import Workspace
from tests.bot.api.test_signed import signature
from tests.bot.test_signing import a_key, verified
from tests.building import BODY
from tests.journeys.conftest import spoken
from tests.journeys.world import (
    BOT_TOKEN,
    OPERATIONS,
    SECRET,
    MovedClock,
    policy_of_tests,
    workspace_of_tests,
)
from tests.trust.doors import Door, door
from tests.trust.lane import FULL, rounds

#: Calls that have to go well with both, and with the new one alone, before the next step.
ENOUGH = 15

#: Seconds within which what was revoked has to be dead: two for keys, five for files, and a machine
#: that is busy.
DIES_WITHIN_S = 15.0

#: Seconds between two looks of the server in the short lane; the full one has the real ones. And
#: how long what never dies is waited for then, and in how many looks at least.
HURRY_S, NEVER_S, LOOKS = 0.2, 3.0, 60

#: Environments that are asked for in turn: many questions of one would be a storm, on one card.
CELLS = 16


async def comes(true: Callable[[], Awaitable[bool]]) -> bool:
    """Whether it comes true in time, and where the machine is slow in so many looks."""
    deadline, looks = time.monotonic() + DIES_WITHIN_S, 0
    while not await true():
        looks += 1
        if looks > LOOKS and time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


@dataclass
class Load:
    """Callers of one sort. `using` are the secrets in use now: all of them good."""

    call: Callable[[str], Awaitable[bool]]
    using: list[str]
    good: int = 0
    refused: list[str] = field(default_factory=list)
    _turn: Iterator[int] = field(default_factory=itertools.count)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Call on and on, with each secret in turn."""
        while True:
            self._idle.clear()
            secret = self.using[next(self._turn) % len(self.using)]
            if await self.call(secret):
                self.good += 1
            else:
                self.refused.append(secret[-6:])
            self._idle.set()
            await asyncio.sleep(0.01)

    async def use(self, *secrets: str) -> None:
        """From now on these; returns when nobody uses another any more, and enough went well."""
        self.using = list(secrets)
        await self._idle.wait()
        self._idle.clear()
        await self._idle.wait()
        enough = self.good + ENOUGH
        async with asyncio.timeout(60):
            while self.good < enough and len(self.refused) < ENOUGH:  # noqa: ASYNC110  another task
                await asyncio.sleep(0.01)

    async def dies(self, secret: str) -> bool:
        """Whether what was revoked is refused in time."""

        async def refused() -> bool:
            return not await self.call(secret)

        return await comes(refused)


@dataclass
class Town:
    """The server, the workspace beside it, and a service."""

    server: Door
    workspace: Workspace
    http: aiohttp.ClientSession
    name: Iterator[int] = field(default_factory=itertools.count)

    async def by_key(self, key: str) -> bool:
        """A service reads its own."""
        headers = {"Authorization": f"Bearer {key}"}
        async with self.http.get("/v1/escalations?limit=1", headers=headers) as answer:
            return answer.status == 200

    async def by_signature(self, secret: str) -> bool:
        """A service tells of the same trouble again, signed."""
        raw = json.dumps(TROUBLE).encode()
        id_, stamp = f"msg_{next(self.name)}", str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": id_,
            "webhook-timestamp": stamp,
            "webhook-signature": signature(secret, id_, stamp, raw),
        }
        async with self.http.post("/v1/escalations", data=raw, headers=headers) as answer:
            return answer.status in (200, 201)

    async def by_slack(self, secret: str) -> bool:
        """A person types a command."""
        form = {
            "command": "/escalations",
            "text": f"help {next(self.name)}",
            "team_id": self.workspace.team.id,
            "api_app_id": self.workspace.app.id,
            "user_id": "USAM",
            "channel_id": OPERATIONS,
            "trigger_id": f"{next(self.name)}.1.x",
            "response_url": "http://127.0.0.1:9/",
        }
        raw, stamp = urlencode(form).encode(), str(int(time.time()))
        made = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + raw, sha256).hexdigest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={made}",
        }
        async with self.http.post("/slack/events", data=raw, headers=headers) as answer:
            return answer.status == 200

    async def granted(self, key: str) -> tuple[str, str]:
        """A grant, asked for, approved in Slack and claimed; and the name of its key."""
        n = next(self.name)
        sent = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"grant-{n}"}
        cell = f"production-{n % CELLS}"
        body = {**BODY, "title": f"Sync number {n} failed", "environment": cell}
        async with self.http.post("/v1/escalations", json=body, headers=sent) as answer:
            made = await answer.json()
            assert answer.status == 201, made

        def card() -> Any:
            cards = (m for m in self.workspace.messages(OPERATIONS) if m.thread_ts is None)
            return next((m for m in cards if body["title"] in spoken(m.blocks)), None)

        shown = await self.workspace.wait_for(card, timeout=30)
        await self.workspace.tap("USAM", shown, "Try 3 more times")
        claim = {"digest": made["digest"], "nonce": "n"}
        path = f"/v1/escalations/{made['id']}/claim"
        async with self.http.post(path, json=claim, headers=sent) as answer:
            told = await answer.json()
            assert answer.status == 200, told
        return told["grant"], jwt.get_unverified_header(told["grant"])["kid"]

    async def verifies(self, grant: str) -> bool:
        """Whether a stranger takes it, who fetched the published keys just now."""
        async with self.http.get("/.well-known/jwks.json") as answer:
            published = await answer.json()
        try:
            verified(grant, published)
        except (InvalidSignature, StopIteration):
            return False
        return True

    async def taken(self, secrets: str) -> int:
        """How many changed files of that sort were taken."""
        async with self.http.get("/metrics") as answer:
            text = await answer.text()
        wanted = f'andon_secret_reloads_total{{result="taken",secrets="{secrets}"}} '
        found = [line.removeprefix(wanted) for line in text.splitlines() if line.startswith(wanted)]
        return int(float(found[0])) if found else 0

    async def followed(self, secrets: str, before: int, *, told: bool) -> bool:
        """Wait until a change was taken: at once when told, by itself within five seconds."""
        if told:
            self.server.hang_up()

        async def another() -> bool:
            return await self.taken(secrets) != before

        return await comes(another)


TROUBLE = {
    "kind": "incident",
    "category": "service_health",
    "title": "web-3 does not answer",
    "environment": "production",
    "dedup_key": "web-3",
}


@asynccontextmanager
async def town(folder: Path, planted: str = "") -> AsyncIterator[Town]:
    """A server beside a workspace, whose signing secret lies in a file."""
    workspace = workspace_of_tests(MovedClock())
    (folder / "policy.toml").write_text(policy_of_tests(), encoding="utf-8")
    (folder / "secret").write_text(SECRET)
    async with serve(workspace) as slack_of_tests:
        settings = {
            "ANDON_POLICY": "policy.toml",
            "ANDON_SLACK_MODE": "http",
            "ANDON_SLACK_API_URL": slack_of_tests.api_url,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET_FILE": str(folder / "secret"),
            **({} if FULL else {"HURRY_ROTATION": str(HURRY_S)}),
        }
        async with (
            door(folder, settings, planted) as server,
            aiohttp.ClientSession(server.url) as http,
        ):
            workspace.request_url = f"{server.url}/slack/events"
            made = Town(server, workspace, http)
            async with asyncio.timeout(60):
                while (await http.get("/readyz")).status != 200:  # noqa: ASYNC110  another process
                    await asyncio.sleep(0.05)
            yield made


async def keys(town: Town, load: Load, old: str) -> str:
    """Replace a service's key."""
    async with town.server.services() as services:
        new = await services.add("data-sync")
        await load.use(old, new)
        await load.use(new)
        await services.revoke("data-sync", keep_newest=True)
    assert await load.dies(old), "a revoked key is still good"
    return new


async def signatures(town: Town, load: Load, old: str) -> str:
    """Replace a service's secret."""
    async with town.server.services() as services:
        new = str(await services.secret("data-sync"))
        await load.use(old, new)
        await load.use(new)
        await services.revoke("data-sync", keep_newest=True, secrets=True)
    assert await load.dies(old), "a revoked secret is still good"
    return new


async def slack(town: Town, load: Load, old: str, *, told: bool) -> str:
    """Replace Slack's signing secret."""
    new, file = f"{SECRET}-{next(town.name)}", town.server.folder / "secret"
    for lines in (f"{old},{new}", new):
        before = await town.taken("slack")
        file.write_text(lines)
        assert await town.followed("slack", before, told=told), "a changed secret is not taken"
        await load.use(*lines.split(","))
        town.workspace.http._secret = new
        await load.use(new)
    assert await load.dies(old), "a secret left out is still good"
    return new


async def grants(town: Town, key: str, *, told: bool) -> None:
    """Replace the key that signs grants; what the old one signed is good until it is taken away."""
    folder = town.server.folder / "keys"
    (file,) = folder.glob("*.jwk")
    old, signed_by = await town.granted(key)
    before = await town.taken("grants")
    a_key(folder, f"{file.stem}x", kid=f"{file.stem}x")
    assert await town.followed("grants", before, told=told), "a new key is not taken"
    new, signs = await town.granted(key)
    assert signs != signed_by, "the new key does not sign"
    assert [await town.verifies(grant) for grant in (old, new)] == [True, True], "an old grant"
    file.unlink()
    assert await town.followed("grants", before + 1, told=told), "a key taken away is not noticed"
    assert [await town.verifies(grant) for grant in (old, new)] == [False, True]


async def replaced(town: Town, times: int) -> dict[str, Load]:
    """Replace everything so often, under load."""
    async with town.server.services() as services:
        key, secret = await services.add("data-sync"), str(await services.secret("data-sync"))
    loads = {
        "key": Load(town.by_key, [key]),
        "signature": Load(town.by_signature, [secret]),
        "slack": Load(town.by_slack, [SECRET]),
    }
    running = [asyncio.create_task(load.run()) for load in loads.values()]
    signing = SECRET
    try:
        for n in range(times):
            told = n % 2 == 0
            key = await keys(town, loads["key"], key)
            secret = await signatures(town, loads["signature"], secret)
            signing = await slack(town, loads["slack"], signing, told=told)
            await grants(town, key, told=told)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return loads


async def test_everything_is_replaced_under_load_and_nothing_valid_is_refused(
    tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    times = rounds(short=2, full=20)
    async with town(tmp_path) as made:
        loads = await replaced(made, times)
        faults = made.server.faults()
    assert refused(loads) == {}
    assert faults == []
    counted = ", ".join(f"{load.good:,} by {name}" for name, load in loads.items())
    figure("rotation under load", f"{4 * times} secrets replaced; {counted}; 0 valid refused")


def refused(loads: dict[str, Load]) -> dict[str, list[str]]:
    """Who was refused though all they used was good."""
    return {name: load.refused for name, load in loads.items() if load.refused}


async def _checked(made: Town) -> None:
    wrong = refused(await replaced(made, 1))
    assert wrong == {}, f"{wrong} refused"


@pytest.mark.parametrize(
    ("planted", "says"),
    [
        ("keys for ever", "a revoked key is still good"),
        ("one secret at a time", "a changed secret is not taken"),
        ("old keys forgotten", "an old grant"),
    ],
)
async def test_a_rotation_that_is_broken_is_found(
    tmp_path: Path,
    planted: str,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    figure: Callable[[str, str], None],
) -> None:
    if not FULL:
        monkeypatch.setattr(f"{__name__}.DIES_WITHIN_S", NEVER_S)
    async with town(tmp_path, planted) as made:
        with pytest.raises(AssertionError, match=says):
            await _checked(made)
    figure("planted bugs", f"rotation: {planted}, found ({says})")
