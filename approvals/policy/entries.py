"""The parts of the policy file as values, as the operator wrote them: people, groups, ways to reach
them, hours, and what each severity asks for. Rules stand in `model`.
"""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
)

from approvals.words import Recovery, Severity

Seconds = Annotated[int, Field(strict=True, gt=0, le=30 * 24 * 3600)]
SecondsOrNone = Annotated[int, Field(strict=True, ge=0, le=30 * 24 * 3600)]
YesNo = Annotated[bool, Field(strict=True)]
Account = Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{2,20}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
#: A page's path in the folder of runbooks: nothing in it needs quoting or leads out.
PAGE_NAME, MOST_NAME = r"^([A-Za-z0-9][A-Za-z0-9._-]*/)*[A-Za-z0-9][A-Za-z0-9._-]*\.md$", 200
PageName = Annotated[str, Field(pattern=PAGE_NAME, max_length=MOST_NAME)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
_LOCAL = r"^\d{4}-\d\d-\d\dT\d\d:\d\d$"


def _clock(value: str) -> str:
    if not re.fullmatch(_CLOCK, value, re.ASCII):
        raise ValueError('write a time of day like "09:00"')
    return value


def _local(value: str) -> str:
    if not re.fullmatch(_LOCAL, value, re.ASCII):
        raise ValueError('write a local time like "2026-01-05T09:00", without a zone')
    datetime.fromisoformat(value)
    return value


#: A time of day, and a moment by the clock on the wall.
TimeOfDay = Annotated[
    str, AfterValidator(_clock), WithJsonSchema({"type": "string", "pattern": _CLOCK})
]
LocalTime = Annotated[
    str, AfterValidator(_local), WithJsonSchema({"type": "string", "pattern": _LOCAL})
]

#: The days in order; the place of one is its number, from Monday, 0.
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: Whose transfers of the last 24 h an amount may be added to.
SumOf = Literal["account", "requester", "beneficiary"]
SUMS: tuple[SumOf, ...] = ("account", "requester", "beneficiary")


class Part(BaseModel):
    """Frozen, and strict about unknown keys: nobody believes to have set what is ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PersonEntry(Part):
    """One human with all their accounts, and other ways to reach them."""

    name: str = Field(min_length=1, max_length=80)
    accounts: tuple[Account, ...] = ()
    emails: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()  #: names of `[routes]`, in the order they are tried


class RotationEntry(Part):
    """The listed members are on call in turn, `days` days each."""

    start: LocalTime  #: when the first one begins: local time of `zone`, `2026-01-05T09:00`
    days: int = Field(strict=True, ge=1, le=366)


class GroupEntry(Part):
    """A named set of people: listed, a Slack user group, or both."""

    members: tuple[str, ...] = ()
    slack_usergroup: str | None = None
    quiet: tuple[str, ...] = ()  #: may decide, are not pinged
    rotation: RotationEntry | None = None  #: whose turn it is; without one all are `current`
    substitutes: YesNo = False  #: who stands in for an absent member may decide in their place

    @property
    def is_listed(self) -> bool:
        """Whether the file alone says who is in it."""
        return bool(self.members) and not self.slack_usergroup


class ChannelEntry(Part):
    """A Slack channel the bot posts cards to."""

    id: str = Field(pattern=r"^[CG][A-Z0-9]{2,}$")
    private: YesNo = False


class RouteEntry(Part):
    """A way outside Slack: an Apprise address. Secrets stand in it as `${NAME}` only."""

    address: str = Field(min_length=1, max_length=2000)


class HoursEntry(Part):
    """Business hours, in the policy's zone."""

    days: tuple[Day, ...] = Field(default=DAYS[:5], min_length=1)
    start: TimeOfDay = "09:00"
    until: TimeOfDay = "18:00"


class DigestEntry(Part):
    """One post for what is low and what was automatic."""

    channel: str
    at: tuple[TimeOfDay, ...] = Field(default=("09:00",), min_length=1)  #: local times of `zone`


class BreakGlassEntry(Part):
    """Who may override together."""

    group: str
    needed: int = Field(default=2, strict=True, ge=1, le=20)


class AutomationEntry(Part):
    """Which recoveries may run by themselves, and how often; after a bad one people decide."""

    allow: tuple[Recovery, ...] = tuple(Recovery)
    services: dict[str, tuple[Recovery, ...]] = Field(default_factory=dict)  #: only these of them
    most: int = Field(
        default=5, strict=True, ge=1, le=100
    )  #: of one kind and service, in the window
    within_s: Seconds = 3600
    manual_for_s: Seconds = 24 * 3600
    report_within_s: Seconds = 900  #: when silence becomes `unknown`, which counts as failed

    def lets(self, service: str, recovery: str) -> bool:
        """Whether such a recovery of the service may run by itself at all."""
        return recovery in self.allow and recovery in self.services.get(service, self.allow)


class MemoryEntry(Part):
    """What is made of what people decided: reviews, runbooks, proposals."""

    runbooks_url: str | None = None  #: where people read the runbooks; a page's path follows it
    tickets: str | None = None  #: the route that work by hand is proposed to; else `tickets`
    propose: YesNo = True  #: whether rules are proposed at all
    rule_days: int = Field(default=90, strict=True, ge=1, le=365)  #: how long one holds
    rule_a_day: int = Field(default=20, strict=True, ge=1, le=1000)  #: how often it decides a day


class StepEntry(Part):
    """One stage of the chain: whom it reaches, how long after the stage before, how often."""

    to: tuple[str, ...] = Field(min_length=1)
    after_s: SecondsOrNone = 0
    repeat: int = Field(default=0, strict=True, ge=0, le=20)
    every_s: SecondsOrNone = 0


class Course(Part):
    """How an escalation goes on: said of a severity, or by a rule, which wins."""

    respond_within_s: Seconds | None = None
    decide_within_s: Seconds | None = None
    extend_by_s: SecondsOrNone | None = None
    acknowledge_for_s: Seconds | None = None
    undelivered_max_s: SecondsOrNone | None = None
    steps: tuple[StepEntry, ...] | None = Field(default=None, min_length=1)
    fallback: str | None = None
    hours: YesNo | None = None  #: its clocks run in business hours only


class SeverityEntry(Course):
    """Changes to what follows from one severity."""


class RequirementEntry(Part):
    """`needed` distinct people of `group`."""

    group: str
    needed: int = Field(default=1, strict=True, ge=1, le=20)


class Reversible(Part):
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


Severities = dict[Severity, SeverityEntry]
