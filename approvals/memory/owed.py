"""What follows from what was learned: lines, messages to whoever is to write, a ticket."""

from collections.abc import Callable, Iterator, Mapping

from approvals import events
from approvals.escalation import Escalation
from approvals.events import Record
from approvals.told import MAY_DECIDE, Told, tell
from approvals.work import Page, ThreadLine, Work

#: Messages that tell how it ended; each says that a review is due, to whoever is to write it.
TELLING_ENDS = frozenset(
    {
        "decided-approved",
        "decided-rejected",
        "decided-expired",
        "stopped",
        "void",
        "lapsed",
        "reported-succeeded",
        "reported-failed",
        "reported-unknown",
        "resolved",
        "overridden",
    }
)

#: The message that a review is due, for whoever is told of it by no other.
REVIEW_DUE = "review-opened"


def _issue_written(escalation: Escalation, record: Record) -> Iterator[Work]:
    """What people wrote; what was filled in by itself is told by nobody."""
    if record.by.startswith("person:"):
        yield ThreadLine(case="issue-written", values=record.body)


def _review_opened(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield ThreadLine(case=REVIEW_DUE, values=record.body)
    yield from tell(_reviewer(escalation), REVIEW_DUE, record.body)


def _review_handed(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield ThreadLine(case="review-handed", values=record.body)
    yield from tell(_reviewer(escalation), "review-handed", record.body, but=record.by)


def _review_reminded(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield from tell(_reviewer(escalation), "review-reminded", record.body)


def _review_written(escalation: Escalation, record: Record) -> Iterator[Work]:
    yield ThreadLine(case="review-written", values=record.body)


def _reviewer(escalation: Escalation) -> Told:
    """Who is to write it, as long as nobody has."""
    review = escalation.review
    if review is None or review.owner is None or review.findings is not None:
        return {}
    return {f"person:{review.owner}": "writes the review"}


def _suspended(escalation: Escalation, record: Record) -> Iterator[Work]:
    """Everyone a rule concerns hears of its end: who accepted it, who is asked from now on."""
    body = record.body
    told = dict.fromkeys((f"person:{p}" for p in body["may_decide"]), MAY_DECIDE)
    told |= dict.fromkeys((f"person:{p}" for p in body["owners"]), "owner of the service")
    told |= dict.fromkeys((f"person:{p}" for p in _people(escalation)), "accepted it")
    yield ThreadLine(case="rule-suspended", values=body)
    yield from tell(told, "rule-suspended", body)


def _people(escalation: Escalation) -> tuple[str, ...]:
    return escalation.decision.people if escalation.decision else ()


def _work_proposed(escalation: Escalation, record: Record) -> Iterator[Work]:
    body = record.body
    yield Page(route=body["route"], case="work", values=body, reason="done by hand again and again")


OWED: Mapping[str, Callable[[Escalation, Record], Iterator[Work]]] = {
    events.ISSUE_WRITTEN: _issue_written,
    events.REVIEW_OPENED: _review_opened,
    events.REVIEW_HANDED: _review_handed,
    events.REVIEW_REMINDED: _review_reminded,
    events.REVIEW_WRITTEN: _review_written,
    events.RULE_SUSPENDED: _suspended,
    events.WORK_PROPOSED: _work_proposed,
}
