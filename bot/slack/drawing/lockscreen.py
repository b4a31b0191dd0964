"""The line a phone shows: the top-level text of every card and message.

At most 150 characters as sent, whatever is in it: how bad, where, what, who asks, by when. The
title gives way first, then a long environment, then a very long name; severity and time never.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from approvals.escalation import Escalation, Option
from approvals.people import People
from approvals.words import DecidedBy, OperationState, Status
from bot.slack.drawing.about import (
    asker_name,
    chosen,
    deciders,
    else_what,
    fewest,
    is_by_rule,
    is_incident,
    is_overridden,
    outcome_word,
    releases,
    row_of,
    severity_word,
    subject,
    whose,
)
from bot.slack.drawing.limits import LOCK_SCREEN
from bot.slack.drawing.looking import first_answer_by, is_awaited
from bot.slack.drawing.ruled import why_suspended
from bot.slack.drawing.spans import all_of, cut, escaped, name_of, one_line, spoken_time

#: How much a title should be left, and what environment and name may take, from roomy to tight.
TITLE_ROOM = 30

#: Characters of what stands before the title of news.
NEWS_ROOM = 36
_ROOMS = ((40, 60), (24, 40), (20, 24))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """In whose zone times are written; a zone that is not the reader's own is named."""

    zone: str
    own: bool = False

    def time(self, at: datetime, near: datetime | None = None) -> str:
        """The time as this reader understands it."""
        return spoken_time(at, self.zone, near=near, named=not self.own)


def reader_of(e: Escalation, people: People, person: str | None = None) -> Reader:
    """The person's own zone where it is known; else the policy's, named."""
    known = people.persons.get(person or "")
    if known is not None and known.zone:
        try:
            ZoneInfo(known.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return Reader(zone=e.plan.zone)
        return Reader(zone=known.zone, own=True)
    return Reader(zone=e.plan.zone)


def pending(e: Escalation, people: People, reader: Reader, news: str = "") -> str:
    """`HIGH production: … Asked by Dana. Decide by 23:30, else aborted.`

    `news` is what happened since it was asked, in a word or two: it stands before the title.
    """
    name = asker_name(e, people)
    who, asked = ("Asked by", name) if name else ("From", e.service)
    ending = _what_is_wanted(e, reader)
    then = f"{cut(one_line(news, 40), NEWS_ROOM)}: " if news else ""
    return _fitted(e, e.title, lambda room: f". {who} {_room(asked, room)}. {ending}", then)


def _what_is_wanted(e: Escalation, reader: Reader) -> str:
    """The end of the line: by when, and what then."""
    if is_incident(e):
        if e.acknowledged is not None or not is_awaited(e):
            return "Nothing is held."
        return f"Look by {reader.time(first_answer_by(e), e.created_at)}, else others are called."
    until, wanted = reader.time(e.deadline_at, e.created_at), fewest(e)
    by = f"Needs {wanted} people by {until}" if wanted > 1 else f"Decide by {until}"
    return f"{by}, else {else_what(e)}."


def asks(e: Escalation, people: People, who: str, text: str, reader: Reader) -> str:
    """To whoever is asked: `HIGH production: Ravi asks: Is the downgrade tested? …`"""
    return _fitted(e, text, lambda _: f" {_what_is_wanted(e, reader)}", f"{cut(who, 24)} asks: ")


def one_more(e: Escalation, option: Option | None, have: int, needed: int, reader: Reader) -> str:
    """After the first vote, to those who may still vote."""
    left = "One" if needed - have == 1 else str(needed - have)
    several = option is not None and len(releases(e)) > 1
    what = f"{option.label}: {e.title}" if several and option is not None else e.title
    until = reader.time(e.deadline_at, e.created_at)
    agreed = f"{have} of {needed} agreed: "
    return _fitted(e, what, lambda _: f". {left} more by {until}, else {else_what(e)}.", agreed)


def ended(e: Escalation, people: People, reader: Reader) -> str:
    """`APPROVED: Migrate, keep data. documents_v3, production. By Ravi 22:41. Succeeded 23:19.`"""
    if is_incident(e):
        after = f". {cut(e.environment, 24)}. {_how_it_ended(e, people, reader)}"
        return line(f"{outcome_word(e)}: ", e.title, after)
    option = chosen(e)
    what = option.label if option else e.title
    after = f". {subject(e)}, {cut(e.environment, 24)}. {_who_and_state(e, people, reader)}"
    return line(f"{outcome_word(e)}: ", what, after)


def review(e: Escalation, reader: Reader) -> str:
    """`Review due 3 Dec: Schema conflict on documents_v3. FAILED, production.`"""
    due = e.review.due_at.astimezone(ZoneInfo(reader.zone)) if e.review else None
    by = f" due {due.day} {due:%b}" if due else ""
    return line(f"Review{by}: ", e.title, f". {outcome_word(e)}, {cut(e.environment, 24)}.")


def _how_it_ended(e: Escalation, people: People, reader: Reader) -> str:
    if e.resolution is not None:
        at = reader.time(e.resolution.at, e.created_at)
        return f"By {cut(whose(e.resolution.by, people), 40)} {at}."
    return "It recovered by itself."


def line(before: str, title: str, after: str) -> str:
    """One line within the limit, escaped: the title gives way, at a word."""
    room = LOCK_SCREEN - len(escaped(before)) - len(escaped(after))
    title = _room(one_line(title, 300).rstrip(". "), max(room, 8))
    if title.endswith(("?", "!")):
        after = after.removeprefix(".")  # it has an end of its own
    return escaped(_room(f"{before}{title}{after}", LOCK_SCREEN))


def told(text: str) -> str:
    """Any other sentence as a top-level text."""
    return escaped(_room(one_line(text, 300), LOCK_SCREEN))


def _fitted(e: Escalation, title: str, after: Callable[[int], str], then: str = "") -> str:
    """The roomiest version that leaves the title enough."""
    before, ending = "", ""
    for environment, name in _ROOMS:
        before = f"{severity_word(e.severity)} {cut(e.environment, environment)}: {then}"
        ending = after(name)
        left = LOCK_SCREEN - len(escaped(before)) - len(escaped(ending))
        if left >= min(TITLE_ROOM, len(escaped(title))):
            break
    return line(before, title, ending)


def _room(text: str, most: int) -> str:
    """Cut at a word so that the text fits once it is escaped."""
    size = most
    while len(escaped(found := cut(text, size))) > most:
        size -= 1
    return found


def _who_and_state(e: Escalation, people: People, reader: Reader) -> str:
    decision = e.decision
    names = cut(all_of(name_of(p, people) for p in deciders(e)), 40)
    by_people = decision is not None and decision.by in (DecidedBy.VOTES, DecidedBy.BREAK_GLASS)
    names = "a rule" if is_by_rule(e) else names
    known = decision is not None and (by_people or is_by_rule(e))
    by = f"By {names} {reader.time(decision.at, e.created_at)}. " if decision and known else ""
    review = "Review due. " if is_overridden(e) else ""
    return f"{by}{review}{_state(e, people, reader)}"


def _state(e: Escalation, people: People, reader: Reader) -> str:
    nothing = row_of(e).nothing_past
    if e.status is Status.EXPIRED:
        return f"Nobody decided by {reader.time(e.deadline_at, e.created_at)}. {nothing}"
    if e.status is not Status.APPROVED or e.decision is None:
        return nothing
    if e.suspended is not None:
        return f"{why_suspended(e.suspended.why)}. People are asked again."
    if e.stopped is not None:
        who = f"Stopped by {name_of(e.stopped.by, people)}. " if e.stopped.by else ""
        return f"{who}{nothing}"
    return _after_approval(e, reader)


def _after_approval(e: Escalation, reader: Reader) -> str:
    at = {
        OperationState.HELD: ("May start until", e.claim_until),
        OperationState.LAPSED: ("Not started by", e.claim_until),
        OperationState.RELEASED: ("Started", e.claim.at if e.claim else None),
        OperationState.SUCCEEDED: ("Succeeded", e.outcome.at if e.outcome else None),
        OperationState.FAILED: ("Failed", e.outcome.at if e.outcome else None),
        OperationState.UNKNOWN: ("No result by", e.report_until),
    }
    said, moment = at[e.state]
    return f"{said} {reader.time(moment, e.created_at)}." if moment else f"{said}."
