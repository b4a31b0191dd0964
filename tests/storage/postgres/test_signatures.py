"""What Slack sent to one replica is known to the other, as soon as it is noted."""

import pytest

from approvals.ports import StoreError
from storage import Store
from storage.services import SqlSignatures
from tests.storage.postgres.races import Replicas


def signatures(replicas: Replicas) -> tuple[SqlSignatures, SqlSignatures]:
    """Of both."""
    a, b = replicas.a.store, replicas.b.store
    assert isinstance(a, Store)
    assert isinstance(b, Store)
    return a.signatures, b.signatures


async def taken_by_both(replicas: Replicas) -> list[bool]:
    """Whether each took the same request, one after the other."""
    now = replicas.a.clock.now
    a, b = signatures(replicas)
    assert await b.first_time("v0=before", now)  # it knows what was there at its start
    first = await a.first_time("v0=twice", now)
    await replicas.a.open()  # with the commit of a click it is noted
    return [first, await b.first_time("v0=twice", now), await b.first_time("v0=twice", now)]


async def test_a_request_repeated_at_another_replica_is_not_taken(replicas: Replicas) -> None:
    assert await taken_by_both(replicas) == [True, False, False]


async def test_a_replica_that_knew_only_its_own_would_take_it(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: nobody asks what another has seen."""

    async def nothing(self: SqlSignatures, signature: str) -> bool:
        return False

    monkeypatch.setattr(SqlSignatures, "_elsewhere", nothing)
    assert await taken_by_both(replicas) == [True, True, False]


async def test_what_could_not_be_looked_up_may_come_again(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, _ = signatures(replicas)
    assert await a.first_time("v0=first", replicas.a.clock.now)

    async def away(self: SqlSignatures, signature: str) -> bool:
        raise StoreError

    with monkeypatch.context() as broken:
        broken.setattr(SqlSignatures, "_elsewhere", away)
        with pytest.raises(StoreError):
            await a.first_time("v0=again", replicas.a.clock.now)
    assert await a.first_time("v0=again", replicas.a.clock.now)
