"""Bugs to plant in the chain: who is called, when, and what holds it."""

from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any

from approvals import commands, events
from approvals import evolve as folding
from approvals.decide import chain, reach, times
from approvals.escalation import Escalation, Missed
from approvals.people import People
from approvals.verdict import Verdict
from tests.approvals.planting import MonkeyPatch, breaks, verb_is

# The package offers each verb under its file's name, so the files are asked for by their path.
acknowledging = import_module("approvals.decide.acknowledge")
extending = import_module("approvals.decide.extend")
missing = import_module("approvals.decide.miss")
passing = import_module("approvals.decide.overdue")


# -- who -------------------------------------------------------------------------------------------


@breaks("C4: the one who asks")
def the_one_who_asks_is_called(m: MonkeyPatch) -> None:
    """About their own question."""
    m.setattr(reach, "_askers", lambda *a: frozenset())


def in_a_stage(m: MonkeyPatch, change: Any) -> None:
    """Stages are resolved on other facts than they should be."""
    real = reach._Stage

    def changed(asked: Any, facts: Any, now: Any) -> Any:
        return real(*change(asked, facts), now)

    m.setattr(reach, "_Stage", changed)


@breaks("C4: somebody away")
def people_on_holiday_are_called(m: MonkeyPatch) -> None:
    """Nobody looks whether they are there."""
    in_a_stage(m, lambda a, f: (a, replace(f, people=replace(f.people, absences={}))))


@breaks("C4: a paused phone")
def paused_phones_are_trusted_to_ring(m: MonkeyPatch) -> None:
    """Slack takes the message, and nobody hears it."""

    def awake(people: People) -> People:
        persons = {k: replace(p, paused_until=None) for k, p in people.persons.items()}
        return replace(people, persons=persons)

    in_a_stage(m, lambda a, f: (a, replace(f, people=awake(f.people))))


@breaks("C4: somebody quiet")
def quiet_people_are_called(m: MonkeyPatch) -> None:
    """Though they only may decide."""
    in_a_stage(m, lambda a, f: (replace(a, plan=replace(a.plan, quiet=())), f))


@breaks("C4: somebody who agreed")
def those_who_agreed_are_called_again(m: MonkeyPatch) -> None:
    """As if their vote were nothing."""
    in_a_stage(m, lambda a, f: (replace(a, done=frozenset()), f))


@breaks("C4: nobody was paged", "C4: somebody was left out")
def a_skipped_stage_leaves_people_out(m: MonkeyPatch) -> None:
    """After an outage only the last stage's own people hear of it."""
    real = chain.places_due
    m.setattr(chain, "places_due", lambda *a: real(*a)[-1:])


@breaks("C5: somebody who may not", "C5: the one who asks")
def anybody_looks(m: MonkeyPatch) -> None:
    """And holds the chain."""

    def lenient(escalation: Escalation, actor: Any, people: People, now: Any) -> Any:
        return people.of_account(actor.account) or people.persons["dee"]

    m.setattr(acknowledging, "responder", lenient)


# -- when ------------------------------------------------------------------------------------------


@breaks("C2: stage 2")
def every_stage_that_was_due_is_taken(m: MonkeyPatch) -> None:
    """One after the other, all at once."""
    real = chain.places_due
    m.setattr(chain, "places_due", lambda *a: real(*a)[:1])


@breaks("C2: at its end before its last stage")
def a_stage_is_lost_at_a_restart(m: MonkeyPatch) -> None:
    """What was due while nobody looked is never done."""
    real = passing.go_on

    def forgetful(e: Escalation, facts: Any, now: Any) -> Any:
        late = now - (e.chain.next_at or now) > timedelta(minutes=10)
        return passing.ended(e, facts, now) if late else real(e, facts, now)

    m.setattr(passing, "go_on", forgetful)


@breaks("C8", "C2: stage 2 of", "C2: said again early")
def a_stage_comes_a_minute_early(m: MonkeyPatch) -> None:
    """By a clock of its own."""
    real = chain.later

    def hasty(plan: Any, start: Any, seconds: float) -> Any:
        return real(plan, start, max(0.0, seconds - 60))

    m.setattr(chain, "later", hasty)


@breaks("C8", "C3: said once too often")
def repeats_have_no_end(m: MonkeyPatch) -> None:
    """Nobody counts them."""
    real = chain.following

    def again(plan: Any, place: Any) -> Any:
        steps = tuple(replace(step, repeat=step.repeat and 9) for step in plan.steps)
        return real(replace(plan, steps=steps), place)

    m.setattr(chain, "following", again)


@breaks("C2: a stage was left out")
def failed_ways_change_nothing(m: MonkeyPatch) -> None:
    """Though nobody heard, the next stage waits for its moment."""
    real = missing.miss

    def patient(*a: Any) -> Verdict:
        done: Verdict = real(*a)
        made = (replace(e, body={**e.body, "next_at": None}) for e in done.events)
        return replace(done, events=tuple(made))

    verb_is(m, commands.Miss, patient)


@breaks("C8", "C5: called while", "C5: in vain while")
def whoever_looks_holds_nothing(m: MonkeyPatch) -> None:
    """The chain goes on beside them."""
    real = passing._of_pending

    def busy(e: Escalation, facts: Any, now: Any) -> Any:
        if e.chain.next_at is not None and now >= e.chain.next_at and now < e.deadline_at:
            return passing.go_on(e, facts, now)
        return real(e, facts, now)

    m.setattr(passing, "_of_pending", busy)
    waits = Escalation._waits_for.fget  # type: ignore[attr-defined]
    m.setattr(Escalation, "_waits_for", property(lambda e: (*waits(e), e.chain.next_at)))


@breaks("C5: never let go")
def whoever_looked_holds_it_for_ever(m: MonkeyPatch) -> None:
    """Nobody looks whether they go on."""
    real = passing.overdue

    def trusting(e: Escalation, facts: Any, now: Any) -> Any:
        found = real(e, facts, now)
        return None if found is not None and found.kind == events.LET_GO else found

    m.setattr("approvals.step.overdue", trusting)


@breaks("C8", "C5: let go early", "C5: called while")
def going_on_with_the_work_counts_for_nothing(m: MonkeyPatch) -> None:
    """The first word alone holds it."""
    m.setattr(folding, "_WORK", frozenset())


# -- deadlines -------------------------------------------------------------------------------------


@breaks("C6: extended twice")
def it_is_extended_again_and_again(m: MonkeyPatch) -> None:
    """There is no end to it."""
    real = extending.extend
    verb_is(m, commands.Extend, lambda e, *a: real(replace(e, extended=None), *a))


@breaks("C6: expired though")
def lost_time_eats_the_deadline(m: MonkeyPatch) -> None:
    """It expires while nobody can be reached."""
    m.setattr(passing, "latest_deadline", lambda e: e.created_at)


@breaks("C6: held though")
def deadlines_wait_for_those_who_heard(m: MonkeyPatch) -> None:
    """Nobody decides, so there is more time."""
    real = passing._at_the_deadline

    def patient(e: Escalation, now: Any) -> Any:
        missed = tuple(Missed(to=way, why="", at=now) for way in e.chain.ways)
        return real(replace(e, missed=missed, looks=(), delivered_at=None), now)

    m.setattr(passing, "_at_the_deadline", patient)


@breaks("C6: moved")
def late_arrivals_have_no_bound(m: MonkeyPatch) -> None:
    """The whole time, however late it is."""
    m.setattr(missing, "latest_deadline", lambda e: e.created_at + timedelta(days=9))


@breaks("C7: a reminder was left out")
def only_the_last_reminder_is_said(m: MonkeyPatch) -> None:
    """Half of the time is nobody's business."""
    m.setattr(times, "_GONE", {times.HALF: 9, times.FOUR_FIFTHS: 8})


@breaks("C7: reminded twice")
def reminders_are_forgotten(m: MonkeyPatch) -> None:
    """What was said is said with the next one again."""
    real = times.reminders_due
    m.setattr(passing, "reminders_due", lambda e, now: (*e.reminded, *real(e, now)) or real(e, now))
