"""What is said to people, and how saying it can fail. The background owes it, Slack says it.

::

    SlackError
    +-- SlackBusyError      rate limited: again after `retry_after` seconds
    +-- SlackAwayError      down or unreachable, and surely not taken: again later
    +-- SlackUnsureError    no clear answer: it may have been taken
    +-- SlackRefusedError   a code; again is pointless until something changes
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from approvals.digests import Quiet
from approvals.escalation import Escalation
from approvals.events import canonical_text
from approvals.memory.oversight import Oversight
from approvals.memory.remembering import Remembered
from approvals.people import People
from approvals.policy.model import Policy
from approvals.ports import Card, Delivery
from approvals.storms import Storm

Blocks = Sequence[Mapping[str, Any]]

#: `event_type` of the metadata every message of ours carries.
METADATA_TYPE = "andon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message: the line for lock screens and screen readers, and the blocks."""

    text: str
    blocks: Blocks = field(default_factory=tuple)

    @property
    def drawn(self) -> str:
        """Hash of what it shows: equal drawings need no call."""
        shown = canonical_text([self.text, list(self.blocks)])
        return hashlib.sha256(shown.encode()).hexdigest()[:32]


class SlackError(Exception):
    """Slack did not take it."""

    def __init__(self, code: str = "", retry_after: float = 0.0) -> None:
        super().__init__(code or self.__doc__)
        self.code = code
        self.retry_after = retry_after


class SlackBusyError(SlackError):
    """Slack asks us to wait."""

    #: True when it was the opening of a direct conversation that was too much, and not what was
    #: to be said in it: channels need not wait.
    opening = False


class SlackAwayError(SlackError):
    """Slack could not be reached; nothing was taken."""


class SlackUnsureError(SlackError):
    """Slack gave no clear answer; it may have taken the message."""


class SlackRefusedError(SlackError):
    """Slack refused it for a reason that another try does not change."""


class Slack(Protocol):
    """Saying things in Slack. Every method raises SlackError."""

    async def post(
        self, target: str, message: Message, *, key: str, thread_ts: str | None = None
    ) -> tuple[str, str]:
        """Post to a channel or to a person's account; gives channel and ts. `key` marks it."""

    async def update(self, channel: str, ts: str, message: Message, *, key: str) -> None:
        """Redraw a message of ours."""

    async def ephemeral(
        self, channel: str, account: str, message: Message, thread_ts: str | None = None
    ) -> None:
        """Say it to one account alone, where they are."""

    async def find(
        self, target: str, key: str, thread_ts: str | None = None
    ) -> tuple[str, str] | None:
        """The message marked with `key`, posted by an earlier, unclear attempt."""


class Artist(Protocol):
    """Draws what is owed. Pure; `bot.slack.drawing` holds the texts."""

    def card(self, escalation: Escalation, card: Card, seen: "Seen") -> Message:
        """The card as it should look now."""

    def delivery(
        self, escalation: Escalation, delivery: Delivery, people: People, now: datetime
    ) -> Message:
        """A thread line, a direct message or an answer."""

    def storm(self, storm: Storm) -> Message:
        """A storm's card as it should look now."""

    def of_storm(self, storm: Storm, delivery: Delivery, people: People) -> Message:
        """A thread line or a direct message about all of a storm."""

    def many(self, ended: Sequence[Escalation], delivery: Delivery) -> Message:
        """A direct message about many endings of one service."""

    def digest(
        self, quiet: Quiet, zone: str, since: datetime, oversight: Oversight | None = None
    ) -> Message:
        """What rang nobody since then; and of the week, where it is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a drawing needs besides the escalation."""

    people: People
    now: datetime
    cards: tuple[Card, ...] = ()  #: where else it is shown: whom it was sent to
    earlier: tuple[Remembered, ...] = ()  #: what it recalls, as it reads now; newest first


class Directory(Protocol):
    """Looks people up outside."""

    async def people(self, now: datetime) -> People:
        """Identities and groups as of now. Raises SlackError when they cannot be looked up."""

    def under(self, policy: Policy) -> "Directory":
        """The same, for the people of another policy."""
