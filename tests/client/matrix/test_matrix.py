"""Every failure at every way in, with real processes, a real server and a real part in the way."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import andon

from tests.client.lane import FULL
from tests.client.matrix import entries, failures, records, recoveries
from tests.client.matrix.disks import may_mount
from tests.client.matrix.failures import Failure
from tests.client.matrix.records import RecordCell
from tests.client.matrix.world import AT_ONCE, Cell, Ended, World

#: A failure, and the way in at which it goes wrong.
Planned = tuple[Failure, str]


def cells(
    all_failures: Sequence[Failure], names: Sequence[str], concerns: Callable[[Failure, str], bool]
) -> list[Planned]:
    """All of them; in the short lane each failure at one way in, in turn."""
    able, names = may_mount(), list(names)
    usable = [f for f in all_failures if able or f.needs != "mounts"]
    if FULL:
        return [(f, name) for f in usable for name in names if concerns(f, name)]
    turns = ((f, names[n % len(names) :] + names) for n, f in enumerate(usable))
    return [(f, next(name for name in turn if concerns(f, name))) for f, turn in turns]


def run(planned: Iterable[Planned], cell: Callable[[Failure, str], Cell]) -> list[Ended]:
    """What came of them: one after another where the server is killed, beside all others."""

    def end(failure: Failure, entry: str) -> Ended:
        return cell(failure, entry).end()

    with ThreadPoolExecutor(AT_ONCE) as pool, ThreadPoolExecutor(1) as killing:
        under_way = [
            (killing if f.restarts else pool).submit(end, f, entry) for f, entry in planned
        ]
        return [each.result() for each in under_way]


def said_of(planned: Sequence[Planned], ended: Sequence[Ended], effect: str) -> str:
    """The figures of a run."""
    tried, names = {f.name for f, _ in planned}, {name for _, name in planned}
    return (
        f"{len(tried)} failures x {len(names)} entries, {len(ended)} cells, "
        f"{sum(each.effects for each in ended)} {effect}, "
        f"wrong: {sum(1 for each in ended if each.wrong)}"
    )


def wrong_of(ended: Iterable[Ended]) -> str:
    """What went wrong, cell by cell."""
    return "\n\n".join(
        f"{w.failure} / {w.entry}: {w.wrong} {w.codes}\n{w.said}" for w in ended if w.wrong
    )


def test_it_happens_exactly_when_a_verified_grant_was_there(
    world: World, figure: Callable[[str, str], None]
) -> None:
    planned = cells(failures.FAILURES, list(entries.ENTRIES), entries.concerns)
    ended = run(planned, lambda failure, entry: Cell(world, failure, entry))
    figure("client: failure matrix", said_of(planned, ended, "side effects"))
    assert wrong_of(ended) == ""


def test_what_runs_by_itself_runs_exactly_when_it_is_on_the_record(
    world: World, figure: Callable[[str, str], None]
) -> None:
    """What is harmless, and told to, runs without Andon, and is on the record in the end."""
    planned = cells(records.FAILURES, list(recoveries.WAYS), lambda failure, entry: True)
    ended = run(planned, lambda failure, entry: RecordCell(world, failure, entry))
    figure("client: by itself", said_of(planned, ended, "recoveries"))
    assert wrong_of(ended) == ""


def test_whatever_releases_something_is_a_way_into_the_matrix() -> None:
    """A new public name is either tried here, or said to release nothing."""
    ways = {name.partition(",")[0] for name in entries.ENTRIES}
    assert ways & set(andon.__all__) == set(andon.__all__) - entries.RELEASE_NOTHING
