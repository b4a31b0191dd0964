"""Open: hold an operation and ask, join an equal pending question, or answer a repeated call.

What asks nobody, an automation, has a file of its own: `automate`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from unicodedata import normalize

from approvals.asked import asked, kept
from approvals.codec import instant
from approvals.commands import Open
from approvals.decide.automate import automate
from approvals.decide.chain import first_stage
from approvals.decide.times import decide_by
from approvals.escalation import Escalation, Option
from approvals.events import JOINED, OPENED, Event
from approvals.facts import Facts
from approvals.flows import noticed
from approvals.ledger import Ledger
from approvals.memory.recalling import recalled
from approvals.policy.asking import ask_of
from approvals.policy.plan import Planned
from approvals.refusals import FieldError, Why
from approvals.verdict import Case, Verdict, accept, refuse, unprocessable
from approvals.words import Effect, Kind, Status

#: What the options of an approval must offer.
_EFFECTS = frozenset(Effect)

#: Characters of arguments that a person can be shown in one modal.
LONGEST_OPERATION = 60_000


def open_(
    twin: Escalation | None, ledger: Ledger, command: Open, facts: Facts, now: datetime
) -> Verdict:
    """Same key: the same escalation. Equal and pending: join it. Otherwise ask the policy."""
    if ledger.opened is not None:
        if ledger.opened.body_hash != command.body_hash:
            return refuse(Why.KEY_REUSED, who=f"service:{command.service}")
        return accept(Case.REPEATED, escalation=ledger.opened.escalation_id)
    if twin is not None and twin.status is Status.PENDING:
        return _join(twin, command, now)
    errors = tuple(_unreadable(command))
    if errors:
        return unprocessable(errors)
    if command.request.get("kind") == Kind.AUTOMATION:
        return automate(ledger, command, facts, now)
    if command.most_pending is not None and ledger.pending >= command.most_pending:
        return _crowded(ledger.pending, command)
    if facts.people.as_of is None:
        return refuse(Why.PEOPLE_UNKNOWN, who=f"service:{command.service}")
    ask = ask_of(command.request, service=command.service, owners=command.owners, sums=ledger.sums)
    planned = facts.plan(ask)
    if not isinstance(planned, Planned):
        return unprocessable(planned)
    deadline = decide_by(planned.plan, now)
    fields = kept(command, ledger.group_id or command.group_id, now)
    fields |= _judged(command, planned, deadline)
    fields |= noticed(ledger.flow, fields, now)
    fields |= recalled(fields, ledger.recollections)
    chain, called = first_stage(planned, ask.kind, facts, now, deadline)
    as_of = facts.people.as_of
    event = Event(
        kind=OPENED,
        at=now,
        by=f"service:{command.service}",
        body={"escalation": fields | chain, **called},
        facts={
            "people_as_of": instant(as_of) if as_of else None,
            "asked": asked(command, ledger.sums),
        },
    )
    return accept(Case.OPENED, event)


def _crowded(pending: int, command: Open) -> Verdict:
    """People cannot judge without end; what is asked twice joins, and is never too much."""
    detail = (
        f"{pending:,} escalations of {command.service} wait for people, and it may have "
        f"{command.most_pending:,}. Ask again when some are decided, give what is asked twice a "
        "`dedup_key`, or withdraw what is not needed any more."
    )
    return refuse(Why.TOO_MANY_PENDING, who=f"service:{command.service}", detail=detail)


def _join(twin: Escalation, command: Open, now: datetime) -> Verdict:
    context = command.request.get("context") or {}
    fresh = {k: v for k, v in context.items() if twin.context.get(k) != v}
    body = {"context": fresh, "redacted": list(command.context_redacted)}
    joined = Event(kind=JOINED, at=now, by=f"service:{command.service}", body=body)
    return accept(Case.JOINED, joined, escalation=twin.id)


def _unreadable(command: Open) -> Iterator[FieldError]:
    """What nobody could judge, whatever the policy says."""
    if command.operation_size > LONGEST_OPERATION:
        yield FieldError(
            pointer="/operation/arguments",
            detail=f"Too long for a person to read: {command.operation_size:,} characters, "
            f"at most {LONGEST_OPERATION:,}. Send a script's hash and address instead of its "
            "text, or split the operation.",
        )
    if command.request.get("approvers") == []:
        yield FieldError(
            pointer="/approvers", detail="Names nobody. Name groups of the policy, or leave it out."
        )
    options = command.request["options"]
    kind = command.request.get("kind")
    if kind == Kind.INCIDENT:
        yield from _held(command.request)
    elif kind == Kind.AUTOMATION:
        yield from _asking(command.request)
    elif {o["effect"] for o in options} != _EFFECTS:
        detail = "Offer at least one option that releases and one that aborts."
        yield FieldError(pointer="/options", detail=detail)
    yield from _alike(options)
    releases = [i for i, o in enumerate(options) if o["effect"] == Effect.RELEASE]
    for i in releases if len(releases) > 1 else ():
        if not options[i].get("arguments"):
            yield FieldError(
                pointer=f"/options/{i}/arguments",
                detail="With more than one release option, each must say what it runs.",
            )


def _held(body: Mapping[str, Any]) -> Iterator[FieldError]:
    """What an incident may not bring: it holds nothing, so nothing is released or taken."""
    for name in ("operation", "options", "claim_within_s"):
        if body.get(name):
            detail = "An incident holds nothing: leave it out, or ask for an approval."
            yield FieldError(pointer=f"/{name}", detail=detail)


def _asking(body: Mapping[str, Any]) -> Iterator[FieldError]:
    """What an automation may not bring: it asks nobody, so nobody chooses."""
    if body.get("options"):
        detail = "An automation asks nobody: leave it out, or ask for an approval."
        yield FieldError(pointer="/options", detail=detail)


def _alike(options: Sequence[Mapping[str, Any]]) -> Iterator[FieldError]:
    """Options that people could not tell apart, or that the core could not."""
    seen: dict[str, set[str]] = {"key": set(), "label": set()}
    for n, option in enumerate(options):
        for what, known in seen.items():
            folded = _folded(option[what])
            if folded in known:
                detail = f"Another option has this {what}; nobody could tell them apart."
                yield FieldError(pointer=f"/options/{n}/{what}", detail=detail)
            known.add(folded)


@lru_cache(maxsize=1024)
def _folded(text: str) -> str:
    return " ".join(normalize("NFKC", text).casefold().split())


def _with_policy(sent: Mapping[str, Any], judged: Option) -> dict[str, Any]:
    """The option as sent, with what the policy says of it."""
    return {
        **sent,
        "irreversible": judged.irreversible,
        "friction": judged.friction,
        "people": judged.people,
    }


def _judged(command: Open, planned: Planned, deadline: datetime) -> dict[str, Any]:
    """What policy adds to the new escalation, as JSON: what is not said is left out."""
    by = planned.requester
    fields = {
        "severity": planned.severity,
        "options": list(map(_with_policy, command.request["options"], planned.options)),
        "plan": planned.plan_json,
        "deadline_at": instant(deadline),
        "join_key": command.join_key,
        "requester": by and {"id": by.id, "name": by.name, "slack": by.slack, "person": by.person},
    }
    return {name: value for name, value in fields.items() if value is not None}
