"""What a chain says that cannot be meant: steps that reach nobody, or come after the end."""

from collections.abc import Iterator, Mapping
from typing import Any

from approvals.policy.check_names import Mistake, meant, near, repeated, unknown
from approvals.policy.course import CAN_WAIT, fallback_of, terms_of
from approvals.policy.entries import Course, StepEntry
from approvals.policy.lines import Path
from approvals.policy.model import Policy, Rule
from approvals.words import Kind, Severity

#: Targets that stand alone, and those that name something: `channel` is both.
ALONE = ("channel", "approvers", "current", "owners", "requester", "fallback")
NAMING = ("channel", "person", "group", "route")


def course_mistakes(
    policy: Policy, at: Path, course: Course, severity: Severity, rule: Rule | None = None
) -> Iterator[Mistake]:
    """What is wrong with how a severity or a rule goes on. `severity`: the mildest it can be."""
    if course.fallback is not None:
        yield from unknown(course.fallback, policy.people, (*at, "fallback"), "person")
    yield from _hours(policy, at, course, severity)
    yield from _clocks(policy, at, course, severity, rule)
    if course.steps is not None and rule is None and severity is Severity.LOW:
        yield (*at, "steps"), "what is low stands in the digest and has no steps"
        return
    for n, step in enumerate(course.steps or ()):
        yield from _step(policy, (*at, "steps", n), step, severity, rule)
    yield from _order(policy, at, course, severity, rule)


def _hours(policy: Policy, at: Path, course: Course, severity: Severity) -> Iterator[Mistake]:
    if not course.hours:
        return
    if severity not in CAN_WAIT:
        yield (*at, "hours"), f"what is {severity} never waits for business hours"
    elif policy.hours is None:
        yield (*at, "hours"), "the policy has no [hours]; say when they are"


def _clocks(
    policy: Policy, at: Path, course: Course, severity: Severity, rule: Rule | None
) -> Iterator[Mistake]:
    deadline = terms_of(policy, rule, severity).decide_within_s
    if (course.respond_within_s or 0) > deadline:
        reason = f"nobody is expected after the deadline, which is at {deadline}"
        yield (*at, "respond_within_s"), reason


def _step(
    policy: Policy, at: Path, step: StepEntry, severity: Severity, rule: Rule | None
) -> Iterator[Mistake]:
    yield from repeated(step.to, (*at, "to"))
    wrong = [m for n, to in enumerate(step.to) for m in _target(policy, (*at, "to", n), to)]
    yield from wrong
    nobody = [_reaches_nobody(policy, to, severity, rule) for to in step.to]
    if all(nobody) and not wrong:
        yield (*at, "to"), f"ends in nobody: {nobody[0]}"
    if step.repeat and not step.every_s:
        yield (*at, "repeat"), "say with every_s how many seconds lie between"
    if step.every_s and not step.repeat:
        yield (*at, "every_s"), "say with repeat how many more times"


def _target(policy: Policy, at: Path, target: str) -> Iterator[Mistake]:
    """What is wrong with one name in `to`."""
    what, colon, name = target.partition(":")
    tables: Mapping[str, Mapping[str, Any]] = {
        "channel": policy.channels,
        "person": policy.people,
        "group": policy.groups,
        "route": policy.routes,
    }
    if not colon and what in ALONE:
        return
    if colon and what in NAMING:
        yield from unknown(name, tables[what], at, what)
        return
    words = (*ALONE, *(f"{w}:NAME" for w in NAMING))
    yield at, f'unknown target "{target}"; {near(target, words) or meant(what, words)}'


def _reaches_nobody(
    policy: Policy, target: str, severity: Severity, rule: Rule | None
) -> str | None:
    """Why a target, by the file alone, reaches nobody; None where it may reach somebody."""
    what, _, name = target.partition(":")
    if target == "channel" and rule is not None and rule.channel is None:
        return "the rule has no channel"
    if target == "fallback":
        fallback = fallback_of(policy, rule, severity)
        return _no_way_to(policy, fallback) if fallback else "no fallback is named"
    return _no_way_to(policy, name) if what == "person" else None


def _no_way_to(policy: Policy, person: str) -> str | None:
    entry = policy.people.get(person)
    cannot = entry is not None and not entry.accounts and not entry.routes
    return f"{person} has neither an account nor a route" if cannot else None


def _order(
    policy: Policy, at: Path, course: Course, severity: Severity, rule: Rule | None
) -> Iterator[Mistake]:
    """Steps come one after another, and before the deadline; incidents have none."""
    endless = rule is not None and rule.match.kind is Kind.INCIDENT
    deadline = terms_of(policy, rule, severity).decide_within_s
    reached, before = 0, None
    for n, step in enumerate(course.steps or ()):
        path: Path = (*at, "steps", n)
        reached += step.after_s
        if before is not None and not step.after_s:
            yield path, "comes together with the step before; write one, or after_s"
        elif before is not None and before.repeat * before.every_s > step.after_s:
            most = step.after_s // before.every_s
            yield (*at, "steps", n - 1, "repeat"), f"the next step comes first; at most {most}"
        if reached >= deadline and not endless:
            yield path, f"never reached: due {reached} s after opening, the deadline is {deadline}"
            return
        before = step
