"""Bugs to plant in what a year brings: restarts, holidays, nights, and clocks that are changed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib import import_module
from typing import Any

from approvals import hours
from approvals.decide import chain, reach
from approvals.escalation import Escalation
from approvals.people import People
from tests.approvals.planting import MonkeyPatch, Plant, Planted

passing = import_module("approvals.decide.overdue")

#: Not among those that a state machine finds.
YEARLY: dict[str, Planted] = {}


def breaks(*invariants: str) -> Callable[[Plant], Plant]:
    """Put the bug on the list."""

    def listed(plant: Plant) -> Plant:
        YEARLY[plant.__name__] = Planted(plant, invariants)
        return plant

    return listed


# -- restarts --------------------------------------------------------------------------------------


@breaks("C4: ")
def a_skipped_stage_is_forgotten_at_a_restart(m: MonkeyPatch) -> None:
    """The last one due is taken, for its own people alone."""
    real = chain.places_due
    m.setattr(chain, "places_due", lambda *a: real(*a)[-1:])


@breaks("C2: ", "C3: ", "C8: ")
def everything_missed_is_done_one_by_one(m: MonkeyPatch) -> None:
    """Stage after stage in one moment."""
    real = chain.places_due
    m.setattr(chain, "places_due", lambda *a: real(*a)[:1])


@breaks("C2: ", "C5: ")
def timers_live_in_memory(m: MonkeyPatch) -> None:
    """What was due while the server was down is put off until later."""
    real = passing.overdue

    def lost(e: Escalation, facts: Any, now: datetime) -> Any:
        due = e.chain.next_at
        late = due is not None and now - due > timedelta(seconds=30)
        return None if late and now < e.deadline_at else real(e, facts, now)

    m.setattr("approvals.step.overdue", lost)


@breaks("C5: ", "C8: ")
def a_restart_forgets_who_was_looking(m: MonkeyPatch) -> None:
    """The row is read back without it."""
    real = import_module("tests.approvals.year").load_text
    m.setattr("tests.approvals.year.load_text", lambda text: replace(real(text), acknowledged=None))


@breaks("C7: ", "C8: ")
def a_restart_reminds_of_everything_again(m: MonkeyPatch) -> None:
    """What was said before is not known any more."""
    real = import_module("tests.approvals.year").load_text
    m.setattr("tests.approvals.year.load_text", lambda text: replace(real(text), reminded=()))


# -- people ----------------------------------------------------------------------------------------


@breaks("C4: somebody away")
def people_on_holiday_are_rung(m: MonkeyPatch) -> None:
    """Nobody looks whether they are there."""
    _on_other_people(m, lambda people, now: replace(people, absences={}))


@breaks("C4: a paused phone")
def nights_are_days(m: MonkeyPatch) -> None:
    """Phones that are paused are trusted to ring."""

    def awake(people: People, now: datetime) -> People:
        persons = {k: replace(p, paused_until=None) for k, p in people.persons.items()}
        return replace(people, persons=persons)

    _on_other_people(m, awake)


@breaks("C4: ")
def substitutes_of_substitutes_are_forgotten(m: MonkeyPatch) -> None:
    """The first name counts, whether or not they are there."""
    m.setattr(reach, "substitute_of", lambda person, people: people.absences[person].substitute)


def _on_other_people(m: MonkeyPatch, change: Callable[[People, datetime], People]) -> None:
    real = reach._Stage

    def changed(asked: Any, facts: Any, now: datetime) -> Any:
        return real(asked, replace(facts, people=change(facts.people, now)), now)

    m.setattr(reach, "_Stage", changed)


# -- clocks ----------------------------------------------------------------------------------------


@breaks("C8: ")
def it_is_always_winter(m: MonkeyPatch) -> None:
    """Business hours are an hour off while clocks are put forward."""
    winter = timezone(timedelta(hours=1))
    hours._opening.cache_clear()
    m.setattr(hours, "_instant", lambda local, zone: local.replace(tzinfo=winter).astimezone(UTC))


@breaks("C4: somebody was left out")
def weeks_on_call_are_counted_in_seconds(m: MonkeyPatch) -> None:
    """Handovers come an hour late in summer."""

    def counted(rotation: Any, now: datetime) -> int:
        start = hours._instant(datetime.fromisoformat(rotation.start), rotation.zone)
        return max(0, (now - start) // timedelta(days=rotation.days))

    m.setattr(hours, "_turn", counted)


@breaks("C6: ", "C8: ")
def deadlines_are_whole_minutes(m: MonkeyPatch) -> None:
    """The seconds are nobody's business."""
    real = import_module("approvals.decide.times").decide_by
    for verb in ("open", "miss"):
        module = import_module(f"approvals.decide.{verb}")
        m.setattr(module, "decide_by", lambda plan, at: real(plan, at).replace(second=0))
