"""The record of what stayed unresolved: when there is one, and its first form, filled in by itself.

Unresolved is what nobody decided in time, what was approved and failed, what people do by hand
instead, and an incident that went away with nobody knowing why.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from approvals.escalation import Escalation, Json
from approvals.memory.by_hand import is_by_hand
from approvals.memory.owning import decider
from approvals.memory.values import Issue, IssueState, Review
from approvals.showing import in_words
from approvals.words import Kind, OperationState, Status

#: Characters of one part that is filled in, and attempts that are listed: people complete it.
LONGEST, MOST_ATTEMPTS = 1000, 20

#: What the seed says where nobody knows a cause, or what it needs.
UNKNOWN, MANUAL = "Unknown", "Manual investigation"

#: Who filled it in as long as no person has written.
ANDON = "andon"


def is_unresolved(e: Escalation) -> bool:
    """Whether it is over, and what it was about may come again as it was."""
    gone = e.kind is Kind.INCIDENT and e.status is Status.WITHDRAWN
    return gone or is_written_by_itself(e)


def is_written_by_itself(e: Escalation) -> bool:
    """Whether that is kept though nobody writes. An incident that went away is for people to say:
    a watchdog that calls and takes it back all day leaves no pile of open issues. Of a storm one
    stands for all, unless it failed.
    """
    if e.kind is Kind.AUTOMATION or e.erased is not None:
        return False
    failed = e.state is OperationState.FAILED
    return failed or (e.storm_place <= 1 and (e.status is Status.EXPIRED or is_by_hand(e)))


def may_have_issue(e: Escalation) -> bool:
    """Whether people are asked to write down what they did."""
    over = e.status.is_terminal and e.erased is None
    return over and (e.issue is not None or is_unresolved(e))


def drafted(e: Escalation, at: datetime | None = None) -> Issue:
    """The seed's template, filled in as far as context and events say: scenario from title, summary
    and error, trigger from the newest recent change, attempts and their count from the context, the
    owner from who does it or decided. Unknown parts have the seed's defaults (`context.get` in its
    `document_unresolved_issue`): root cause "Unknown", requires "Manual investigation".
    """
    ended = e.resolution
    tried = [a for a in _given(e, "attempts") or () if isinstance(a, Mapping)]
    state = _given(e, "system_state")
    return Issue(
        state=IssueState.OPEN,
        at=at or e.updated_at or e.created_at,
        by=ANDON,
        scenario=_within("\n".join(_scenario(e))),
        trigger=_within(_trigger(e)) or None,
        attempts=tuple(_within(_attempt(a)) for a in tried[-MOST_ATTEMPTS:]),
        retry_count=len(tried),
        root_cause=ended.root_cause if ended else UNKNOWN,
        blockers=_within(_blockers(e)) or None,
        system_state=_within(in_words(state)) if state else None,
        workarounds=ended.by_hand if ended else None,
        owner=decider(e),
        priority=e.severity.value,
    )


def with_findings(issue: Issue, review: Review | None) -> Issue:
    """The issue as it is shown to the next one: what it does not say itself, its review may."""
    found = review.findings if review is not None else None
    if found is None:
        return issue
    unknown = issue.root_cause == UNKNOWN
    return replace(
        issue,
        root_cause=found.root_cause if unknown else issue.root_cause,
        workarounds=issue.workarounds or found.resolved_by,
    )


def is_known_of(issue: Issue, review: Review | None) -> bool:
    """Whether there is a cause, or a way round it: the issue's own, or its review's."""
    found = with_findings(issue, review)
    return bool(found.workarounds) or found.root_cause != UNKNOWN


def cause_told(issue: Issue, review: Review | None) -> str | None:
    """The cause as it stands beside the review; None where only that says one: an "Unknown" next to
    it would be a second.
    """
    is_in_review = review is not None and review.findings is not None
    return None if is_in_review and issue.root_cause == UNKNOWN else issue.root_cause


def body_of(issue: Issue) -> dict[str, Json]:
    """The issue as the record of it says it; when and by whom stands beside."""
    said = asdict(issue) | {"state": issue.state.value, "attempts": list(issue.attempts)}
    return {k: v for k, v in said.items() if k not in ("at", "by") and v is not None}


def _given(e: Escalation, name: str) -> Any:
    return e.context.get(name) or None


def _scenario(e: Escalation) -> Iterator[str]:
    error = _given(e, "error") or {}
    wrong = ": ".join(str(error[k]) for k in ("type", "message") if error.get(k))
    yield from filter(None, (e.title, e.summary, wrong))


def _trigger(e: Escalation) -> str | None:
    """The newest change, by the time it names; without one the last that is listed."""
    changes = _given(e, "recent_changes")
    if not changes:
        return None
    times = [str(c.get("at") or "") if isinstance(c, Mapping) else "" for c in changes]
    latest = max(range(len(changes)), key=lambda n: (times[n], n))
    return in_words(changes[latest])


def _attempt(tried: Mapping[str, Any]) -> str:
    """`2026-11-12T22:19:00Z automatic merge: refused`."""
    did = " ".join(str(tried[k]) for k in ("at", "action") if tried.get(k))
    return f"{did}: {tried['error']}" if tried.get("error") else did


def _blockers(e: Escalation) -> str | None:
    """Why it could not be resolved, as the records say it."""
    if e.status is Status.EXPIRED:
        return "Nobody decided in time."
    if e.state is OperationState.FAILED and e.outcome is not None:
        return e.outcome.detail
    return None


def _within(text: str | None) -> str:
    said = text or ""
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
