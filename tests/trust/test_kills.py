"""kill -9 at random moments under mixed traffic: nothing acknowledged is lost, nothing invented.

A kill cannot tell a synced commit from an unsynced one; `power/` does. What it does find is every
answer that goes out before its commit, work that is not owed in the commit it follows from, and
whatever a start does not take up again.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from tests.forging import Forge
from tests.trust.crashing.lives import Lives, lives
from tests.trust.crashing.servers import forge_of_servers
from tests.trust.lane import rounds

#: Cycles on one database; the next series begins a new one.
SERIES = 20

#: Within how many acknowledged calls the kill comes: mostly in a server's first moments.
WITHIN = (5, 15, 30)


@pytest.fixture(scope="module")
def quick() -> Iterator[Forge]:
    """Servers that start at once."""
    with forge_of_servers() as made:
        yield made


@pytest.mark.parametrize("series", range(rounds(short=2, full=25)))
async def test_a_server_killed_at_any_moment_loses_and_invents_nothing(
    quick: Forge, tmp_path: Path, series: int, figure: Callable[[str, str], None]
) -> None:
    mode = ("http", "socket")[series % 2]
    async with lives(quick, tmp_path, series, mode=mode) as lived:
        moments = Random(series)
        for _ in range(SERIES):
            await lived.live(moments.randint(0, moments.choice(WITHIN)))
            assert lived.wrong() == []
        await lived.settle()
        assert lived.wrong() == []
        assert "Traceback" not in lived.server.said()
        figure("kill -9", told(lived))


def told(lived: Lives) -> str:
    """What was done, counted."""
    stored, journal = lived.case.stored, lived.case.journal
    return (
        f"{lived.kills} cycles ({lived.server.mode}), {journal.acked:,} acknowledged, 0 lost; "
        f"{len(stored['escalations'])} escalations, {len(stored['votes'])} votes, "
        f"{len(stored['grants'])} grants, {len(journal.callbacks)} callbacks"
    )


@pytest.mark.parametrize(
    ("bug", "upon", "times", "found"),
    [
        ("ack_before_commit", "open", SERIES, "I5"),
        ("claim_before_commit", "claim", SERIES, "I5: claim"),
        ("callback_after_commit", "withdraw", SERIES, "I14"),
        ("lease_for_ever", "", 4, "I14: still owed"),
    ],
)
async def test_the_kills_find_planted_bugs(
    quick: Forge,
    tmp_path: Path,
    bug: str,
    upon: str,
    times: int,
    found: str,
    figure: Callable[[str, str], None],
) -> None:
    """Each promises too early or forgets; within a few kills it is found out."""
    async with lives(quick, tmp_path, 1, bug=bug) as lived:
        while not _found(lived, found) and lived.kills < times:
            await lived.live(1 if upon else 15, upon)
        if not _found(lived, found):
            await lived.settle(times=1, still_s=4)
        assert _found(lived, found), lived.wrong()
        figure("planted bugs", f"{bug}: found after {lived.kills} kills")


def _found(lived: Lives, what: str) -> bool:
    return any(one.startswith(what) for one in lived.wrong())
