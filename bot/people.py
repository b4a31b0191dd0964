"""The facts commands rely on: the policy in force, and people as last looked up."""

from dataclasses import replace
from datetime import datetime, timedelta

from approvals.facts import Facts
from approvals.people import People, Person
from approvals.policy.model import Policy

#: With Slack off, facts are read from the policy in memory anew after this long.
READ_AGAIN = timedelta(minutes=1)


class KnownPeople:
    """Implements `approvals.ports.FactSource`. A refresher renews it; with Slack off the policy
    file is the fact, and always fresh.
    """

    def __init__(self, policy: Policy, *, from_file: bool) -> None:
        self.policy = policy
        self._from_file = from_file
        self._facts = Facts(people=People(), policy=policy)

    @property
    def asks_slack(self) -> bool:
        """Whether people are looked up in Slack."""
        return not self._from_file

    def as_of(self, now: datetime) -> datetime | None:
        """When people were last looked up; None while they never were."""
        return now if self._from_file else self._facts.people.as_of

    def facts(self, now: datetime) -> Facts:
        """Facts of this moment, without I/O. The same object while nothing is known better."""
        if self._from_file and not self._is_young(now):
            self._facts = Facts(people=self.policy.file_people(now), policy=self.policy)
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
        """Take newer facts; whether anything but their age changed."""
        before, self._facts = self._facts.people, Facts(people=people, policy=self.policy)
        return (before.persons, before.groups) != (people.persons, people.groups)


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
