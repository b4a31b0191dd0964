"""Void: what people agreed to so far cannot be relied on any more. Nothing runs on it.

After a backup was restored nobody knows what people said since it was made: a vote may have been
changed, an approval stopped or taken. So no yes from before counts; what waits is voted on anew.
"""

from datetime import datetime

from approvals.commands import Void
from approvals.escalation import Escalation
from approvals.events import STOPPED, VOTE_VOIDED, Event
from approvals.facts import Facts
from approvals.verdict import Verdict


def void(escalation: Escalation, command: Void, facts: Facts, now: datetime) -> Verdict:
    """Void every vote for a release, and an approval that nobody has taken."""
    if escalation.status.is_terminal and not escalation.can_be_stopped:
        return Verdict()
    events = [
        Event(
            kind=VOTE_VOIDED,
            at=now,
            by=command.by,
            body={
                "person": vote.person,
                "why": command.why,
                "option": vote.option,
                "name": known.name if (known := facts.people.persons.get(vote.person)) else None,
            },
        )
        for vote in escalation.votes
        if vote.void is None and escalation.releases(vote.option)
    ]
    if escalation.can_be_stopped:
        body = {"void": True, "reason": command.why, "people": []}
        events.append(Event(kind=STOPPED, at=now, by=command.by, body=body))
    return Verdict(events=tuple(events))
