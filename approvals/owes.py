"""What follows from a record: cards to post, people to tell, callbacks, a grant to sign.

Work is stored in the same commit as the record and done afterwards, as often as it takes. Cards
already posted are redrawn by the reconciler whenever their drawing differs; nothing is owed here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from approvals import events
from approvals.codec import instant
from approvals.commands import ReplyTo
from approvals.escalation import Escalation, Json
from approvals.events import Record
from approvals.grants import grant_claims
from approvals.words import DecidedBy, Effect, Kind, Severity, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCard:
    """A card in a channel, or in a direct message to a person."""

    surface: str  #: "channel" or "direct"; of a storm "storm" or "storm-direct"
    target: str  #: channel id, or person id
    storm: str | None = None  #: the storm it shows; one card for all its members


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadLine:
    """One fact in the thread of the channel's card."""

    case: str
    values: Mapping[str, Json] = field(default_factory=dict)
    mentions: tuple[str, ...] = ()  #: people who must act now, once a stage; usually nobody
    once: str = ""  #: id under which it is said once, whoever owes it
    after_s: int = 0  #: said so much later, so that more of the same are in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """A direct message to one person. `to` is `person:ravi` or `account:U123`."""

    to: str
    case: str
    values: Mapping[str, Json] = field(default_factory=dict)
    reason: str = ""  #: why this person is told, kept with the delivery
    once: str = ""  #: id under which it is said once, whoever owes it
    after_s: int = 0  #: said so much later, so that more of the same are in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page or ticket outside Slack, by a route of the policy."""

    route: str  #: a name of the policy's routes
    case: str
    values: Mapping[str, Json] = field(default_factory=dict)
    reason: str = ""  #: why it is sent
    once: str = ""  #: id under which it is sent once, whoever owes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A wake-up for the service: `escalation.approved`. Never the authority."""

    type: str
    status: str
    version: int
    head: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerClick:
    """The one visible answer to a click."""

    account: str
    case: str
    reply: ReplyTo
    values: Mapping[str, Json] = field(default_factory=dict)
    command_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignGrant:
    """Sign and keep the grant of this claim, in the same commit."""

    grant_id: str
    claims: Mapping[str, Json]


Work = PostCard | ThreadLine | Direct | Page | Callback | AnswerClick | SignGrant


def owes(escalation: Escalation, record: Record) -> tuple[Work, ...]:
    """The work that follows from the record. `escalation` is its state after the record."""
    found = _BY_KIND.get(record.kind)
    work = tuple(found(escalation, record)) if found else ()
    return (*work, *_callback(escalation, record))


def _opened(escalation: Escalation, record: Record) -> Iterator[Work]:
    plan = escalation.plan
    if plan.steps:
        called = (*record.body["notices"], *_silent(record.body))
        yield from _told(called, "opened", {})
        return
    if escalation.severity is Severity.LOW:
        return  # it stands in the digest, and nobody is told of it alone
    if plan.channel:
        yield PostCard(surface="channel", target=plan.channel)
    for person in plan.could_decide:
        yield PostCard(surface="direct", target=person)


def _voted(escalation: Escalation, record: Record) -> Iterator[Work]:
    body = record.body
    yield ThreadLine(case="voted", values=body)
    option = escalation.option(body["option"])
    waits = option is not None and option.effect is Effect.RELEASE and body["have"] < body["needed"]
    for person in body["may"] if waits else ():
        if person in escalation.plan.quiet:
            continue
        yield Direct(to=f"person:{person}", case="one-more", values=_of_vote(body))
    if waits and len(escalation.votes) == 1 and not body["replaced"]:
        yield from _tell(_requester(escalation), "voted", _of_vote(body), ASKED_FOR_IT)


def _of_vote(body: Mapping[str, Any]) -> dict[str, Json]:
    return {k: body[k] for k in ("person", "name", "option", "have", "needed", "rationale")}


def _voided(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield ThreadLine(case="voided", values={**record.body, "at": instant(record.at)})


def _decided(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield ThreadLine(case=f"decided-{escalation.status}", values=record.body)
    if record.body["by"] == DecidedBy.BREAK_GLASS:
        yield from _overridden(escalation, record)
        return
    if escalation.status is Status.APPROVED:
        yield from _tell(_requester(escalation), "decided-approved", record.body, ASKED_FOR_IT)
        return
    if escalation.kind is Kind.INCIDENT:
        yield from _told_who_looks(escalation, record, "decided-withdrawn")
    tell = _requester(escalation)
    if escalation.status is Status.EXPIRED:
        tell = (*_deciders(escalation), *tell)
    if record.body["by"] != DecidedBy.REQUESTER:
        for to in dict.fromkeys(tell):
            yield Direct(to=to, case=f"decided-{escalation.status}", values=record.body)


def _stopped(escalation: Escalation, record: Record) -> Iterator[Work]:
    case = "void" if record.body.get("void") else "stopped"
    yield ThreadLine(case=case, values=record.body)
    for to in _everyone(escalation):
        yield Direct(to=to, case=case, values=record.body)


def _claimed(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield ThreadLine(case="started")
    yield from _tell(_requester(escalation), "started", {}, ASKED_FOR_IT)
    yield SignGrant(
        grant_id=str(record.body["grant_id"]), claims=grant_claims(escalation, record.at)
    )


def _lapsed(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield ThreadLine(case="lapsed")
    for to in _everyone(escalation):
        yield Direct(to=to, case="lapsed")


def _reported(escalation: Escalation, record: Record) -> Iterator[Work]:
    result = str(record.body["result"])
    yield ThreadLine(case=f"reported-{result}", values=record.body)
    for to in _requester(escalation) if result == "succeeded" else _everyone(escalation):
        yield Direct(to=to, case=f"reported-{result}", values=record.body)


def _told(
    notices: Iterable[Mapping[str, Any]], case: str, values: Mapping[str, Json]
) -> Iterator[Work]:
    """A body's notices as work: the first card, another message, or a page; each way once."""
    pages = set()
    for notice in notices:
        to, via, why = notice["to"], notice["via"], notice["why"]
        if via.startswith("route:") and via not in pages:
            pages.add(via)
            yield Page(route=via.removeprefix("route:"), case=case, values=values, reason=why)
        kind, _, target = to.partition(":")
        if notice.get("card"):
            yield PostCard(surface="channel" if kind == "channel" else "direct", target=target)
        elif via == "slack" and kind != "channel":
            yield Direct(to=to, case=case, values=values, reason=why)


def _stepped(escalation: Escalation, record: Record) -> Iterator[Work]:
    body = record.body
    said = {k: body[k] for k in ("step", "of", "said")}
    yield from _told((*body["notices"], *_silent(body)), "step", said)
    yield ThreadLine(case="step", values=body, mentions=_mentioned(body))


def _silent(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Cards for people whose phone does not ring: they find them when they look."""
    return ({**entry, "via": "slack"} for entry in body.get("missed", ()) if entry.get("card"))


def _mentioned(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Who is called in the thread, and by no message of their own."""
    people = (n["to"] for n in body["notices"] if n["via"] == "channel")
    return tuple(to.removeprefix("person:") for to in people)


def _chain_ended(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield ThreadLine(case="unattended", values=record.body)
    yield from _told((*record.body["notices"], *_silent(record.body)), "unattended", {})


def _reminded(escalation: Escalation, record: Record) -> Iterator[Work]:
    body = record.body
    said = {k: body[k] for k in ("which", "deadline_at", "extendable")}
    yield from _told((*body["notices"], *_silent(body)), "reminder", said)


def _missed(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield from _told(record.body.get("notices", ()), "step", {"missed": record.body["to"]})


def _acknowledged(escalation: Escalation, record: Record) -> Iterator[Work]:
    if not record.body["again"]:
        yield from _news(escalation, record, "acknowledged")


def _let_go(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield from _news(escalation, record, "let-go")


def _extended(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield from _news(escalation, record, "extended")


def _held(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield from _news(escalation, record, "deadline-held")


def _arrived(escalation: Escalation, record: Record) -> Iterator[Work]:
    if record.body.get("to"):
        yield from _news(escalation, record, "deadline-moved")


def _news(escalation: Escalation, record: Record, case: str) -> Iterator[Work]:
    """A line in the thread, and the requester told."""
    yield ThreadLine(case=case, values=record.body)
    for to in _requester(escalation):
        yield Direct(to=to, case=case, values=record.body, reason="asked for it")


def _asked(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield ThreadLine(case="question", values=record.body)
    asker = f"person:{record.body['person']}"
    tell = [to for to in _requester(escalation) if to != asker]
    yield from _tell(tell, "question", record.body, ASKED_FOR_IT)


def _answered(escalation: Escalation, record: Record) -> Iterator[Work]:
    body = record.body
    asked = [q for q in escalation.questions if q.id in body["ids"]]
    values = {**body, "question": asked[-1].text if asked else None}
    yield ThreadLine(case="answered", values=values)
    askers = dict.fromkeys(f"person:{q.by}" for q in asked)
    yield from _tell(askers, "answered", values, "asked the question")
    others = [to for to in _requester(escalation) if to not in (record.by, *askers)]
    yield from _tell(others, "answered", values, ASKED_FOR_IT)


def _override_asked(escalation: Escalation, record: Record) -> Iterator[Work]:
    """The glass is never broken in silence: who can complete it, and who can abort it, hear."""
    body = record.body
    if body["have"] >= body["needed"]:
        return  # the decision follows, and tells everyone
    yield ThreadLine(case="override-asked", values=body)
    told = {f"person:{person}": "may override it" for person in body["may"]}
    for to, reason in (told | {k: v for k, v in _all(escalation) if k not in told}).items():
        if to != record.by:
            yield Direct(to=to, case="override-asked", values=body, reason=reason)


def _overridden(escalation: Escalation, record: Record) -> Iterator[Work]:
    told = {f"person:{person}": "overrode it" for person in record.body["people"]}
    for to, reason in (told | {k: v for k, v in _all(escalation) if k not in told}).items():
        if to != record.by:
            yield Direct(to=to, case="overridden", values=record.body, reason=reason)


def _all(escalation: Escalation) -> Iterator[tuple[str, str]]:
    """Everyone an override concerns, and why; quiet people too."""
    yield from ((to, ASKED_FOR_IT) for to in _requester(escalation))
    yield from ((f"person:{p}", "owner of the service") for p in escalation.plan.owners)
    yield from ((f"person:{p}", "may decide") for p in escalation.plan.could_decide)


def _resolved(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield ThreadLine(case="resolved", values=record.body)
    yield from _told_who_looks(escalation, record, "resolved")
    tell = [to for to in _requester(escalation) if to not in (record.by, _looking(escalation))]
    yield from _tell(tell, "resolved", record.body, ASKED_FOR_IT)


def _told_who_looks(escalation: Escalation, record: Record, case: str) -> Iterator[Work]:
    """Whoever said they were looking need not look any further."""
    looking = _looking(escalation)
    if looking and looking != record.by:
        yield from _tell([looking], case, record.body, "is looking")


def _looking(escalation: Escalation) -> str:
    holds = escalation.acknowledged
    return f"person:{holds.person}" if holds else ""


#: Why the requester is told.
ASKED_FOR_IT = "asked for it"


def _tell(
    people: Iterable[str], case: str, values: Mapping[str, Json], reason: str
) -> Iterator[Work]:
    return (Direct(to=to, case=case, values=values, reason=reason) for to in people)


def _deciders(escalation: Escalation) -> tuple[str, ...]:
    """Who voted for what won; for an expiry, who was called or could have decided."""
    decision = escalation.decision
    if decision is not None and decision.people:
        return tuple(f"person:{p}" for p in decision.people)
    if escalation.plan.steps:
        return tuple(way for way in escalation.chain.ways if way.startswith("person:"))
    return tuple(f"person:{p}" for p in escalation.plan.could_decide)


def _requester(escalation: Escalation) -> tuple[str, ...]:
    asked = escalation.requester
    if asked is None:
        return ()
    if asked.person:
        return (f"person:{asked.person}",)
    return (f"account:{asked.slack}",) if asked.slack else ()


def _everyone(escalation: Escalation) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*_deciders(escalation), *_requester(escalation))))


#: Records that wake the service by callback, and under which name.
_WAKING = {
    events.STOPPED: "stopped",
    events.LAPSED: "lapsed",
    events.ASKED: "question",
    events.RESOLVED: "resolved",
}


def _callback(escalation: Escalation, record: Record) -> Iterator[Work]:
    word = escalation.status if record.kind == events.DECIDED else _WAKING.get(record.kind)
    own = record.kind == events.RESOLVED and record.by.startswith("service:")
    if word and escalation.callback_url and not own:
        decision = escalation.decision
        yield Callback(
            type=f"escalation.{word}",
            status=escalation.status,
            version=escalation.version,
            head=decision.head if decision else escalation.head,
            at=instant(record.at),
        )


_BY_KIND = {
    events.OPENED: _opened,
    events.VOTE_CAST: _voted,
    events.VOTE_VOIDED: _voided,
    events.DECIDED: _decided,
    events.STOPPED: _stopped,
    events.CLAIMED: _claimed,
    events.LAPSED: _lapsed,
    events.REPORTED: _reported,
    events.CHAIN_STEPPED: _stepped,
    events.CHAIN_ENDED: _chain_ended,
    events.REMINDED: _reminded,
    events.MISSED: _missed,
    events.ACKNOWLEDGED: _acknowledged,
    events.LET_GO: _let_go,
    events.EXTENDED: _extended,
    events.DEADLINE_HELD: _held,
    events.ARRIVED: _arrived,
    events.ASKED: _asked,
    events.ANSWERED: _answered,
    events.OVERRIDE_ASKED: _override_asked,
    events.RESOLVED: _resolved,
}
