"""Miss and Arrived: what became of the ways to people, as those who tried them say.

A way that failed is followed by the person's next one at once; where all have failed, by the next
stage. Time in which nobody could be reached does not eat the deadline, up to the plan's bound.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from approvals.codec import instant
from approvals.commands import Arrived, Miss
from approvals.decide.reach import Asked, own_route, until
from approvals.decide.times import decide_by, latest_deadline, reminder_at
from approvals.escalation import Escalation, Json, Missed
from approvals.events import ARRIVED, MISSED, Event
from approvals.evolve import ways_of
from approvals.facts import Facts
from approvals.people import Person
from approvals.verdict import Case, Verdict, accept
from approvals.words import Kind

#: What arrives so soon was not late.
SOON = timedelta(seconds=60)

#: Why a person is missed whose last own route failed.
NO_WAY_LEFT = "no way left"


def miss(escalation: Escalation, command: Miss, facts: Facts, now: datetime) -> Verdict:
    """Record it once for each way, use the next one, and go on where none is left."""
    known = {missed.to for missed in escalation.missed}
    if escalation.status.is_terminal or command.to in known:
        return Verdict()
    found = _Found(escalation, command, facts)
    failed = {command.to: command.why} | {to: NO_WAY_LEFT for to in found.lost if to not in known}
    bodies: list[dict[str, Json]] = [{"to": to, "why": why} for to, why in failed.items()]
    after = replace(
        escalation,
        missed=tuple(Missed(to=to, why=why, at=now) for to, why in failed.items())
        + escalation.missed,
        chain=replace(
            escalation.chain,
            ways=(*escalation.chain.ways, *ways_of({"notices": found.notices})),
        ),
    )
    goes_on = after.is_unheard and after.acknowledged is None and _is_under_way(after)
    bodies[-1] |= {"notices": found.notices, "next_at": instant(now) if goes_on else None}
    return Verdict(
        events=tuple(Event(kind=MISSED, at=now, by="andon", body=body) for body in bodies)
    )


def _is_under_way(escalation: Escalation) -> bool:
    """Whether the chain has somebody else to turn to: at its end it waits for its next round."""
    return escalation.chain.next_at is not None and escalation.chain.ended_at is None


class _Found:
    """What is left after a way failed: the next own routes of whom it led to, and who has none."""

    def __init__(self, escalation: Escalation, command: Miss, facts: Facts) -> None:
        asked = Asked.in_(escalation)
        asked = replace(asked, failed={**asked.failed, command.to: command.why})
        self.notices: list[dict[str, Json]] = []
        self.lost: list[str] = []
        for person in _concerned(escalation, command.to, facts):
            to, way = f"person:{person.id}", own_route(asked, person)
            if way is not None:
                why = f"could not be reached otherwise ({command.why})"
                self.notices.append({"to": to, "why": why, "via": way})
            elif to != command.to:
                self.lost.append(to)


def _concerned(escalation: Escalation, to: str, facts: Facts) -> Iterator[Person]:
    """Whom the way leads to: the person, or those who were called and whose own route it is."""
    kind, _, name = to.partition(":")
    for person in facts.people.persons.values():
        called = f"person:{person.id}" in escalation.chain.ways
        if to == f"person:{person.id}" or (kind == "route" and called and name in person.routes):
            yield person


def is_late(escalation: Escalation, now: datetime) -> bool:
    """Whether what arrives now arrives late: more than a minute after the first stage was due."""
    chain = escalation.chain
    first = chain.reached_at if chain.taken == 1 else None
    return now - (first or escalation.created_at) > SOON


def arrived(escalation: Escalation, command: Arrived, facts: Facts, now: datetime) -> Verdict:
    """The first message of it was taken at last: the time before does not count."""
    if escalation.status.is_terminal or escalation.delivered_at is not None:
        return Verdict()
    body = _moved(escalation, now) if escalation.kind is not Kind.INCIDENT else {}
    return accept(Case.DONE, Event(kind=ARRIVED, at=now, by="andon", body=body))


def _moved(escalation: Escalation, now: datetime) -> dict[str, Json]:
    """The new deadline; nothing where it stays."""
    plan, before = escalation.plan, escalation.deadline_at
    to = min(decide_by(plan, now), latest_deadline(escalation))
    if escalation.extended is not None:
        to = max(to, before)
    if not is_late(escalation, now) or to == before:
        return {}
    remind_at = until(reminder_at(plan, now, to)) if plan.steps else None
    return {"was": instant(before), "to": instant(to), "remind_at": remind_at}
