"""What differs between an escalation as it was and as it would be, in words for a person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from approvals.escalation import Escalation, Hours, Option, Plan, Requirement, Step
from approvals.policy.model import Policy
from approvals.refusals import Refusal
from approvals.words import DecidedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing: `severity`, `rule`, `who`, `deadline`, `outcome` …"""

    what: str
    was: str
    would_be: str


#: Fields of a plan that say where it stood in the file, or are told in words of their own.
_TOLD = frozenset(
    {"policy_version", "policy_text", "members", "excluded", "decide_within_s", "channel"}
)


def refused(refusal: Refusal) -> Difference:
    """It would not have been taken at all."""
    why = "; ".join(error.detail for error in refusal.errors) or refusal.why.value
    return Difference(what="opening", was="taken", would_be=f"refused: {why}")


def planned_differently(
    was: Escalation, would_be: Escalation, before: Policy, policy: Policy
) -> Iterator[Difference]:
    """Severity, rule, people, times, routing, friction: as of the opening."""
    mine, other = _planned(was, before), _planned(would_be, policy)
    for what in dict.fromkeys((*mine, *other)):
        pair = mine.get(what, "none"), other.get(what, "none")
        if pair[0] != pair[1]:
            yield Difference(what=what, was=pair[0], would_be=pair[1])


def ended_differently(
    was: Escalation, would_be: Escalation, policy: Policy
) -> Iterator[Difference]:
    """How it ended, or stands: the status, the option, when votes decided it, what became of it."""
    if _end(was) != _end(would_be):
        names = {id_: person.name for id_, person in policy.people.items()}
        pair = _ended(was, names), _ended(would_be, names)
        yield Difference(what="outcome", was=pair[0], would_be=pair[1])


def _planned(escalation: Escalation, policy: Policy) -> dict[str, str]:
    plan, channels = escalation.plan, {c.id: n for n, c in policy.channels.items()}
    names = {id_: person.name for id_, person in policy.people.items()}
    said = {"severity": escalation.severity.value, "deadline": _within(escalation)}
    said["who"] = ", ".join(names.get(p, p) for p in plan.could_decide) or "nobody"
    said["channel"] = channels.get(plan.channel or "", plan.channel or "none")
    said |= {
        field.name.removesuffix("_s").replace("_", " "): _text(
            field.name, getattr(plan, field.name)
        )
        for field in fields(Plan)
        if field.name not in _TOLD
    }
    return said | {f"«{option.label}»": _friction(option) for option in escalation.options}


def _within(escalation: Escalation) -> str:
    return span((escalation.deadline_at - escalation.created_at).total_seconds())


def _friction(option: Option) -> str:
    many = f", {option.people} people" if option.people > 1 else ""
    return option.friction.value + many


def _text(name: str, value: Any) -> str:
    match value:
        case None | () | "":
            return "none"
        case True | False:
            return "yes" if value else "no"
        case int() if name.endswith("_s"):
            return span(value)
        case Requirement():
            return f"{value.needed} of {value.group}"
        case Step():
            return _step(value)
        case Hours():
            days = ", ".join(map(str, value.days))
            return f"{value.start} to {value.until} on days {days}, {value.zone}"
        case tuple():
            return "; ".join(_text("", item) for item in value)
    return str(value)


def _step(step: Step) -> str:
    more = f", {step.repeat} times more each {span(step.every_s)}" if step.repeat else ""
    after = f"after {span(step.after_s)}" if step.after_s else "at once"
    return f"{after} to {', '.join(step.to)}{more}"


def _end(escalation: Escalation) -> tuple[Any, ...]:
    """What makes two ends one. When nobody decided, the deadline has told when already."""
    decision = escalation.decision
    by_votes = decision is not None and decision.by is DecidedBy.VOTES
    return (
        escalation.status,
        escalation.state,
        decision and decision.option,
        decision.at if decision and by_votes else None,
    )


def _ended(escalation: Escalation, names: Mapping[str, str]) -> str:
    decision = escalation.decision
    if decision is None:
        return escalation.status.value
    option = escalation.option(decision.option)
    chosen = f" «{option.label}»" if option else ""
    people = ", ".join(names.get(p, p) for p in decision.people)
    by = f" by {people}" if people else ""
    told = f"{escalation.status.value}{chosen}{by} at {at(decision.at)}"
    return f"{told}, then {escalation.state.value}" if option else told


def at(moment: datetime) -> str:
    """A moment for a table, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"


def span(seconds: float) -> str:
    """A span of time, in the largest units that say it exactly."""
    left, parts = round(seconds), []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        n, left = divmod(left, size)
        if n:
            parts.append(f"{n} {unit}")
    return " ".join(parts) or "0 s"
