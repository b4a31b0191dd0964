"""Small phrases that several surfaces share."""

from collections.abc import Sequence

from approvals.escalation import Escalation, Option
from approvals.facts import People
from approvals.policy.seats import seats_for
from approvals.tally import standing_shown
from approvals.words import Effect, OperationState, Status


def asker(e: Escalation) -> str:
    """`Asked by Dana.` or `From data-sync.`"""
    asked = e.requester
    return f"Asked by {asked.name or asked.id}." if asked else f"From {e.service}."


def option_label(e: Escalation, key: str | None) -> str:
    """The option's label, or nothing."""
    option = e.option(key)
    return option.label if option else ""


def releases(e: Escalation) -> tuple[Option, ...]:
    """The options that would let it run."""
    return tuple(o for o in e.options if o.effect is Effect.RELEASE)


def people_needed(e: Escalation) -> int:
    """Seats of the release option that needs most."""
    found = (sum(s.needed for s in seats_for(e.plan, o)) for o in releases(e))
    return max(found, default=1)


def name(person: str, people: People) -> str:
    """A person's name."""
    known = people.persons.get(person)
    return known.name if known else person


def either(names: Sequence[str]) -> str:
    """`Tom or Omar`; more than five are a number."""
    if not names:
        return "nobody"
    if len(names) > 5:
        return f"any of {len(names)} people"
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]


def end_word(e: Escalation) -> str:
    """The first word of what became of it; PENDING-severity while it waits."""
    if e.status is Status.PENDING:
        return str(e.severity).upper()
    if e.status is Status.APPROVED:
        if e.stopped is not None:
            return "VOID" if e.stopped.void else "STOPPED"
        return _APPROVED[e.state]
    return _ENDED[e.status]


_APPROVED = {
    OperationState.HELD: "APPROVED",
    OperationState.RELEASED: "RUNNING",
    OperationState.SUCCEEDED: "APPROVED",
    OperationState.FAILED: "FAILED",
    OperationState.UNKNOWN: "RESULT UNKNOWN",
    OperationState.LAPSED: "NOT RUN",
    OperationState.ABORTED: "STOPPED",
}
_ENDED = {
    Status.REJECTED: "ABORTED",
    Status.EXPIRED: "EXPIRED",
    Status.WITHDRAWN: "WITHDRAWN",
    Status.RESOLVED: "RESOLVED",
}


def counts(e: Escalation) -> str:
    """`0 of 2`, or per option where there are several releases with votes."""
    stands = [(o, standing_shown(e, o)) for o in releases(e)]
    voted = [(o, s) for o, s in stands if s.have] or stands[:1]
    if len(voted) > 1:
        each = " · ".join(f"{o.label} {s.have} of {s.needed}" for o, s in voted)
        return f"{each}. Votes for different options do not add up."
    return " · ".join(f"{s.have} of {s.needed}" for _, s in voted)
