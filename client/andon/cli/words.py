"""Every text that stands while people are asked, from the escalation alone.

What people and servers wrote is made plain first: a rationale must not move the cursor.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from andon.models import Escalation, Question, Vote


def plain(text: str) -> str:
    """On one line, without what a terminal would obey or hide."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def clock(moment: datetime, now: datetime) -> str:
    """The time of day here; with the date where it is another day's."""
    here, today = moment.astimezone(), now.astimezone()
    return here.strftime("%H:%M" if here.date() == today.date() else "%Y-%m-%d %H:%M")


# -- what is held, and how far it has come ----------------------------------------------------


def held(e: "Escalation", now: datetime) -> str:
    """The first line: what waits, by which id, until when."""
    title, where = plain(e.title), plain(e.environment)
    if e.status != "pending":
        return f"«{title}» in {where} ({e.id}): {standing(e)}."
    joined = "" if e.occurrences < 2 else " It was asked before, and this run joins it."
    by = f" Decide by {clock(e.deadline_at, now)}." if e.deadline_at else ""
    return f"«{title}» is held in {where} as {e.id}.{by}{joined}"


def status_line(e: "Escalation", now: datetime) -> str:
    """All of it on one line, for a terminal that redraws it."""
    return " · ".join(("waiting", *_steps(e, now), *_until(e, now)))


def _steps(e: "Escalation", now: datetime) -> Iterator[str]:
    seen = e.progress
    if seen.acknowledged_by:
        yield f"{plain(seen.acknowledged_by)} is looking"
    elif seen.looked_at:
        yield f"looked at {clock(seen.looked_at, now)}"
    elif seen.delivered_at:
        yield "delivered"
    yield from _tally(e)
    asked = [q for q in e.questions if q.answer is None]
    if asked:
        yield f"{plain(asked[-1].by)} asks: {plain(asked[-1].text)}"


def _tally(e: "Escalation") -> Iterator[str]:
    for need in e.requirements:
        if need.needed > 1 or len(e.requirements) > 1:
            yield f"{max(need.have.values(), default=0)} of {need.needed} {plain(need.group)}"


def _until(e: "Escalation", now: datetime) -> Iterator[str]:
    if e.deadline_at:
        yield f"decide by {clock(e.deadline_at, now)}"


def changes(before: "Escalation | None", after: "Escalation", now: datetime) -> Iterator[str]:
    """What is new since then, a line each."""
    was, seen = before.progress if before else None, after.progress
    if seen.delivered_at and not (was and was.delivered_at):
        yield "delivered"
    if seen.looked_at and not (was and was.looked_at):
        yield f"looked at {clock(seen.looked_at, now)}"
    if seen.acknowledged_by and (was is None or was.acknowledged_by != seen.acknowledged_by):
        yield f"acknowledged by {plain(seen.acknowledged_by)}"
    yield from (_voted(after, v) for v in after.votes if v not in _known(before, after))
    yield from _asked(before, after)
    if before and before.deadline_at != after.deadline_at and after.deadline_at:
        yield f"decide by {clock(after.deadline_at, now)} now"


def _known(before: "Escalation | None", after: "Escalation") -> "Sequence[Vote]":
    """Votes that were told; the one that decided is told with the end."""
    deciding = after.deciding_vote() if after.is_decided else None
    return [*(before.votes if before else ()), *([deciding] if deciding else ())]


def _voted(e: "Escalation", vote: "Vote") -> str:
    said = f": «{plain(vote.rationale)}»" if vote.rationale else ""
    tally = ", ".join(_tally(e))
    counted = f" ({tally})" if tally else ""
    return f"{plain(vote.person)} chose {option(e, vote.option)}{counted}{said}"


def _asked(before: "Escalation | None", after: "Escalation") -> Iterator[str]:
    known = {_key(q): q.answer for q in before.questions} if before else {}
    for q in after.questions:
        if _key(q) not in known:
            yield f"{plain(q.by)} asks: {plain(q.text)}"
        if q.answer is not None and known.get(_key(q)) is None:
            yield f"answered: {plain(q.answer)}"


def _key(question: "Question") -> tuple[str, datetime]:
    return question.by, question.at


def option(e: "Escalation", key: str | None) -> str:
    """What stands on the button."""
    return plain(e.label_of(key) or key or "nothing")


def chosen(e: "Escalation") -> str:
    """Who chose what, and their words; the last one's where it took several."""
    if e.resolution is not None:
        return f"{_resolved(e.resolution)}."
    if e.kind == "automation":
        return "It ran by itself, as the policy allows."
    vote, made = e.deciding_vote(), e.decision
    reason = (vote.rationale if vote else None) or (made.reason if made else None)
    said = f": «{plain(reason)}»" if reason else ""
    who = plain(vote.person) if vote else "The policy"
    return f"{who} chose {option(e, made.option if made else None)}{said}."


def _resolved(told: Mapping[str, object]) -> str:
    """Who, whether a person or a service, and the cause they gave."""
    who = plain(str(told.get("by"))).removeprefix("person:").removeprefix("service:")
    return f"{who}: «{plain(str(told.get('root_cause')))}»"


# -- lists ------------------------------------------------------------------------------------


def row(e: "Escalation", now: datetime) -> tuple[str, str, str, str]:
    """One line of a list: id, how it stands, by when or since when, what it is."""
    moment = e.deadline_at if e.status == "pending" else e.decided_at
    when = "" if moment is None else clock(moment, now)
    return (
        e.id,
        standing(e),
        f"by {when}" if e.status == "pending" and when else when,
        plain(e.title),
    )


def standing(e: "Escalation") -> str:
    """Status, and what became of the operation once it was approved."""
    if e.status != "approved" or e.operation is None:
        return e.status
    return {"held": "approved", "aborted": "stopped"}.get(e.operation.state, e.operation.state)


def page(e: "Escalation", now: datetime) -> list[tuple[str, str]]:
    """All that matters of one, as named lines."""
    lines = [
        ("id", e.id),
        ("title", plain(e.title)),
        ("status", standing(e)),
        ("service", f"{plain(e.service)}, {plain(e.environment)}, {plain(e.category)}"),
        ("severity", e.severity or ""),
        ("reference", plain(e.reference or "")),
        ("operation", plain(e.operation.name) if e.operation else ""),
        ("digest", e.digest),
        ("needs", ", ".join(_needs(e))),
        ("progress", ", ".join(_steps(e, now)) if e.status == "pending" else ""),
        ("decide by", clock(e.deadline_at, now) if _waits(e) and e.deadline_at else ""),
        *(("asked", _question(q)) for q in e.questions),
        *(("vote", _voted(e, vote)) for vote in e.votes),
        ("decided", _decided(e, now)),
        ("resolved", f"by {_resolved(e.resolution)}" if e.resolution else ""),
        (
            "stopped",
            f"by {plain(e.stopped.by)}: «{plain(e.stopped.reason or '')}»" if e.stopped else "",
        ),
        ("taken", f"{clock(e.claim.at, now)} by {plain(e.claim.by)}" if e.claim else ""),
        ("outcome", _outcome(e)),
    ]
    return [(name, said) for name, said in lines if said]


def _waits(e: "Escalation") -> bool:
    return e.status == "pending"


def _needs(e: "Escalation") -> Iterator[str]:
    return (f"{r.needed} of {plain(r.group)}" for r in e.requirements)


def _question(q: "Question") -> str:
    answer = f"answered: «{plain(q.answer)}»" if q.answer else "no answer yet"
    return f"{plain(q.by)}: «{plain(q.text)}»; {answer}"


def _decided(e: "Escalation", now: datetime) -> str:
    made = e.decision
    if made is None:
        return ""
    said = f": «{plain(made.reason)}»" if made.reason else ""
    what = f"{option(e, made.option)} " if made.option else ""
    return f"{what}at {clock(made.at, now)}, by {plain(made.by)}{said}"


def _outcome(e: "Escalation") -> str:
    if e.outcome is None:
        return ""
    return f"{e.outcome.result}: {plain(e.outcome.detail or '')}".rstrip(": ")
