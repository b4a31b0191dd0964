"""What may be owed after a record: cards, lines, messages, pages, wake-ups, a grant to sign."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from approvals.commands import ReplyTo
from approvals.escalation import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCard:
    """A card in a channel, or in a direct message to a person."""

    surface: str  #: "channel" or "direct"; of a storm "storm" or "storm-direct"
    target: str  #: channel id, or person id
    storm: str | None = None  #: the storm it shows; one card for all its members


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadLine:
    """One fact in the thread of the channel's card."""

    case: str
    values: Mapping[str, Json] = field(default_factory=dict)
    mentions: tuple[str, ...] = ()  #: people who must act now, once a stage; usually nobody
    once: str = ""  #: id under which it is said once, whoever owes it
    after_s: int = 0  #: said so much later, so that more of the same are in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """A direct message to one person. `to` is `person:ravi` or `account:U123`."""

    to: str
    case: str
    values: Mapping[str, Json] = field(default_factory=dict)
    reason: str = ""  #: why this person is told, kept with the delivery
    once: str = ""  #: id under which it is said once, whoever owes it
    after_s: int = 0  #: said so much later, so that more of the same are in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page or ticket outside Slack, by a route of the policy."""

    route: str  #: a name of the policy's routes
    case: str
    values: Mapping[str, Json] = field(default_factory=dict)
    reason: str = ""  #: why it is sent
    once: str = ""  #: id under which it is sent once, whoever owes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A wake-up for the service: `escalation.approved`. Never the authority."""

    type: str
    status: str
    version: int
    head: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerClick:
    """The one visible answer to a click."""

    account: str
    case: str
    reply: ReplyTo
    values: Mapping[str, Json] = field(default_factory=dict)
    command_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignGrant:
    """Sign and keep the grant of this claim, in the same commit."""

    grant_id: str
    claims: Mapping[str, Json]


Work = PostCard | ThreadLine | Direct | Page | Callback | AnswerClick | SignGrant
