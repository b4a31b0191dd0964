"""The sealer: each record soon in a block, each block in the anchors, or else it says so."""

from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from approvals.anchoring import parse_anchor
from bot.anchors import AnchorFile
from bot.background.sealer import Sealer
from bot.signing import KeyRing
from storage.memory import MemoryStore
from tests.building import Clock, a_vote, an_open, store_in_memory


class Line:
    """A store, a sealer and the file of its anchors."""

    def __init__(self, store: MemoryStore, file: AnchorFile, clock: Clock) -> None:
        self.store, self.file, self.clock = store, file, clock
        self.lags: list[float] = []
        self.sealer = Sealer(store.seals, file, clock, self.lags.append)

    async def open(self, key: str) -> str:
        settled = await self.store.writer.submit(an_open(key, title=f"Sync {key}"))
        assert settled.escalation is not None
        return settled.escalation.id

    @property
    def anchored(self) -> list[int]:
        """The numbers of the blocks, line by line."""
        text = self.file.path.read_text() if self.file.path.exists() else ""
        return [parse_anchor(line).block for line in text.splitlines()]

    async def ready(self) -> dict[str, bool]:
        return dict([await self.sealer.is_sealing(), await self.sealer.is_anchoring()])


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    clock = Clock()
    async with store_in_memory(clock) as store:
        file = AnchorFile(tmp_path / "andon.anchors", KeyRing(tmp_path / "keys"))
        yield Line(store, file, clock)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    with capture_logs() as entries:
        yield entries


async def test_what_happened_is_in_a_block_and_the_block_in_the_anchors(line: Line) -> None:
    id_ = await line.open("a")
    line.clock.pass_(0.4)
    assert await line.sealer.once() is False
    await line.store.writer.submit(a_vote(id_))
    await line.sealer.once()
    await line.sealer.once()
    assert line.anchored == [1, 2]
    assert line.lags == [0.4, 0.0]
    assert await line.ready() == {"sealing": True, "anchors": True}


async def test_more_than_one_block_takes_is_sealed_at_once(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.background.sealer.MOST_HEADS", 1)
    await line.open("a")
    assert await line.sealer.once() is True
    assert await line.sealer.once() is False


async def test_each_replica_anchors_what_the_other_one_sealed(line: Line, tmp_path: Path) -> None:
    """Also where the other always comes first, and where the answer to a commit was lost."""
    file = AnchorFile(tmp_path / "second.anchors", KeyRing(tmp_path / "keys"))
    second = Line(line.store, file, line.clock)
    for upto, key in enumerate("abc", 1):
        await line.open(key)
        await line.sealer.once()
        await second.sealer.once()
        assert second.anchored == line.anchored == list(range(1, upto + 1))
    assert second.lags == []


async def test_an_idle_tick_leaves_the_file_alone(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    await line.open("a")
    await line.sealer.once()
    monkeypatch.setattr(line.file, "last", None)
    assert await line.sealer.once() is False


async def test_blocks_sealed_while_the_file_could_not_be_written_follow(
    line: Line, logged: list[MutableMapping[str, Any]]
) -> None:
    line.file.path.mkdir()
    for key in "ab":
        await line.open(key)
        await line.sealer.once()
    assert await line.ready() == {"sealing": True, "anchors": False}
    assert [entry["event"] for entry in logged] == ["anchors-not-written"]
    line.file.path.rmdir()
    await line.sealer.once()
    assert line.anchored == [1, 2]
    assert (await line.ready())["anchors"]


async def test_a_trouble_that_lasts_is_said_once_a_minute(
    line: Line, logged: list[MutableMapping[str, Any]]
) -> None:
    line.file.path.mkdir()
    for _ in range(5):
        await line.sealer.once()
        line.clock.pass_(31)
    assert len(logged) == 3


@pytest.mark.parametrize("tampering", ["another block", "a block that is not there"])
async def test_where_the_anchors_differ_nothing_is_appended(
    line: Line, tmp_path: Path, tampering: str, logged: list[MutableMapping[str, Any]]
) -> None:
    async with store_in_memory(line.clock) as other:
        others = Line(other, line.file, line.clock)
        for key in "ab" if tampering == "a block that is not there" else "a":
            await others.open(key)
            await others.sealer.once()
    before = line.file.path.read_bytes()
    await line.open("x")
    await line.sealer.once()
    await line.sealer.once()
    assert line.file.path.read_bytes() == before
    assert [entry["event"] for entry in logged] == ["anchors-differ"]
    assert await line.ready() == {"sealing": True, "anchors": False}


async def test_anchors_that_were_lost_are_written_again_from_the_first_and_it_says_so(
    line: Line, logged: list[MutableMapping[str, Any]]
) -> None:
    for key in "ab":
        await line.open(key)
        await line.sealer.once()
    assert logged == []
    line.file.path.unlink()
    line.clock.pass_(61)
    await line.open("c")
    await line.sealer.once()
    assert line.anchored == [1, 2, 3]
    assert [entry["event"] for entry in logged] == ["anchors-begun-anew"]


async def test_a_record_that_waits_too_long_makes_it_unready(line: Line) -> None:
    await line.open("a")
    line.clock.pass_(60)
    assert (await line.ready())["sealing"]
    line.clock.pass_(1)
    assert not (await line.ready())["sealing"]


async def test_while_the_store_is_down_it_is_not_sealing(line: Line) -> None:
    line.store.faults.is_down = True
    assert not (await line.ready())["sealing"]


async def test_at_the_end_all_is_sealed_and_a_failure_keeps_nobody(
    line: Line, logged: list[MutableMapping[str, Any]]
) -> None:
    await line.open("a")
    await line.sealer.finish()
    assert line.anchored == [1]
    line.store.faults.is_down = True
    await line.sealer.finish()
    assert [entry["event"] for entry in logged] == ["not-sealed"]
