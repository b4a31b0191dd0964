"""Composition of memory: the loops that remember, and what else is made of what ended.

No commit wakes them: what ended within a second is taken up in one go, and a summary that many
share is counted once.
"""

from typing import Protocol

from approvals.memory.ports import Memory
from approvals.ports import Clock, Leases
from bot.background.loop import Loop
from bot.background.remembering import Rememberer

#: Seconds between two looks.
MEMORY_S = 1.0


class Remembers(Protocol):
    """What memory needs of a store."""

    @property
    def memory(self) -> Memory:
        """What ended."""

    @property
    def leases(self) -> Leases:
        """What one replica at a time does."""


class MemorySide:
    """Memory as a part of the server."""

    def __init__(self, store: Remembers, clock: Clock) -> None:
        rememberer = Rememberer(store.memory, store.leases, clock)
        self.loops = [Loop("memory", rememberer.once, MEMORY_S)]
