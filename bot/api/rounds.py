"""Rounds of notifications by callers that give no idempotency key of their own.

Alertmanager sends the same bytes when it repeats an alert that goes on firing and when it tries
again because our answer failed. Only our own answer tells them apart: until one body was answered
with success, the same body belongs to the same round, and the keys made of the round let nothing be
counted twice. The memory is the process's: a server that ends between a commit and its answer
counts the repeat once more, which opens nothing.
"""

from collections import OrderedDict
from collections.abc import Callable

#: Bodies remembered; the longest unanswered is forgotten first.
REMEMBERED = 1000


class Rounds:
    """The rounds that were not answered with success, by the hash of their body."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, str] = OrderedDict()

    def of(self, body_hash: str, new_id: Callable[[str], str]) -> str:
        """The round this body belongs to: its own until it was answered, then a new one."""
        if body_hash not in self._open:
            self._open[body_hash] = new_id("rnd")
            if len(self._open) > REMEMBERED:
                self._open.popitem(last=False)
        return self._open[body_hash]

    def answered(self, body_hash: str) -> None:
        """It was answered with success: the same body begins a new round."""
        self._open.pop(body_hash, None)
