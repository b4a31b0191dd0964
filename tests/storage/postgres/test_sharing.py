"""Keys and policies among replicas: only one can be the first, whoever begins when."""

import asyncio
from datetime import timedelta
from typing import cast

import pytest

from approvals.ports import StoreError
from storage import Store
from storage.postgres import link
from storage.postgres.link import number_of
from tests.storage.postgres.other import another, holding, until_settled
from tests.storage.postgres.races import Replicas
from tests.storage.stand import Stand

WAIT = timedelta(minutes=6)

KEY = (
    f"SELECT pg_advisory_xact_lock({number_of('keys')}); INSERT INTO signing_keys "
    "(kid, jwk, known_at, signs_at) VALUES ('first', '{}', '2026-11-12T21:00:00.000000Z', "
    "'2026-11-12T21:00:00.000000Z')"
)
ACTIVATION = (
    f"SELECT pg_advisory_xact_lock({number_of('policy')}); "
    "INSERT INTO policies (version, text, first_used_at) VALUES ('sha256:theirs', '', ''); "
    "INSERT INTO policy_activations (number, version, set_at, set_by) "
    "VALUES (1, 'sha256:theirs', '2026-11-12T21:00:00.000000Z', 'andon')"
)


def sql(stand: Stand) -> Store:
    """The store of a replica."""
    return cast(Store, stand.store)


def nothing_had_by_name(patch: pytest.MonkeyPatch) -> None:
    """Planted: nobody waits for a name."""
    patch.setattr(link, "_begin", lambda rows: "BEGIN")


async def waits(r: Replicas, emptied: str) -> timedelta:
    """How long a key waits that was published while another replica published the first."""
    async with holding(emptied, KEY) as other:
        publishing = asyncio.create_task(
            sql(r.a).keys.publish({"second": "{}"}, r.a.clock.now, WAIT)
        )
        await until_settled(emptied, publishing)
        await other.execute("COMMIT")
        known = {key.kid: key for key in await publishing}
    return known["second"].signs_at - r.a.clock.now


async def begun(r: Replicas, emptied: str) -> str:
    """The policy a replica begins with that starts while another is about to activate its own."""
    async with holding(emptied, ACTIVATION) as other:
        beginning = asyncio.create_task(sql(r.a).policies.begin("sha256:ours", "", r.a.clock.now))
        await until_settled(emptied, beginning)
        await other.execute("COMMIT")
        return (await beginning).version


async def test_of_keys_published_at_once_one_alone_is_the_first(
    replicas: Replicas, emptied: str
) -> None:
    assert await waits(replicas, emptied) == WAIT


async def test_without_the_name_both_would_sign_at_once(
    replicas: Replicas, emptied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_had_by_name(monkeypatch)
    assert await waits(replicas, emptied) == timedelta()


async def test_replicas_that_start_together_begin_with_one_policy(
    replicas: Replicas, emptied: str
) -> None:
    assert await begun(replicas, emptied) == "sha256:theirs"


async def test_without_the_name_they_would_cross(
    replicas: Replicas, emptied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_had_by_name(monkeypatch)
    with pytest.raises(StoreError):
        await begun(replicas, emptied)


async def test_what_one_publishes_retires_or_activates_the_other_knows(
    replicas: Replicas, emptied: str
) -> None:
    a, b, now = sql(replicas.a), sql(replicas.b), replicas.a.clock.now
    await a.keys.publish({"one": "{}", "two": "{}"}, now, WAIT)
    assert await b.keys.retire("one", now)
    assert not await a.keys.retire("one", now)
    known = {key.kid: key.retired_at for key in await a.keys.known()}
    assert known == {"one": now, "two": None}
    await a.policies.begin("sha256:one", "text of one", now)
    assert await b.policies.activate("sha256:two", "of two", now, "ops")
    active = await a.policies.active()
    assert active is not None
    assert (active.version, active.text, active.set_by) == ("sha256:two", "of two", "ops")
    async with another(emptied) as link:
        rows = await link.fetch("SELECT number, version FROM policy_activations ORDER BY number")
    assert [tuple(row) for row in rows] == [(1, "sha256:one"), (2, "sha256:two")]
