"""Every end of CARDS section 6, each reached through the core."""

from collections.abc import Callable, Mapping
from typing import Any

from approvals import commands
from approvals.commands import Actor
from approvals.words import Result
from tests.bot.slack.drawing.examples import (
    MIGRATION,
    RETRIES,
    TRANSFER,
    Story,
    later,
)


def approved(body: dict[str, Any] = MIGRATION, **given: Any) -> Story:
    """Ravi chose to migrate, eleven minutes after it was asked."""
    story = Story(body)
    told = {"rationale": "Replica lag is 0 and the downgrade is tested."} | given
    story.vote("ravi", "migrate", later(11), **told)
    return story


def running() -> Story:
    """The service took the release."""
    story = approved()
    story.claim(later(11.2))
    return story


def succeeded() -> Story:
    """It worked."""
    story = running()
    story.report(Result.SUCCEEDED, later(49), detail="41.2 million documents moved, 0 failed")
    return story


def failed() -> Story:
    """It did not."""
    story = running()
    story.report(
        Result.FAILED, later(28), detail="disk full at 61 %", undo="restored from the copy of 22:40"
    )
    return story


def unknown() -> Story:
    """The service never said."""
    story = running()
    story.tick(later(72))
    return story


def unknown_by_report() -> Story:
    """The service says it does not know."""
    story = running()
    story.report(Result.UNKNOWN, later(20), detail="connection lost while it ran")
    return story


def stopped() -> Story:
    """Ines stopped it before the start."""
    story = approved()
    actor = Actor(account="UINES")
    story.send(commands.Stop, later(15), actor=actor, reason="wrong window")
    return story


def void() -> Story:
    """Ravi left the group before the start."""
    story = approved()
    story.gone = {"ravi"}
    story.send(commands.RecheckPeople, later(14))
    return story


def void_at_claim() -> Story:
    """Ravi had left when the service came for it."""
    story = approved()
    story.gone = {"ravi"}
    story.claim(later(14))
    return story


def not_run() -> Story:
    """The service never came."""
    story = approved()
    story.tick(later(27))
    return story


def rejected() -> Story:
    """Mia stopped the transfer with a reason from the list and a sentence."""
    story = Story(TRANSFER)
    why = "Wrong target. The account differs from the invoice."
    story.vote("mia", "stop", later(25), rationale=why)
    return story


def rejected_bare() -> Story:
    """Sam left it, without a word."""
    story = Story(RETRIES)
    story.vote("sam", "leave", later(3))
    return story


def by_hand() -> Story:
    """Ravi does it himself."""
    story = Story(MIGRATION)
    story.vote("ravi", "manual", later(11))
    return story


def expired() -> Story:
    """Nobody decided, though Ines looked."""
    story = Story(MIGRATION)
    story.send(commands.Look, later(20), actor=Actor(account="UINES"))
    story.tick(later(60))
    return story


def withdrawn() -> Story:
    """The service took it back."""
    story = Story(MIGRATION)
    story.send(commands.Withdraw, later(20), service="search-api", reason="merge worked")
    return story


def withdrawn_by_dana() -> Story:
    """The person it was asked for took it back."""
    story = Story(MIGRATION)
    story.send(commands.Withdraw, later(20), actor=Actor(account="UDANA"))
    return story


def transferred() -> Story:
    """Two people agreed, one said why later."""
    story = Story(TRANSFER)
    story.vote("mia", "release", later(22), rationale="matches the signed invoice")
    story.vote("tom", "release", later(25), rationale="called the bank")
    story.claim(later(25.5))
    story.report(Result.SUCCEEDED, later(26))
    return story


ENDS: Mapping[str, tuple[Callable[[], Story], str]] = {
    "approved": (approved, "APPROVED"),
    "running": (running, "RUNNING"),
    "succeeded": (succeeded, "APPROVED"),
    "failed": (failed, "FAILED"),
    "unknown": (unknown, "RESULT UNKNOWN"),
    "unknown_by_report": (unknown_by_report, "RESULT UNKNOWN"),
    "stopped": (stopped, "STOPPED"),
    "void": (void, "VOID"),
    "void_at_claim": (void_at_claim, "VOID"),
    "not_run": (not_run, "NOT RUN"),
    "rejected": (rejected, "ABORTED"),
    "rejected_bare": (rejected_bare, "ABORTED"),
    "by_hand": (by_hand, "ABORTED"),
    "expired": (expired, "EXPIRED"),
    "withdrawn": (withdrawn, "WITHDRAWN"),
    "withdrawn_by_dana": (withdrawn_by_dana, "WITHDRAWN"),
    "transferred": (transferred, "APPROVED"),
}
