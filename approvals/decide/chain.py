"""The chain: which stage is due, whom it reaches, and what follows when the last one was in vain.

::

    stage 1 --every_s--> said again … --after_s since stage 1--> stage 2 … --> unattended
            the next stage wins where both fall together

After an outage the last stage due is taken, once, for everybody whom those passed over would have
reached as well.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from approvals.codec import instant
from approvals.decide.reach import Asked, Reach, reach, until
from approvals.decide.times import later, reminder_at
from approvals.escalation import Escalation
from approvals.events import CHAIN_ENDED, CHAIN_STEPPED, Event
from approvals.evolve import ways_of
from approvals.facts import Facts
from approvals.hours import on_call
from approvals.policy.plan import Planned
from approvals.snapshot import Plan
from approvals.words import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a chain stands: stages taken, times the latest was said, when that was reached."""

    taken: int
    said: int
    reached_at: datetime


def place_of(escalation: Escalation) -> Place:
    """Where it stands now."""
    chain = escalation.chain
    since = chain.reached_at or escalation.created_at
    return Place(taken=chain.taken, said=chain.said, reached_at=since)


def following(plan: Plan, place: Place) -> tuple[Place | None, datetime]:
    """The next place by schedule, and when; no place where the chain ends."""
    step = plan.steps[place.taken - 1] if place.taken else None
    again = step is not None and place.said <= step.repeat
    repeat_at = later(plan, place.reached_at, place.said * step.every_s) if step and again else None
    if place.taken < len(plan.steps):
        stage_at = later(plan, place.reached_at, plan.steps[place.taken].after_s)
        if repeat_at is None or stage_at <= repeat_at:
            return Place(taken=place.taken + 1, said=1, reached_at=stage_at), stage_at
    if repeat_at is not None:
        return _again(place), repeat_at
    return None, later(plan, place.reached_at, _whole(plan, place))


def _again(place: Place) -> Place:
    return Place(taken=place.taken, said=place.said + 1, reached_at=place.reached_at)


def _whole(plan: Plan, place: Place) -> int:
    """Seconds of the last stage: its repeats, and the wait after the last of them."""
    step = plan.steps[place.taken - 1]
    return step.repeat * step.every_s + (step.every_s or plan.respond_within_s)


def places_due(escalation: Escalation, now: datetime) -> tuple[Place, ...]:
    """The places whose moment has come, in order; empty where the chain comes to its end. For a
    chain that is due.

    The first is due when the chain says so: an acknowledgement may have held it, a way that failed
    may have brought the next stage forward.
    """
    plan, chain = escalation.plan, escalation.chain
    place, at = place_of(escalation), chain.next_at
    if chain.ended_at is not None:
        return (_again(place),)
    found: list[Place] = []
    while at is not None and at <= now:
        to, scheduled = following(plan, place)
        if not found and at < scheduled and place.taken < len(plan.steps):
            to = Place(taken=place.taken + 1, said=1, reached_at=at)
        if to is None:
            break
        place = to if to.taken == place.taken else Place(taken=to.taken, said=1, reached_at=at)
        found.append(place)
        at = max(at, following(plan, place)[1])  # what was held up cannot have happened before
    return tuple(found)


def go_on(escalation: Escalation, facts: Facts, now: datetime) -> Event:
    """Take what is due of the chain: its last place, or its end."""
    due = places_due(escalation, now)
    if not due:
        return ended(escalation, facts, now)
    plan, chain = escalation.plan, escalation.chain
    last, stages = due[-1], dict.fromkeys(place.taken for place in due)
    new = last.taken != chain.taken
    place = Place(
        taken=last.taken,
        said=last.said,
        reached_at=now if new else place_of(escalation).reached_at,
    )
    targets = (to for n in sorted(stages, reverse=True) for to in plan.steps[n - 1].to)
    body = _reached(escalation, targets, facts, now) | {
        "step": place.taken,
        "of": len(plan.steps),
        "said": place.said,
        "skipped": [n for n in stages if n != place.taken],
        "due_at": until(chain.next_at),
    }
    nobody = body.pop("found_nobody")
    body["next_at"] = instant(_next_at(escalation, place, now, nobody=nobody))
    return Event(kind=CHAIN_STEPPED, at=now, by="clock", body=body)


def _next_at(escalation: Escalation, place: Place, now: datetime, *, nobody: bool) -> datetime:
    """When it goes on: at once where a stage reached nobody and another is left."""
    plan = escalation.plan
    if escalation.chain.ended_at is not None:
        return later(plan, now, plan.respond_within_s)
    if nobody and place.taken < len(plan.steps):
        return now
    return following(plan, place)[1]


def ended(escalation: Escalation, facts: Facts, now: datetime) -> Event:
    """Nobody has acted on any stage. An incident goes on being told; an approval has its end."""
    plan = escalation.plan
    body = _reached(escalation, ("owners",), facts, now)
    del body["found_nobody"]
    goes_on = escalation.kind is Kind.INCIDENT and bool(plan.steps)
    next_at = later(plan, now, plan.respond_within_s) if goes_on else None
    due_at = escalation.chain.next_at or escalation.deadline_at
    body |= {"why": "unattended", "due_at": instant(due_at), "next_at": until(next_at)}
    return Event(kind=CHAIN_ENDED, at=now, by="clock", body=body)


def _reached(
    escalation: Escalation, targets: Iterable[str], facts: Facts, now: datetime
) -> dict[str, Any]:
    found = reach(Asked.in_(escalation), targets, facts, now)
    return {
        "notices": list(found.notices),
        "missed": list(found.missed),
        "found_nobody": found.found_nobody,
    }


def resumed_at(escalation: Escalation, at: datetime) -> datetime | None:
    """When the chain goes on that was held until `at`: at once, unless it is at its end."""
    return later(escalation.plan, at, 0) if escalation.chain.next_at is not None else None


def first_stage(
    planned: Planned, kind: Kind, facts: Facts, now: datetime, deadline: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the chain adds to a new escalation, and whom its first stage calls and misses.

    Nothing where the plan has no chain: then everybody who could decide is told, as ever.
    """
    plan = planned.plan
    if not plan.steps:
        return {}, {}
    fields: dict[str, Any] = {}
    if kind is Kind.APPROVAL:
        fields["remind_at"] = until(reminder_at(plan, now, deadline))
    if plan.steps[0].after_s:
        first = later(plan, now, plan.steps[0].after_s)
        return fields | {"chain": {"next_at": instant(first)}}, {"notices": [], "missed": []}
    found, ways = _first_reach(planned, facts, now)
    place = Place(taken=1, said=1, reached_at=now)
    at_once = found.found_nobody and len(plan.steps) > 1
    fields["chain"] = {
        "taken": 1,
        "said": 1,
        "reached_at": instant(now),
        "next_at": instant(now if at_once else following(plan, place)[1]),
        "ways": list(ways),
    }
    fields["missed"] = [{"to": m["to"], "why": m["why"], "at": instant(now)} for m in found.missed]
    return fields, {"notices": list(found.notices), "missed": list(found.missed)}


def _first_reach(planned: Planned, facts: Facts, now: datetime) -> tuple[Reach, tuple[str, ...]]:
    """Whom the first stage reaches, and the ways to them.

    Remembered for as long as it is the same people's turn and the same phones ring: nothing else
    of it is of the moment.
    """
    plan, requester = planned.plan, planned.requester
    turns = tuple(on_call(rotation, now) for rotation in plan.rotations.values())

    def find() -> tuple[Reach, tuple[str, ...]]:
        found = reach(Asked(plan=plan, requester=requester), plan.steps[0].to, facts, now)
        return found, ways_of({"notices": found.notices, "missed": found.missed})

    return facts.remembered((plan.text, requester, turns, facts.people.paused(now)), find)
