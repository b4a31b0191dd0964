"""What is said of rules that people accepted: what one decided, and that one has ended."""

from collections.abc import Mapping
from typing import Any

from approvals.escalation import Escalation
from approvals.people import People
from bot.slack.drawing.about import chosen, is_by_rule, short_id
from bot.slack.drawing.spans import Line, Span, bold, one_line, quoted, when

#: Why a rule decides nothing any more, as `approvals.memory.values.Suspension` names it.
_WHY: Mapping[str, str] = {
    "failed": "What it allowed failed",
    "unknown": "Nobody knows what became of something it allowed",
    "undone": "Something it allowed was stopped or taken back",
    "burst": "It was asked for too often within an hour",
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
    """`This rule decides nothing any more: what it allowed failed (7f3a9c). People are asked …`"""
    why = why_suspended(str(values.get("why")))
    shown = short_id(str(values.get("because") or ""))
    said = f"This rule decides nothing any more. {why} ({shown})."
    return [said, " People are asked again, until they accept it anew."]


def suspended_at(e: Escalation) -> list[Line]:
    """The same on the card of what was accepted; nothing while the rule is in force."""
    ended = e.suspended
    if ended is None:
        return []
    at: Span | str = when(ended.at, near=e.created_at)
    why = f". {why_suspended(ended.why)} ({short_id(ended.because)}). People are asked again."
    return [["Suspended ", at, why]]
