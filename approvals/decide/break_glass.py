"""BreakGlass: a release outside the policy's requirements, by several people the policy names.

Each gives a reason, nobody counts twice, the requester never counts, everyone is told from the
first word on, and a review is due. An abort needs no glass.

::

    first:  override:asked                        everyone hears, and the approvers may abort it
    enough: override:asked  escalation:decided    approved, by break_glass
"""

from datetime import datetime, timedelta

from approvals.codec import instant
from approvals.commands import BreakGlass
from approvals.decide.text import misfit
from approvals.decide.vote import is_of
from approvals.decide.who import stranger, too_late
from approvals.escalation import Escalation, Json, Option, Override
from approvals.events import DECIDED, OVERRIDE_ASKED, Event
from approvals.facts import Facts
from approvals.people import People, Person
from approvals.refusals import Why
from approvals.tally import fewest_overrides, is_requester, may_override
from approvals.verdict import Case, Verdict, accept, refuse
from approvals.words import DecidedBy, Effect, Kind, Status


def break_glass(
    escalation: Escalation, command: BreakGlass, facts: Facts, now: datetime
) -> Verdict:
    """Record the override; with the last of the people it needs, release."""
    strange = stranger(command.actor)
    if strange is not None:
        return strange
    if escalation.kind is Kind.INCIDENT:
        return refuse(Why.NOT_HELD, who=f"account:{command.actor.account}")
    late = too_late(escalation, command.actor, facts.people)
    if late is not None:
        return late
    person = _person(escalation, command, facts.people, now)
    if isinstance(person, Verdict):
        return person
    option = escalation.option(command.option)
    if option is None:
        return refuse(Why.UNKNOWN_OPTION, who=f"person:{person.id}")
    wrong = _wrong_click(escalation, command, option, f"person:{person.id}")
    if wrong is not None:
        return wrong
    return _asked(escalation, command, option, person, facts.people, now)


def _person(
    escalation: Escalation, command: BreakGlass, people: People, now: datetime
) -> Person | Verdict:
    """The one behind the click, if the policy lets them override."""
    actor, who = command.actor, f"account:{command.actor.account}"
    if escalation.plan.break_glass is None:
        return refuse(Why.NOT_BREAKABLE, who=who)
    if not people.known_at(now):
        return refuse(Why.PEOPLE_UNKNOWN, who=who)
    person, may = people.of_account(actor.account), may_override(escalation, people)
    named = [people.persons[p].name for p in may]
    if is_requester(escalation, actor.account, person, people):
        return refuse(Why.REQUESTER, who=who, can=named)
    if person is None:
        return refuse(Why.UNKNOWN_ACCOUNT, who=who, account=actor.account)
    if person.id not in may:
        groups = [escalation.plan.break_glass.group]
        return refuse(Why.NOT_IN_GROUP, who=f"person:{person.id}", groups=groups, can=named)
    return person


def _wrong_click(
    escalation: Escalation, command: BreakGlass, option: Option, who: str
) -> Verdict | None:
    if not is_of(escalation, command.digest):
        return refuse(Why.WRONG_OPERATION, who=who)
    if option.effect is Effect.ABORT:
        return refuse(Why.NOT_BREAKABLE, who=who, option=option.key)
    return misfit(command.reason, who, field="reason")


def _asked(
    escalation: Escalation,
    command: BreakGlass,
    option: Option,
    person: Person,
    people: People,
    now: datetime,
) -> Verdict:
    may, needed = may_override(escalation, people), fewest_overrides(escalation.plan)
    with_them = [o for o in escalation.overrides if o.option == option.key and o.person in may]
    before = next((o for o in with_them if o.person == person.id), None)
    if before is not None:
        return _again(before, option, len(with_them), needed)
    agreed = [*(o.person for o in with_them), person.id]
    body = {
        "person": person.id,
        "name": person.name,
        "option": option.key,
        "reason": command.reason.strip(),
        "have": len(agreed),
        "needed": needed,
        "may": [p for p in may if p not in agreed],
    }
    facts = {"people_as_of": _as_of(people), "account": command.actor.account}
    by = f"person:{person.id}"
    asked = Event(kind=OVERRIDE_ASKED, at=now, by=by, body=body, facts=facts)
    values: dict[str, Json] = {
        "option": option.label,
        "have": len(agreed),
        "needed": needed,
        "may": [people.persons[p].name for p in may if p not in agreed],
    }
    if len(agreed) < needed:
        return accept(Case.OVERRIDE_ASKED, asked, **values)
    decided = _decided(escalation, command, option, agreed, by, now)
    return accept(Case.OVERRIDDEN, asked, decided, **values)


def _again(before: Override, option: Option, have: int, needed: int) -> Verdict:
    return refuse(
        Why.ALREADY_VOTED, at=instant(before.at), option=option.label, have=have, needed=needed
    )


def _as_of(people: People) -> str | None:
    return instant(people.as_of) if people.as_of else None


def _decided(
    escalation: Escalation,
    command: BreakGlass,
    option: Option,
    agreed: list[str],
    by: str,
    now: datetime,
) -> Event:
    until = now + timedelta(seconds=escalation.plan.claim_within_s)
    body: dict[str, Json] = {
        "status": Status.APPROVED,
        "effect": Effect.RELEASE,
        "by": DecidedBy.BREAK_GLASS,
        "option": option.key,
        "people": agreed,
        "reason": command.reason.strip(),
        "claim_until": instant(until),
        "review": "due",
    }
    return Event(kind=DECIDED, at=now, by=by, body=body)
