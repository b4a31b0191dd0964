"""What memory needs from a store, as protocols: what ended, and what accepted rules decided.

Errors as in `approvals.ports`: StoreError where it cannot be asked.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from approvals.escalation import Escalation
from approvals.memory.accepted import Use
from approvals.memory.remembering import Remembered
from approvals.memory.values import Likeness


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An earlier escalation that was found, best first in a list. `likeness` None: by its words."""

    found: Remembered
    score: float  #: comparable within one list only
    likeness: Likeness | None = None


class Memory(Protocol):
    """What ended, to be found again. Made of escalations alone, and again at any time."""

    async def remember(self, now: datetime, limit: int = 200) -> int:
        """Take up escalations that ended, or changed since; how many. 0: nothing waits."""

    async def like(self, escalation: Escalation, limit: int = 10) -> tuple[Match, ...]:
        """Those that ended and are like it, closest first; never itself."""

    async def search(self, words: str, limit: int = 20) -> tuple[Match, ...]:
        """Those that say these words, best first; nothing for no words."""

    async def ended(self, since: datetime, until: datetime) -> tuple[Remembered, ...]:
        """What ended after `since` and not after `until`, in that order."""

    async def reviews(self, limit: int = 100) -> tuple[Remembered, ...]:
        """With a review that is due and not written, soonest first."""

    async def issues(self, limit: int = 100) -> tuple[Remembered, ...]:
        """With an issue that is not fixed, newest first."""

    async def known(self, limit: int = 500) -> tuple[Remembered, ...]:
        """With a review that confirmed a known error, those remembered last; what ended last
        first.
        """


class Rulings(Protocol):
    """What accepted rules decided."""

    async def uses(self, rules: Collection[str], since: datetime) -> Mapping[str, Sequence[Use]]:
        """By proposal: since then all; before, what went wrong or is not over."""
