"""People: one human with all their accounts, and who is in which group, as of one moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from approvals.escalation import Requester

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
    paused_until: datetime | None = None  #: Slack does not make the phone ring before
    routes: tuple[str, ...] = ()  #: ways outside Slack, in order, by the policy's names

    @property
    def reachable(self) -> bool:
        """Whether the person can be asked: active, with an account to click with."""
        return self.active and bool(self.accounts)

    def spellings(self) -> tuple[str, ...]:
        """Every name the person goes by, case folded."""
        return tuple(name.casefold() for name in (self.id, *self.emails, *self.accounts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Somebody is away, from `since` until just before `until`; one substitute stands in."""

    person: str
    substitute: str
    since: datetime
    until: datetime

    def covers(self, now: datetime) -> bool:
        """Whether the person is away at that moment."""
        return self.since <= now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Identities and groups as of one moment. Empty people decide nothing.

    Of the absences only those that cover a moment matter in it: `at` leaves the others out.
    """

    persons: Mapping[str, Person] = field(default_factory=dict)
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    absences: Mapping[str, Absence] = field(default_factory=dict)  #: by person; not over yet
    unread: frozenset[str] = frozenset()  #: groups that could not be looked up: of them only some
    as_of: datetime | None = None
    _by_account: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    _by_name: dict[str, str] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  #: made when first asked
    _pauses: dict[str, datetime] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        self._by_account.update({a: p.id for p in self.persons.values() for a in p.accounts})
        self._pauses.update({p.id: p.paused_until for p in self.persons.values() if p.paused_until})

    def known_at(self, now: datetime) -> bool:
        """Whether these facts are fresh enough for a release to depend on them.

        Facts from the future are as good as their distance: a clock set back renews nothing.
        """
        return self.as_of is not None and abs(now - self.as_of) <= MAX_AGE

    def at(self, now: datetime) -> "People":
        """These people with the absences of that moment alone; the same ones where all cover it."""
        if all(absence.covers(now) for absence in self.absences.values()):
            return self
        away = {p: absence for p, absence in self.absences.items() if absence.covers(now)}
        return replace(self, absences=away)

    def paused(self, now: datetime) -> frozenset[str]:
        """Whose phone Slack does not make ring at that moment, by id."""
        return frozenset(person for person, until in self._pauses.items() if until > now)

    def of_account(self, account: str) -> Person | None:
        """The person a Slack account belongs to, or None when the policy names nobody."""
        found = self._by_account.get(account)
        return self.persons.get(found) if found else None

    def named(self, name: str) -> Person | None:
        """The person a caller means by an id, an e-mail address or an account, however spelt."""
        if not self._by_name:
            names = {s: p.id for p in self.persons.values() for s in p.spellings()}
            self._by_name.update(names)
        found = self._by_name.get(name.strip().casefold())
        return self.persons[found] if found else None

    def meant_by(self, asked: Requester) -> tuple[Person, ...]:
        """Everyone the requester's id or account may mean: one human, if the caller is right."""
        found = (self.named(name) for name in (asked.id, asked.slack) if name)
        return tuple({p.id: p for p in found if p is not None}.values())

    def may_decide(self, person: str, groups: Iterable[str]) -> bool:
        """Whether the person can be reached and is a member of at least one of the groups."""
        known = self.persons.get(person)
        return bool(
            known and known.reachable and any(person in self.groups.get(g, ()) for g in groups)
        )
