"""A store with a history is one that a server reads as its own."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from approvals.ports import Wanted
from bench import stored
from bench.__main__ import ALONE, SHARED

MANY = len(stored.ENDS) * 3


def test_every_measure_is_known_by_the_name_of_its_module() -> None:
    modules = {name: measure.__module__ for name, measure in ALONE.items()}
    modules |= {name: measure.__module__ for name, (measure, _) in SHARED.items()}
    assert modules == {name: f"bench.{name}" for name in modules}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small one."""
    monkeypatch.setattr(stored, "KEPT", tmp_path)
    return stored.stored(MANY)


def test_one_that_was_made_is_kept(path: Path, tmp_path: Path) -> None:
    made = path.stat().st_mtime_ns
    assert stored.stored(MANY).stat().st_mtime_ns == made
    assert list(tmp_path.iterdir()) == [path]


async def test_copies_are_escalations_of_their_own(path: Path) -> None:
    async with stored.opened(path, stored.Hands(datetime.now(UTC))) as store:
        page = await store.reads.page(Wanted(), None, MANY + 1)
        records = {e.id: await store.reads.records(e.id) for e in page.items}
        left = (await store.seals.unsealed_since(), await store.seals.heal(datetime.now(UTC)))
    ends = Counter(e.status for e in page.items)
    assert ends == {"approved": 15, "rejected": 6, "expired": 3}
    assert len({e.id[-6:] for e in page.items}) == MANY
    assert len({e.created_at for e in page.items}) == MANY
    assert all(records[e.id][-1].seq == e.seq for e in page.items)
    assert left == (None, 0)


async def test_what_waits_is_opened_anew_up_to_so_many(path: Path) -> None:
    for wanted in (3, 5, 4):
        await stored.pending(path, wanted)
    async with stored.opened(path, stored.Hands(datetime.now(UTC))) as store:
        assert len(await store.reads.pending()) == 5
