"""What is said of rules that people accepted: what one decided, and that one has ended."""

from collections.abc import Mapping
from typing import Any

from approvals.escalation import Escalation
from approvals.people import People
from bot.slack.drawing.about import chosen, is_by_rule, short_id
from bot.slack.drawing.buttons import show_other_button
from bot.slack.drawing.spans import Element, Line, Span, bold, name_of, one_line, quoted, when
from bot.slack.drawing.words import SHOW_WHY

#: Why a rule decides nothing any more, as `approvals.memory.values.Suspension` names it.
_WHY: Mapping[str, str] = {
    "failed": "What it allowed failed",
    "unknown": "Nobody knows what became of something it allowed",
    "undone": "Something it allowed was stopped or taken back",
    "burst": "It was asked for too often within an hour",
    "ended": "It was ended by hand",
}


def why_suspended(why: str) -> str:
    """`What it allowed failed`."""
    return _WHY.get(why, "Something it allowed went wrong")


def decided_by_rule(e: Escalation) -> Line:
    """`Sync again. Nobody was asked: the rule «…» allows it, which people accepted (7f3a9c).`"""
    option, decision = chosen(e), e.decision
    if option is None or decision is None or not is_by_rule(e):
        return []
    name, proposal = quoted(decision.reason or "", 80), short_id(decision.rule or "")
    label = bold(f"{one_line(option.label)}.")
    which = f" allows it, which people accepted ({proposal})."
    return [label, " Nobody was asked: the rule ", name, which]


def suspended(e: Escalation, values: Mapping[str, Any], people: People) -> Line:
    """`This rule decides nothing any more. What it allowed failed (7f3a9c). People are asked …`"""
    why, because = str(values.get("why")), str(values.get("because") or "")
    said = f"This rule decides nothing any more. {what_ended(why, because, people)}"
    reason: Line = [": ", quoted(values["reason"])] if values.get("reason") else []
    return [said, *reason, ". People are asked again, until they accept it anew."]


def what_ended(why: str, because: str, people: People | None = None) -> str:
    """`What it allowed failed (7f3a9c)`, `Ended by Lena`; `It was ended by hand` without people."""
    by_hand, person = because.startswith("person:"), because.removeprefix("person:")
    if by_hand and people is not None:
        return f"Ended by {name_of(person, people)}"
    return why_suspended(why) if by_hand else f"{why_suspended(why)} ({short_id(because)})"


def because_buttons(values: Mapping[str, Any]) -> list[Element]:
    """What ended the rule, a tap away: whoever is told wants to see that first."""
    because = str(values.get("because") or "")
    if not because.startswith("esc_"):
        return []
    spoken = f"Show {short_id(because)}, which ended the rule"
    return [show_other_button(because, SHOW_WHY, spoken)]


def suspended_at(e: Escalation, people: People) -> list[Line]:
    """The same on the card of what was accepted; nothing while the rule is in force."""
    ended = e.suspended
    if ended is None:
        return []
    at: Span | str = when(ended.at, near=e.created_at)
    why = f". {what_ended(ended.why, ended.because, people)}. People are asked again."
    return [["Suspended ", at, why]]
