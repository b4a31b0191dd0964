"""What `decide` answers: events to record, a refusal or an answer for the one who asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from approvals.escalation import Json
from approvals.events import Event
from approvals.refusals import FieldError, Refusal, Why


class Case(StrEnum):
    """What was recorded. With `Why`, the rows of the table of answers to a click."""

    OPENED = "opened"
    JOINED = "joined"
    REPEATED = "repeated"  #: the same idempotency key again
    DECIDED = "decided"  #: decided by this vote
    COUNTED = "counted"  #: counted, more needed
    CHANGED = "changed"  #: vote changed, more needed
    ABORTED = "aborted"  #: aborted by this vote
    STOPPED = "stopped-it"  #: no word of `Why`: one word names one answer
    WITHDRAWN = "taken-back"
    REASON_ADDED = "reason-added"
    CONTEXT_ADDED = "context-added"
    CLAIMED = "claimed"
    REPORTED = "reported"
    ACKNOWLEDGED = "acknowledged"
    QUESTION_ASKED = "question-asked"
    ANSWERED = "answered"
    EXTENDED = "extended"
    RESOLVED = "resolved"
    OVERRIDE_ASKED = "override-asked"  #: one more has to break the glass
    OVERRIDDEN = "overridden"
    ERASED = "erased"
    ISSUE_WRITTEN = "issue-written"
    REVIEW_WRITTEN = "review-written"
    REVIEW_HANDED = "review-handed"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The case, and the facts its sentence needs."""

    case: Case
    values: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Events to record; and why it was refused, or what to answer. A refusal may bring events."""

    events: tuple[Event, ...] = ()
    refusal: Refusal | None = None
    answer: Answer = field(default_factory=lambda: Answer(case=Case.DONE))


def refuse(why: Why, *, who: str = "", detail: str = "", **values: Json) -> Verdict:
    """A no without events."""
    return Verdict(refusal=Refusal(why=why, who=who, detail=detail, values=values))


def unprocessable(errors: tuple[FieldError, ...]) -> Verdict:
    """A request that cannot be taken as it is."""
    return Verdict(refusal=Refusal(why=Why.UNPROCESSABLE, errors=errors))


def accept(case: Case, *events: Event, **values: Json) -> Verdict:
    """A yes with its events."""
    return Verdict(events=events, answer=Answer(case=case, values=values))
