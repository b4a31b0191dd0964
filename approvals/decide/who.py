"""Who stands behind a click, and whether they may act. One place, for every verb that people use.

Order matters: strangers first, then how the question stands, then whether facts are known, then the
person. So a stranger learns nothing, and a late approver hears who decided rather than a rule.
"""

from dataclasses import dataclass
from datetime import datetime

from approvals.codec import instant
from approvals.commands import Actor
from approvals.escalation import Escalation, Json, Resolution
from approvals.people import People, Person
from approvals.refusals import Why
from approvals.standing_in import Stead
from approvals.tally import eligible, in_stead, is_requester, required_groups
from approvals.verdict import Verdict, refuse
from approvals.words import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """A person who may act on the escalation, and the required groups they act for."""

    person: Person
    groups: tuple[str, ...]
    stead: tuple[Stead, ...] = ()  #: which of them only in whose stead

    @property
    def entitlement(self) -> dict[str, Json]:
        """For whom they stand in, as a record's facts; nothing where they act for themselves."""
        away = list(dict.fromkeys(away for _, away in self.stead))
        return {"for": away[0] if len(away) == 1 else away} if away else {}


def stranger(actor: Actor) -> Verdict | None:
    """No member of the workspace: refused before anything is told. None for members."""
    return refuse(Why.NOT_A_MEMBER, who=f"account:{actor.account}") if actor.foreign else None


def approver(
    escalation: Escalation, actor: Actor, people: People, now: datetime, *, releases: bool
) -> Approver | Verdict:
    """The eligible person behind the click, or the refusal they are owed.

    Facts too old count against release; an abort needs only that facts exist.
    """
    who = f"account:{actor.account}"
    if actor.foreign:
        return refuse(Why.NOT_A_MEMBER, who=who)
    if people.as_of is None or (releases and not people.known_at(now)):
        return refuse(Why.PEOPLE_UNKNOWN, who=who)
    person = people.of_account(actor.account)
    if is_requester(escalation, actor.account, person, people):
        named = [people.persons[p].name for p in eligible(escalation, people)]
        return refuse(Why.REQUESTER, who=who, can=named)
    if person is None:
        return refuse(Why.UNKNOWN_ACCOUNT, who=who, account=actor.account)
    return _member(escalation, person, people)


def _member(escalation: Escalation, person: Person, people: People) -> Approver | Verdict:
    who = f"person:{person.id}"
    if not person.active:
        return refuse(Why.NOT_A_MEMBER, who=who)
    groups = required_groups(escalation)
    stead = in_stead(escalation, person.id, people)
    if stead or people.may_decide(person.id, groups):
        own = {g for g in groups if person.id in people.groups.get(g, ())}
        inside = tuple(g for g in groups if g in own or g in dict(stead))
        return Approver(person=person, groups=inside, stead=stead)
    if not people.unread.isdisjoint(groups):
        return refuse(Why.PEOPLE_UNKNOWN, who=who)
    was = any(person.id in escalation.plan.members.get(g, ()) for g in groups)
    why = Why.NO_LONGER_ELIGIBLE if was else Why.NOT_IN_GROUP
    named = [people.persons[p].name for p in eligible(escalation, people)]
    return refuse(why, who=who, groups=list(groups), can=named)


_ENDED = {Status.EXPIRED: Why.EXPIRED, Status.WITHDRAWN: Why.WITHDRAWN}


def too_late(escalation: Escalation, actor: Actor, people: People) -> Verdict | None:
    """For a click after the end: who decided, what and when. None while it is pending."""
    decision = escalation.decision
    person = people.of_account(actor.account)
    if escalation.resolution is not None:
        return _resolved(escalation.resolution, actor, person, people)
    if decision is None:
        return None
    option = escalation.option(decision.option)
    names = [people.persons[p].name if p in people.persons else p for p in decision.people]
    if decision.rule is not None:
        names = ["a rule that people accepted"]
    return refuse(
        _ENDED.get(escalation.status, Why.ALREADY_DECIDED),
        who=f"person:{person.id}" if person else f"account:{actor.account}",
        by=names,
        option=option.label if option else None,
        at=instant(decision.at),
        may_stop=person is not None
        and escalation.can_be_stopped
        and person.id in eligible(escalation, people),
    )


def _resolved(done: Resolution, actor: Actor, person: Person | None, people: People) -> Verdict:
    """An incident is over: who resolved it, and when."""
    name = done.by.partition(":")[2]
    known = people.persons.get(name) if done.by.startswith("person:") else None
    return refuse(
        Why.ALREADY_TERMINAL,
        who=f"person:{person.id}" if person else f"account:{actor.account}",
        by=[known.name if known else name],
        at=instant(done.at),
        status=Status.RESOLVED,
    )
