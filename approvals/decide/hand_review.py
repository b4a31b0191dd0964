"""HandReview: somebody else is to write it."""

from datetime import datetime

from approvals.commands import HandReview
from approvals.decide.learner import learner, named
from approvals.escalation import Escalation
from approvals.events import REVIEW_HANDED, Event
from approvals.facts import Facts
from approvals.refusals import Why
from approvals.verdict import Case, Verdict, accept, refuse


def hand_review(
    escalation: Escalation, command: HandReview, facts: Facts, now: datetime
) -> Verdict:
    """Give it to somebody the policy knows; to whom it belongs already, nothing changes."""
    found = learner(escalation, command.actor, facts.people, now)
    if isinstance(found, Verdict):
        return found
    who, review = f"person:{found.id}", escalation.review
    if review is None or review.findings is not None:
        return refuse(Why.NO_REVIEW, who=who)
    owner = named(command.owner, facts.people, who)
    if isinstance(owner, Verdict):
        return owner
    if owner.id == review.owner:
        return accept(Case.REPEATED)
    body = {"owner": owner.id, "name": found.name, "was": review.owner}
    handed = Event(kind=REVIEW_HANDED, at=now, by=who, body=body)
    return accept(Case.REVIEW_HANDED, handed, to=owner.name)
