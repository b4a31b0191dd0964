"""Reading the policy file: every mistake with its line, what is wrong and what there is instead."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from approvals.policy.model import Policy, Rule
from approvals.policy.seats import most_seats


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake: the line (1 is the first), where in the file, and what to do."""

    line: int
    where: str
    reason: str


class PolicyError(ValueError):
    """The policy file cannot be used. Mend what is named; nothing was changed."""

    def __init__(self, name: str, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        lines = (f"{name}:{f.line}: {f.where}: {f.reason}".replace(": : ", ": ") for f in findings)
        super().__init__("\n".join(lines))


def parse_policy(text: str, name: str = "policy.toml") -> Policy:
    """The policy of a file's text. Raises PolicyError naming every finding."""
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(name, [_of_syntax(text, error)]) from error
    lines = Lines(text)
    try:
        policy = Policy.model_validate({**read, "text": text, "rule_texts": lines.rules()})
    except ValidationError as error:
        raise PolicyError(name, list(_of_shape(error, lines))) from error
    findings = list(_of_meaning(policy, lines))
    if findings:
        raise PolicyError(name, findings)
    return policy


class Lines:
    """Where things stand in the text; TOML readers do not say."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    def of(self, path: Sequence[str | int]) -> int:
        """The line of a place like ("rules", 2, "match"), or of what is nearest around it."""
        start, keys = self._table(path)
        for at in range(start, len(self._lines)):
            line = self._lines[at]
            if at > start and line.lstrip().startswith("["):
                break
            if any(re.match(rf"\s*\"?{re.escape(str(key))}\"?\s*=", line) for key in keys):
                return at + 1
        return start + 1

    def _table(self, path: Sequence[str | int]) -> tuple[int, list[str]]:
        if len(path) > 1 and path[0] == "rules" and isinstance(path[1], int):
            starts = self._starts()
            start = starts[path[1]] if path[1] < len(starts) else 0
            return start, [str(p) for p in path[2:3]]
        header = ".".join(str(p) for p in path[:2])
        for at, line in enumerate(self._lines):
            if line.strip().replace('"', "") in (f"[{header}]", f"[{path[0] if path else ''}]"):
                return at, [str(p) for p in path[1:]]
        return 0, [str(p) for p in path[:1]]

    def _starts(self) -> list[int]:
        return [n for n, line in enumerate(self._lines) if line.strip() == "[[rules]]"]

    def rules(self) -> tuple[str, ...]:
        """The text of each rule, as written."""
        starts = self._starts()
        found = []
        for n, start in enumerate(starts):
            end = starts[n + 1] if n + 1 < len(starts) else len(self._lines)
            body = self._lines[start:end]
            while body and (not body[-1].strip() or body[-1].lstrip().startswith("#")):
                body.pop()
            found.append("\n".join(body))
        return tuple(found)


def _of_syntax(text: str, error: tomllib.TOMLDecodeError) -> Finding:
    at = re.search(r"line (\d+)", str(error))
    line = int(at.group(1)) if at else len(text.splitlines())
    return Finding(line=line, where="", reason=f"this is not TOML: {error}")


def _of_shape(error: ValidationError, lines: Lines) -> Iterator[Finding]:
    for found in error.errors(include_url=False, include_input=False):
        where = _where(found["loc"])
        extra = found["type"] == "extra_forbidden"
        reason = "there is no such key; see docs/policy.md" if extra else found["msg"]
        yield Finding(line=lines.of(found["loc"]), where=where, reason=reason)


def _where(path: Sequence[str | int]) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


def _of_meaning(policy: Policy, lines: Lines) -> Iterator[Finding]:
    for path, reason in (
        *_zone(policy),
        *_names(policy),
        *_accounts(policy),
        *_rules(policy),
    ):
        yield Finding(line=lines.of(path), where=_where(path), reason=reason)


Place = tuple[tuple[str | int, ...], str]


def _zone(policy: Policy) -> Iterator[Place]:
    try:
        ZoneInfo(policy.zone)
    except (KeyError, ValueError, OSError):
        yield ("zone",), f'unknown time zone "{policy.zone}"; write one like "Europe/Berlin"'


def _names(policy: Policy) -> Iterator[Place]:
    for name, group in policy.groups.items():
        if not group.members and not group.slack_usergroup:
            yield ("groups", name), "is empty; an empty group never means anyone"
        for member in group.members:
            yield from _unknown(member, policy.people, ("groups", name, "members"), "person")
    for service, people in policy.owners.items():
        for person in people:
            yield from _unknown(person, policy.people, ("owners", service), "person")
    for n, rule in enumerate(policy.rules):
        for m, needed in enumerate(rule.requirements):
            path = ("rules", n, "requirements", m, "group")
            yield from _unknown(needed.group, policy.groups, path, "group")
        if rule.channel is not None:
            yield from _unknown(rule.channel, policy.channels, ("rules", n, "channel"), "channel")


def _unknown(
    name: str, known: Mapping[str, Any], path: tuple[str | int, ...], what: str
) -> Iterator[Place]:
    if name in known:
        return
    near = difflib.get_close_matches(name, known, 1)
    hint = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(known) or 'none'}"
    yield path, f'unknown {what} "{name}"; {hint}'


def _accounts(policy: Policy) -> Iterator[Place]:
    owners: dict[str, str] = {}
    for person, entry in policy.people.items():
        for account in entry.accounts:
            if account in owners:
                reason = f"{account} already belongs to {owners[account]}; one human, one person"
                yield ("people", person, "accounts"), reason
            owners.setdefault(account, person)


def _rules(policy: Policy) -> Iterator[Place]:
    names: set[str] = set()
    for n, rule in enumerate(policy.rules):
        if rule.name in names:
            yield ("rules", n, "name"), f'there is another rule "{rule.name}" above'
        names.add(rule.name)
        yield from _quorum(policy, n, rule)
        for before in policy.rules[:n]:
            if before.match == rule.match or before.match == type(before.match)():
                yield ("rules", n, "match"), f'never reached: "{before.name}" matches first'
                break


def _quorum(policy: Policy, n: int, rule: Rule) -> Iterator[Place]:
    """More seats than listed people can never be filled. User groups are known only later."""
    groups = {r.group: policy.groups.get(r.group) for r in rule.requirements}
    if any(group is None or group.slack_usergroup for group in groups.values()):
        return
    members = {name: group.members for name, group in groups.items() if group}
    everyone = {m for listed in members.values() for m in listed}
    filled = most_seats(rule.needs(), members, everyone, rule.one_person_fills_many)
    wanted = sum(r.needed for r in rule.requirements)
    if sum(filled.values()) < wanted:
        reason = f"wants {wanted} people and only {sum(filled.values())} can be found"
        yield ("rules", n, "requirements"), reason
