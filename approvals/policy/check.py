"""What a policy says that cannot be meant: unknown names, empty groups, quorums nobody can meet,
one account of two people, rules that are never reached.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

from approvals.categories import CATEGORIES
from approvals.policy.lines import Path
from approvals.policy.match import Match
from approvals.policy.model import Policy, Rule
from approvals.policy.seats import most_seats

#: A path such as ("rules", 2, "match"), and what is wrong there.
Mistake = tuple[Path, str]


def mistakes(policy: Policy) -> Iterator[Mistake]:
    """Everything in the policy that cannot be meant."""
    yield from _zone(policy)
    yield from _names(policy)
    yield from _accounts(policy)
    yield from _rules(policy)


def _zone(policy: Policy) -> Iterator[Mistake]:
    try:
        ZoneInfo(policy.zone)
    except (KeyError, ValueError, OSError):
        yield ("zone",), f'unknown time zone "{policy.zone}"; write one like "Europe/Berlin"'


def _names(policy: Policy) -> Iterator[Mistake]:
    path: Path
    for name, group in policy.groups.items():
        if not group.members and not group.slack_usergroup:
            yield ("groups", name), "is empty; an empty group never means anyone"
        for m, member in enumerate(group.members):
            path = ("groups", name, "members", m)
            yield from _unknown(member, policy.people, path, "person")
            if member in policy.people and not policy.people[member].accounts:
                yield path, f"{member} has no account, so could never decide"
    for service, people in policy.owners.items():
        for n, person in enumerate(people):
            yield from _unknown(person, policy.people, ("owners", service, n), "person")
    for n, rule in enumerate(policy.rules):
        for m, needed in enumerate(rule.requirements):
            path = ("rules", n, "requirements", m, "group")
            yield from _unknown(needed.group, policy.groups, path, "group")
        if rule.channel is not None:
            yield from _unknown(rule.channel, policy.channels, ("rules", n, "channel"), "channel")


def _unknown(
    name: str, known: Mapping[str, Any], path: tuple[str | int, ...], what: str
) -> Iterator[Mistake]:
    if name in known:
        return
    hint = near(name, tuple(known)) or f"known: {', '.join(known) or 'none'}"
    yield path, f'unknown {what} "{name}"; {hint}'


def near(name: str, known: Sequence[str]) -> str:
    """A question about the known name that was perhaps meant; empty where none is like it."""
    found = difflib.get_close_matches(name, known, 1)
    return f'did you mean "{found[0]}"?' if found else ""


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


def _rules(policy: Policy) -> Iterator[Mistake]:
    names: set[str] = set()
    for n, rule in enumerate(policy.rules):
        if rule.name in names:
            yield ("rules", n, "name"), f'there is another rule "{rule.name}" above'
        names.add(rule.name)
        yield from _groups_once(n, rule)
        yield from _quorum(policy, n, rule)
        yield from _bounds(n, rule)
        yield from _privacy(policy, n, rule)
        first = next((r for r in policy.rules[:n] if _covers(r.match, rule.match)), None)
        if first is not None:
            yield ("rules", n, "match"), f'never reached: "{first.name}" matches first'


def _covers(before: Match, later: Match) -> bool:
    """Whether all that `later` matches is matched by `before`."""
    low, high = before.severity, later.severity
    if low is not None and (high is None or high.rank < low.rank):
        return False
    keys = (
        (before.category, later.category),
        (before.environment, later.environment),
        (before.service, later.service),
        (before.operation, later.operation),
    )
    return all(
        not wide or (narrow and all(any(_wider(w, x) for w in wide) for x in narrow))
        for wide, narrow in keys
    )


def _wider(wide: str, narrow: str) -> bool:
    """Whether one glob surely takes all that another does; `?` and `[` are compared as written."""
    plain = "?" not in wide and "[" not in wide
    return wide == narrow or ((plain or not _globs(narrow)) and fnmatchcase(narrow, wide))


def _globs(text: str) -> bool:
    return any(c in text for c in "*?[")


def _groups_once(n: int, rule: Rule) -> Iterator[Mistake]:
    named = [r.group for r in rule.requirements]
    for m, group in enumerate(named):
        if group in named[:m]:
            path = ("rules", n, "requirements", m, "group")
            yield path, f'"{group}" is named twice; write how many with `needed`'


def _bounds(n: int, rule: Rule) -> Iterator[Mistake]:
    for what, value, most in (
        ("decide_within", rule.decide_within_s, rule.decide_within_max_s),
        ("claim_within", rule.claim_within_s, rule.claim_within_max_s),
    ):
        written = f"{what}_s" in rule.model_fields_set
        if written and value is not None and most is not None and value > most:
            yield ("rules", n, f"{what}_s"), f"is more than {what}_max_s, {most}"


def _privacy(policy: Policy, n: int, rule: Rule) -> Iterator[Mistake]:
    channel = policy.channels.get(rule.channel or "")
    secret = [c for c in rule.match.category if c in CATEGORIES and CATEGORIES[c].private]
    if channel is not None and not channel.private and secret:
        reason = f"{secret[0]} is not everybody's business; name a channel with private = true"
        yield ("rules", n, "channel"), reason


def _quorum(policy: Policy, n: int, rule: Rule) -> Iterator[Mistake]:
    """More seats than listed people can never be filled. User groups are known only later."""
    wanted = {r.group for r in rule.requirements}
    groups = {name: group for name, group in policy.groups.items() if name in wanted}
    if len(groups) < len(wanted) or not all(g.is_listed for g in groups.values()):
        return  # unknown and empty groups have a finding of their own
    members = {name: group.members for name, group in groups.items()}
    everyone = {m for listed in members.values() for m in listed}
    filled = most_seats(rule.needs(), members, everyone, rule.one_person_fills_many)
    seats = sum(r.needed for r in rule.requirements)
    if sum(filled.values()) < seats:
        reason = f"wants {seats} people and only {sum(filled.values())} can be found"
        yield ("rules", n, "requirements"), reason
