"""The way between a replica and the database is cut, mute or slow, or is cut at a COMMIT."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import cycle
from pathlib import Path

import pytest

from tests.forging import Forge
from tests.trust.lane import rounds
from tests.trust.machines.fleet import Fleet, fleet
from tests.trust.machines.postgres import Postgres
from tests.trust.machines.probe import WITHIN_S, probe, seconds, through
from tests.trust.machines.wire import AtCommit, Wire

#: Seconds for which it is slow.
SLOW_S = 2.0

Fault = Callable[[Fleet, Wire], Awaitable[None]]


async def cut(all_: Fleet, wire: Wire) -> None:
    """RST to all, and nobody is let in, for a moment."""
    wire.cut()
    await asyncio.sleep(all_.traffic.random.uniform(0.1, 3))
    wire.heal()


async def mute(all_: Fleet, wire: Wire) -> None:
    """No word, and nobody is told, for a while."""
    wire.mute()
    await asyncio.sleep(all_.traffic.random.uniform(2, 9))
    wire.heal()


async def forgotten(all_: Fleet, wire: Wire) -> None:
    """Both replicas speak to machines that are gone; the name leads to one that is there."""
    for each in all_.wires:
        each.forget()


async def far(all_: Fleet, wire: Wire) -> None:
    """A third of a second to the database and back."""
    wire.latency_s = 0.15
    await asyncio.sleep(SLOW_S)
    wire.heal()


async def narrow(all_: Fleet, wire: Wire) -> None:
    """Some ten kilobytes a second."""
    wire.trickle = (512, 0.05)
    await asyncio.sleep(SLOW_S)
    wire.heal()


async def cut_at(how: AtCommit, all_: Fleet, wire: Wire) -> None:
    """The next COMMIT on it meets that."""
    before, wire.at_commit = wire.cuts, how
    async with asyncio.timeout(20):
        while wire.cuts == before:  # noqa: ASYNC110  a moment of another's
            await asyncio.sleep(0.01)


TROUBLES: dict[str, tuple[Fault, ...]] = {
    "cut": (cut,),
    "mute": (mute,),
    "forgotten": (forgotten,),
    "slow": (far, narrow),
    "cut at a COMMIT": tuple(partial(cut_at, how) for how in AtCommit),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_whatever_the_way_to_the_database_does_nothing_is_lost_and_nothing_done_twice(
    quick: Forge,
    postgres: Postgres,
    tmp_path: Path,
    trouble: str,
    figure: Callable[[str, str], None],
) -> None:
    """It befalls the way of one replica, that of the other, and so on."""
    async with fleet(quick, postgres, tmp_path, 1, "short_leases") as all_:
        for n, fault in zip(
            range(rounds(short=3, full=60)), cycle(TROUBLES[trouble]), strict=False
        ):
            await through(all_, partial(fault, all_, all_.wires[n % 2]))
            assert all_.wrong() == []
        await all_.settle()
        assert all_.wrong() == []
        assert max(all_.waited) < WITHIN_S
        figure(f"the way to it: {trouble}", str(all_))


async def missed(all_: Fleet) -> float:
    """Something ends while one replica is cut off; seconds until all know, once it no longer is."""
    async with probe(all_) as waiting:
        all_.wires[1].cut()
        await waiting.is_taken_back()
        all_.wires[1].heal()
        return await seconds(waiting.is_known())


async def test_what_a_replica_missed_while_it_was_cut_off_it_hears_when_it_is_back(
    quick: Forge, postgres: Postgres, tmp_path: Path
) -> None:
    async with fleet(quick, postgres, tmp_path, 1) as all_:
        assert await missed(all_) < WITHIN_S


# -- the proofs can tell ---------------------------------------------------------------------------


async def test_who_never_looks_again_is_found(
    quick: Forge, postgres: Postgres, tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    async with fleet(quick, postgres, tmp_path, 1, "nothing_looked_for_again") as all_:
        assert await missed(all_) > WITHIN_S
        figure("planted bugs", "nothing_looked_for_again: who waits is not answered")


async def test_who_waits_for_a_machine_that_is_gone_is_found(
    quick: Forge, postgres: Postgres, tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    async with fleet(quick, postgres, tmp_path, 1, "silence_is_waited_for") as all_:
        await through(all_, partial(forgotten, all_, all_.wires[0]))
        assert all_.waited[0] > WITHIN_S
        figure("planted bugs", f"silence_is_waited_for: no answer within {WITHIN_S:.0f} s")


@pytest.mark.parametrize(
    ("bug", "how", "found"),
    [
        ("answer_before_commit", AtCommit.BEFORE, "I5"),
        ("lost_answer_taken_for_stored", AtCommit.BEFORE, "I5"),
        ("lost_answer_taken_for_not_stored", AtCommit.AFTER, "I6"),
        ("connection_before_left_alone", AtCommit.LATE, "I6"),
    ],
)
async def test_cuts_at_a_commit_find_planted_bugs(
    quick: Forge,
    postgres: Postgres,
    tmp_path: Path,
    bug: str,
    how: AtCommit,
    found: str,
    figure: Callable[[str, str], None],
) -> None:
    """Each believes to know what became of a commit, and within a few cuts is found out."""
    async with fleet(quick, postgres, tmp_path, 1, bug) as all_:
        while not [one for one in all_.wrong() if one.startswith(found)]:
            assert all_.faults < 20, all_.wrong()
            await through(all_, partial(cut_at, how, all_, all_.wires[all_.faults % 2]))
        figure("planted bugs", f"{bug}: found after {all_.faults} cuts")
