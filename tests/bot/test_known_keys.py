"""Keys of several servers on one database: no grant is signed by a key that somebody cannot know.

Two servers stand beside each other on one store; each looks when a test says so.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import bot.known_keys
from approvals.ports import NotSavedError
from bot.known_keys import BELIEVED_S, CACHE_S, WAIT, ServedKeys
from bot.signing import KeyRing, Shared
from storage import Store
from storage.keys import SqlKeys
from tests.bot.test_signing import CLAIMS, a_key, verified
from tests.building import Clock, PlainSigner, a_claim, a_vote, an_open


class Replica:
    """A server's keys: its own directory, and what it knows of the others."""

    def __init__(self, folder: Path, keys: SqlKeys, clock: Clock) -> None:
        self.folder = folder
        self.ring = KeyRing(folder)
        self.served = ServedKeys(self.ring, keys, clock)

    async def looks(self) -> None:
        """At its directory and at the database."""
        self.ring.adopt(self.ring.read())
        await self.served.once()

    @property
    def kids(self) -> list[str]:
        """Names of the keys it serves."""
        return [key["kid"] for key in self.ring.jwks()["keys"]]


@dataclass
class Pair:
    """Two of them, and what is around."""

    a: Replica
    b: Replica
    keys: SqlKeys
    clock: Clock

    async def look(self) -> None:
        """Each once; whoever publishes is seen by both."""
        for replica in (self.a, self.b, self.a):
            await replica.looks()

    async def wait(self) -> None:
        """Until what was published signs."""
        self.clock.pass_(WAIT.total_seconds())
        await self.look()


@pytest.fixture
def keys(store: Store) -> SqlKeys:
    """What a database knows of keys: nothing yet."""
    return store.keys


@pytest.fixture
def pair(tmp_path: Path, keys: SqlKeys) -> Pair:
    """Two servers, each with a key of its own."""
    clock = Clock()
    return Pair(
        Replica(tmp_path / "a", keys, clock), Replica(tmp_path / "b", keys, clock), keys, clock
    )


async def test_before_the_first_look_nothing_is_signed_or_served(pair: Pair) -> None:
    assert (pair.a.kids, pair.a.served.max_age_s()) == ([], 0)
    with pytest.raises(NotSavedError, match="may sign yet"):
        pair.a.ring.sign(CLAIMS)


async def test_the_first_key_there_ever_was_signs_at_once(pair: Pair) -> None:
    await pair.a.looks()
    assert verified(pair.a.ring.sign(CLAIMS), pair.a.ring.jwks())
    assert pair.a.served.health() == {"ok": True, "kid": pair.a.ring.kid}


async def test_another_key_is_served_by_all_long_before_it_signs(pair: Pair) -> None:
    await pair.look()
    assert pair.a.kids == pair.b.kids
    assert len(pair.a.kids) == 2
    said = pair.b.served.health()
    assert (said["ok"], "Wait" in said["do"]) == (False, True)
    pair.clock.pass_(WAIT.total_seconds() - 1)
    await pair.look()
    assert (pair.a.ring.may_sign, pair.b.ring.may_sign) == (True, False)
    pair.clock.pass_(1)
    await pair.look()
    for replica in (pair.a, pair.b):
        for served in (pair.a.ring.jwks(), pair.b.ring.jwks()):
            assert verified(replica.ring.sign(CLAIMS), served)


async def test_the_key_that_signed_before_there_was_a_record_goes_on_and_no_other(
    pair: Pair, store: Store
) -> None:
    """An upgrade: other servers of the old version serve that one key, and know of no other."""
    asked = an_open()
    for command in (asked, a_vote(asked.escalation_id), a_claim(asked.escalation_id)):
        await store.writer.submit(command)
    a_key(pair.a.folder, "0-old", kid=PlainSigner.kid)
    await pair.look()
    assert (pair.a.ring.kid, pair.b.ring.may_sign) == (PlainSigner.kid, False)


async def test_two_servers_with_one_directory_need_not_wait(pair: Pair, keys: SqlKeys) -> None:
    await pair.a.looks()
    twin = Replica(pair.a.folder, keys, pair.clock)
    await twin.looks()
    assert twin.ring.kid == pair.a.ring.kid


@pytest.mark.parametrize("is_kept", [True, False])
async def test_while_a_new_key_waits_the_one_before_signs_even_where_its_file_is_gone(
    pair: Pair, is_kept: bool
) -> None:
    await pair.a.looks()
    old = pair.a.ring.kid
    a_key(pair.a.folder, "z-later", kid="later")
    if not is_kept:
        (pair.a.folder / f"{old}.jwk").unlink()
    await pair.look()
    before = pair.a.ring.sign(CLAIMS)
    assert (pair.a.ring.kid, "later" in pair.b.kids) == (old, True)
    await pair.wait()
    assert pair.a.ring.kid == "later"
    assert verified(before, pair.b.ring.jwks())


async def test_a_half_that_was_laid_there_before_has_waited_already(pair: Pair) -> None:
    await pair.a.looks()
    whole = a_key(pair.a.folder, "z-later", kid="later")
    half = {name: value for name, value in whole.items() if name != "d"}
    (pair.a.folder / "z-later.jwk").write_text(json.dumps(half))
    await pair.look()
    await pair.wait()
    (pair.a.folder / "z-later.jwk").write_text(json.dumps(whole))
    await pair.a.looks()
    assert pair.a.ring.kid == "later"


async def test_a_retired_key_neither_signs_nor_verifies_anywhere(pair: Pair) -> None:
    await pair.look()
    await pair.wait()
    leaked = pair.a.ring.kid
    token = pair.a.ring.sign(CLAIMS)
    await pair.keys.retire(leaked, pair.clock.now)
    await pair.look()
    assert pair.a.kids == pair.b.kids == [pair.b.ring.kid]
    with pytest.raises(StopIteration):
        verified(token, pair.b.ring.jwks())
    with pytest.raises(NotSavedError):
        pair.a.ring.sign(CLAIMS)
    said = pair.a.served.health()
    assert (said["ok"], "put a new one" in said["do"]) == (False, True)
    a_key(pair.a.folder, "z-later", kid="later")
    await pair.look()
    assert pair.a.ring.attest("block")[0] == "later"
    await pair.wait()
    assert pair.a.ring.kid == "later"


async def test_a_key_by_anothers_name_signs_nothing_and_is_named(pair: Pair) -> None:
    await pair.a.looks()
    for file in pair.b.ring.files():
        file.unlink()
    a_key(pair.b.folder, "mine", kid=pair.a.ring.kid)
    with capture_logs() as log:
        await pair.b.looks()
    assert not pair.b.ring.may_sign
    assert [line["kid"] for line in log if line["event"] == "key-name-taken"] == [pair.a.ring.kid]


async def test_what_may_be_old_is_kept_by_nobody(pair: Pair) -> None:
    await pair.a.looks()
    pair.clock.pass_(BELIEVED_S)
    assert pair.a.served.max_age_s() == CACHE_S
    pair.clock.pass_(1)
    assert pair.a.served.max_age_s() == 0


async def test_a_change_is_told_once(pair: Pair) -> None:
    with capture_logs() as log:
        for _ in range(2):
            await pair.look()
    told = sorted(line["event"] for line in log if line["event"].startswith(("key-", "no-key")))
    assert told == ["key-appeared", "key-signs", "key-waits", "no-key-signs"]


async def test_a_key_that_appears_is_told_to_who_did_not_publish_it(pair: Pair) -> None:
    """Whoever writes to the database could add one, and would have it served."""
    await pair.a.looks()
    with capture_logs() as log:
        await pair.look()
    told = [line["kid"] for line in log if line["event"] == "key-appeared"]
    assert told == [*pair.b.ring.halves()]


@dataclass
class Copy:
    """A cache somewhere, and until when it may answer from what it has."""

    kids: frozenset[str]
    until: datetime


async def strangers(tmp_path: Path, keys: SqlKeys, seed: int, steps: int = 100) -> int:
    """How many grants of some random hours a cache could not verify with what it rightly kept."""
    chance, clock, copies, missed = random.Random(seed), Clock(), list[Copy](), 0
    replicas = [Replica(tmp_path / f"{seed}-{name}", keys, clock) for name in "abc"]
    for step in range(steps):
        clock.pass_(chance.choice((1, 2, 5, 20, 60, 120)))
        for replica in replicas:
            if chance.random() < 0.7:  # now and then it hangs, and looks later
                await replica.looks()
        replica = chance.choice(replicas)
        if chance.random() < 0.05:
            a_key(replica.folder, f"z{step:03}", kid=f"{seed}-{step}")
        if (kept := replica.served.max_age_s()) > 0:
            until = clock.now + timedelta(seconds=kept)
            copies.append(Copy(frozenset(replica.kids), until))
        copies = [copy for copy in copies if copy.until > clock.now]
        signs = [replica.ring.kid for replica in replicas if replica.ring.may_sign]
        missed += sum(kid not in copy.kids for kid in signs for copy in copies)
    return missed


@pytest.mark.parametrize("seed", range(3))
async def test_no_cache_ever_meets_a_grant_of_a_key_it_does_not_know(
    tmp_path: Path, keys: SqlKeys, seed: int
) -> None:
    assert await strangers(tmp_path, keys, seed) == 0


def signs_at_once(patch: pytest.MonkeyPatch) -> None:
    """A new key need not wait."""
    patch.setattr(bot.known_keys, "WAIT", timedelta())


def waits_too_short(patch: pytest.MonkeyPatch) -> None:
    """It waits for what caches keep, and not for servers that look seldom."""
    patch.setattr(bot.known_keys, "WAIT", timedelta(seconds=CACHE_S - 60))


def believed_for_ever(patch: pytest.MonkeyPatch) -> None:
    """What a server knew once may be kept for ever."""
    patch.setattr(ServedKeys, "max_age_s", lambda self: CACHE_S)


def served_by_one(patch: pytest.MonkeyPatch) -> None:
    """Each server serves its own keys alone."""
    share = KeyRing.share

    def own(ring: KeyRing, shared: Shared) -> None:
        mine = tuple(ring.halves().values())
        share(ring, Shared(served=mine, ripe=shared.ripe, retired=shared.retired))

    patch.setattr(KeyRing, "share", own)


@pytest.mark.parametrize(
    "planted", [signs_at_once, waits_too_short, believed_for_ever, served_by_one]
)
async def test_a_planted_mistake_lets_some_cache_miss_a_key(
    tmp_path: Path,
    keys: SqlKeys,
    monkeypatch: pytest.MonkeyPatch,
    planted: Callable[[pytest.MonkeyPatch], None],
) -> None:
    planted(monkeypatch)
    found = [await strangers(tmp_path, keys, seed) for seed in range(3)]
    assert sum(found) > 0
