"""What was looked up before a command is decided. An unknown or too old fact counts against
release.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from approvals.policy.model import Policy

#: Facts about people may be this old when a release depends on them (DESIGN section 5).
MAX_AGE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One human with all their accounts, as the policy names them and Slack knows them now."""

    id: str
    name: str
    accounts: tuple[str, ...] = ()  #: Slack user ids
    emails: tuple[str, ...] = ()
    active: bool = True  #: False when known to be deactivated, a guest or a bot
    zone: str | None = None  #: IANA name, as Slack knows it; for lock-screen lines


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Identities and groups as of one moment. Empty people decide nothing."""

    persons: Mapping[str, Person] = field(default_factory=dict)
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    as_of: datetime | None = None
    _by_account: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self._by_account.update({a: p.id for p in self.persons.values() for a in p.accounts})

    def known_at(self, now: datetime) -> bool:
        """Whether these facts are fresh enough for a release to depend on them."""
        return self.as_of is not None and now - self.as_of <= MAX_AGE

    def of_account(self, account: str) -> Person | None:
        """The person a Slack account belongs to, or None when the policy names nobody."""
        found = self._by_account.get(account)
        return self.persons.get(found) if found else None

    def named(self, name: str) -> Person | None:
        """The person a caller means by an id or an e-mail address, or None."""
        if name in self.persons:
            return self.persons[name]
        folded = name.casefold()
        found = (p for p in self.persons.values() if folded in (e.casefold() for e in p.emails))
        return next(found, None)

    def may_decide(self, person: str, groups: Iterable[str]) -> bool:
        """Whether the person is active and a member of at least one of the groups."""
        known = self.persons.get(person)
        return bool(
            known and known.active and any(person in self.groups.get(g, ()) for g in groups)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything `decide` may rely on besides the escalation itself."""

    people: People
    policy: "Policy"
