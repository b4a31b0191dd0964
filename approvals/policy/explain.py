"""What the policy makes of one request, in words: which rule and why, who, when, how hard.

Pure like `plan`, and says nothing that `plan` does not do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from approvals.currencies import decimals_of
from approvals.escalation import Option
from approvals.hours import current_people, later
from approvals.people import People
from approvals.policy.asking import Ask
from approvals.policy.lines import Lines
from approvals.policy.match import GLOBS, Amount, Match, MoneyMatch, Said, fits
from approvals.policy.model import Policy
from approvals.policy.plan import Planned, plan
from approvals.refusals import FieldError
from approvals.severities import VERSION
from approvals.snapshot import Plan, Step
from approvals.words import Effect, Friction, Kind, Severity

#: A heading and what stands below it.
Part = tuple[str, tuple[str, ...]]

#: When reminders go out, as parts of the time there is.
REMINDERS = ((0.5, "half"), (0.8, "four fifths"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What would become of the request; with errors it would be refused (422)."""

    parts: tuple[Part, ...]
    errors: tuple[FieldError, ...] = ()


def explain(policy: Policy, ask: Ask, people: People, now: datetime) -> Explanation:
    """What the policy makes of a request that comes `now`."""
    said = ask.said
    at = policy.first_match(said)
    parts = [("Rule", tuple(_rule(policy, at, said)))]
    passed = policy.rules[: len(policy.rules) if at is None else at]
    if passed:
        parts.append(("Passed over", tuple(f"{r.name}: {_no(r.match, said)}" for r in passed)))
    parts += _unknown_members(policy, at, ask)
    made = plan(policy, ask, people)
    if not isinstance(made, Planned):
        return Explanation(parts=tuple(parts), errors=made)
    rule = policy.rules[at] if at is not None else None
    parts.append(("Severity", tuple(_severity(ask, rule.severity if rule else None, made))))
    parts += _course(policy, ask, made, people, now)
    if rule is not None and rule.runbooks:
        parts.append(("Runbooks", rule.runbooks))
    return Explanation(parts=tuple(parts))


def _unknown_members(policy: Policy, at: int | None, ask: Ask) -> Iterator[Part]:
    """Slack's user groups, whose members only a running server looks up."""
    named = [r.group for r in policy.rules[at].requirements] if at is not None else []
    groups = (g for g in (*named, *ask.approvers) if g in policy.groups)
    asked = [g for g in groups if policy.groups[g].slack_usergroup]
    if asked:
        yield "Note", (f"who is in {', '.join(asked)} in Slack is not looked up here",)


# -- which rule -----------------------------------------------------------------------------------


def _rule(policy: Policy, at: int | None, said: Said) -> Iterator[str]:
    if at is None:
        yield "none matches; only groups the request names decide"
        return
    rule = policy.rules[at]
    line = Lines(policy.text).of(("rules", at))
    yield f"{rule.name} (line {line}; rule {at + 1} of {len(policy.rules)})"
    matched = [f"{key} {said_}" for key, said_ in _given(rule.match, said)]
    yield f"matches by {', '.join(matched)}" if matched else "matches everything"


def _given(match: Match, said: Said) -> Iterator[tuple[str, str]]:
    """The keys a rule gives, with what the request says to them."""
    for key in GLOBS:
        if getattr(match, key):
            yield key, f'"{getattr(said, key)}"'
    if match.severity is not None:
        yield "severity", f"{said.severity}, at least {match.severity}"
    if match.kind is not None:
        yield "kind", str(said.kind)
    if match.money is not None and said.amount is not None:
        what = " and ".join(_above(match.money, said.amount))
        yield "money", f"above {_money(match.money.above_minor, match.money.currency)}: {what}"


def _above(bound: MoneyMatch, amount: Amount) -> Iterator[str]:
    """What is above the bound, in words."""
    for key in bound.above(amount):
        if key == "amount":
            yield f"the amount, {_money(abs(amount.minor), amount.currency)}"
        else:
            total = abs(amount.minor) + dict(amount.sums)[key]
            yield f"with the last 24 h of its {key}, {_money(total, amount.currency)}"


def _no(match: Match, said: Said) -> str:
    """The first reason why a rule does not match."""
    for key in GLOBS:
        if not fits(getattr(said, key), getattr(match, key)):
            wanted = " or ".join(getattr(match, key))
            return f'{key} is "{getattr(said, key)}", not {wanted}'
    if match.severity is not None and said.severity.rank < match.severity.rank:
        return f"severity is {said.severity} so far, not at least {match.severity}"
    if match.kind not in (None, said.kind):
        return f"kind is {said.kind}, not {match.kind}"
    bound = match.money
    if bound is None or said.amount is None:
        return "the request names no amount"
    if bound.currency != said.amount.currency:
        return f"the amount is in {said.amount.currency}, not {bound.currency}"
    reached = " with what the last 24 h moved" if bound.sum_24h else ""
    return f"the amount{reached} is not above {_money(bound.above_minor, bound.currency)}"


def _money(minor: int, currency: str) -> str:
    digits = decimals_of(currency) or 0
    return f"{minor / 10**digits:,.{digits}f} {currency}"


# -- how bad --------------------------------------------------------------------------------------


def _severity(ask: Ask, by_rule: Severity | None, made: Planned) -> Iterator[str]:
    yield str(made.severity)
    yield (
        f"table {VERSION}: at least {ask.floor} for {ask.category} in {ask.environment}"
        + (f" after {ask.attempts} attempts" if ask.attempts else "")
    )
    yield f"the rule: {by_rule or 'nothing'}; the caller: {ask.severity or 'nothing'}"


# -- who, when, how hard --------------------------------------------------------------------------


def _course(
    policy: Policy, ask: Ask, made: Planned, people: People, now: datetime
) -> Iterator[Part]:
    it, clock = made.plan, _Clock(made.plan, now)
    holds = ask.kind is Kind.APPROVAL
    yield ("Decides" if holds else "Helps", tuple(_deciders(it, people, holds=holds)))
    if holds:
        yield "Options", tuple(_option(o) for o in made.options)
        yield "Until", tuple(_until(it, clock))
    yield "Asked", tuple(_asked(policy, it, made, people, clock)) or ("nobody; in the digest",)
    if holds and it.break_glass is not None:
        glass = it.break_glass
        yield "Override", (f"{glass.needed} of {glass.group} together, each with a reason",)


def _deciders(it: Plan, people: People, *, holds: bool) -> Iterator[str]:
    for r in it.requirements:
        may = [m for m in it.members[r.group] if m not in it.excluded]
        needed = f"{r.needed} of " if holds else ""
        yield f"{needed}{r.group}: {_names(may, people, it.quiet)}"
    if it.excluded:
        yield f"never {_names(it.excluded, people)}, who asked or answers for the service"


def _option(option: Option) -> str:
    if option.effect is Effect.ABORT:
        return f"{option.label}: aborts; one person is enough"
    if option.friction is Friction.TAP:
        return f"{option.label}: can be undone; one tap"
    asks = "asks why, and to type the target" if option.friction is Friction.TYPED else "asks why"
    people = f"; {option.people} people at least" if option.people > 1 else ""
    return f"{option.label}: cannot be undone; {asks}{people}"


def _until(it: Plan, clock: "_Clock") -> Iterator[str]:
    yield f"{clock.at(it.decide_within_s)}; no decision by then: aborted"
    if it.hours is not None:
        yield f"clocks run {it.hours.start} to {it.hours.until} on business days only"
    for part, name in REMINDERS:
        yield f"{clock.at(int(it.decide_within_s * part))}: reminder at {name} of the time"
    if it.extend_by_s:
        yield f"may be extended once, by {lasting(it.extend_by_s)}"
    yield f"may be taken within {lasting(it.claim_within_s)} of the decision"


def _asked(
    policy: Policy, it: Plan, made: Planned, people: People, clock: "_Clock"
) -> Iterator[str]:
    reached = 0
    for step in it.steps:
        reached += step.after_s
        who = "; ".join(_reached(policy, it, made, people, clock, step, reached))
        yield f"{clock.at(reached)}: {who}{_again(step)}"


def _again(step: Step) -> str:
    if step.repeat < 2:
        return f" (again after {lasting(step.every_s)})" if step.repeat else ""
    return f" ({step.repeat} times more, every {lasting(step.every_s)})"


def _reached(
    policy: Policy,
    it: Plan,
    made: Planned,
    people: People,
    clock: "_Clock",
    step: Step,
    reached: int,
) -> Iterator[str]:
    """The targets of a step by name."""
    channels = {c.id: f"#{name}" for name, c in policy.channels.items()}
    may = [m for m in it.could_decide if m not in it.quiet]
    for target in step.to:
        what, _, name = target.partition(":")
        match what:
            case "channel":
                yield channels.get(name or it.channel or "", name)
            case "approvers":
                yield f"all who may decide: {_names(may, people)}"
            case "current":
                groups = [r.group for r in it.requirements]
                moment = clock.moment(reached)
                on = {p for g in groups for p in current_people(it, g, people, moment)}
                yield f"on call: {_names(sorted(on), people)}"
            case "owners":
                yield f"owners: {_names(it.owners, people)}"
            case "requester":
                asked = made.requester
                yield f"who asked: {asked.name or asked.id if asked else 'nobody is named'}"
            case "group":
                yield f"{name}: {_names(sorted(people.groups.get(name, ())), people)}"
            case "person":
                yield _names((name,), people)
            case _:
                yield f"page by {name}"


def _names(ids: Sequence[str], people: People, quiet: Sequence[str] = ()) -> str:
    known = people.persons
    named = ((known[i].name if i in known else i) + (" (quiet)" if i in quiet else "") for i in ids)
    return ", ".join(named) or "nobody"


@dataclass(frozen=True, slots=True)
class _Clock:
    """Times of the plan, by its zone and hours."""

    plan: Plan
    now: datetime

    def moment(self, seconds: int) -> datetime:
        """The instant so many seconds of its time after now."""
        return later(self.now, seconds, self.plan.hours)

    def at(self, seconds: int) -> str:
        """`after 15 min, Thu 22:45`."""
        moment = self.moment(seconds)
        local = moment.astimezone(ZoneInfo(self.plan.zone))
        soon = moment - self.now < timedelta(hours=12)
        clock = f"{local:%H:%M}" if soon else f"{local:%a %d %b %H:%M}"
        waits = "at once" if not seconds else f"after {lasting(seconds)}"
        return f"{waits} ({clock})"


def lasting(seconds: int) -> str:
    """How long, for people: `90 s`, `15 min`, `4 h`, `2 days`."""
    for size, word in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds % size == 0 and seconds >= (2 * size if word == "days" else size):
            return f"{seconds // size} {word}"
    return f"{seconds} s"
