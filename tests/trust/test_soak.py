"""A steady load while receivers fail and Slack comes and goes: nothing is lost, nothing grows."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.forging import Forge
from tests.trust.crashing.lives import Lives, lives
from tests.trust.crashing.servers import forge_of_servers
from tests.trust.crashing.soaking import Soak, Vitals
from tests.trust.lane import rounds

#: Far above what is asked for: here nobody is to be turned away.
UNBOUNDED = {
    "ANDON_OPENS_PER_MINUTE": "100000",
    "ANDON_REQUESTS_PER_MINUTE": "100000",
    "ANDON_MOST_PENDING": "100000",
}


@pytest.fixture(scope="module")
def quick() -> Iterator[Forge]:
    """Servers that start at once."""
    with forge_of_servers() as made:
        yield made


async def loaded(lived: Lives, seconds: int) -> Vitals:
    """A life under load."""
    soak = Soak(lived, (lived.receivers[0], lived.receivers[1], lived.receivers[2]), Random(1))
    await lived.start()
    return await soak.run(seconds)


async def soaked(lived: Lives, seconds: int) -> Vitals:
    """One that ends when nothing moves any more."""
    vitals = await loaded(lived, seconds)
    await lived.rest()
    lived.server.kill()
    lived.look()
    return vitals


def soaking(quick: Forge, folder: Path, **more: Any) -> Any:
    """A server for it, and three receivers."""
    return lives(quick, folder, 1, receivers=3, mode="socket", settings=dict(UNBOUNDED), **more)


async def test_under_a_steady_load_nothing_is_lost_and_nothing_grows(
    quick: Forge, tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    seconds = rounds(short=60, full=1200)
    async with soaking(quick, tmp_path) as lived:
        vitals = await soaked(lived, seconds)
        await lived.settle()
        assert lived.wrong() == []
        assert vitals.wrong() == []
        assert "Traceback" not in lived.server.said()
        opened, journal = len(lived.case.stored["escalations"]), lived.case.journal
        figure(
            "soak",
            f"{seconds} s, {opened:,} opened, {len(lived.case.stored['grants'])} released, "
            f"{len(journal.callbacks):,} callbacks, 0 lost; {vitals}",
        )


@pytest.mark.parametrize(
    ("bug", "found"),
    [("descriptors_left_open", "descriptors grew"), ("memory_kept", "memory grew")],
)
async def test_the_soak_finds_what_leaks(
    quick: Forge, tmp_path: Path, bug: str, found: str, figure: Callable[[str, str], None]
) -> None:
    async with soaking(quick, tmp_path, bug=bug) as lived:
        # Where a machine is slow, little is done, and little leaks, in nine seconds.
        for seconds in (9, 30):
            wrong = (await loaded(lived, seconds)).wrong()
            lived.server.kill()
            if wrong:
                break
        assert [one for one in wrong if one.startswith(found)]
        figure("planted bugs", f"{bug}: {wrong[0]}")


async def test_the_soak_finds_what_is_forgotten_and_what_is_said_twice(
    quick: Forge, tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    bugs = "failed_callbacks_forgotten answers_said_twice"
    async with soaking(quick, tmp_path, bug=bugs) as lived:
        await soaked(lived, 5)
        lived.case.settled = True
        wrong = lived.wrong()
        forgotten = [one for one in wrong if "never arrived and is delivered" in one]
        twice = [one for one in wrong if "was owed" in one]
        assert forgotten
        assert twice
        figure("planted bugs", f"failed callbacks forgotten: {len(forgotten)} found")
        figure("planted bugs", f"answers said twice: {twice[0]}")
