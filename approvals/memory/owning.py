"""Whose it is to write down what happened: the last who decided, else who stands at the end."""

from collections.abc import Iterator

from approvals.escalation import Escalation

_PERSON = "person:"


def decider(e: Escalation) -> str | None:
    """The person who decided last, who broke the glass last, or who resolved it; None: nobody."""
    if e.resolution is not None:
        return _person(e.resolution.by)
    people = e.decision.people if e.decision else ()
    acted = {v.person: v.at for v in e.votes} | {o.person: o.at for o in e.overrides}
    return max(people, key=lambda p: (p in acted, acted.get(p), p)) if people else None


def owner(e: Escalation) -> str | None:
    """Who writes the review. Nobody alone where nobody at all is known of it."""
    return decider(e) or next(_standing_for(e), None)


def _standing_for(e: Escalation) -> Iterator[str]:
    """The end of the chain (the policy's fallback), the service's owners, who looked, who could
    have decided, who asked.
    """
    for step in e.plan.steps[-1:]:
        yield from filter(None, map(_person, reversed(step.to)))
    yield from e.plan.owners
    yield from (look.person for look in e.looks)
    yield from e.plan.could_decide
    if e.requester is not None and e.requester.person is not None:
        yield e.requester.person


def _person(named: str) -> str | None:
    return named.removeprefix(_PERSON) if named.startswith(_PERSON) else None
