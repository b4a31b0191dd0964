"""What accepted rules decided, from memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from approvals.memory.accepted import Use
from storage.memory.rows import Memory


class MemoryRulings:
    """Implements `approvals.memory.ports.Rulings`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def uses(self, rules: Collection[str], since: datetime) -> Mapping[str, Sequence[Use]]:
        """What these rules decided: all of it, here."""
        rows = self._memory.rows
        return {rule: tuple(rows.used(rule).values()) for rule in rules}
