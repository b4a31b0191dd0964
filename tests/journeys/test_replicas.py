"""Two servers on one PostgreSQL: one set of keys, one policy, and what was asked stays as asked."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import pytest
from typer.testing import CliRunner, Result

from approvals.policy.load import parse_policy
from bot.app import Server, serving
from bot.cli import app
from bot.known_keys import WAIT
from bot.settings import Settings
from storage.keys import SqlKeys
from storage.store import open_database
from tests.bot.test_signing import verified
from tests.building import SAMPLE, START, a_claim, a_vote, an_open
from tests.journeys.test_reload import eventually
from tests.journeys.world import MovedClock
from tests.postgres import Running, started

#: Two of the group instead of one.
STRICTER = SAMPLE.replace(
    'group = "platform-oncall", needed = 1', 'group = "platform-oncall", needed = 2'
)
FIRST, SECOND = parse_policy(SAMPLE).version, parse_policy(STRICTER).version


@pytest.fixture(scope="module")
def postgres() -> Iterator[Running]:
    """A server with a database of the newest schema, to be copied."""
    with TemporaryDirectory(prefix="andon-") as folder, started(Path(folder) / "pg") as server:
        server.run("postgres", "CREATE DATABASE andon")
        yield server


@pytest.fixture
async def url(postgres: Running) -> str:
    """The address of a database in which nothing ever happened."""
    async with open_database(postgres.url("andon"), server=True):
        pass
    return postgres.url(postgres.copied("andon"))


@dataclass
class Replica:
    """A server, and the folder it stands in."""

    folder: Path
    server: Server

    async def get(self, http: aiohttp.ClientSession, path: str) -> tuple[int, Any]:
        """What it says there, and with which status."""
        async with http.get(self.server.url + path) as answer:
            said = await (answer.text() if path == "/metrics" else answer.json())
            return answer.status, said

    async def is_ready(self, http: aiohttp.ClientSession) -> bool:
        """Whether a load balancer would send it anything."""
        return (await self.get(http, "/readyz"))[0] == 200

    async def opened(self, key: str) -> Any:
        """Something it was asked."""
        done = await self.server.store.writer.submit(an_open(key, title=key, arguments={"n": key}))
        assert done.escalation is not None, done.refusal
        return done.escalation

    async def granted(self, escalation: Any) -> str:
        """The grant for what was approved."""
        claim = a_claim(escalation.id, digest=escalation.digest)
        done = await self.server.store.writer.submit(claim)
        assert done.grant is not None, done.refusal
        return done.grant


@dataclass
class Two:
    """Both of them, and time."""

    a: Replica
    b: Replica
    clock: MovedClock
    http: aiohttp.ClientSession


@pytest.fixture
async def two(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Two]:
    """Each with a directory of keys, a policy file and anchors of its own; they look often."""
    for name in [n for n in os.environ if n.startswith(("ANDON_", "SLACK_"))]:
        monkeypatch.delenv(name)
    for name in ("bot.replica_side.POLICY_S", "bot.replica_side.KEYS_S", "bot.rotation.LOOK_S"):
        monkeypatch.setattr(name, 0.02)
    clock, made = MovedClock(), []
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        for name in ("a", "b"):
            folder = tmp_path / name
            folder.mkdir()
            (folder / "policy.toml").write_text(SAMPLE, encoding="utf-8")
            settings = settings_of(folder, url)
            server = await stack.enter_async_context(serving(settings, clock=clock))
            made.append(Replica(folder, server))
        yield Two(*made, clock, http)


def settings_of(folder: Path, url: str) -> Settings:
    """Of a server whose files lie in that folder."""
    given = given_for(folder, url) | {"ANDON_PORT": 0}
    return Settings(_env_file=None, **given)  # type: ignore[call-arg]


def given_for(folder: Path, url: str) -> dict[str, Any]:
    """The same, as the environment has it."""
    return {
        "ANDON_SLACK_MODE": "off",
        "ANDON_DATABASE_URL": url,
        "ANDON_POLICY": str(folder / "policy.toml"),
        "ANDON_SIGNING_KEYS": str(folder / "keys"),
        "ANDON_ANCHORS": str(folder / "anchors"),
    }


@pytest.fixture
def command(tmp_path: Path, url: str) -> Callable[..., Result]:
    """A command beside the first server."""
    return lambda *words: CliRunner().invoke(app, words, env=given_for(tmp_path / "a", url))


async def test_grants_of_every_replica_verify_by_the_keys_of_any(
    two: Two, command: Callable[..., Result], tmp_path: Path
) -> None:
    a, b, http = two.a, two.b, two.http
    status, said = await b.get(http, "/readyz")
    assert (status, said["checks"]["keys"]["ok"], await a.is_ready(http)) == (503, False, True)
    two.clock.move(seconds=WAIT.total_seconds())
    await eventually(lambda: b.is_ready(http))
    grants = []
    for replica, other in ((a, b), (b, a)):
        asked = await replica.opened(f"for {replica.folder.name}")
        await other.server.store.writer.submit(a_vote(asked.id, digest=asked.digest))
        grants.append(await replica.granted(asked))
    served = [(await replica.get(http, "/.well-known/jwks.json"))[1] for replica in (a, b)]
    assert served[0] == served[1]
    kids = {verified(grant, served[0])[0]["kid"] for grant in grants}
    assert kids == {key["kid"] for key in served[0]["keys"]}
    assert len(kids) == 2
    assert 'andon_working{part="keys"} 1.0' in (await b.get(http, "/metrics"))[1]
    await audited(command, tmp_path, kids)


async def audited(command: Callable[..., Result], folder: Path, kids: set[str]) -> None:
    """An auditor beside the first server knows the keys of both."""
    verify = await asyncio.to_thread(command, "audit", "verify")
    assert (verify.exit_code, "2 escalations" in verify.stdout) == (0, True), verify.output
    days = ("--from", "2020-01-01", "--to", "2100-01-01", "--out", str(folder / "out"))
    exported = await asyncio.to_thread(command, "audit", "export", *days)
    assert (exported.exit_code, "not among the keys" in exported.stderr) == (0, False)
    assert {file.stem for file in (folder / "out" / "keys").iterdir()} == kids


async def test_an_escalation_is_decided_by_the_policy_it_was_opened_under(
    two: Two, command: Callable[..., Result]
) -> None:
    """A rolling deploy: the new file comes to one, is activated, and then comes to the other."""
    a, b, http = two.a, two.b, two.http
    two.clock.move(seconds=WAIT.total_seconds())
    await eventually(lambda: b.is_ready(http))
    before = await a.opened("before")
    (a.folder / "policy.toml").write_text(STRICTER, encoding="utf-8")
    await eventually(lambda: differs(a, http))
    assert (await b.opened("meanwhile")).plan.policy_version == FIRST
    done = await asyncio.to_thread(command, "policy", "activate")
    assert (done.exit_code, f"{SECOND} is active now" in done.stdout) == (0, True), done.output
    await eventually(lambda: a.is_ready(http))
    await eventually(lambda: differs(b, http))
    status, said = await b.get(http, "/readyz")
    assert (status, said["checks"]["policy"]["version"]) == (503, SECOND)
    assert said["checks"]["policy"]["file"] == FIRST
    assert 'andon_working{part="policy"} 0.0' in (await b.get(http, "/metrics"))[1]
    after = await b.opened("after")
    assert after.plan.policy_version == SECOND
    for asked, status in ((before, "approved"), (after, "pending")):
        vote = a_vote(asked.id, digest=asked.digest)
        told = await b.server.store.writer.submit(vote)
        assert told.escalation is not None
        assert told.escalation.status == status
    (b.folder / "policy.toml").write_text(STRICTER, encoding="utf-8")
    await eventually(lambda: b.is_ready(http))


async def differs(replica: Replica, http: aiohttp.ClientSession) -> bool:
    """Whether its file is another than the one all decide by."""
    checks = (await replica.get(http, "/readyz"))[1]["checks"]
    return "file" in checks["policy"]


def test_commands_say_what_counts_and_what_to_do(
    tmp_path: Path, url: str, command: Callable[..., Result]
) -> None:
    (tmp_path / "a").mkdir()
    file = tmp_path / "a" / "policy.toml"
    file.write_text(SAMPLE, encoding="utf-8")
    assert (command("policy", "active").exit_code, command("keys", "list").stdout) == (3, "")
    assert "was active already" not in command("policy", "activate").stdout
    assert "was active already" in command("policy", "activate", str(file)).stdout
    assert command("policy", "active").stdout == SAMPLE
    file.write_text(STRICTER, encoding="utf-8")
    doctor = command("doctor")
    assert doctor.exit_code == 1
    assert f"WRONG  policy    active is {FIRST[:19]}" in doctor.stdout
    assert "run `policy activate` beside it" in doctor.stdout
    assert command("policy", "activate").exit_code == 0
    assert "this file is the active one" in command("doctor").stdout
    assert f"{FIRST} is active now" in command("policy", "activate", FIRST[:19]).stdout
    unknown = command("policy", "activate", "sha256:0000")
    assert (unknown.exit_code, "No version is known" in unknown.stderr) == (3, True)
    file.write_text("rules = 1\n", encoding="utf-8")
    assert command("policy", "activate").exit_code == 1


def test_a_key_is_made_listed_and_retired_for_good(
    tmp_path: Path, url: str, command: Callable[..., Result]
) -> None:
    made = command("keys", "new").stdout.strip()
    assert [file.stem for file in (tmp_path / "a" / "keys").iterdir()] == [made]

    async def published() -> None:
        async with open_database(url, server=False) as database:
            await SqlKeys(database).publish({made: "{}"}, START, timedelta())

    asyncio.run(published())
    assert command("keys", "list").stdout.split("\t")[2:] == ["may sign", "here\n"]
    assert "nothing is released" in command("keys", "retire", made).stderr
    assert command("keys", "list").stdout.split("\t")[2].startswith("retired ")
    again = command("keys", "retire", made)
    assert (again.exit_code, "is in use" in again.stderr) == (3, True)
