"""What differs between an escalation as it was and as it would be, in words for a person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from approvals.escalation import Escalation, Option
from approvals.policy.model import Policy
from approvals.refusals import Refusal
from approvals.snapshot import Hours, Plan, Requirement, Rotation, Step
from approvals.words import DecidedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing: `severity`, `rule`, `who`, `deadline`, `outcome` …"""

    what: str
    was: str
    would_be: str


#: Fields of a plan that are told in words of their own, or say only where it stood in the file.
_TOLD = frozenset(
    {"policy_version", "policy_text", "members", "excluded", "decide_within_s", "channel"}
)
_REST = tuple(field.name for field in fields(Plan) if field.name not in _TOLD)


def refused(refusal: Refusal) -> Difference:
    """It would not have been taken at all."""
    why = "; ".join(error.detail for error in refusal.errors) or refusal.why.value
    return Difference(what="opening", was="taken", would_be=f"refused: {why}")


def planned_differently(
    was: Escalation, would_be: Escalation, before: Policy, policy: Policy
) -> Iterator[Difference]:
    """Severity, rule, people, times, routing, friction: as of the opening."""
    mine, other = _told(was, before), _told(would_be, policy)
    mine |= {f"«{option.label}»": _friction(option) for option in was.options}
    other |= {f"«{option.label}»": _friction(option) for option in would_be.options}
    for what, said in mine.items():
        if said != other[what]:
            yield Difference(what=what, was=said, would_be=other[what])
    for name in _REST:
        pair = getattr(was.plan, name), getattr(would_be.plan, name)
        if pair[0] != pair[1]:
            what = name.removesuffix("_s").replace("_", " ")
            yield Difference(what=what, was=_text(name, pair[0]), would_be=_text(name, pair[1]))


def ended_differently(
    was: Escalation, would_be: Escalation, policy: Policy
) -> Iterator[Difference]:
    """How it ended, or stands: the status, the option, when votes decided it, what became of it."""
    if _end(was) != _end(would_be):
        names = {id_: person.name for id_, person in policy.people.items()}
        pair = _ended(was, names), _ended(would_be, names)
        yield Difference(what="outcome", was=pair[0], would_be=pair[1])


def _told(escalation: Escalation, policy: Policy) -> dict[str, str]:
    plan, channels = escalation.plan, {c.id: n for n, c in policy.channels.items()}
    people = (policy.people[p].name if p in policy.people else p for p in plan.could_decide)
    within = escalation.deadline_at - escalation.created_at
    return {
        "severity": escalation.severity.value,
        "who": ", ".join(people) or "nobody",
        "deadline": span(within.total_seconds()),
        "channel": channels.get(plan.channel or "", plan.channel or "none"),
    }


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
        case Rotation():
            return f"{', '.join(value.people)} for {value.days} d each from {value.start}"
        case Mapping():
            return "; ".join(f"{name}: {_text('', item)}" for name, item in value.items()) or "none"
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
