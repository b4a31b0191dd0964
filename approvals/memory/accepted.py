"""An accepted rule: its text, when it is in force, and the breaker that ends it.

A rule is what people accepted: an approved proposal of Andon itself, and nothing else. The rest is
reckoned from the proposal, and from what the rule decided::

    proposed --two people, Andon takes it--> in force --+--> over       its last day has passed
                                                        +--> resting    often enough in 24 hours
                                                        +--> suspended  for good, until people
                                                                        accept it anew

    suspended by the first that failed, that nobody knows the end of, or that was stopped or undone;
    by more than `burst` within an hour; and by any approver who ends it by hand
"""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from approvals.automatic import Past
from approvals.categories import POLICY_CHANGE
from approvals.escalation import Escalation
from approvals.events import sha256
from approvals.memory.values import Fingerprint
from approvals.words import DecidedBy, OperationState, Result, Severity, Status

#: Who proposes rules, and may be nobody else: no service is registered by this name.
OURSELVES = "andon"

#: Never fewer people let a rule decide, whatever the policy says.
FEWEST_PEOPLE = 2

#: The stretches in which it is counted how often a rule decides.
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Accepted(BaseModel):
    """A rule as it stands in its text. It decides what has this fingerprint, and nothing else.

    The policy goes first: where another rule of it applies than `instead_of`, where it wants more
    people or finds it worse than when this was accepted, people decide.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    service: str
    fingerprint: str = Field(pattern=r"^\d+:[0-9A-Za-z_-]+$")  #: version and `exact`
    option: str  #: key of the release it chooses
    instead_of: str  #: rule of the policy that asked people so far
    people: int = Field(ge=1, le=100)  #: so many had to agree, at most
    severity: Severity  #: how bad it was, at most
    until: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]  #: last day it decides on, in UTC
    a_day: int = Field(ge=1, le=1000)  #: how often it decides within 24 hours

    @property
    def text(self) -> str:
        """The rule as people read it, in TOML."""
        said = self.model_dump(mode="json")
        lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in said.items())
        return "\n".join(("[accepted]", *lines))

    @property
    def burst(self) -> int:
        """More than this many within an hour is a burst."""
        return max(3, self.a_day // 4)

    def is_over(self, now: datetime) -> bool:
        """Whether its last day has passed."""
        return now.astimezone(UTC).date() > date.fromisoformat(self.until)

    def knows(self, found: Fingerprint) -> bool:
        """Whether that is what it decides."""
        return self.fingerprint == key_of(found)


def key_of(found: Fingerprint) -> str:
    """A fingerprint as it stands in a rule: two of different versions are never alike."""
    return f"{found.version}:{found.exact}"


def parse_accepted(text: str) -> Accepted:
    """The rule of a text. Raises ValueError for a text that `Accepted.text` does not write."""
    try:
        found = Accepted.model_validate(tomllib.loads(text)["accepted"])
        date.fromisoformat(found.until)
    except (tomllib.TOMLDecodeError, KeyError, ValidationError) as error:
        raise ValueError(f"this is no accepted rule: {error}") from error
    if found.text != text:
        raise ValueError("this is not how an accepted rule is written")
    return found


def proposed(escalation: Escalation) -> Accepted | None:
    """The rule that this escalation proposes; None for any other, and for one that was altered."""
    operation = escalation.operation
    ours = (escalation.service, escalation.category) == (OURSELVES, POLICY_CHANGE)
    if not ours or operation is None or escalation.erased is not None:
        return None
    text = str(operation.arguments.get("rule"))
    if operation.arguments.get("hash") != sha256(text):
        return None
    try:
        return parse_accepted(text)
    except ValueError:
        return None


def accepted(escalation: Escalation) -> Accepted | None:
    """The rule that was accepted by this escalation, whatever became of it since; else None."""
    decision, outcome = escalation.decision, escalation.outcome
    if escalation.status is not Status.APPROVED or decision is None or outcome is None:
        return None
    by_people = decision.by is DecidedBy.VOTES and len(set(decision.people)) >= FEWEST_PEOPLE
    done = outcome.result is Result.SUCCEEDED and outcome.by == OURSELVES and outcome.undo is None
    return proposed(escalation) if by_people and done else None


def in_force(escalation: Escalation, now: datetime) -> Accepted | None:
    """The rule that decides by this escalation now; else None."""
    rule = accepted(escalation)
    if rule is None or rule.is_over(now) or escalation.suspended is not None:
        return None
    return rule


def can_be_ended(escalation: Escalation) -> bool:
    """Whether it accepted a rule that nothing has ended for good; its last day may have passed."""
    return accepted(escalation) is not None and escalation.suspended is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use(Past):
    """Something the rule decided, and what became of it."""

    id: str
    undone: bool = False  #: taken back after it ran

    def wrong(self, now: datetime) -> str | None:
        """Why it ends the rule, in a word; None where it does not."""
        if self.state is OperationState.FAILED:
            return "failed"
        if self.went_wrong(now):
            return "unknown"
        stopped = self.state is OperationState.ABORTED
        return "undone" if self.undone or stopped else None


def use_of(escalation: Escalation) -> Use:
    """What the breaker knows of an escalation that a rule decided."""
    outcome = escalation.outcome
    return Use(
        id=escalation.id,
        at=escalation.created_at,
        alone=True,
        state=escalation.state,
        due_at=escalation.due_at,
        undone=outcome is not None and outcome.undo is not None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Why a rule decides nothing more, for good. `because` is None for the question at hand."""

    why: str  #: as in `Suspension`
    because: str | None = None


def broken(rule: Accepted, uses: Sequence[Use], now: datetime) -> Broken | None:
    """What ends the rule; None while nothing does. It is asked when the rule is to decide again."""
    for use in sorted(uses, key=lambda one: (one.at, one.id)):
        why = use.wrong(now)
        if why is not None:
            return Broken(why=why, because=use.id)
    lately = sum(use.at > now - HOUR for use in uses)
    return Broken(why="burst") if lately >= rule.burst else None


def rests(rule: Accepted, uses: Sequence[Use], a_day: int, now: datetime) -> bool:
    """Whether it has decided as often as it may within 24 hours, by its text and by the policy."""
    return sum(use.at > now - DAY for use in uses) >= min(rule.a_day, a_day)
