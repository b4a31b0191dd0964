"""The fold over what is learned: the part of `evolve` that concerns memory.

Stable for ever, as all of the fold. What comes before what it follows on (a review that is written
and was never opened) is an error of the writer, and raises ValueError.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from approvals import events
from approvals.escalation import Escalation
from approvals.events import Record
from approvals.memory.values import Findings, Issue, Review, Suspension
from approvals.replacing import replace


@lru_cache(maxsize=8)
def _reader(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _issue_written(escalation: Escalation, record: Record) -> Escalation:
    """The issue as it was completed last; the body says all of it."""
    said = {**record.body["issue"], "at": record.at, "by": record.by}
    return replace(escalation, issue=_reader(Issue).validate_python(said))


def _review_opened(escalation: Escalation, record: Record) -> Escalation:
    """A review is due. One that is open already stays; the reasons add up."""
    said = {**record.body, "opened_at": record.at}
    opened = _reader(Review).validate_python(said)
    before = escalation.review
    if before is not None:
        opened = replace(before, why=tuple(dict.fromkeys((*before.why, *opened.why))))
    return replace(escalation, review=opened)


def _review_handed(escalation: Escalation, record: Record) -> Escalation:
    """Somebody else is to write it."""
    return replace(escalation, review=replace(_due(escalation), owner=record.body["owner"]))


def _review_reminded(escalation: Escalation, record: Record) -> Escalation:
    """Its owner was told again."""
    review, again = _due(escalation), record.body.get("remind_at")
    again = _reader(datetime).validate_python(again) if again else None
    told = replace(review, reminded=review.reminded + 1, remind_at=again)
    return replace(escalation, review=told)


def _review_written(escalation: Escalation, record: Record) -> Escalation:
    """What it says; written again, the latest counts."""
    said = {**record.body["findings"], "at": record.at}
    findings = _reader(Findings).validate_python(said)
    return replace(escalation, review=replace(_due(escalation), findings=findings, remind_at=None))


def _due(escalation: Escalation) -> Review:
    if escalation.review is None:
        raise ValueError(f"{escalation.id} has no review")
    return escalation.review


def _work_proposed(escalation: Escalation, record: Record) -> Escalation:
    """What people keep doing by hand was sent to the tickets."""
    return replace(escalation, work_proposed_at=record.at)


def _rule_suspended(escalation: Escalation, record: Record) -> Escalation:
    """The rule that was accepted here decides nothing any more."""
    body = record.body
    suspended = Suspension(at=record.at, why=body["why"], because=body["because"])
    return replace(escalation, suspended=suspended)


LEARNED: Mapping[str, Callable[[Escalation, Record], Escalation]] = {
    events.ISSUE_WRITTEN: _issue_written,
    events.REVIEW_OPENED: _review_opened,
    events.REVIEW_HANDED: _review_handed,
    events.REVIEW_REMINDED: _review_reminded,
    events.REVIEW_WRITTEN: _review_written,
    events.WORK_PROPOSED: _work_proposed,
    events.RULE_SUSPENDED: _rule_suspended,
}
