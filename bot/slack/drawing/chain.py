"""What the chain tells: who is called and why, who looks, how the time stands, who was missed.

Each case has one sentence, which the thread and the direct messages share; where they differ, the
thread says whom it calls and a direct message says why this person gets it.
"""

from collections.abc import Callable, Mapping, Sequence
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
    """`Still open since 22:30. Please look: @Ines, @Sam. Paged: pager.` Rings those it names."""
    mentions = [str(one) for one in values.get("mentions") or ()]
    line: Pieces = ["Still open since ", when(e.created_at, near=e.updated_at), "."]
    if mentions:
        line += [" Please look: ", *joined(person(p, people) for p in mentions), "."]
    line += _told(values, people, mentions)
    return [*line, *_stage(e, values)]


def _told(values: Values, people: People, mentions: Sequence[str]) -> Pieces:
    """Who else was told, and by which way."""
    to = [str(n.get("to") or "") for n in values.get("notices") or () if isinstance(n, Mapping)]
    split = [one.partition(":") for one in to]
    directly = [name_of(n, people) for kind, _, n in split if kind == "person"]
    directly = [
        n for n in dict.fromkeys(directly) if n not in {name_of(m, people) for m in mentions}
    ]
    paged = [one_line(n, 40) for kind, _, n in split if kind == "route"]
    said: Pieces = [f" Told directly: {all_of(directly)}."] if directly else []
    return said + ([f" Paged: {all_of(dict.fromkeys(paged))}."] if paged else [])


def _stage(e: Escalation, values: Values) -> Pieces:
    step, steps = values.get("step"), len(e.plan.steps)
    return [f" Stage {step} of {steps}."] if isinstance(step, int) and steps > 1 else []


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


def missed(e: Escalation, values: Values, people: People) -> Line:
    """`Could not reach Ravi: notifications paused. The next way is taken.`"""
    to, why = str(values.get("to") or ""), str(values.get("why") or "no answer")
    kind, _, name = to.partition(":")
    by_kind = {"route": f"the route {one_line(name, 40)}", "channel": "this channel"}
    reached = by_kind.get(kind) or whose(to, people)
    about = why_missed(e, Missed(to=to, why=why, at=e.created_at))
    then = " The next way is taken at once." if values.get("next_at") else ""
    return [f"Could not reach {reached}: ", *about, f".{then}"]


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


def _time(values: Values, key: str) -> Any:
    text = values.get(key)
    return parse_instant(str(text)) if text else None


THREAD: Mapping[str, Teller] = {
    "step": called,
    "unattended": unattended,
    "missed": missed,
    "acknowledged": acknowledged,
    "let-go": let_go,
    "reminder": reminder,
    "extended": extended,
    "deadline-held": held,
}

DIRECT: Mapping[str, Teller] = {**THREAD, "step": why_called}
