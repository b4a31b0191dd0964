"""What the policy asked for when the question was opened: it stays when the file changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import orjson

from approvals.sparse import sparse


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """`needed` distinct people of `group`."""

    group: str
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stage of the chain: whom it reaches, how long after the stage before, how often.

    A target is `channel` (its card, where named people are mentioned), `approvers` (all who may
    decide and are not quiet), `current` (the groups' people on call now, else all approvers),
    `owners`, `requester`, `person:ID`, `group:NAME` or `route:NAME` (a page).
    """

    to: tuple[str, ...]
    after_s: int = 0  #: seconds since the stage before was first reached; the first: since opening
    repeat: int = 0  #: how many more times it is said
    every_s: int = 0  #: seconds between two times


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Business hours, for what can wait. `days` counts from Monday, 0; `until` is excluded."""

    days: tuple[int, ...]
    start: str  #: "09:00", local time of `zone`
    until: str  #: "18:00"
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Who of a group is on call when: each in turn, `days` days from `start` on."""

    people: tuple[str, ...]
    start: str  #: "2026-01-05T09:00", local time of `zone`
    days: int
    zone: str


@dataclass(frozen=True, kw_only=True)  # without slots: it remembers what is asked of it
class Plan:
    """What the policy asks for here: the snapshot that stays when the file changes.

    One plan serves every escalation that asks alike, so what follows from it alone is made once.
    """

    rule: str
    policy_version: str
    policy_text: str  #: the rule as written, for Details and the auditor
    requirements: tuple[Requirement, ...]
    members: Mapping[str, tuple[str, ...]]  #: group -> people at opening
    excluded: tuple[str, ...] = ()  #: people who never count here: requester or owners
    one_person_fills_many: bool = False  #: may one human fill seats of several groups
    channel: str | None = None  #: Slack channel id
    decide_within_s: int = 3600
    respond_within_s: int = 900
    claim_within_s: int = 900
    grant_for_s: int = 300
    report_within_s: int = 3600
    zone: str = "UTC"  #: IANA name; for lock-screen lines in channels
    show: tuple[str, ...] = ()  #: pointers never redacted
    steps: tuple[Step, ...] = ()  #: the chain; empty: only the first card and message
    quiet: tuple[str, ...] = ()  #: people who may decide and are not pinged
    owners: tuple[str, ...] = ()  #: people responsible for the service
    acknowledge_for_s: int = 900  #: "I am looking" holds the chain so long without further work
    extend_by_s: int = 0  #: what one extension adds; 0: it cannot be extended
    undelivered_max_s: int = 0  #: how far the deadline may move while nobody can be reached
    hours: Hours | None = None  #: when its clocks run; None: always
    break_glass: Requirement | None = None  #: who may override together; None: nobody
    rotations: Mapping[str, Rotation] = field(default_factory=dict)  #: whose turn, by group
    substitutes: tuple[str, ...] = ()  #: groups where who stands in for a member may decide

    @cached_property
    def could_decide(self) -> tuple[str, ...]:
        """Who could decide when it was asked, by id."""
        listed = {member for members in self.members.values() for member in members}
        return tuple(sorted(listed - set(self.excluded)))

    @cached_property
    def text(self) -> str:
        """The plan as JSON text, defaults left out: as it stands in a stored escalation."""
        return orjson.dumps(self, default=sparse, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()
