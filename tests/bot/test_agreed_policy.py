"""The policy of several servers on one database: they decide by one, and a file of another keeps
its server from being ready.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from approvals.people import People
from approvals.policy.load import parse_policy
from approvals.policy.model import Policy
from bot.agreed_policy import DO, NEWER, AgreedPolicy, in_force
from bot.people import KnownPeople
from bot.policy_file import PolicyFile
from bot.settings import SettingsError
from storage import Store
from storage.policies import SqlPolicies
from tests.bot.test_policy_file import BAD, OTHER
from tests.building import SAMPLE, START, Clock

THIRD = OTHER.replace("second tries", "third tries")
FIRST_VERSION, OTHER_VERSION, THIRD_VERSION = (
    parse_policy(text).version for text in (SAMPLE, OTHER, THIRD)
)


@dataclass
class Replica:
    """A server's file, and what it decides by."""

    path: Path
    policies: SqlPolicies
    taken: list[str] = field(default_factory=list)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    async def start(self) -> "Replica":
        """As a server begins."""
        clock, said = Clock(), parse_policy(self.path.read_text())
        policy = await in_force(self.policies, said, clock)
        self.people = KnownPeople(policy, from_file=True)
        self.file = PolicyFile(self.path, said, adopt=None, clock=clock, registry=self.registry)
        self.file.in_force = policy
        self.agreed = AgreedPolicy(self.file, self.policies, self.adopt, self.people.doubt)
        await self.looks()
        return self

    async def adopt(self, policy: Policy) -> None:
        """It counts from now on."""
        self.taken.append(policy.version)
        self.people.take(policy, People())

    async def looks(self, text: str | None = None) -> None:
        """At the database and at its file, which somebody may have written before."""
        if text is not None:
            self.path.write_text(text)
            self.file.reload()
        for _ in range(2):
            await self.agreed.once()

    @property
    def decides_by(self) -> str:
        """The version it decides by."""
        return self.people.facts(START).policy.version

    @property
    def is_ready(self) -> bool:
        """As far as the policy goes."""
        return bool(self.agreed.health()["ok"])


@dataclass
class Pair:
    """Two servers on one database."""

    folder: Path
    policies: SqlPolicies

    async def start(self, name: str, text: str) -> Replica:
        """Another server, with that file."""
        path = self.folder / f"{name}.toml"
        path.write_text(text)
        return await Replica(path, self.policies).start()

    async def activate(self, text: str, version: str | None = None) -> bool:
        """As `policy activate` does."""
        version = version or parse_policy(text).version
        return await self.policies.activate(version, text, START, "operator:ops")


@pytest.fixture
def pair(tmp_path: Path, store: Store) -> Pair:
    """A database on which no server ever was."""
    return Pair(tmp_path, store.policies)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged."""
    with capture_logs() as entries:
        yield entries


async def test_the_file_of_the_first_server_ever_is_active(pair: Pair) -> None:
    a = await pair.start("a", SAMPLE)
    b = await pair.start("b", SAMPLE)
    assert (a.is_ready, b.is_ready) == (True, True)
    active = await pair.policies.active()
    assert active is not None
    assert (active.version, active.text, active.set_by) == (FIRST_VERSION, SAMPLE, "andon")


async def test_of_servers_that_start_together_one_is_the_first(pair: Pair) -> None:
    a, b = await asyncio.gather(pair.start("a", SAMPLE), pair.start("b", OTHER))
    assert a.decides_by == b.decides_by
    assert sorted((a.is_ready, b.is_ready)) == [False, True]


async def test_a_server_with_another_file_decides_by_the_active_one_and_is_not_ready(
    pair: Pair, logged: list[MutableMapping[str, Any]]
) -> None:
    await pair.start("a", SAMPLE)
    b = await pair.start("b", OTHER)
    assert b.decides_by == FIRST_VERSION
    assert b.agreed.health() == {
        "ok": False,
        "version": FIRST_VERSION,
        "file": OTHER_VERSION,
        "do": DO,
    }
    (said,) = [line for line in logged if line["event"] == "policy-not-active"]
    assert (said["active"], said["file"], said["do"]) == (FIRST_VERSION, OTHER_VERSION, DO)


async def test_a_file_that_changes_changes_nothing_until_it_is_activated(pair: Pair) -> None:
    a, b = await pair.start("a", SAMPLE), await pair.start("b", SAMPLE)
    await a.looks(OTHER)
    assert (a.is_ready, a.decides_by, a.taken) == (False, FIRST_VERSION, [])
    assert await pair.activate(OTHER)
    await a.looks()
    await b.looks()
    assert (a.decides_by, b.decides_by) == (OTHER_VERSION, OTHER_VERSION)
    assert (a.is_ready, b.is_ready) == (True, False)
    await b.looks(OTHER)
    assert (b.is_ready, b.taken) == (True, [OTHER_VERSION])


async def test_the_one_before_may_be_activated_again(pair: Pair) -> None:
    a = await pair.start("a", SAMPLE)
    await pair.activate(OTHER)
    await a.looks()
    assert await pair.policies.stored(FIRST_VERSION[:19]) == [(FIRST_VERSION, SAMPLE)]
    await pair.activate(SAMPLE)
    await a.looks()
    assert (a.decides_by, a.is_ready) == (FIRST_VERSION, True)
    assert not await pair.activate(SAMPLE)


@pytest.mark.parametrize("how", ["bad", "gone"])
async def test_a_file_that_cannot_be_used_keeps_its_server_from_being_ready(
    pair: Pair, how: str
) -> None:
    a = await pair.start("a", SAMPLE)
    if how == "gone":
        a.path.unlink()
    await a.looks(BAD if how == "bad" else None)
    if how == "gone":
        a.file.reload()
        await a.looks()
    assert (a.is_ready, a.decides_by) == (False, FIRST_VERSION)
    assert a.agreed.health()["refused"]["mistakes"] > 0
    await a.looks(SAMPLE)
    assert a.is_ready


async def test_by_a_policy_that_is_not_the_active_one_nobody_decides(
    pair: Pair, logged: list[MutableMapping[str, Any]]
) -> None:
    """Whoever was taken out of it would still count. So nobody is known until it can be read."""
    a = await pair.start("a", SAMPLE)
    assert a.people.facts(START).people.known_at(START)
    await pair.activate("a = 'key of a newer version'\n", "sha256:newer")
    await a.looks()
    said = a.agreed.health()
    assert (said["ok"], said["active"], said["do"]) == (False, "sha256:newer", NEWER)
    assert not a.people.facts(START).people.known_at(START)
    assert [line["version"] for line in logged if line["event"] == "policy-unreadable"] == [
        "sha256:newer"
    ]
    await pair.activate(OTHER)
    await a.looks(OTHER)
    assert (a.is_ready, a.people.facts(START).people.known_at(START)) == (True, True)


async def test_a_server_does_not_start_on_a_policy_it_cannot_read(pair: Pair) -> None:
    await pair.activate("a = 1\n", "sha256:newer")
    with pytest.raises(SettingsError, match=r"policy activate(.|\n)*there is no such key"):
        await pair.start("a", SAMPLE)


async def wrong(pair: Pair, seed: int, steps: int = 25) -> set[str]:
    """What is wrong with three servers whose files change and whose policy is activated at random,
    each after its look.
    """
    chance, texts, found = random.Random(seed), (SAMPLE, OTHER, THIRD), set[str]()
    replicas = [await pair.start(f"{seed}{name}", chance.choice(texts)) for name in "abc"]
    for _ in range(steps):
        if chance.random() < 0.2:
            await pair.activate(chance.choice(texts))
        replica = chance.choice(replicas)
        await replica.looks(chance.choice((*texts, None, None)))
        active = await pair.policies.active_version()
        same = replica.file.version == active
        found |= {"decides by another"} if replica.decides_by != active else set()
        found |= {"ready with another"} if replica.is_ready and not same else set()
        found |= {"kept out for nothing"} if same and not replica.is_ready else set()
    return found


async def test_whatever_happens_all_decide_by_the_active_one(pair: Pair) -> None:
    for seed in range(3):
        assert await wrong(pair, seed) == set()


def never_looked(patch: pytest.MonkeyPatch) -> None:
    """What was activated is heard of at the next start alone."""

    async def nothing(agreed: AgreedPolicy) -> None:
        return None

    patch.setattr(AgreedPolicy, "_follow", nothing)


def each_its_own(patch: pytest.MonkeyPatch) -> None:
    """A server that starts goes by its file."""

    async def own(policies: object, said: Policy, clock: object) -> Policy:
        return said

    patch.setattr(f"{__name__}.in_force", own)
    never_looked(patch)


def always_ready(patch: pytest.MonkeyPatch) -> None:
    """A file of another version is no reason."""
    patch.setattr(AgreedPolicy, "health", lambda agreed: agreed._file.health())


@pytest.mark.parametrize("planted", [never_looked, each_its_own, always_ready])
async def test_a_planted_mistake_is_noticed(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, planted: Callable[[pytest.MonkeyPatch], None]
) -> None:
    planted(monkeypatch)
    await pair.activate(SAMPLE)
    assert await wrong(pair, 0)
