"""Who may write down what was learned: whoever may decide it or look after it, who asked for it,
the service's owners, and whoever is to write the review. It releases nothing, so those who may not
vote may write.
"""

from datetime import datetime

from approvals.commands import Actor
from approvals.decide.responder import responder
from approvals.escalation import Escalation
from approvals.people import People, Person
from approvals.refusals import Why
from approvals.tally import is_requester
from approvals.verdict import Verdict, refuse

#: What a person is refused with who may not look after it.
_NOT_CONCERNED = frozenset({Why.NOT_IN_GROUP, Why.NO_LONGER_ELIGIBLE, Why.REQUESTER})


def learner(
    escalation: Escalation, actor: Actor, people: People, now: datetime
) -> Person | Verdict:
    """The person behind the click who may write it down, or the refusal they are owed."""
    if escalation.erased is not None and not actor.foreign:
        return refuse(Why.ALREADY_ERASED, who=f"account:{actor.account}")
    person = people.of_account(actor.account)
    if person is not None and _is_concerned(escalation, actor, person, people):
        return person
    found = responder(escalation, actor, people, now)
    refusal = found.refusal if isinstance(found, Verdict) else None
    if person is None and refusal is not None and refusal.why is Why.REQUESTER:
        who = f"account:{actor.account}"
        return refuse(Why.UNKNOWN_ACCOUNT, who=who, account=actor.account)
    if refusal is not None and refusal.why in _NOT_CONCERNED:
        return refuse(Why.NOT_A_WRITER, who=refusal.who, can=refusal.values.get("can") or [])
    return found


def _is_concerned(e: Escalation, actor: Actor, person: Person, people: People) -> bool:
    if actor.foreign or not person.active:
        return False
    own = {e.review.owner if e.review else None, e.issue.owner if e.issue else None}
    asked = is_requester(e, actor.account, person, people)
    return asked or person.id in e.plan.owners or person.id in own


def named(account: str, people: People, who: str) -> Person | Verdict:
    """The person of an account that was chosen in a form; only those the policy knows are told."""
    person = people.of_account(account)
    if person is None or not person.active:
        return refuse(Why.NO_SUCH_PERSON, who=who, account=account, field="owner")
    return person
