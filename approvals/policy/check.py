"""What a policy says that cannot be meant, beyond rules, steps and routes, which have files of
their own: unknown names, empty groups, one account of two people, glass that nobody can break.
"""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from approvals.policy.check_names import Mistake, repeated, unknown
from approvals.policy.check_routes import route_mistakes
from approvals.policy.check_rules import rule_mistakes
from approvals.policy.check_runbooks import runbook_mistakes
from approvals.policy.check_steps import course_mistakes
from approvals.policy.entries import GroupEntry
from approvals.policy.lines import Path
from approvals.policy.model import Policy


def mistakes(policy: Policy) -> Iterator[Mistake]:
    """Everything in the policy that cannot be meant."""
    yield from _zone(policy)
    yield from _people(policy)
    yield from _accounts(policy)
    for name, group in policy.groups.items():
        yield from _group(policy, name, group)
    for service, people in policy.owners.items():
        for n, person in enumerate(people):
            yield from unknown(person, policy.people, ("owners", service, n), "person")
    yield from route_mistakes(policy)
    yield from _calendar(policy)
    yield from _break_glass(policy)
    yield from _automation(policy)
    yield from runbook_mistakes(policy)
    for severity, entry in policy.severities.items():
        yield from course_mistakes(policy, ("severities", severity.value), entry, severity)
    yield from rule_mistakes(policy)


def _zone(policy: Policy) -> Iterator[Mistake]:
    try:
        ZoneInfo(policy.zone)
    except (KeyError, ValueError, OSError):
        yield ("zone",), f'unknown time zone "{policy.zone}"; write one like "Europe/Berlin"'


def _people(policy: Policy) -> Iterator[Mistake]:
    if policy.fallback is not None:
        yield from unknown(policy.fallback, policy.people, ("fallback",), "person")
    for name, person in policy.people.items():
        for n, route in enumerate(person.routes):
            yield from unknown(route, policy.routes, ("people", name, "routes", n), "route")


def _accounts(policy: Policy) -> Iterator[Mistake]:
    """One account or e-mail address of two people would let one of them approve their own."""
    owners: dict[str, str] = {}
    for person, entry in policy.people.items():
        for kind, names in (("accounts", entry.accounts), ("emails", entry.emails)):
            for n, name in enumerate(names):
                first = owners.setdefault(name.casefold(), person)
                if first != person:
                    reason = f"{name} already belongs to {first}; one human, one person"
                    yield ("people", person, kind, n), reason


def _group(policy: Policy, name: str, group: GroupEntry) -> Iterator[Mistake]:
    at: Path = ("groups", name)
    if not group.members and not group.slack_usergroup:
        yield at, "is empty; an empty group never means anyone"
    yield from repeated(group.members, (*at, "members"))
    for m, member in enumerate(group.members):
        path = (*at, "members", m)
        yield from unknown(member, policy.people, path, "person")
        if member in policy.people and not policy.people[member].accounts:
            yield path, f"{member} has no account, so could never decide"
    yield from _quiet(policy, name, group)
    if group.rotation is not None and not group.members:
        yield (*at, "rotation"), "the listed members take turns, and none is listed"


def _quiet(policy: Policy, name: str, group: GroupEntry) -> Iterator[Mistake]:
    at: Path = ("groups", name, "quiet")
    known = group.members if group.is_listed else tuple(policy.people)
    for n, person in enumerate(group.quiet):
        yield from unknown(person, dict.fromkeys(known), (*at, n), "member")
    if group.is_listed and set(group.members) <= set(group.quiet):
        yield at, "all members are quiet, so nobody would be asked"


def _calendar(policy: Policy) -> Iterator[Mistake]:
    hours, digest = policy.hours, policy.digest
    if hours is not None and hours.start >= hours.until:
        yield ("hours", "until"), f"is not after {hours.start}; hours lie within one day"
    if digest is not None:
        yield from unknown(digest.channel, policy.channels, ("digest", "channel"), "channel")
        yield from repeated(digest.at, ("digest", "at"))


def _break_glass(policy: Policy) -> Iterator[Mistake]:
    glass = policy.break_glass
    if glass is None:
        return
    yield from unknown(glass.group, policy.groups, ("break_glass", "group"), "group")
    if glass.needed < 2:
        yield ("break_glass", "needed"), "nobody overrides alone; write 2 or more"
    group = policy.groups.get(glass.group)
    if group is not None and group.is_listed and len(set(group.members)) < glass.needed:
        reason = f"wants {glass.needed} people and {glass.group} has {len(set(group.members))}"
        yield ("break_glass", "needed"), reason


def _automation(policy: Policy) -> Iterator[Mistake]:
    entry = policy.automation
    yield from repeated(entry.allow, ("automation", "allow"))
    for service, recoveries in entry.services.items():
        at: Path = ("automation", "services", service)
        yield from repeated(recoveries, at)
        for n, recovery in enumerate(recoveries):
            if recovery not in entry.allow:
                yield (*at, n), f'"{recovery}" is not in `allow`; a service may have less, not more'
