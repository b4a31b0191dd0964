"""Every failure at every way in, with real processes, a real server and a real part in the way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.client.lane import FULL
from tests.client.matrix.disks import may_mount
from tests.client.matrix.entries import ENTRIES, concerns
from tests.client.matrix.failures import FAILURES, Failure
from tests.client.matrix.world import Cell, Ended, World

#: Cells at a time.
AT_ONCE = 6


def cells() -> list[tuple[Failure, str]]:
    """All of them; in the short lane each failure at one way in, in turn."""
    names, able = list(ENTRIES), may_mount()
    usable = [f for f in FAILURES if able or f.needs != "mounts"]
    if FULL:
        return [(f, name) for f in usable for name in names if concerns(f, name)]
    turns = ((f, names[n % len(names) :] + names) for n, f in enumerate(usable))
    return [(f, next(name for name in turn if concerns(f, name))) for f, turn in turns]


def test_it_happens_exactly_when_a_verified_grant_was_there(
    world: World, figure: Callable[[str, str], None]
) -> None:
    planned = cells()

    def end(cell: tuple[Failure, str]) -> Ended:
        return Cell(world, *cell).end()

    # One after another where the server is killed, beside all others.
    with ThreadPoolExecutor(AT_ONCE) as pool, ThreadPoolExecutor(1) as killing:
        under_way = [
            (killing if f.restarts else pool).submit(end, (f, name)) for f, name in planned
        ]
        ended = [each.result() for each in under_way]
    wrong = [each for each in ended if each.wrong]
    failures, entries = {f.name for f, _ in planned}, {name for _, name in planned}
    effects = sum(each.effects for each in ended)
    figure(
        "client: failure matrix",
        f"{len(failures)} failures x {len(entries)} entries, {len(ended)} cells, "
        f"{effects} side effects, wrong: {len(wrong)}",
    )
    told = [f"{w.failure} / {w.entry}: {w.wrong} {w.codes}\n{w.said}" for w in wrong]
    assert not told, "\n\n".join(told)
