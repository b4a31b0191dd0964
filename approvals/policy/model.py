"""The policy file as values: people, groups, channels and rules, as the operator wrote them."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator

from approvals.escalation import Requirement
from approvals.people import People, Person
from approvals.words import Severity

Seconds = Annotated[int, Field(strict=True, gt=0, le=30 * 24 * 3600)]
YesNo = Annotated[bool, Field(strict=True)]
Account = Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{2,20}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]


class _Part(BaseModel):
    """Frozen, and strict about unknown keys: nobody believes to have set what is ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PersonEntry(_Part):
    """One human with all their accounts."""

    name: str = Field(min_length=1, max_length=80)
    accounts: tuple[Account, ...] = ()
    emails: tuple[str, ...] = ()


class GroupEntry(_Part):
    """A named set of people: listed, a Slack user group, or both."""

    members: tuple[str, ...] = ()
    slack_usergroup: str | None = None

    @property
    def is_listed(self) -> bool:
        """Whether the file alone says who is in it."""
        return bool(self.members) and not self.slack_usergroup


class ChannelEntry(_Part):
    """A Slack channel the bot posts cards to."""

    id: str = Field(pattern=r"^[CG][A-Z0-9]{2,}$")
    private: YesNo = False


class Match(_Part):
    """What a rule is for. Every key given must match; lists match any; `*` globs."""

    category: tuple[str, ...] = ()
    severity: Severity | None = None  #: at least
    environment: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    operation: tuple[str, ...] = ()

    @field_validator("category", "environment", "service", "operation", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    def admits(self, said: Mapping[str, str], severity: Severity) -> bool:
        """Whether a request that says this, and is at least that bad, is what the rule is for."""
        if self.severity is not None and severity.rank < self.severity.rank:
            return False
        globs = ((value, getattr(self, key)) for key, value in said.items())
        return all(not any_of or _fits(value, any_of) for value, any_of in globs)


def _fits(value: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(value, glob) for glob in globs)


class RequirementEntry(_Part):
    """`needed` distinct people of `group`."""

    group: str
    needed: int = Field(default=1, strict=True, ge=1, le=20)


class Reversible(_Part):
    """The only thing that lifts irreversibility: one service, operation name and option."""

    service: str
    operation: str
    option: str

    @field_validator("service", "operation", "option")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not re.sub(r"\[[^]]*]|[*?\s]", "", value):
            raise ValueError("a bare * would lift it for everything; name what it is for")
        return value


class Rule(_Part):
    """What is needed when it matches."""

    name: str = Field(min_length=1, max_length=80)
    match: Match = Match()
    requirements: tuple[RequirementEntry, ...] = Field(min_length=1)
    one_person_fills_many: YesNo = False
    severity: Severity | None = None
    irreversible: YesNo = False
    reversible: tuple[Reversible, ...] = ()
    exclude_requester: YesNo = True
    show: tuple[str, ...] = ()
    channel: str | None = None
    respond_within_s: Seconds | None = None
    decide_within_s: Seconds | None = None
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


class Policy(_Part):
    """The whole file, as `load.parse_policy` reads it; the version is the hash of its text."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    zone: str = "UTC"
    people: dict[Name, PersonEntry] = {}
    owners: dict[str, tuple[str, ...]] = {}
    groups: dict[Name, GroupEntry] = {}
    channels: dict[Name, ChannelEntry] = {}
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
            id_: Person(id=id_, name=p.name, accounts=p.accounts, emails=p.emails)
            for id_, p in self.people.items()
        }
        groups = {name: frozenset(group.members) for name, group in self.groups.items()}
        return People(persons=persons, groups=groups)

    @cached_property
    def first_match(self) -> "Callable[[str, str, str, str, Severity], int | None]":
        """The index of the first rule for (category, environment, service, operation, severity).

        Remembered: every open asks twice, for its plan and for what is never redacted.
        """
        return lru_cache(maxsize=4096)(self._first_match)

    def _first_match(
        self, category: str, environment: str, service: str, operation: str, severity: Severity
    ) -> int | None:
        said = {
            "category": category,
            "environment": environment,
            "service": service,
            "operation": operation,
        }
        matching = (n for n, rule in enumerate(self.rules) if rule.match.admits(said, severity))
        return next(matching, None)

    def file_people(self, now: datetime) -> People:
        """People as the file alone says, known as of now: the fact while Slack is off."""
        return People(persons=self._listed.persons, groups=self._listed.groups, as_of=now)
