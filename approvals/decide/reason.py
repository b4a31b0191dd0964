"""AddReason: whoever voted with one tap may say why for ten minutes. Changes no vote."""

from datetime import datetime, timedelta

from approvals.commands import AddReason
from approvals.decide.text import misfit
from approvals.escalation import Escalation
from approvals.events import VOTE_REASONED, Event
from approvals.facts import Facts
from approvals.refusals import Why
from approvals.verdict import Case, Verdict, accept, refuse

#: How long after the vote a reason is taken (CARDS section 2).
REASON_WITHIN = timedelta(minutes=10)


def add_reason(escalation: Escalation, command: AddReason, facts: Facts, now: datetime) -> Verdict:
    """Keep the reason beside the person's vote."""
    person = facts.people.of_account(command.actor.account)
    own = escalation.vote_of(person.id) if person and not command.actor.foreign else None
    if person is None or own is None:
        return refuse(Why.NOT_YOUR_VOTE, who=f"account:{command.actor.account}", verb="reason")
    who, text = f"person:{person.id}", command.text.strip()
    if now - own.at > REASON_WITHIN:
        return refuse(Why.TOO_LATE, who=who)
    wrong = misfit(text, who)
    if wrong is not None:
        return wrong
    body = {"person": person.id, "text": text}
    return accept(Case.REASON_ADDED, Event(kind=VOTE_REASONED, at=now, by=who, body=body))
