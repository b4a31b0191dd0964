"""What follows from a record: cards to post, people to tell, callbacks, a grant to sign.

Work is stored in the same commit as the record and done afterwards, as often as it takes. Cards
already posted are redrawn by the reconciler whenever their drawing differs; nothing is owed here.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from approvals import events
from approvals.codec import instant
from approvals.escalation import Escalation, Json
from approvals.events import Record
from approvals.grants import grant_claims
from approvals.memory.owed import OWED
from approvals.told import MAY_DECIDE, concerned, everyone, looking, requester, tell
from approvals.words import DecidedBy, Kind, Severity, Status
from approvals.work import (
    AnswerClick,
    Callback,
    Direct,
    Page,
    PostCard,
    SignGrant,
    ThreadLine,
    Work,
)

__all__ = [
    "AnswerClick",
    "Callback",
    "Direct",
    "Page",
    "PostCard",
    "SignGrant",
    "ThreadLine",
    "Work",
    "owes",
]


def owes(escalation: Escalation, record: Record) -> tuple[Work, ...]:
    """The work that follows from the record. `escalation` is its state after the record.

    An automation rings nobody: it stands in the digest and in the log.
    """
    if escalation.kind is Kind.AUTOMATION:
        return ()
    found = _BY_KIND.get(record.kind)
    work = tuple(found(escalation, record)) if found else ()
    return (*work, *_callback(escalation, record))


def _opened(escalation: Escalation, record: Record) -> Iterator[Work]:
    plan = escalation.plan
    if "rule" in record.body:
        # A rule decides it: nobody is rung, and in the channel it can be seen, and stopped.
        if plan.channel:
            yield PostCard(surface="channel", target=plan.channel)
        return
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
    waits = escalation.releases(body["option"]) and body["have"] < body["needed"]
    for person in body["may"] if waits else ():
        if person not in escalation.plan.quiet:
            yield from tell({f"person:{person}": MAY_DECIDE}, "one-more", _of_vote(body))
    if waits and len(escalation.votes) == 1 and not body["replaced"]:
        yield from tell(requester(escalation), "voted", _of_vote(body))


def _of_vote(body: Mapping[str, Any]) -> dict[str, Json]:
    return {k: body[k] for k in ("person", "name", "option", "have", "needed", "rationale")}


def _voided(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield ThreadLine(case="voided", values={**record.body, "at": instant(record.at)})


def _decided(escalation: Escalation, record: Record) -> Iterator[Work]:
    if record.body["by"] == DecidedBy.POLICY:
        return
    yield ThreadLine(case=f"decided-{escalation.status}", values=record.body)
    if record.body["by"] == DecidedBy.BREAK_GLASS:
        yield from _overridden(escalation, record)
        return
    whom = requester(escalation)
    if escalation.status is Status.WITHDRAWN:
        whom = looking(escalation) if escalation.kind is Kind.INCIDENT else {}
    elif escalation.status is Status.EXPIRED:
        whom = everyone(escalation)
    yield from tell(whom, f"decided-{escalation.status}", record.body)


def _stopped(escalation: Escalation, record: Record) -> Iterator[Work]:
    case = "void" if record.body.get("void") else "stopped"
    yield ThreadLine(case=case, values=record.body)
    yield from tell(everyone(escalation), case, record.body)


def _claimed(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield ThreadLine(case="started")
    yield from tell(requester(escalation), "started", {})
    yield SignGrant(
        grant_id=str(record.body["grant_id"]), claims=grant_claims(escalation, record.at)
    )


def _lapsed(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield ThreadLine(case="lapsed")
    yield from tell(everyone(escalation), "lapsed", {})


def _reported(escalation: Escalation, record: Record) -> Iterator[Work]:
    result = str(record.body["result"])
    yield ThreadLine(case=f"reported-{result}", values=record.body)
    whom = requester(escalation) if result == "succeeded" else everyone(escalation)
    yield from tell(whom, f"reported-{result}", record.body)


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
    """A line in the thread, and the requester told, unless it was their doing."""
    yield ThreadLine(case=case, values=record.body)
    yield from tell(requester(escalation), case, record.body, but=record.by)


def _asked(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield from _news(escalation, record, "question")


def _answered(escalation: Escalation, record: Record) -> Iterator[Work]:
    body = record.body
    asked = [q for q in escalation.questions if q.id in body["ids"]]
    values = {**body, "question": asked[-1].text if asked else None}
    yield ThreadLine(case="answered", values=values)
    askers = dict.fromkeys((f"person:{q.by}" for q in asked), "asked the question")
    yield from tell(askers, "answered", values)
    yield from tell(requester(escalation), "answered", values, but=(record.by, *askers))


def _override_asked(escalation: Escalation, record: Record) -> Iterator[Work]:
    """The glass is never broken in silence: who can complete it, and who can abort it, hear."""
    body = record.body
    if body["have"] >= body["needed"]:
        return  # the decision follows, and tells everyone
    yield ThreadLine(case="override-asked", values=body)
    told = {f"person:{person}": "may override it" for person in body["may"]}
    yield from tell(concerned(escalation) | told, "override-asked", body, but=record.by)


def _overridden(escalation: Escalation, record: Record) -> Iterator[Work]:
    told = {f"person:{person}": "overrode it" for person in record.body["people"]}
    yield from tell(concerned(escalation) | told, "overridden", record.body, but=record.by)


def _resolved(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield ThreadLine(case="resolved", values=record.body)
    whom = looking(escalation) | requester(escalation)
    yield from tell(whom, "resolved", record.body, but=record.by)


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
    **OWED,
}
