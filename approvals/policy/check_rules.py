"""What rules say that cannot be meant: never reached, never filled, told to the wrong people."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from approvals.categories import CATEGORIES
from approvals.policy.asking import CONTEXT
from approvals.policy.check_names import Mistake, near, repeated, unknown
from approvals.policy.check_steps import course_mistakes
from approvals.policy.covering import covers, is_milder_tier, least
from approvals.policy.lines import Path
from approvals.policy.match import Match
from approvals.policy.model import Policy, Rule
from approvals.policy.seats import most_seats
from approvals.words import Kind, Severity


def rule_mistakes(policy: Policy) -> Iterator[Mistake]:
    """Everything that is wrong with the rules."""
    if not policy.rules:
        yield ("rules",), "there is no rule, so nothing could be asked; write [[rules]]"
    names: set[str] = set()
    for n, rule in enumerate(policy.rules):
        at: Path = ("rules", n)
        if rule.name in names:
            yield (*at, "name"), f'there is another rule "{rule.name}" above'
        names.add(rule.name)
        yield from _names(policy, at, rule)
        yield from _match(at, rule)
        yield from _quorum(policy, at, rule)
        yield from _bounds(at, rule)
        yield from _privacy(policy, at, rule)
        yield from _severity(at, rule)
        yield from _order(policy, n, rule)
        incident = rule.match.kind is Kind.INCIDENT
        mildest = Severity.LOW if incident else Severity.MEDIUM
        severity = Severity.worst(mildest, rule.severity, least(rule.match))
        yield from course_mistakes(policy, at, rule, severity, rule)


def _names(policy: Policy, at: Path, rule: Rule) -> Iterator[Mistake]:
    named = [r.group for r in rule.requirements]
    for m, group in enumerate(named):
        path = (*at, "requirements", m, "group")
        yield from unknown(group, policy.groups, path, "group")
        if group in named[:m]:
            yield path, f'"{group}" is named twice; write how many with `needed`'
    if rule.channel is not None:
        yield from unknown(rule.channel, policy.channels, (*at, "channel"), "channel")
    known = dict.fromkeys(CONTEXT)
    for m, part in enumerate(rule.require_context):
        path = (*at, "require_context", m)
        yield from unknown(part, known, path, "part of the context")
    yield from repeated(rule.require_context, (*at, "require_context"))
    yield from repeated(rule.runbooks, (*at, "runbooks"))


def misspelt(match: Match, at: Path) -> Iterator[Mistake]:
    """Categories are free, so only what is nearly a known one is taken for a slip of the pen."""
    for m, slug in enumerate(match.category):
        hint = "" if slug in CATEGORIES else near(slug, tuple(CATEGORIES), 0.9)
        if hint:
            yield (*at, "category", m), f'unknown category "{slug}"; {hint}'


def _match(at: Path, rule: Rule) -> Iterator[Mistake]:
    yield from misspelt(rule.match, (*at, "match"))
    if rule.match.kind is Kind.INCIDENT and rule.match.money is not None:
        yield (*at, "match", "money"), "an incident moves no money, so this never matches"


def _quorum(policy: Policy, at: Path, rule: Rule) -> Iterator[Mistake]:
    """More seats than listed people can never be filled. User groups are known only later."""
    wanted = {r.group for r in rule.requirements}
    groups = {name: group for name, group in policy.groups.items() if name in wanted}
    if len(groups) < len(wanted) or not all(g.is_listed for g in groups.values()):
        return  # unknown and empty groups have a finding of their own
    seats = 1 if rule.match.kind is Kind.INCIDENT else sum(r.needed for r in rule.requirements)
    filled = _filled(policy, rule, frozenset())
    if filled < seats:
        yield (*at, "requirements"), f"wants {seats} people and only {filled} can be found"
    elif rule.match.kind is not Kind.INCIDENT:
        yield from _without_the_requester(policy, at, rule, seats)


def _without_the_requester(policy: Policy, at: Path, rule: Rule, seats: int) -> Iterator[Mistake]:
    """Nobody decides what they asked for: whoever asks, and the owners where nobody is named.

    Several people are refused where nobody says who asks; one may then still be found.
    """
    path = (*at, "requirements")
    if not rule.exclude_requester:
        return
    most = max((_filled(policy, rule, frozenset({p})) for p in policy.people), default=seats)
    if seats > 1 and most < seats:
        yield path, f"wants {seats} people and, whoever asks, only {most} are left besides"
        return
    for service in rule.match.service:
        owners = frozenset(policy.owners.get(service, ()))
        left = _filled(policy, rule, owners)
        if left < seats:
            reason = (
                f"wants {seats} and only {left} can decide without {' and '.join(sorted(owners))}"
            )
            yield path, f"{reason}: owners of {service} do not count unless somebody else asks"
            return


def _filled(policy: Policy, rule: Rule, without: frozenset[str]) -> int:
    """How many seats of the rule its listed members fill."""
    named = [r.group for r in rule.requirements]
    members = {g: [m for m in policy.groups[g].members if m not in without] for g in named}
    everyone = {m for listed in members.values() for m in listed}
    filled = most_seats(rule.needs(), members, everyone, rule.one_person_fills_many)
    return sum(filled.values())


def _bounds(at: Path, rule: Rule) -> Iterator[Mistake]:
    for what, value, most in (
        ("decide_within", rule.decide_within_s, rule.decide_within_max_s),
        ("claim_within", rule.claim_within_s, rule.claim_within_max_s),
    ):
        written = f"{what}_s" in rule.model_fields_set
        if written and value is not None and most is not None and value > most:
            yield (*at, f"{what}_s"), f"is more than {what}_max_s, {most}"


def _private(rule: Rule) -> list[str]:
    """Categories the rule names that are not everybody's business; a bare `*` names none."""
    private = [slug for slug, row in CATEGORIES.items() if row.private]
    globs = [glob for glob in rule.match.category if glob.strip("*")]
    return [slug for slug in private if any(fnmatchcase(slug, glob) for glob in globs)]


def _privacy(policy: Policy, at: Path, rule: Rule) -> Iterator[Mistake]:
    secret = _private(rule)
    if not secret:
        return
    reason = f"{secret[0]} is not everybody's business; name a channel with private = true"
    channel = policy.channels.get(rule.channel or "")
    if channel is not None and not channel.private:
        yield (*at, "channel"), reason
    for n, step in enumerate(rule.steps or ()):
        for m, target in enumerate(step.to):
            channel = policy.channels.get(target.removeprefix("channel:"))
            if target.startswith("channel:") and channel is not None and not channel.private:
                yield (*at, "steps", n, "to", m), reason


def _severity(at: Path, rule: Rule) -> Iterator[Mistake]:
    if rule.severity is Severity.LOW and rule.match.kind is not Kind.INCIDENT:
        reason = (
            'an approval is never low: somebody waits; match kind = "incident", or leave it out'
        )
        yield (*at, "severity"), reason


def _order(policy: Policy, n: int, rule: Rule) -> Iterator[Mistake]:
    for before in policy.rules[:n]:
        if is_milder_tier(before.match, rule.match):
            reason = f'"{before.name}" takes these amounts first; write tiers from the highest down'
        elif covers(before.match, rule.match):
            reason = f'never reached: "{before.name}" matches first'
        else:
            continue
        yield ("rules", n, "match"), reason
        return
