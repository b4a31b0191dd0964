"""What runs by itself: on the record first, then it runs, then how it ended.

::

    begin --+-- it may                 --> recorded on the server       --> run --> reported
            +-- people decide about it --> an approval, waited for      --> run --> reported
            +-- Andon is away          --> nothing runs, unless it is harmless and asked to: then
                                           kept on disk                 --> run --> told later
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from andon.errors import AndonError, NotReleasedError, RefusedRequestError, UnavailableError
from andon.flow import asking, claiming, releasing
from andon.flow.claiming import Claiming
from andon.flow.persisting import Patience
from andon.flow.releasing import Holding
from andon.flow.request import body_of
from andon.flow.steps import Do, Flow
from andon.grants import Grant
from andon.keeping import random_key
from andon.late import Late
from andon.models import Escalation
from andon.operation import AnyOperation, digest_of
from andon.recoveries import Breaker, breaker_of, never

log = logging.getLogger("andon")

PATH = "/v1/automations"

#: What the server says where people decide.
_MANUAL = frozenset({"turned-manual", "not-automatable"})

Away = Literal["hold", "run"]
Manual = Literal["hold", "raise"]


class ManualError(NotReleasedError):
    """People decide about it now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovering:
    """One recovery that is about to run."""

    recovery: str
    title: str
    operation: Callable[[], AnyOperation]  #: what would run by now
    said: Mapping[str, Any]  #: category, environment, summary, reference, context
    when_away: Away = "hold"
    when_manual: Manual = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Automating:
    """What a recovery needs besides itself."""

    holding: Holding  #: with the patience for people and their answers
    patience: Callable[[], Patience]  #: for the record: a recovery is in a hurry
    breaker: Breaker
    late: Late

    @property
    def now(self) -> datetime:
        """The client's clock."""
        return self.holding.claiming.clock()

    @property
    def hasty(self) -> Claiming:
        """To report with, in the hurry of the record."""
        return replace(self.holding.claiming, patience=self.patience())


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """It may run now: by itself, released by people, or, with Andon away, kept to be told."""

    escalation: Escalation | None = None
    grant: Grant | None = None  #: where people released it
    asked: Mapping[str, Any] | None = None  #: what people were asked then
    late: str | None = None  #: the key it is kept under, with Andon away
    kept: Mapping[str, Any] = field(default_factory=dict)  #: and what is kept
    vouches: bool = False  #: whether its success makes the recovery automatic again


def begin(asked: Recovering, by: Automating) -> Flow[Begun]:
    """Put it on the record, or have people release it. Raises where it may not run."""
    said = {**asked.said, "operation": asked.operation()}
    body = body_of(asked.title, "automation", said)  # type: ignore[arg-type]
    theirs = never(asked.recovery, body["category"], body["operation"])
    why = theirs or by.breaker.manual(by.now)
    if why is None:
        found = yield from _recorded(asked, body, by)
        if isinstance(found, Begun):
            by.breaker.fires(by.now)
            return found
        why = found
    if asked.when_manual == "raise":
        raise ManualError(f"“{asked.title}” may not run by itself. {why}", advice="Ask people.")
    # Only what could run by itself counts as its recovery, and is asked once by all instances.
    shared = breaker_of(asked.recovery) if theirs is None else None
    return (yield from _released(asked, why, shared, by))


def _recorded(asked: Recovering, body: Mapping[str, Any], by: Automating) -> Flow[Begun | str]:
    """On the record; or why people decide about it."""
    sent = {name: value for name, value in body.items() if name != "kind"}
    sent["recovery"], key = asked.recovery, random_key()
    try:
        return Begun(escalation=_checked((yield from _sent(sent, key, by)), body["operation"]))
    except RefusedRequestError as error:
        return _manual(error)
    except UnavailableError:
        if asked.when_away != "run":
            raise
    told = {"body": sent, "at": by.now.isoformat()}
    yield Do(lambda: by.late.keep(key, told))
    return Begun(late=key, kept=told)


def _checked(found: Escalation, operation: AnyOperation) -> Escalation:
    """The record of exactly this, as long as it may run. Raises UnavailableError."""
    if (found.kind, found.digest) != ("automation", digest_of(operation, ())):
        raise UnavailableError("What answers is not Andon: it tells of another one.", id=found.id)
    if found.operation is None or found.operation.state != "released":
        raise UnavailableError(f"“{found.title}” is on record, and over by now.", id=found.id)
    return found


def _manual(error: RefusedRequestError) -> str:
    """Why people decide, as the server says it. Raises what is wrong with the request itself."""
    if error.problem.name not in _MANUAL:
        raise error
    return " ".join((error.problem.detail, *(e.detail for e in error.problem.errors)))


def _sent(body: Mapping[str, Any], key: str, by: Automating) -> Flow[Escalation]:
    return (yield from asking.open_(body, by.patience(), key, path=PATH))


def _released(asked: Recovering, why: str, dedup_key: str | None, by: Automating) -> Flow[Begun]:
    """People release it, or it does not run. Under the recovery's `dedup_key` it is automatic
    again once one of those has succeeded.
    """
    summary = " ".join(part for part in (asked.said.get("summary"), why) if part)
    told = {"summary": summary, "dedup_key": dedup_key, "operation": asked.operation()}
    body = body_of(asked.title, "approval", {**asked.said, **told})  # type: ignore[typeddict-item]
    held = yield from releasing.released(body, asked.operation, None, by.holding)
    vouches = dedup_key is not None
    return Begun(escalation=held.escalation, grant=held.grant, asked=body, vouches=vouches)


def end(begun: Begun, result: str, detail: str | None, by: Automating) -> Flow[None]:
    """Say how it ended. It has run: what cannot be told now is kept, and told later."""
    if result != "succeeded":
        by.breaker.fails(by.now)
    elif begun.vouches:
        by.breaker.vouch()
    told = {"result": result, "detail": detail}
    if begun.escalation is None:
        yield from _kept(str(begun.late), {**begun.kept, **told}, by)
        return
    id = begun.escalation.id
    if begun.asked is not None:
        yield Do(lambda: releasing.forget(begun.asked or {}, by.holding))
    try:
        yield from claiming.report(id, result, detail, None, by.hasty)
    except AndonError as error:
        log.warning("The outcome of %s could not be told: %s", id, error)
        yield from _kept(random_key(), {"id": id, "at": by.now.isoformat(), **told}, by)
        return
    try:
        yield from catch_up(by)
    except AndonError as error:
        log.warning("What ran before cannot be told: %s", error)


def _kept(key: str, told: Mapping[str, Any], by: Automating) -> Flow[None]:
    try:
        yield Do(lambda: by.late.keep(key, told))
    except AndonError as error:
        log.warning("What ran cannot be kept to be told later: %s", error)


def catch_up(by: Automating) -> Flow[int]:
    """Tell what could not be told before; how much was told."""
    waiting: list[tuple[str, Mapping[str, Any]]] = yield Do(lambda: list(by.late.over(by.now)))
    told = 0
    for key, known in waiting:
        try:
            yield from _told(key, known, by)
        except UnavailableError:
            break
        except AndonError as error:
            log.warning("What ran by itself is not taken: %s", error)
            continue
        yield Do(lambda key=key: by.late.forget(key))  # type: ignore[misc]
        told += 1
    return told


def _told(key: str, known: Mapping[str, Any], by: Automating) -> Flow[None]:
    """One that ran: recorded now, with its time and its end; where that is refused, people hear."""
    id, result = known.get("id"), known.get("result", "unknown")
    if id is None:
        body = {**known["body"], "context": _with_time(known)}
        try:
            id = (yield from _late(body, known["body"], key, by)).id
        except RefusedRequestError as error:
            yield from _alerted(key, body, result, _manual(error), by)
            return
    try:
        yield from claiming.report(id, result, known.get("detail"), None, by.hasty)
    except RefusedRequestError as error:
        if error.problem.name != "outcome-differs":  # it was told in other words before
            raise


def _late(
    body: Mapping[str, Any], before: Mapping[str, Any], key: str, by: Automating
) -> Flow[Escalation]:
    """Its record: made now; or before it ran, where only the answer to that was lost."""
    try:
        return (yield from _sent(body, key, by))
    except RefusedRequestError as error:
        if error.problem.name != "idempotency-key-reused":
            raise
    return (yield from _sent(before, key, by))


def _with_time(known: Mapping[str, Any]) -> dict[str, Any]:
    """The context, which says when it ran and that nobody was told then."""
    context = dict(known["body"].get("context") or {})
    ran = {"at": known["at"], "action": "It ran by itself while Andon was away; told later."}
    return {**context, "attempts": [*context.get("attempts", ()), ran]}


def _alerted(
    key: str, body: Mapping[str, Any], result: str, why: str, by: Automating
) -> Flow[None]:
    """It ran, and would not have been let: people are called."""
    kept = {name: value for name, value in body.items() if name not in ("recovery", "operation")}
    raised = {
        **kept,
        "kind": "incident",
        "summary": f"It ran by itself while Andon was away, and ended {result}. {why}",
        "dedup_key": breaker_of(str(body["recovery"])),
    }
    yield from asking.open_(raised, by.patience(), f"{key}-late")
