"""A whole hold: ask or find again, wait, take the release; at its end, say what became of it."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from andon.errors import AndonError, NotReleasedError
from andon.flow import asking, claiming, endings, holding
from andon.flow.claiming import Claiming
from andon.flow.persisting import Patience
from andon.flow.steps import Do, Flow
from andon.grants import Grant
from andon.models import Escalation
from andon.operation import AnyOperation, AnyOptions

log = logging.getLogger("andon")

#: Seconds the outcome is tried to be told; what ran is not held up longer by that.
REPORT_S = 30.0

#: Characters of an error that are told as detail.
MOST_DETAIL = 2000


@dataclass(slots=True)
class Released:
    """What a held block gets: it may run now, once, exactly as it was shown."""

    escalation: Escalation
    grant: Grant
    detail: str | None = None  #: set it to tell people more about what became of it
    undo: str | None = None  #: set it where it was taken back: how

    @property
    def option(self) -> str:
        """What people chose."""
        return self.grant.option


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Who holds, and what is needed for it."""

    asking: holding.Asking
    claiming: Claiming


def released(
    body: Mapping[str, Any],
    operation: Callable[[], AnyOperation],
    options: AnyOptions | None,
    by: Holding,
    on_change: Callable[[Escalation], Any] | None = None,
) -> Flow[Released]:
    """The release of what `operation` gives: digested before asking, and again at the claim."""
    found = yield from holding.resumed(body, by.asking)
    log.info("“%s” is held in %s as %s.", found.title, found.environment, found.id)
    try:
        found = yield from asking.wait(found, by.asking.patience, on_change=on_change)
        ended = endings.not_released(found)
        if ended is not None:
            raise ended
        grant = yield from claiming.claim(found, operation(), options, None, by.claiming)
    except NotReleasedError:
        yield Do(lambda: forget(body, by))
        raise
    log.info("“%s” is released: %s (%s).", found.title, grant.option, found.id)
    return Released(found, grant)


def over(
    body: Mapping[str, Any], held: Released, error: BaseException | None, by: Holding
) -> Flow[None]:
    """Say how the block ended. What ran, ran: trouble with telling is logged, never raised."""
    (result, detail), patience = result_of(error), by.claiming.patience
    calm = replace(by.claiming, patience=Patience(min(REPORT_S, patience.most_s), patience.random))
    try:
        detail = held.detail or detail
        yield from claiming.report(held.escalation.id, result, detail, held.undo, calm)
    except AndonError as trouble:
        log.warning("The outcome (%s) of %s is not told: %s", result, held.escalation.id, trouble)
    yield Do(lambda: forget(body, by))


def forget(body: Mapping[str, Any], by: Holding) -> None:
    """It is over: asked again, it is a new question."""
    by.asking.keeper.forget_asked(holding.identity(body, by.asking.url))


def result_of(error: BaseException | None) -> tuple[str, str | None]:
    """Result and detail of what ran; what was broken off from outside may have done anything."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "succeeded", None
    said = f"{type(error).__name__}: {error}"[:MOST_DETAIL]
    return ("failed" if isinstance(error, Exception | SystemExit) else "unknown"), said
