"""The operator at the command line, as the store sees them: nobody who decides or signs anything.

A few commands change escalations (`audit erase`, `restore`); they too go through the one writer.
"""

import getpass
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from approvals.escalation import Json
from approvals.facts import Facts
from approvals.people import People
from approvals.policy.model import Policy
from bot.steady import utc_now
from storage import Store, open_store


def operator() -> str:
    """Who runs the command, as the record names them."""
    try:
        return f"operator:{getpass.getuser()}"
    except (KeyError, OSError, ImportError):
        return "operator:unknown"


def opened(url: str, policy: Policy, *, server: bool) -> AbstractAsyncContextManager[Store]:
    """The store as a command opens it; as the `server` where none may run beside it.

    Raises what `storage.open_store` does.
    """
    return open_store(
        url,
        facts=Nobody(policy),
        signer=NoKey(),
        clock=utc_now,
        committed=lambda escalations: None,
        server=server,
    )


class Nobody:
    """Facts for a command that hangs on none."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def facts(self, now: datetime) -> Facts:
        """Nobody is known, so nothing could be released by them."""
        return Facts(people=People(), policy=self._policy)


class NoKey:
    """Nothing is signed at the command line."""

    kid = ""

    def sign(self, claims: Mapping[str, Json]) -> str:
        """Raises RuntimeError: no grant is due here."""
        raise RuntimeError("A command signs nothing.")

    def attest(self, text: str) -> tuple[str, str]:
        """Raises RuntimeError: nothing is anchored here."""
        raise RuntimeError("A command signs nothing.")
