"""Composition of memory: the loops that remember, and what else is made of what ended.

A part that adds a loop appends it to `loops`; one that a commit wakes is woken by all that end.
"""

from typing import Protocol

from approvals.escalation import Escalation
from approvals.memory.ports import Memory
from approvals.ports import Clock, Leases
from bot.background.loop import Loop
from bot.background.remembering import Rememberer

#: Seconds between two looks when nothing wakes the loop.
MEMORY_S = 5.0


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

    @staticmethod
    def concerns(escalation: Escalation) -> bool:
        """Whether there is something to remember: how it ended, and what came of that."""
        return escalation.status.is_terminal
