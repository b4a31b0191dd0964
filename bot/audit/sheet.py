"""The sheet an auditor samples: one escalation as parts with facts, whatever it is drawn as."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from approvals import events
from approvals.codec import instant
from approvals.escalation import Escalation, Json, Option
from approvals.events import Record
from approvals.scripts import doubtful
from approvals.showing import amount, arguments_text
from approvals.words import Kind
from storage.archive import Told

#: What stands where nothing was said.
NOTHING = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A line: what it is, and what is said of it; `whole` where it is text of many lines."""

    name: str
    text: str
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A heading with its facts."""

    heading: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One escalation, whole."""

    title: str
    end: str  #: how it ended, in a word or two
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was checked of it; `holds` is None where it could not be."""

    what: str
    holds: bool | None
    said: str


def sheet(
    told: Told, policy_text: str | None, checks: Iterable[Check], *, with_policy: bool = False
) -> Sheet:
    """Everything about an escalation, in the order an auditor asks; the policy whole at the end."""
    e, records = told.escalation, told.records
    parts = (
        Part(heading="What was asked", facts=(*_asked(e), *_doubts(e))),
        Part(heading=_ran(e), facts=tuple(_operation(e))),
        Part(heading=f"What {e.service} said of it", facts=tuple(_context(e))),
        Part(heading="Rule and policy then", facts=tuple(_rule(e, policy_text))),
        Part(heading="Who voted", facts=tuple(_votes(e, records))),
        Part(heading="What else people did", facts=tuple(_acts(e))),
        Part(heading="Decision", facts=tuple(_decision(e, records))),
        Part(heading="Release", facts=tuple(_release(e, told))),
        Part(heading="Records", facts=tuple(map(_record, records))),
        Part(heading="Checks", facts=tuple(map(_check, checks))),
        Part(
            heading="The policy in force then",
            facts=tuple(_policy(e, policy_text) if with_policy else ()),
        ),
    )
    end = e.status if e.kind is Kind.INCIDENT else f"{e.status}, operation {e.state}"
    return Sheet(title=e.title, end=end, parts=tuple(part for part in parts if part.facts))


def _asked(e: Escalation) -> Iterator[Fact]:
    yield _fact("Id", e.id)
    yield _fact("Title", e.title)
    if e.erased is not None:
        gone = f"{_at(e.erased.at)} by {e.erased.by}: {e.erased.reason}"
        yield _fact("Erased", f"{gone}. What was asked and said is gone.")
    yield _fact("Reference", e.reference or NOTHING)
    yield _fact("Asked by", f"service {e.service}")
    if e.requester is not None:
        asked, known = e.requester, f"person {e.requester.person}" if e.requester.person else None
        named = (asked.id, asked.name, known, asked.slack and f"Slack account {asked.slack}")
        yield _fact("On behalf of", ", ".join(part for part in named if part))
    yield _fact("Kind", f"{e.kind} of {e.category} in {e.environment}, severity {e.severity}")
    if e.recovery is not None:
        yield _fact("Recovery", f"{e.recovery}, by itself: nobody was asked")
    yield _fact("Asked at", _at(e.created_at))
    yield _fact("Decide by", _at(e.deadline_at))
    if e.occurrences > 1:
        yield _fact("Asked", f"{e.occurrences} times")
    if e.summary:
        yield _fact("Summary", e.summary, whole=True)


def _doubts(e: Escalation) -> Iterator[Fact]:
    """Words that no eye tells from others: what people took it for may be something else."""
    for doubt in doubtful(e):
        yield _fact("Look closely", f"{doubt.word}: {doubt.why}")


def _ran(e: Escalation) -> str:
    return "What ran" if e.claim or e.kind is Kind.AUTOMATION else "What would run"


def _operation(e: Escalation) -> Iterator[Fact]:
    """As it was shown to people: what was hidden is named by its place."""
    held = e.operation
    if held is None:
        return
    yield _fact("Operation", held.name)
    if held.target:
        yield _fact("Target", held.target)
    if held.money is not None:
        yield _fact("Amount", amount(held.money))
    text = arguments_text(held.arguments, held.money)
    if text:
        yield _fact("As shown", text, whole=True)
    for option in e.options:
        yield _fact(f"Option {option.key}", _option(option))
        if option.arguments:
            yield _fact(f"With {option.key}", arguments_text(option.arguments, None), whole=True)
    yield _fact("Digest", e.digest)
    hidden = (*held.redacted, *e.context_redacted)
    yield _fact("Hidden values", ", ".join(hidden) or "none")


def _option(option: Option) -> str:
    undone = ", cannot be undone" if option.irreversible else ""
    people = f", {option.people} people" if option.people > 1 else ""
    said = f": {option.description}" if option.description else ""
    return f"«{option.label}» ({option.effect}{undone}{people}; {option.friction}){said}"


def _context(e: Escalation) -> Iterator[Fact]:
    for name, value in e.context.items():
        yield _fact(name, _text(value), whole=True)


def _rule(e: Escalation, policy_text: str | None) -> Iterator[Fact]:
    plan = e.plan
    yield _fact("Rule", plan.rule)
    wanted = ", ".join(f"{r.needed} of {r.group}" for r in plan.requirements)
    yield _fact("Required", wanted or "nobody by itself")
    for group, members in plan.members.items():
        yield _fact(f"In {group}", ", ".join(members) or "nobody")
    yield _fact("Never counted", ", ".join(plan.excluded) or "nobody")
    yield _fact("Rule as written", plan.policy_text, whole=True)
    kept = "its text is kept" if policy_text is not None else "its text is not kept"
    yield _fact("Policy", f"{plan.policy_version}; {kept}")


def _policy(e: Escalation, policy_text: str | None) -> Iterator[Fact]:
    if policy_text is not None:
        yield _fact(e.plan.policy_version, policy_text, whole=True)


def _votes(e: Escalation, records: Iterable[Record]) -> Iterator[Fact]:
    """Each vote that was cast, also one that was changed; where bodies are gone, the last ones."""
    cast = [r for r in records if r.kind == events.VOTE_CAST and r.body]
    if not cast:
        for vote in e.votes:
            said = f"{vote.option} {_at(vote.at)}, in {_joined(vote.groups)}"
            yield _fact(vote.person, f"{said}; reason {vote.rationale or NOTHING}")
        return
    for record in cast:
        yield _fact(f"{record.body['name']} ({record.body['person']})", _vote(e, record))


def _vote(e: Escalation, record: Record) -> str:
    body, facts = record.body, record.facts
    option = e.option(body["option"])
    lines = [
        f"{body['option']} «{option.label if option else '?'}» {_at(record.at)}",
        f"entitled as a member of {_joined(body['groups'])}, known as of "
        f"{facts.get('people_as_of') or NOTHING}",
        f"by Slack account {facts.get('account')}, shown {_shown(e, body)}",
        f"reason: {body.get('rationale') or NOTHING}",
    ]
    if facts.get("for"):
        lines.insert(2, f"in the stead of {_joined(_many(facts['for']))}")
    now = e.vote_of(body["person"])
    if now is None or now.at != record.at:
        lines.append("changed by a later vote")
    elif now.void:
        lines.append(f"no longer counts: {now.void}")
    return "\n".join(lines)


def _shown(e: Escalation, body: Mapping[str, Any]) -> str:
    same = "the operation of this digest" if body["digest"] == e.digest else "another operation"
    return f"{same} with context {body['shown']} of {e.shown}"


def _acts(e: Escalation) -> Iterator[Fact]:
    for look in e.looks:
        yield _fact(look.person, f"looked at it {_at(look.at)}")
    for question in e.questions:
        yield _fact(question.by, f"asked {_at(question.at)}: {question.text}")
        if question.answered_at is not None:
            said = f"answered {_at(question.answered_at)}: {question.answer}"
            yield _fact(str(question.answered_by), said)
    for reason in e.reasons:
        yield _fact(reason.person, f"added a reason {_at(reason.at)}: {reason.text}")
    for override in e.overrides:
        said = f"overrode the policy for {override.option} {_at(override.at)}: {override.reason}"
        yield _fact(override.person, said)
    if e.extended is not None:
        until = f"gave it more time {_at(e.extended.at)}; it was due {_at(e.extended.was)}"
        yield _fact(e.extended.by, until)
    for missed in e.missed:
        yield _fact(missed.to, f"was not reached {_at(missed.at)}: {missed.why}")


def _decision(e: Escalation, records: Iterable[Record]) -> Iterator[Fact]:
    made, ended = e.decision, e.resolution
    if ended is not None:
        yield _fact("Resolved by", f"{ended.by} {_at(ended.at)}")
        yield _fact("Cause", ended.root_cause, whole=True)
        if ended.by_hand:
            yield _fact("Done by hand", ended.by_hand, whole=True)
    if made is None:
        if ended is None:
            yield _fact("Decision", "none yet")
        return
    yield _fact("Decision", f"{e.status}: {made.option or 'no option'}, effect {made.effect}")
    yield _fact("Made by", f"{made.by}{': ' if made.people else ''}{_joined(made.people, '')}")
    if made.rule is not None:
        yield _fact("Rule", f"accepted by {made.rule}")
    yield _fact("At", _at(made.at))
    yield _fact("Reason", made.reason or NOTHING)
    decided = next((r for r in records if r.kind == events.DECIDED and r.facts), None)
    for person, groups in (decided.facts.get("eligible") or {}).items() if decided else ():
        yield _fact(f"{person} was then in", _joined(groups))
    yield _fact("Head", made.head)


def _release(e: Escalation, told: Told) -> Iterator[Fact]:
    if e.stopped is not None:
        who = "void" if e.stopped.void else f"by {e.stopped.by}"
        if e.stopped.void and not e.stopped.restored:
            who += ": an approver may no longer decide"
        yield _fact("Stopped", f"{_at(e.stopped.at)} {who}: {e.stopped.reason or NOTHING}")
    if e.claim is not None:
        yield _fact("Taken", f"{_at(e.claim.at)} by service {e.claim.by}, once")
        yield _fact("Good until", _at(e.claim.expires_at))
        yield _fact("Nonce", e.claim.nonce)
    if told.grant is not None:
        yield _fact("Grant", f"{e.claim.grant_id if e.claim else '?'}, signed by {told.grant.kid}")
        yield _fact("As issued", told.grant.jws, whole=True)
    if e.outcome is not None:
        done = e.outcome
        yield _fact("Outcome", f"{done.result} {_at(done.at)}, told by {done.by}")
        yield _fact("Detail", done.detail or NOTHING, whole=bool(done.detail))
        yield _fact("Undo", done.undo or NOTHING, whole=bool(done.undo))


def _record(record: Record) -> Fact:
    gone = "" if record.text else ", erased"
    said = f"{record.kind} by {record.by}{gone}  {record.hash}"
    return _fact(f"{record.seq}  {_at(record.at)}", said)


def _check(check: Check) -> Fact:
    word = {True: "holds", False: "DOES NOT HOLD", None: "not checked"}[check.holds]
    return _fact(check.what, f"{word}: {check.said}")


def _fact(name: str, text: str, *, whole: bool = False) -> Fact:
    return Fact(name=name, text=text, whole=whole)


def _at(moment: datetime) -> str:
    """To the millisecond, in UTC."""
    return f"{instant(moment)[:23]}Z".replace("T", " ")


def _joined(names: Iterable[str], nobody: str = "no group") -> str:
    return ", ".join(names) or nobody


def _many(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
