"""RecheckPeople: facts about people are new. Votes of those known to be gone stop counting.

A void vote stays void; the person may vote again when they are back. So nobody is taken to have
left a group that could not be looked up: then votes stay, and the claim waits. An approval that
loses its quorum before the claim is void at once: nothing runs on the yes of someone who left.
"""

from collections.abc import Iterator
from datetime import datetime

from approvals.commands import RecheckPeople
from approvals.escalation import Escalation, Vote
from approvals.events import STOPPED, VOTE_VOIDED, Event
from approvals.facts import Facts
from approvals.people import People
from approvals.tally import (
    fewest_overrides,
    is_unsure,
    may_override,
    required_groups,
    standing_now,
    still_counts,
)
from approvals.verdict import Verdict
from approvals.words import DecidedBy


def recheck(escalation: Escalation, command: RecheckPeople, facts: Facts, now: datetime) -> Verdict:
    """Void the votes of people known to be no longer eligible, and what rested on them."""
    open_still = not escalation.is_over and escalation.claim is None
    if not open_still or not facts.people.known_at(now):
        return Verdict()
    return Verdict(events=losses(escalation, facts.people, now))


def losses(escalation: Escalation, people: People, now: datetime) -> tuple[Event, ...]:
    """The votes that no longer count; and the end of an approval that no longer stands."""
    gone = dict(_gone(escalation, people))
    events = [
        Event(
            kind=VOTE_VOIDED,
            at=now,
            by="andon",
            body={
                "person": v.person,
                "why": why,
                "option": v.option,
                "name": _named(v.person, people),
            },
        )
        for v, why in gone.items()
    ]
    sure = not is_unsure(escalation, people)
    if escalation.can_be_stopped and sure and not stands(escalation, people):
        body = {"void": True, "reason": "people", "people": [v.person for v in gone]}
        events.append(Event(kind=STOPPED, at=now, by="andon", body=body))
    return tuple(events)


def _gone(escalation: Escalation, people: People) -> Iterator[tuple[Vote, str]]:
    groups = required_groups(escalation)
    for vote in escalation.votes:
        releases = escalation.releases(vote.option)
        if releases and vote.void is None and not still_counts(escalation, vote, people):
            known = people.persons.get(vote.person)
            if known and known.active and is_unsure(escalation, people):
                continue
            left = f"left {' and '.join(vote.groups or groups)}"
            if vote.stead:
                away = " and ".join(dict.fromkeys(_named(a, people) for _, a in vote.stead))
                left = f"stood in for {away}, who {left}"
            yield vote, left if known and known.active else "is no longer active"


def stands(escalation: Escalation, people: People) -> bool:
    """Whether what was decided still has its people, by facts of now."""
    decision = escalation.decision
    if decision is not None and decision.by is DecidedBy.POLICY:
        return True  # nobody's yes: it rests on the rule that people accepted
    if decision is not None and decision.by is DecidedBy.BREAK_GLASS:
        still = set(decision.people) & set(may_override(escalation, people))
        return len(still) >= fewest_overrides(escalation.plan)
    option = escalation.option(decision.option if decision else None)
    return option is not None and standing_now(escalation, option, people).is_met


def _named(person: str, people: People) -> str:
    known = people.persons.get(person)
    return known.name if known else person
