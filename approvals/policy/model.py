"""The policy file as values: rules, and the whole of it. Its parts stand in `entries`."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Annotated, Self

from pydantic import ConfigDict, Field, PrivateAttr

from approvals.people import People, Person
from approvals.policy.entries import (
    AutomationEntry,
    BreakGlassEntry,
    ChannelEntry,
    Course,
    DigestEntry,
    GroupEntry,
    HoursEntry,
    MemoryEntry,
    Name,
    PageName,
    Part,
    PersonEntry,
    RequirementEntry,
    Reversible,
    RouteEntry,
    Seconds,
    Severities,
    YesNo,
)
from approvals.policy.match import Match, Said
from approvals.snapshot import Requirement
from approvals.words import Severity


class Rule(Course):
    """What is needed when it matches."""

    name: str = Field(min_length=1, max_length=80)
    match: Match = Match()
    requirements: tuple[RequirementEntry, ...] = Field(min_length=1)
    one_person_fills_many: YesNo = False
    severity: Severity | None = None
    irreversible: YesNo = False
    reversible: tuple[Reversible, ...] = ()
    exclude_requester: YesNo = True
    require_context: tuple[str, ...] = ()
    show: tuple[str, ...] = ()
    runbooks: tuple[PageName, ...] = Field(default=(), max_length=3)
    channel: str | None = None
    decide_within_max_s: Seconds | None = None
    claim_within_s: Seconds = 900
    claim_within_max_s: Seconds = 24 * 3600
    grant_for_s: Annotated[int, Field(strict=True, gt=0, le=3600)] = 300
    report_within_s: Seconds = 3600

    @property
    def claim_s(self) -> int:
        """How long an approval waits to be taken where the caller does not say."""
        return min(self.claim_within_s, self.claim_within_max_s)

    def needs(self) -> tuple[Requirement, ...]:
        """The requirements as the core's values."""
        return tuple(Requirement(group=r.group, needed=r.needed) for r in self.requirements)


class Policy(Part):
    """The whole file, as `load.parse_policy` reads it; the version is the hash of its text."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    zone: str = "UTC"
    fallback: str | None = None  #: the person at the end of the chain
    people: dict[Name, PersonEntry] = Field(default_factory=dict)
    owners: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    groups: dict[Name, GroupEntry] = Field(default_factory=dict)
    channels: dict[Name, ChannelEntry] = Field(default_factory=dict)
    routes: dict[Name, RouteEntry] = Field(default_factory=dict)
    hours: HoursEntry | None = None
    digest: DigestEntry | None = None
    break_glass: BreakGlassEntry | None = None
    automation: AutomationEntry = AutomationEntry()
    memory: MemoryEntry = MemoryEntry()
    severities: Severities = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    _text: str = PrivateAttr("")
    _rule_texts: tuple[str, ...] = PrivateAttr(())

    def read_from(self, text: str, rule_texts: tuple[str, ...]) -> Self:
        """The policy with the text it was read from, whole and rule by rule."""
        self._text, self._rule_texts = text, rule_texts
        return self

    @property
    def text(self) -> str:
        """The file as read."""
        return self._text

    def rule_text(self, at: int) -> str:
        """A rule as written in the file."""
        return self._rule_texts[at]

    @cached_property
    def version(self) -> str:
        """`sha256:` and hex digits of the file's text."""
        return "sha256:" + hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def _listed(self) -> People:
        persons = {
            id_: Person(id=id_, name=p.name, accounts=p.accounts, emails=p.emails, routes=p.routes)
            for id_, p in self.people.items()
        }
        groups = {name: frozenset(group.members) for name, group in self.groups.items()}
        return People(persons=persons, groups=groups)

    @cached_property
    def first_match(self) -> "Callable[[Said], int | None]":
        """The index of the first rule for a request that says this.

        Remembered: every open asks twice, for its plan and for what is never redacted.
        """
        return lru_cache(maxsize=4096)(self._first_match)

    def _first_match(self, said: Said) -> int | None:
        matching = (n for n, rule in enumerate(self.rules) if rule.match.admits(said))
        return next(matching, None)

    def file_people(self, now: datetime) -> People:
        """People as the file alone says, known as of now: the fact while Slack is off."""
        return People(persons=self._listed.persons, groups=self._listed.groups, as_of=now)
