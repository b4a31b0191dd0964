"""Every text of a page: what a person reads who is not in Slack, on whatever it reaches them by.

A title fits a lock screen. The body says who asks, what, by when and what then, where to look, and
why it came to this reader. Nothing can be decided from a page: it says so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from approvals.categories import category
from approvals.escalation import Escalation
from approvals.people import People
from approvals.words import Kind, Severity, Status

#: Characters of a title, of what a service says, and of a reason.
TITLE, SAID, REASON = 150, 500, 300

#: The case of a page that proposes work: what people keep doing by hand.
WORK = "work"

#: Of that: what was said of it, and which they were, the newest.
MOST_SAID, MOST_NAMED = 3, 10

#: First word once it is over.
_ENDS: Mapping[str, str] = {
    "decided-approved": "APPROVED",
    "decided-rejected": "ABORTED",
    "decided-expired": "EXPIRED",
    "decided-withdrawn": "WITHDRAWN",
    "resolved": "RESOLVED",
    "stopped": "STOPPED",
    "void": "VOID",
    "lapsed": "NOT RUN",
    "reported-succeeded": "SUCCEEDED",
    "reported-failed": "FAILED",
    "reported-unknown": "RESULT UNKNOWN",
}

#: The same by status, for a case that says nothing of its own.
_STATUS_ENDS: Mapping[Status, str] = {
    Status.APPROVED: "APPROVED",
    Status.REJECTED: "ABORTED",
    Status.EXPIRED: "EXPIRED",
    Status.WITHDRAWN: "WITHDRAWN",
    Status.RESOLVED: "RESOLVED",
}

#: Ends that somebody should look at.
_ALARMING = frozenset({"reported-failed", "reported-unknown", "void", "lapsed"})

#: What a later page begins with: its case, or which reminder it is.
_BEGINS: Mapping[str, str] = {
    "half": "Half of the time has passed, and it is not decided.",
    "four-fifths": "It ends soon, and it is not decided.",
    "unattended": "Everybody was called, and nobody has answered.",
}

#: How loud it is, in Apprise's words.
_TONES: Mapping[Severity, str] = {
    Severity.CRITICAL: "failure",
    Severity.HIGH: "failure",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A page as it is sent."""

    title: str
    body: str
    tone: str = "info"  #: info, warning or failure: what rings, and what only tells


def is_an_end(case: str) -> bool:
    """Whether a page of this case tells how it ended, rather than asking for somebody."""
    return case in _ENDS or case == WORK


def page_text(
    e: Escalation,
    case: str,
    values: Mapping[str, Any],
    people: People,
    *,
    reason: str = "",
    slack: bool = True,
) -> Text:
    """The page of an `approvals.owes.Page`. `slack`: whether there is a card to look at."""
    if case == WORK:
        lines = [*_by_hand(e, values), "", *_small(e, reason, slack=slack)]
        return Text(title=_title("WORK: ", e), body="\n".join(lines))
    if is_an_end(case) or e.status.is_terminal:
        word = _ENDS.get(case) or _STATUS_ENDS[e.status]
        lines = [*_end(e, case, values, people), "", *_small(e, reason, slack=slack)]
        tone = "warning" if case in _ALARMING else "info"
        return Text(title=_title(f"{word}: ", e), body="\n".join(lines), tone=tone)
    before = f"{e.severity.value.upper()} {_line(e.environment, 40)}: "
    lines = [
        *_question(e, str(values.get("which") or case), people),
        "",
        *_small(e, reason, slack=slack),
    ]
    return Text(title=_title(before, e), body="\n".join(lines), tone=_TONES[e.severity])


def _title(before: str, e: Escalation) -> str:
    return _line(before + _line(e.title, TITLE), TITLE)


def _question(e: Escalation, why: str, people: People) -> Iterator[str]:
    """What is asked, and until when."""
    if why in _BEGINS:
        yield _BEGINS[why]
    yield f"{_who(e, people)}: {_line(e.title, TITLE)}"
    if e.operation is not None:
        target = f" on {e.operation.target}" if e.operation.target else ""
        yield f"Would run: {_line(e.operation.name, 120)}{target} ({e.environment})"
    yield from _claims(e)
    yield from _until(e)


def _claims(e: Escalation) -> Iterator[str]:
    """What the service says; for private categories that stays where only few can read it."""
    if category(e.category).private:
        yield "The details stay in Slack."
        return
    for label, said in (
        ("Summary", e.summary),
        ("Impact", e.context.get("user_impact")),
        ("Runbook", e.context.get("runbook")),
    ):
        if said and isinstance(said, str):
            yield f"{label}: «{_line(said, SAID)}»"
    for book in e.runbooks:
        yield " ".join(filter(None, ("Runbook:", _line(book.title, SAID), book.url)))


def _until(e: Escalation) -> Iterator[str]:
    """By when, and what then."""
    if e.kind is Kind.INCIDENT:
        within = e.created_at + timedelta(seconds=e.plan.respond_within_s)
        until = _time(e.chain.next_at or within, e)
        yield f"Acknowledge by {until}, else the next people are called. Nothing is held."
        return
    if e.plan.requirements:
        yield f"Needs {' and '.join(f'{r.needed} of {r.group}' for r in e.plan.requirements)}."
    yield f"Decide by {_time(e.deadline_at, e)}, else aborted: {category(e.category).nothing}."
    if e.chain.next_at is not None:
        until = _time(e.chain.next_at, e)
        yield f"Unless somebody acknowledges by {until}, the next people are called."


def _end(e: Escalation, case: str, values: Mapping[str, Any], people: People) -> Iterator[str]:
    """How it ended."""
    yield f"{_who(e, people)}: {_line(e.title, TITLE)}"
    made, over = e.decision, e.resolution
    if over is not None:
        who = _name(over.by, people)
        yield f"Resolved {_time(over.at, e)} by {who}: «{_line(over.root_cause)}»"
    elif made is not None:
        by = " by " + ", ".join(_name(p, people) for p in made.people) if made.people else ""
        why = f": «{_line(made.reason)}»" if made.reason else "."
        yield f"{_STATUS_ENDS[e.status].capitalize()} {_time(made.at, e)}{by}{why}"
    if case in ("stopped", "void", "lapsed") or e.status in _NOTHING_RAN:
        yield category(e.category).nothing_past if e.kind is Kind.APPROVAL else "Nothing was held."
    if not case.startswith("reported-") or category(e.category).private:
        return
    for label, name in ((f"{e.service} says", "detail"), ("Undone", "undo")):
        if values.get(name):
            yield f"{label}: «{_line(str(values[name]))}»"


def _by_hand(e: Escalation, values: Mapping[str, Any]) -> Iterator[str]:
    """What people keep doing by hand: what, how often, how long, which."""
    done = list(values.get("done") or ())
    yield f"{e.service}: {_line(e.title, TITLE)}"
    yield f"Done by hand {len(done):,} times in 30 days. It could be automated."
    for said in () if category(e.category).private else list(values.get("said") or ())[:MOST_SAID]:
        yield f"What was done: «{_line(str(said))}»"
    usual, total = _took(int(values.get("median_s", 0))), _took(int(values.get("total_s", 0)))
    yield f"From the question to its end: usually {usual}, {total} together."
    yield f"Which: {', '.join(done[-MOST_NAMED:])}"


def _took(seconds: int) -> str:
    """`3 h 20 min`: a stretch of time on a page."""
    hours, minutes = divmod(max(1, round(seconds / 60)), 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min"


_NOTHING_RAN = frozenset({Status.REJECTED, Status.EXPIRED, Status.WITHDRAWN})


def _small(e: Escalation, reason: str, *, slack: bool) -> Iterator[str]:
    """Where to look, and why it came to this reader."""
    if reason:
        yield f"Why you get this: {_line(reason)}"
    if slack:
        yield f"Look: its card in Slack, or there /escalations show {e.id[-6:]}"
        if not e.status.is_terminal:
            yield "Acknowledging and deciding happen in Slack; answering this does neither."
    yield f"Id: {e.id}"


def _who(e: Escalation, people: People) -> str:
    verb = "needs help" if e.kind is Kind.INCIDENT else "asks"
    asked = e.requester
    if asked is None:
        return f"{e.service} {verb}"
    who = _name(asked.person, people) if asked.person else _line(asked.name or asked.id, 60)
    return f"{e.service} {verb}, for {who}"


def _name(who: str, people: People) -> str:
    """A person's name; the word itself for a service or somebody gone."""
    known = people.persons.get(who.removeprefix("person:"))
    return _line(known.name if known else who.partition(":")[2] or who, 60)


def _time(at: datetime, e: Escalation) -> str:
    """`23:42 CET`, with the day where it is another than the one it was asked on."""
    zone = ZoneInfo(e.plan.zone)
    local, near = at.astimezone(zone), e.created_at.astimezone(zone)
    day = "" if local.date() == near.date() else f"{local.day} {local:%b} "
    return f"{day}{local:%H:%M %Z}"


def _line(text: str, most: int = REASON) -> str:
    """On one line, cut at a word."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(plain) <= most:
        return plain
    return plain[: most - 1].rsplit(" ", 1)[0].rstrip(",.;: ") + "…"
