"""What no life of an escalation can hold, whoever wrote its records and hashed them well.

`decide` may change over the years, so it is not run again: these are the laws it never breaks.
"""

from collections.abc import Iterator, Sequence

from approvals import events
from approvals.auditing.chain import Entry
from approvals.auditing.findings import Finding
from approvals.auditing.state import Folded
from approvals.automatic import never
from approvals.escalation import Decision, Escalation
from approvals.memory.reserved import reserved
from approvals.policy.seats import seats_for
from approvals.tally import counting, fewest_overrides
from approvals.words import DecidedBy, Effect, Kind, OperationState, Status

#: What happens at most once in a life.
_ONCE = (events.OPENED, events.DECIDED, events.RESOLVED, events.CLAIMED, events.STOPPED)

#: What never comes after the end: neither votes nor another decision.
_BEFORE_THE_END = frozenset({events.VOTE_CAST, events.OVERRIDE_ASKED, events.DECIDED})


def check_sane(id_: str, entries: Sequence[Entry], folded: Folded) -> Iterator[Finding]:
    """The laws that this life breaks."""
    yield from _order(entries)
    where = f"escalation {id_}"
    decided = [e.where for e in entries if e.kind == events.DECIDED]
    if folded.undecided is not None and folded.now.decision is not None:
        for what in _decision(folded.undecided, folded.now.decision, folded.now.status):
            yield Finding(where=decided[-1] if decided else where, what=what)
    yield from (Finding(where=where, what=what) for what in _claim(folded.now))


def _order(entries: Sequence[Entry]) -> Iterator[Finding]:
    seen: set[str] = set()
    for entry in entries:
        if entry.kind in _ONCE and entry.kind in seen:
            yield Finding(where=entry.where, what=f"{entry.kind} stands in it twice")
        if entry.kind in _BEFORE_THE_END and events.DECIDED in seen:
            yield Finding(where=entry.where, what="it was decided already")
        seen.add(entry.kind)


def _decision(before: Escalation, made: Decision, status: Status) -> Iterator[str]:
    option = before.option(made.option)
    if (status is Status.APPROVED) != (made.effect is Effect.RELEASE):
        yield "its status and its effect do not go together"
    if before.kind is Kind.AUTOMATION:
        yield from _let(before, made, status)
        return
    if status is not Status.APPROVED:
        return
    if option is None or option.effect is not Effect.RELEASE:
        yield "no option that releases was chosen"
        return
    if made.by is DecidedBy.VOTES:
        for_it = {vote.person for vote in counting(before, option.key)}
        needed = [seat.needed for seat in seats_for(before.plan, option)]
        least = max(needed) if before.plan.one_person_fills_many else sum(needed)
    elif made.by is DecidedBy.POLICY:
        yield from _ruled(before, made)
        return
    elif made.by is DecidedBy.BREAK_GLASS:
        for_it = {o.person for o in before.overrides if o.option == option.key}
        least = fewest_overrides(before.plan)
    else:
        yield f"{made.by.value} releases nothing"
        return
    if not for_it.issuperset(made.people):
        yield "it counts somebody who did not vote for it"
    if len(set(made.people)) < max(1, least):
        yield "fewer people made it than were needed"
    asked = before.requester.person if before.requester else None
    if {asked, *before.plan.excluded} & set(made.people):
        yield "it counts somebody who never counts here"


def _ruled(before: Escalation, made: Decision) -> Iterator[str]:
    """What a rule decides that people accepted is none of what is reserved for people."""
    if made.rule is None:
        yield "no rule is named by which it was decided"
    if made.people:
        yield "a rule decided it, and it counts people"
    why = reserved(
        kind=before.kind,
        category_slug=before.category,
        environment=before.environment,
        severity=before.severity,
        operation=before.operation,
        option=before.option(made.option),
    )
    if why is not None:
        yield f"a rule decided what people decide: {why}"


def _let(before: Escalation, made: Decision, status: Status) -> Iterator[str]:
    """What runs by itself is let by the policy, and is none of what people decide."""
    if (status, made.by) != (Status.APPROVED, DecidedBy.POLICY):
        yield f"{made.by.value} decided what nobody was asked"
    held = before.operation
    said = {
        "recovery": before.recovery,
        "category": before.category,
        "operation": held and {"money": held.money, "arguments": held.arguments},
    }
    yield from (f"{e.pointer[1:]} never runs by itself" for e in never(said))


def _claim(now: Escalation) -> Iterator[str]:
    taken = now.claim
    if now.kind is Kind.AUTOMATION:
        if taken is not None:
            yield "an automation was taken like a release"
        return
    if taken is None:
        if now.outcome is not None:
            yield "an outcome was reported of what was never taken"
        if now.state is OperationState.RELEASED:
            yield "it runs without having been taken"
        return
    if now.status is not Status.APPROVED or now.stopped is not None:
        yield "it was taken without an approval"
    if taken.digest != now.digest:
        yield "another operation was taken than was approved"
    if now.claim_until is None or taken.at >= now.claim_until:
        yield "it was taken too late"
