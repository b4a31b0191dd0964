"""Who is away and who stands in: what one set is there at once, and after a restart."""

from datetime import datetime, timedelta

from approvals.people import Absence
from storage.memory import MemoryStore
from tests.building import START
from tests.storage.stand import Stand

DAY = timedelta(days=1)


def away(person: str = "ravi", substitute: str = "ines", days: float = 3) -> Absence:
    """Away from now on."""
    return Absence(person=person, substitute=substitute, since=START, until=START + days * DAY)


async def history(stand: Stand) -> list[tuple[str, str, str, str | None]]:
    """Every absence there ever was: person, substitute, who set it, who ended it."""
    if isinstance(stand.store, MemoryStore):
        rows = stand.store.kept.rows.absences
        return [(r.absence.person, r.absence.substitute, r.set_by, r.ended_by) for r in rows]
    found = await stand.store.database.reader.rows(
        "SELECT person, substitute, set_by, ended_by FROM absences ORDER BY id"
    )
    return [tuple(row) for row in found]


async def current(stand: Stand, now: datetime | None = None) -> tuple[Absence, ...]:
    """Those not over at that moment."""
    return await stand.store.absences.current(now or stand.clock())


async def test_nobody_is_away_at_first(stand: Stand) -> None:
    assert await current(stand) == ()


async def test_what_is_set_is_there_at_once_and_after_a_restart(stand: Stand) -> None:
    await stand.store.absences.set(away(), "person:ravi", START)
    assert await current(stand) == (away(),)
    await stand.restart()
    assert await current(stand) == (away(),)


async def test_one_that_begins_later_is_not_over(stand: Stand) -> None:
    later = Absence(person="ravi", substitute="ines", since=START + DAY, until=START + 2 * DAY)
    await stand.store.absences.set(later, "person:ravi", START)
    assert await current(stand) == (later,)


async def test_it_is_over_at_its_end_to_the_microsecond(stand: Stand) -> None:
    await stand.store.absences.set(away(), "person:ravi", START)
    end = START + 3 * DAY
    assert await current(stand, end - timedelta(microseconds=1)) == (away(),)
    assert await current(stand, end) == ()


async def test_another_replaces_it_and_the_earlier_stays_on_record(stand: Stand) -> None:
    await stand.store.absences.set(away(), "person:ravi", START)
    await stand.store.absences.set(away(substitute="dana"), "person:ravi", START + DAY)
    assert await current(stand) == (away(substitute="dana"),)
    assert await history(stand) == [
        ("ravi", "ines", "person:ravi", "person:ravi"),
        ("ravi", "dana", "person:ravi", None),
    ]


async def test_whoever_is_back_is_back_at_once_and_others_stay_away(stand: Stand) -> None:
    await stand.store.absences.set(away(), "person:ravi", START)
    await stand.store.absences.set(away("sam", "priya"), "person:sam", START)
    await stand.store.absences.end("ravi", "person:dana", START + DAY)
    assert await current(stand) == (away("sam", "priya"),)
    assert await history(stand) == [
        ("ravi", "ines", "person:ravi", "person:dana"),
        ("sam", "priya", "person:sam", None),
    ]


async def test_one_that_is_over_is_not_ended_again(stand: Stand) -> None:
    await stand.store.absences.set(away(), "person:ravi", START)
    await stand.store.absences.end("ravi", "person:ravi", START + 3 * DAY)
    await stand.store.absences.set(away(days=9), "person:ravi", START + 4 * DAY)
    assert [ended for *_, ended in await history(stand)] == [None, None]


async def test_being_back_from_nowhere_changes_nothing(stand: Stand) -> None:
    await stand.store.absences.end("ravi", "person:ravi", START)
    assert await history(stand) == []
