"""The refresher: facts about people stay young, and every vote they concern is rechecked."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from approvals.commands import Command, RecheckPeople
from approvals.people import Absence, People
from approvals.policy.load import parse_policy
from approvals.ports import NotSavedError, StoreError
from approvals.words import Status
from bot.background.refresher import Refresher
from bot.ids import new_id
from bot.messaging import SlackAwayError, SlackBusyError, SlackError, SlackRefusedError
from bot.people import KnownPeople
from tests.bot.background.building import Office
from tests.building import SAMPLE, Clock

POLICY = parse_policy(SAMPLE)


class Phonebook:
    """Implements `bot.messaging.Directory`: the sample's people, as a test changes them."""

    def __init__(self, clock: Clock) -> None:
        self.gone: set[str] = set()
        self.error: SlackError | None = None
        self.asked = 0
        self._clock = clock

    async def people(self, now: Any) -> People:
        """Those who left are not active any more."""
        self.asked += 1
        if self.error is not None:
            raise self.error
        listed = POLICY.file_people(now)
        persons = {p.id: replace(p, active=p.id not in self.gone) for p in listed.persons.values()}
        return replace(listed, persons=persons)


class Failing:
    """A writer that does not save the first rechecks."""

    def __init__(self, office: Office, times: int) -> None:
        self._office, self._left = office, times
        self.rechecked: list[str] = []

    async def submit(self, command: Command) -> Any:
        """As the store's, after a while."""
        if self._left:
            self._left -= 1
            raise NotSavedError
        assert isinstance(command, RecheckPeople)
        self.rechecked.append(command.escalation_id)
        return await self._office.store.writer.submit(command)


class StoreAway:
    """Absences that cannot be read."""

    asked = 0

    async def current(self, now: Any) -> Any:
        """The store is away."""
        self.asked += 1
        raise StoreError


class Bureau:
    """The refresher, and what it is joined to."""

    def __init__(self, office: Office, failing: int = 0) -> None:
        self.known = KnownPeople(POLICY, from_file=False)
        self.phonebook = Phonebook(office.clock)
        self.writer, self.woken = Failing(office, failing), 0
        self.refresher = Refresher(
            self.known,
            self.phonebook,
            office.store.absences,
            office.store.reads,
            self.writer,
            office.clock,
            new_id,
            self._wake,
        )
        # The store decides by the same facts.
        office.facts.facts = self.known.facts  # type: ignore[method-assign]

    def _wake(self) -> None:
        self.woken += 1


async def voted(office: Office, *keys: str) -> list[str]:
    """Approved by Sam, and not taken yet."""
    ids = [await office.opened(key) for key in keys]
    for id_ in ids:
        await office.voted(id_)
    return ids


async def test_people_are_known_after_the_first_look(office: Office) -> None:
    bureau = Bureau(office)
    assert not bureau.known.facts(office.clock.now).people.known_at(office.clock.now)
    await bureau.refresher.once()
    assert bureau.known.facts(office.clock.now).people.known_at(office.clock.now)


async def test_whoever_waits_for_people_to_be_known_waits_no_longer_than_that(
    office: Office,
) -> None:
    bureau = Bureau(office)
    await bureau.refresher.once()
    assert bureau.woken == 1
    office.clock.now += timedelta(seconds=120)
    await bureau.refresher.once()
    assert bureau.woken == 1, "the same people are no news"


async def test_a_vote_of_someone_who_left_is_rechecked(office: Office) -> None:
    bureau = Bureau(office)
    await bureau.refresher.once()
    (id_,) = await voted(office, "k")
    bureau.phonebook.gone = {"sam"}
    office.clock.pass_(60)
    await bureau.refresher.once()
    assert bureau.writer.rechecked == [id_]
    found = await office.store.reads.escalation(id_)
    assert found is not None
    assert found.vote_of("sam") is None or found.votes[0].void is not None


async def test_unchanged_people_recheck_nothing(office: Office) -> None:
    bureau = Bureau(office)
    await bureau.refresher.once()
    await voted(office, "k")
    office.clock.pass_(60)
    await bureau.refresher.once()
    assert bureau.writer.rechecked == []


async def test_a_recheck_that_failed_is_tried_again_though_people_changed_no_more(
    office: Office,
) -> None:
    bureau = Bureau(office, failing=1)
    await bureau.refresher.once()
    ids = await voted(office, "a", "b")
    bureau.phonebook.gone = {"priya"}
    office.clock.pass_(60)
    with pytest.raises(NotSavedError):
        await bureau.refresher.once()
    assert len(bureau.writer.rechecked) == 1  # the other was not held up
    office.clock.pass_(60)
    await bureau.refresher.once()
    assert set(bureau.writer.rechecked) == set(ids)
    bureau.writer.rechecked.clear()
    await bureau.refresher.once()
    assert bureau.writer.rechecked == []


async def test_a_failed_recheck_is_made_up_for_even_while_slack_is_away(office: Office) -> None:
    bureau = Bureau(office, failing=1)
    await bureau.refresher.once()
    (id_,) = await voted(office, "a")
    bureau.phonebook.gone = {"priya"}
    office.clock.pass_(60)
    with pytest.raises(NotSavedError):
        await bureau.refresher.once()
    bureau.phonebook.error = SlackAwayError("unreachable")
    office.clock.pass_(60)
    await bureau.refresher.once()
    assert bureau.writer.rechecked == [id_]


async def test_more_than_one_page_is_rechecked(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.background.refresher.BATCH", 2)
    bureau = Bureau(office)
    await bureau.refresher.once()
    ids = []
    for n in range(5):
        id_ = await office.opened(
            f"k{n}", category="large_transaction", requested_by={"id": "lena@example.com"}
        )
        await office.voted(id_, "UMIA", read_whole=True)
        ids.append(id_)
    bureau.phonebook.gone = {"mia"}
    office.clock.pass_(60)
    await bureau.refresher.once()
    assert set(bureau.writer.rechecked) == set(ids)
    found = [await office.store.reads.escalation(id_) for id_ in ids]
    assert {e.status for e in found if e} == {Status.PENDING}


@pytest.mark.parametrize("error", [SlackAwayError("invalid_auth"), SlackRefusedError("no_perm")])
async def test_while_slack_cannot_be_asked_facts_grow_old_and_are_not_made_up(
    office: Office, error: SlackError
) -> None:
    bureau = Bureau(office)
    await bureau.refresher.once()
    bureau.phonebook.error = error
    for _ in range(20):
        office.clock.pass_(60)
        await bureau.refresher.once()
    people = bureau.known.facts(office.clock.now).people
    assert office.clock.now - (people.as_of or office.clock.now) == timedelta(minutes=20)
    assert not people.known_at(office.clock.now)
    bureau.phonebook.error = None
    office.clock.pass_(60)
    await bureau.refresher.once()
    assert bureau.known.facts(office.clock.now).people.known_at(office.clock.now)


async def test_people_are_looked_up_once_a_minute(office: Office) -> None:
    bureau = Bureau(office)
    for _ in range(60):
        await bureau.refresher.once()
        office.clock.pass_(5)
    assert bureau.phonebook.asked == 5


async def test_after_a_failure_people_are_soon_looked_up_again(office: Office) -> None:
    """At the first start nobody could vote meanwhile."""
    bureau = Bureau(office)
    bureau.phonebook.error = SlackAwayError("unreachable")
    await bureau.refresher.once()
    assert bureau.refresher.next_look_s == 5
    bureau.phonebook.error = None
    office.clock.pass_(5)
    await bureau.refresher.once()
    assert bureau.known.facts(office.clock.now).people.known_at(office.clock.now)


async def test_a_rate_limit_is_waited_for(office: Office) -> None:
    bureau = Bureau(office)
    bureau.phonebook.error = SlackBusyError("ratelimited", retry_after=90)
    await bureau.refresher.once()
    bureau.phonebook.error = None
    office.clock.pass_(60)
    await bureau.refresher.once()
    assert bureau.phonebook.asked == 1
    office.clock.pass_(31)
    await bureau.refresher.once()
    assert bureau.phonebook.asked == 2


async def test_who_is_away_is_read_again_with_the_people(office: Office) -> None:
    """Another server may have written it."""
    bureau, now = Bureau(office), office.clock()
    absence = Absence(
        person="sam", substitute="priya", since=now, until=now + timedelta(seconds=90)
    )
    await office.store.absences.set(absence, "person:sam", now)
    await bureau.refresher.once()
    assert bureau.known.facts(now).people.absences == {"sam": absence}
    office.clock.pass_(90)
    assert bureau.known.facts(office.clock()).people.absences == {}


async def test_people_are_looked_up_although_nobody_can_say_who_is_away(office: Office) -> None:
    """What was known of absences stays, and ends when it was to end."""
    bureau, now = Bureau(office), office.clock()
    absence = Absence(person="sam", substitute="priya", since=now, until=now + timedelta(hours=1))
    bureau.known.away([absence])
    away = StoreAway()
    bureau.refresher._absences = away  # type: ignore[assignment]
    await bureau.refresher.once()
    assert away.asked == 1
    people = bureau.known.facts(now).people
    assert (people.as_of, people.absences) == (now, {"sam": absence})
