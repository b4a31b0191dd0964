"""Vote: one person chooses an option, and the tally may end it.

::

    stranger? ended? facts? eligible?  ->  the click: option, card, whole text, reason, target
        ->  vote:cast  ->  abort: rejected | quorum: approved | otherwise pending
"""

from dataclasses import replace
from datetime import datetime, timedelta

from approvals.codec import instant
from approvals.commands import Vote
from approvals.decide.text import LONGEST_REASON, SHORTEST_REASON
from approvals.decide.who import Approver, approver, too_late
from approvals.escalation import Escalation, Json, Option
from approvals.escalation import Vote as Cast
from approvals.events import DECIDED, VOTE_CAST, Event
from approvals.facts import Facts
from approvals.people import People
from approvals.refusals import Why
from approvals.showing import is_shown_whole
from approvals.tally import Standing, eligible, standing_now
from approvals.typing_target import same_word, word_to_type
from approvals.verdict import Case, Verdict, accept, refuse
from approvals.words import DecidedBy, Effect, Friction, Kind, Status

#: Hex digits of a digest that a button carries at least.
SHORTEST_DIGEST = 12


def vote(escalation: Escalation, command: Vote, facts: Facts, now: datetime) -> Verdict:
    """Record the vote, and the decision if it makes one."""
    if command.actor.foreign:
        return refuse(Why.NOT_A_MEMBER, who=f"account:{command.actor.account}")
    if escalation.kind is Kind.INCIDENT:
        return refuse(Why.NOT_HELD, who=f"account:{command.actor.account}")
    late = too_late(escalation, command.actor, facts.people)
    if late is not None:
        return _own_again(escalation, command, facts.people, late)
    option = escalation.option(command.option)
    if option is None:
        return refuse(Why.UNKNOWN_OPTION, who=f"account:{command.actor.account}")
    releases = option.effect is Effect.RELEASE
    found = approver(escalation, command.actor, facts.people, now, releases=releases)
    if isinstance(found, Verdict):
        return found
    wrong = _wrong_click(escalation, option, command, found)
    if wrong is not None:
        return wrong
    return _cast(escalation, option, command, found, facts.people, now)


def is_of(escalation: Escalation, digest: str) -> bool:
    """Whether a button with this digest, or the beginning of one, is this escalation's."""
    given = digest.removeprefix("sha256:")
    whole = escalation.digest.removeprefix("sha256:")
    return len(given) >= SHORTEST_DIGEST and whole.startswith(given)


def _own_again(escalation: Escalation, command: Vote, people: People, late: Verdict) -> Verdict:
    """The click that made the decision, once more: what is said is that it is recorded."""
    person, decision = people.of_account(command.actor.account), escalation.decision
    own = escalation.vote_of(person.id) if person else None
    option = escalation.option(command.option)
    if own is None or option is None or decision is None or late.refusal is None:
        return late
    if own.person not in decision.people or not own.option == decision.option == option.key:
        return late
    stands = standing_now(escalation, option, people)
    return refuse(
        Why.ALREADY_VOTED,
        at=instant(own.at),
        option=option.label,
        have=stands.have,
        needed=stands.needed,
        may_stop=late.refusal.values["may_stop"],
    )


def _wrong_click(
    escalation: Escalation, option: Option, command: Vote, by: Approver
) -> Verdict | None:
    """Why this click cannot be a vote for this option, or None."""
    who = f"person:{by.person.id}"
    if not is_of(escalation, command.digest):
        return refuse(Why.WRONG_OPERATION, who=who)
    reason = (command.rationale or "").strip()
    if len(reason) > LONGEST_REASON:
        return refuse(Why.REASON_TOO_LONG, who=who, length=len(reason), most=LONGEST_REASON)
    if option.effect is Effect.ABORT:
        return None
    if command.shown < escalation.shown:
        return refuse(Why.OUT_OF_DATE, who=who, changes=list(escalation.changes[command.shown :]))
    if not command.read_whole and not is_shown_whole(escalation):
        return refuse(Why.NOT_READ, who=who, option=option.key)
    if option.friction is Friction.TAP:
        return None
    word = word_to_type(escalation)
    if option.friction is Friction.TYPED and not same_word(command.typed or "", word):
        return refuse(Why.WRONG_WORD, who=who, word=word, option=option.key)
    if len(reason) < SHORTEST_REASON:
        return refuse(Why.REASON_NEEDED, who=who, least=SHORTEST_REASON, option=option.key)
    return None


def _cast(
    escalation: Escalation,
    option: Option,
    command: Vote,
    by: Approver,
    people: People,
    now: datetime,
) -> Verdict:
    before = escalation.vote_of(by.person.id)
    stands = standing_now(escalation, option, people)
    same = before is not None and before.option == option.key and before.void is None
    if before is not None and same and not stands.is_met:
        return refuse(
            Why.ALREADY_VOTED,
            at=instant(before.at),
            option=option.label,
            have=stands.have,
            needed=stands.needed,
        )
    cast = Cast(
        person=by.person.id,
        option=option.key,
        at=now,
        digest=escalation.digest,
        shown=command.shown,
        groups=by.groups,
        stead=by.stead,
    )
    others = tuple(v for v in escalation.votes if v.person != by.person.id)
    after = replace(escalation, votes=(*others, cast))
    stands = standing_now(after, option, people)
    may = [p for p in eligible(escalation, people) if all(p != v.person for v in after.votes)]
    recorded = _event(after, command, by, before, stands, may, people, now)
    decided = _decided(escalation, option, command, by, stands, people, now)
    values = {
        "person": by.person.id,
        "option": option.label,
        "from": _label(escalation, before),
        "have": stands.have,
        "needed": stands.needed,
        "may": [people.persons[p].name for p in may],
    }
    if decided is not None:
        case = Case.DECIDED if option.effect is Effect.RELEASE else Case.ABORTED
        return accept(case, recorded, decided, **values)
    changed = before is not None and before.void is None
    return accept(Case.CHANGED if changed else Case.COUNTED, recorded, **values)


def _event(
    escalation: Escalation,
    command: Vote,
    by: Approver,
    before: Cast | None,
    stands: Standing,
    may: list[str],
    people: People,
    now: datetime,
) -> Event:
    reason = (command.rationale or "").strip() or None
    body = {
        "person": by.person.id,
        "name": by.person.name,
        "option": command.option,
        "digest": escalation.digest,
        "shown": command.shown,
        "groups": list(by.groups),
        "rationale": reason,
        "replaced": before.option if before else None,
        "have": stands.have,
        "needed": stands.needed,
        "may": may,
    }
    if by.stead:
        body["stead"] = [list(stead) for stead in by.stead]
    seen = instant(people.as_of) if people.as_of else None
    return Event(
        kind=VOTE_CAST,
        at=now,
        by=f"person:{by.person.id}",
        body=body,
        facts={
            "people_as_of": seen,
            "account": command.actor.account,
            "counted": list(stands.people),
            **by.entitlement,
        },
    )


def _decided(
    escalation: Escalation,
    option: Option,
    command: Vote,
    by: Approver,
    stands: Standing,
    people: People,
    now: datetime,
) -> Event | None:
    """What this vote decides: the first eligible abort ends it, a release needs its quorum."""
    reason = (command.rationale or "").strip() or None
    body: dict[str, Json]
    if option.effect is Effect.ABORT:
        body = {"status": Status.REJECTED, "effect": Effect.ABORT, "people": [by.person.id]}
    elif stands.is_met:
        until = now + timedelta(seconds=escalation.plan.claim_within_s)
        body = {
            "status": Status.APPROVED,
            "effect": Effect.RELEASE,
            "people": list(stands.people),
            "claim_until": instant(until),
        }
    else:
        return None
    body |= {"option": option.key, "by": DecidedBy.VOTES, "reason": reason}
    eligible_then = {
        p: sorted(g for g, m in people.groups.items() if p in m) for p in body["people"]
    }
    return Event(
        kind=DECIDED,
        at=now,
        by=f"person:{by.person.id}",
        body=body,
        facts={"eligible": eligible_then},
    )


def _label(escalation: Escalation, before: Cast | None) -> str | None:
    option = escalation.option(before.option) if before else None
    return option.label if option else None
