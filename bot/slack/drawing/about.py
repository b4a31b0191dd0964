"""What drawings read off an escalation: who, what, how many, by what name it goes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from approvals import tally
from approvals.categories import Category, category
from approvals.escalation import Escalation, Option, Vote
from approvals.memory.accepted import can_be_ended
from approvals.people import People
from approvals.tally import counting, eligible, standing_shown
from approvals.words import DecidedBy, Effect, Kind, OperationState, Severity, Status
from bot.slack.drawing.spans import (
    Span,
    all_of,
    any_of,
    duration,
    name_of,
    one_line,
    requester,
    when,
)

#: First word of the card once it is over (CARDS section 6).
_ENDS: Mapping[Status, str] = {
    Status.REJECTED: "ABORTED",
    Status.EXPIRED: "EXPIRED",
    Status.WITHDRAWN: "WITHDRAWN",
    Status.RESOLVED: "RESOLVED",
}
_AFTER_APPROVAL: Mapping[OperationState, str] = {
    OperationState.HELD: "APPROVED",
    OperationState.RELEASED: "RUNNING",
    OperationState.SUCCEEDED: "APPROVED",
    OperationState.FAILED: "FAILED",
    OperationState.UNKNOWN: "RESULT UNKNOWN",
    OperationState.LAPSED: "NOT RUN",
}


def outcome_word(e: Escalation) -> str:
    """The first word of the decided card."""
    if e.status is not Status.APPROVED:
        recovered = is_incident(e) and e.status is Status.WITHDRAWN
        return "RECOVERED" if recovered else _ENDS[e.status]
    if e.stopped is not None:
        return "VOID" if e.stopped.void else "STOPPED"
    if e.suspended is not None:
        return "SUSPENDED"
    word = _AFTER_APPROVAL[e.state]
    if e.kind is Kind.AUTOMATION and word == "APPROVED":
        return "RAN BY ITSELF"
    return "OVERRIDDEN" if is_overridden(e) and word == "APPROVED" else word


def may_be_stopped(e: Escalation) -> bool:
    """Whether an approver may still take back what was approved."""
    return e.can_be_stopped or can_be_ended(e)


def is_incident(e: Escalation) -> bool:
    """Whether it asks for help and holds nothing."""
    return e.kind is Kind.INCIDENT


def recalls(e: Escalation) -> bool:
    """Whether any like it had ended when it was asked."""
    return e.recalled is not None and e.recalled.times > 0


def is_overridden(e: Escalation) -> bool:
    """Whether the decision went around the policy."""
    return e.decision is not None and e.decision.by is DecidedBy.BREAK_GLASS


def is_by_rule(e: Escalation) -> bool:
    """Whether a rule decided it that people accepted."""
    return e.decision is not None and e.decision.rule is not None


def is_extendable(e: Escalation) -> bool:
    """Whether an approver may give it more time."""
    waits = e.status is Status.PENDING and not is_incident(e)
    return waits and e.plan.extend_by_s > 0 and e.extended is None


def longer(e: Escalation) -> str:
    """`30 more minutes`: what an extension adds."""
    count, _, unit = duration(timedelta(seconds=e.plan.extend_by_s)).partition(" ")
    return f"{count} more {unit}"


def may_override(e: Escalation, person: str | None, people: People) -> bool:
    """Whether the policy names this person among those who may override it together."""
    waits = e.status is Status.PENDING and bool(releases(e))
    return waits and person in tally.may_override(e, people)


def overriding(e: Escalation, option: str | None, people: People) -> tuple[str, ...]:
    """Who asked to override the policy for that option, and still may: they count together."""
    may = tally.may_override(e, people)
    return tuple(o.person for o in e.overrides if o.option == option and o.person in may)


def whose(who: str | None, people: People) -> str:
    """`person:ravi` or `service:payments` by name."""
    kind, _, name = (who or "").partition(":")
    return name_of(name, people) if kind == "person" else one_line(name or kind or "somebody", 60)


def severity_word(severity: Severity) -> str:
    """Severity written out: words carry the meaning."""
    return severity.value.upper()


def row_of(e: Escalation) -> Category:
    """The words of its category."""
    return category(e.category)


def else_what(e: Escalation) -> str:
    """What happens without a decision, in a word or two."""
    nothing = row_of(e).nothing
    return nothing.removeprefix("it ") if nothing.startswith("it ") else "aborted"


def short_id(e: Escalation | str) -> str:
    """The last six characters: what people type after `show`."""
    return (e if isinstance(e, str) else e.id)[-6:]


def short_digest(digest: str, most: int = 8) -> str:
    """`sha256:3f9ac41e…`."""
    return f"sha256:{bare(digest)[:most]}…"


def bare(digest: str) -> str:
    """The hex digits alone."""
    return digest.removeprefix("sha256:")


def subject(e: Escalation) -> str:
    """What it is done to, in few characters."""
    operation = e.operation
    if operation is None:
        return one_line(e.title, 40)
    return operation.target or one_line(operation.name, 40)


def releases(e: Escalation) -> tuple[Option, ...]:
    """The options that let it run."""
    return tuple(o for o in e.options if o.effect is Effect.RELEASE)


def needed(e: Escalation, option: Option) -> int:
    """How many distinct people this option needs; one for an abort."""
    return standing_shown(e, option).needed if option.effect is Effect.RELEASE else 1


def fewest(e: Escalation) -> int:
    """How many people the easiest release needs."""
    return min((needed(e, o) for o in releases(e)), default=1)


def chosen(e: Escalation) -> Option | None:
    """The option that was decided for."""
    return e.option(e.decision.option) if e.decision else None


def deciders(e: Escalation) -> tuple[str, ...]:
    """Whose votes made the decision."""
    return e.decision.people if e.decision else ()


def may_decide(e: Escalation, people: People) -> tuple[str, ...]:
    """Who may decide now; before people were looked up, who could at opening."""
    if people.as_of is not None:
        return eligible(e, people)
    return e.plan.could_decide


def may_still(e: Escalation, people: People, option: Option) -> tuple[str, ...]:
    """Who may decide and has not voted for this option."""
    voted = {v.person for v in counting(e, option.key)}
    return tuple(p for p in may_decide(e, people) if p not in voted)


def reason_of(e: Escalation, vote: Vote) -> str | None:
    """What the voter said, with the vote or within ten minutes after it."""
    later = [r.text for r in e.reasons if r.person == vote.person]
    return vote.rationale or (later[-1] if later else None)


def in_stead(stead: Iterable[Sequence[str]], people: People) -> str:
    """` (for Sam)`, where a vote counts in the stead of somebody who was away; else nothing."""
    away = dict.fromkeys(person for _, person in stead)
    return f" (for {all_of(name_of(p, people) for p in away)})" if away else ""


def asker(e: Escalation, people: People) -> Span | None:
    """The person it is asked for."""
    return requester(e.requester, people)


def asker_name(e: Escalation, people: People) -> str | None:
    """The asker's bare name, where nobody may be rung."""
    asked = e.requester
    if asked is None:
        return None
    if asked.person:
        return name_of(asked.person, people)
    return one_line(asked.name or asked.id, 60)


def whom_to_call(e: Escalation, people: People) -> str:
    """Who may know more than Andon, by name: those who decided, who asked; else the owners."""
    names = [name_of(p, people) for p in deciders(e)]
    asked = asker_name(e, people)
    return any_of(dict.fromkeys([*names, *([asked] if asked else [])])) or f"{e.service}'s owners"


def hidden(e: Escalation) -> tuple[str, ...]:
    """Where something was hidden, as JSON pointers."""
    return (*(e.operation.redacted if e.operation else ()), *e.context_redacted)


def erased(e: Escalation) -> list[Span | str]:
    """`Erased 2 March 2027: what was asked …`; nothing where all of it is still there."""
    if e.erased is None:
        return []
    gone = ": what was asked and said is gone; who decided, what and when stays."
    return ["Erased ", when(e.erased.at), gone]


def said(e: Escalation, name: str) -> Any:
    """A field of the context; None where it was not given or is empty."""
    found = e.context.get(name)
    return found if found not in ("", [], {}) else None
