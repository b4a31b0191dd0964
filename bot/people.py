"""The facts commands rely on: the policy in force, and people as last looked up."""

from datetime import datetime

from approvals.facts import Facts, People
from approvals.policy.model import Policy


class KnownPeople:
    """Implements `approvals.ports.FactSource`. A refresher renews it; with Slack off the policy
    file is the fact, and always fresh.
    """

    def __init__(self, policy: Policy, *, from_file: bool) -> None:
        self.policy = policy
        self._from_file = from_file
        self._people = People()

    @property
    def asks_slack(self) -> bool:
        """Whether people are looked up in Slack."""
        return not self._from_file

    def as_of(self, now: datetime) -> datetime | None:
        """When people were last looked up; None while they never were."""
        return now if self._from_file else self._people.as_of

    def facts(self, now: datetime) -> Facts:
        """Facts of this moment, without I/O."""
        people = self.policy.file_people(now) if self._from_file else self._people
        return Facts(people=people, policy=self.policy)

    def renew(self, people: People) -> bool:
        """Take newer facts; whether anything but their age changed."""
        before, self._people = self._people, people
        return (before.persons, before.groups) != (people.persons, people.groups)
