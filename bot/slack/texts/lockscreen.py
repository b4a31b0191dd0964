"""The top-level text: all that a lock screen and a screen reader get. At most 150 characters.

What is wrong comes first; severity, asker and time are never cut, the title is.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from approvals.categories import category
from approvals.escalation import Escalation
from bot.slack.texts.elements import cut, escaped
from bot.slack.texts.phrases import asker, end_word, option_label, people_needed

#: Characters a lock screen shows, and characters of a name in it.
MOST, MOST_NAME = 150, 24


def pending(e: Escalation, *, channel: bool) -> str:
    """For a card that waits: how bad, what, who asks, until when, what then."""
    until = clock(e.deadline_at, e.plan.zone, named=channel)
    needed = people_needed(e)
    more = f"{needed} people. " if needed > 1 else ""
    stays = category(e.category).nothing == "it stays stopped"
    ending = "else stays stopped" if stays else "else aborted"
    tail = f"{cut(asker(e), MOST_NAME + 10)} {more}Decide by {until}, {ending}."
    return fitted(f"{e.severity.upper()} {e.environment}:", e.title, tail)


def ended(e: Escalation, *, channel: bool) -> str:
    """For a card that is over: the outcome, what, and when."""
    made = e.decision
    at = clock(made.at, e.plan.zone, named=channel) if made else ""
    label = cut(option_label(e, made.option if made else None), 40)
    head = f"{end_word(e)}: {label}." if label else f"{end_word(e)}:"
    return fitted(head, e.title, f"{e.environment}, {at}.")


def one_more(e: Escalation, have: int, needed: int) -> str:
    """To those who may still vote, after a first vote."""
    until = clock(e.deadline_at, e.plan.zone, named=True)
    left = "One more" if needed - have == 1 else f"{needed - have} more"
    head = f"{e.severity.upper()} {e.environment}: {have} of {needed} agreed to"
    return fitted(head, e.title, f"{left} by {until}, else aborted.")


def fitted(head: str, title: str, tail: str) -> str:
    """Head and tail whole, the title cut at a word so that all fits."""
    head, tail, said = escaped(head), escaped(tail), escaped(title)
    room = max(MOST - len(head) - len(tail) - 3, 8)
    return f"{head} {_whole_escapes(cut(said, room))}. {tail}"[:MOST]


def _whole_escapes(said: str) -> str:
    """Half an escape would show as `&am`; it goes."""
    at = said.rfind("&")
    return said if at < 0 or ";" in said[at:] else said[:at].rstrip() + "…"


def clock(at: datetime, zone: str, *, named: bool) -> str:
    """The time of day in a zone; with the zone's name where readers live in several."""
    return at.astimezone(ZoneInfo(zone)).strftime("%H:%M %Z" if named else "%H:%M")
