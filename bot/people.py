"""The facts commands rely on: the policy in force, people as last looked up, and who is away."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from approvals.facts import Facts
from approvals.memory.accepted import Accepted
from approvals.memory.runbooks import Page
from approvals.people import Absence, People, Person
from approvals.policy.model import Policy

#: By fingerprint, the proposal and the rule accepted by it.
Rules = Mapping[str, tuple[str, Accepted]]

#: With Slack off, facts are read from the policy in memory anew after this long.
READ_AGAIN = timedelta(minutes=1)


class KnownPeople:
    """Implements `approvals.ports.FactSource`. A refresher renews it; with Slack off the policy
    file is the fact, and always fresh.
    """

    def __init__(self, policy: Policy, *, from_file: bool) -> None:
        self.policy = policy
        self._from_file = from_file
        self._runbooks: tuple[Page, ...] = ()
        self._rules: Rules = {}
        self._facts = self._of(People())
        self._absences: Mapping[str, Absence] = {}  # by person, also those still to come
        self._is_doubted = False

    @property
    def asks_slack(self) -> bool:
        """Whether people are looked up in Slack."""
        return not self._from_file

    def as_of(self, now: datetime) -> datetime | None:
        """When people were last looked up; None while they never were."""
        return now if self._from_file else self._facts.people.as_of

    def facts(self, now: datetime) -> Facts:
        """Facts of this moment, without I/O. The same object while nothing is known better."""
        if self._is_doubted:
            return replace(self._facts, people=replace(self._facts.people, as_of=None))
        if self._from_file and not self._is_young(now):
            self.renew(self.policy.file_people(now))
        known = self._facts.people.persons
        away = {p: a for p, a in self._absences.items() if p in known and a.covers(now)}
        if away != self._facts.people.absences:
            people = replace(self._facts.people, absences=away)
            self._facts = self._of(people)
        return self._facts

    def _is_young(self, now: datetime) -> bool:
        as_of = self._facts.people.as_of
        return as_of is not None and timedelta(0) <= now - as_of < READ_AGAIN

    def take(self, policy: Policy, people: People) -> bool:
        """Let another policy count from now on, with its people; whether they changed."""
        self.policy = policy
        return self.renew(people)

    def carried(self, policy: Policy, now: datetime) -> People:
        """People of another policy as far as they are known: whoever has an account that was not
        looked up yet is not active until it is.
        """
        if self._from_file:
            return policy.file_people(now)
        known, listed = self._facts.people, policy.file_people(now)
        persons = {p.id: _carried(p, known.persons.get(p.id)) for p in listed.persons.values()}
        in_slack = {
            group.slack_usergroup: known.groups.get(name, frozenset()) - set(group.members)
            for name, group in self.policy.groups.items()
            if group.slack_usergroup
        }
        groups = {
            name: listed.groups[name]
            | (in_slack.get(group.slack_usergroup or "", frozenset()) & {*persons})
            for name, group in policy.groups.items()
        }
        return replace(known, persons=persons, groups=groups)

    def renew(self, people: People) -> bool:
        """Take newer facts; whether anybody's vote may count differently since."""
        before = self._facts.people
        known = replace(people, absences=before.absences)
        self._facts = self._of(known)
        return _who(before) != _who(people)

    def allow(self, rules: Rules) -> bool:
        """Take which accepted rules are in force; whether others are than before."""
        if rules == self._rules:
            return False
        self._rules = rules
        self._facts = self._of(self._facts.people)
        return True

    def doubt(self, is_doubted: bool) -> None:
        """Whether the policy they are of is no longer the one that counts: nobody is known then."""
        self._is_doubted = is_doubted

    def shelve(self, runbooks: tuple[Page, ...]) -> None:
        """Let these pages be linked from the next question on."""
        self._runbooks = runbooks
        self._facts = self._of(self._facts.people)

    def _of(self, people: People) -> Facts:
        return Facts(people=people, policy=self.policy, runbooks=self._runbooks, rules=self._rules)

    def away(self, absences: Iterable[Absence]) -> None:
        """Take who is away, or will be, and who stands in: it counts from the next question on."""
        self._absences = {absence.person: absence for absence in absences}


def _who(people: People) -> tuple[object, ...]:
    """Who is who and in which group. That a phone does not ring just now changes no vote."""
    awake = {p.id: replace(p, paused_until=None) for p in people.persons.values()}
    return awake, people.groups


def _carried(listed: Person, known: Person | None) -> Person:
    """The person as the file has them, with what was looked up of the same accounts."""
    if known is None or not set(listed.accounts) <= set(known.accounts):
        return replace(listed, active=False)
    return replace(
        known,
        name=listed.name,
        accounts=listed.accounts,
        emails=listed.emails,
        routes=listed.routes,
    )
