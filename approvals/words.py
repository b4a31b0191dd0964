"""The words of the domain, as enums, with the states drawn where they are defined.

Status of an escalation (terminal ones never change)::

    pending --+--> approved    a release option reached its quorum
              +--> rejected    an eligible person chose an abort option
              +--> expired     nobody decided by the deadline
              +--> withdrawn   the requester took it back

An automation is nobody's question: the policy's leave is its decision (`approved`), and its
operation is `released` from the start.

State of its operation::

    held --+--> released --+--> succeeded
           |   (claimed)   +--> failed
           |               +--> unknown --> succeeded | failed   (a late report)
           +--> aborted        rejected, expired, withdrawn, stopped or void
           +--> lapsed         approved, never claimed in time
"""

from enum import StrEnum


class Kind(StrEnum):
    """What people are asked for."""

    APPROVAL = "approval"  #: holds an operation until people decide
    INCIDENT = "incident"  #: asks for help, holds nothing
    AUTOMATION = "automation"  #: asks nobody: a recovery that runs by itself, on the record


class Status(StrEnum):
    """How the question stands."""

    PENDING = "pending"  #: people may decide
    APPROVED = "approved"  #: a release option won
    REJECTED = "rejected"  #: an abort option won
    EXPIRED = "expired"  #: the deadline passed
    WITHDRAWN = "withdrawn"  #: the requester took it back
    RESOLVED = "resolved"  #: an incident is over

    @property
    def is_terminal(self) -> bool:
        """Whether nothing can change this status any more."""
        return self is not Status.PENDING


class OperationState(StrEnum):
    """How the held operation stands."""

    HELD = "held"  #: must not run
    RELEASED = "released"  #: claimed; the service may run it, once
    SUCCEEDED = "succeeded"  #: the service says it worked
    FAILED = "failed"  #: the service says it did not
    UNKNOWN = "unknown"  #: nothing was reported in time
    ABORTED = "aborted"  #: will never run
    LAPSED = "lapsed"  #: approved, but never claimed in time


class Effect(StrEnum):
    """What choosing an option does to the operation."""

    RELEASE = "release"
    ABORT = "abort"


class Severity(StrEnum):
    """How bad it is. Ordered by `rank`, not by spelling."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low up to 3 for critical."""
        return _RANKS[self]

    @classmethod
    def worst(cls, *found: "Severity | None") -> "Severity":
        """The highest of those given; low when none is."""
        worst = cls.LOW
        for severity in found:
            if severity is not None and severity.rank > worst.rank:
                worst = severity
        return worst


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class DecidedBy(StrEnum):
    """What brought the decision about."""

    VOTES = "votes"
    EXPIRY = "expiry"
    REQUESTER = "requester"
    POLICY = "policy"
    BREAK_GLASS = "break_glass"


class Recovery(StrEnum):
    """What may run by itself, where the policy lets it."""

    KNOWN_FIX = "known_fix"  #: a known error pattern with a proven fix
    IDEMPOTENT = "idempotent"  #: done twice it is done once
    RESTART = "restart"  #: a service started again, with safeguards
    CACHE = "cache"  #: a cache cleared
    CLEANUP = "cleanup"  #: resources nobody needs any more, freed
    RETRY = "retry"  #: tried again, with backoff


class Result(StrEnum):
    """What became of a released operation."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Friction(StrEnum):
    """How much a release option slows its approver down."""

    TAP = "tap"  #: one tap; reversible
    REASON = "reason"  #: a modal that names the consequence and asks why
    TYPED = "typed"  #: the modal also asks to type the operation's target
