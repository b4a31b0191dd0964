"""What the chain tells: who is called and why, who looks, how the time stands, who was missed.

Each case has one sentence, which the thread and the direct messages share; where they differ, the
thread says whom it calls and a direct message says why this person gets it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from approvals.codec import parse_instant
from approvals.escalation import Escalation, Missed
from approvals.people import People
from bot.slack.drawing.about import is_extendable, is_incident, longer, row_of, whose
from bot.slack.drawing.looking import why_missed
from bot.slack.drawing.spans import Line, Span, all_of, joined, name_of, one_line, person, when

Values = Mapping[str, Any]
Pieces = list[Span | str]
Teller = Callable[[Escalation, Values, People], Line]


def who(e: Escalation, values: Values, people: People) -> str:
    """Who did it, by name."""
    named = values.get("name")
    if named:
        return one_line(str(named), 60)
    told = str(values.get("person") or values.get("by") or "")
    return whose(told if ":" in told else f"person:{told}", people) if told else "Somebody"


def until_when(e: Escalation) -> Pieces:
    """`Decide by 23:30. No decision: aborted, nothing runs.` An incident holds nothing."""
    if is_incident(e):
        return ["Nothing is held."]
    no = f". No decision: aborted, {row_of(e).nothing}."
    return ["Decide by ", when(e.deadline_at, near=e.created_at), no]


# -- stages -------------------------------------------------------------------------------------


def called(e: Escalation, values: Values, people: People) -> Line:
    """`Still open since 22:30. Please look: @Ines. Paged: pager. Stage 2 of 3.`

    It rings only those it mentions; who has a message of their own is named.
    """
    mentions = [str(one) for one in values.get("mentions") or ()]
    line: Pieces = ["Still open since ", when(e.created_at, near=e.updated_at), "."]
    if mentions:
        line += [" Please look: ", *joined(person(p, people) for p in mentions), "."]
    return [*line, *_told(values, people), *_unreached(e, values, people), *_stage(values)]


def _told(values: Values, people: People) -> Pieces:
    """Who else is told, and by which way."""
    directly, paged = [], []
    for notice in (n for n in values.get("notices") or () if isinstance(n, Mapping)):
        to, via = str(notice.get("to") or ""), str(notice.get("via") or "")
        kind, _, name = to.partition(":")
        if via.startswith("route:"):
            route = one_line(via.removeprefix("route:"), 40)
            paged.append(f"{name_of(name, people)} by {route}" if kind == "person" else route)
        elif via == "slack" and kind == "person":
            directly.append(name_of(name, people))
    said: Pieces = [f" Told directly: {all_of(directly)}."] if directly else []
    return said + ([f" Paged: {all_of(paged)}."] if paged else [])


def _unreached(e: Escalation, values: Values, people: People) -> Pieces:
    """Who should have been called and could not be."""
    line: Pieces = []
    for entry in (m for m in values.get("missed") or () if isinstance(m, Mapping)):
        to, why = str(entry.get("to") or ""), str(entry.get("why") or "")
        about = why_missed(e, Missed(to=to, why=why, at=e.updated_at or e.created_at), people)
        line += [", " if line else " Not reached: ", f"{whose(to, people)} (", *about, ")"]
    return [*line, "."] if line else []


def _stage(values: Values) -> Pieces:
    step, of, said = (values.get(name) for name in ("step", "of", "said"))
    if not isinstance(step, int) or not isinstance(of, int) or of < 2:
        return []
    again = f", call {said}" if isinstance(said, int) and said > 1 else ""
    return [f" Stage {step} of {of}{again}."]


def opened(e: Escalation, values: Values, people: People) -> Line:
    """To somebody whom the first stage tells, beside those who get its card."""
    return ["This waits for people now. ", *until_when(e)]


def why_called(e: Escalation, values: Values, people: People) -> Line:
    """To the one who is called: that nobody has answered, and by when."""
    opened = when(e.created_at, near=e.updated_at)
    return ["This is still open, since ", opened, ". ", *until_when(e)]


def reason_line(reason: str) -> Line:
    """Every message says why this person gets it."""
    return [f"Why you get this: {one_line(reason, 150)}."]


def unattended(e: Escalation, values: Values, people: People) -> Line:
    """After the last stage."""
    return ["Nobody has answered, and nobody is left to call. ", *until_when(e)]


# -- who looks ----------------------------------------------------------------------------------


def acknowledged(e: Escalation, values: Values, people: People) -> Line:
    """`Ravi is looking. Nobody else is called until 22:56.`"""
    line: Pieces = [f"{who(e, values, people)} is looking."]
    until = _time(values, "until") or (e.acknowledged.until if e.acknowledged else None)
    if until is None:
        return line
    return [*line, " Nobody else is called until ", when(until, near=e.created_at), "."]


def let_go(e: Escalation, values: Values, people: People) -> Line:
    """The work did not go on."""
    called_next = " Others are called now." if values.get("next_at") else ""
    return [f"{who(e, values, people)} has not gone on; it is open again.{called_next}"]


# -- the time -----------------------------------------------------------------------------------


def reminder(e: Escalation, values: Values, people: People) -> Line:
    """Half of the time is over, or it will expire soon, and what can be done about that."""
    if not is_last_reminder(values):
        return ["Half of the time is over and it is not decided. ", *until_when(e)]
    nothing = f": aborted, {row_of(e).nothing}."
    by = when(e.deadline_at, near=e.created_at)
    more = f" It can be given {longer(e)}, once." if is_extendable(e) else ""
    return ["It expires at ", by, f" unless somebody decides{nothing}{more}"]


def is_last_reminder(values: Values) -> bool:
    """Whether it announces the end."""
    return "four-fifths" in (values.get("which") or ())


def extended(e: Escalation, values: Values, people: People) -> Line:
    """`Ravi gave it 30 more minutes: decide by 00:00.`"""
    by = when(_time(values, "to") or e.deadline_at, near=e.created_at)
    was = _time(values, "was") or (e.extended.was if e.extended else None)
    before: Pieces = [", not ", when(was, near=e.created_at)] if was else []
    return [f"{who(e, values, people)} gave it {longer(e)}: decide by ", by, *before, "."]


def held(e: Escalation, values: Values, people: People) -> Line:
    """Nobody could be told, so the time did not count."""
    by = when(_time(values, "to") or e.deadline_at, near=e.created_at)
    then = f" If nobody can be told by then: aborted, {row_of(e).nothing}."
    return ["Slack took no message of this. So it may be decided until ", by, f".{then}"]


def moved(e: Escalation, values: Values, people: People) -> Line:
    """Slack took it at last."""
    by = when(_time(values, "to") or e.deadline_at, near=e.created_at)
    return ["Slack was away, and took this at last. The time counts from now: decide by ", by, "."]


def _time(values: Values, key: str) -> Any:
    text = values.get(key)
    return parse_instant(str(text)) if text else None


THREAD: Mapping[str, Teller] = {
    "opened": opened,
    "step": called,
    "unattended": unattended,
    "acknowledged": acknowledged,
    "let-go": let_go,
    "reminder": reminder,
    "extended": extended,
    "deadline-held": held,
    "deadline-moved": moved,
}

DIRECT: Mapping[str, Teller] = {**THREAD, "step": why_called}
