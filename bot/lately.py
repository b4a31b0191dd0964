"""What still waits, as the last commits left it: whoever clicks soon finds it without a read.

Only this process changes what waits in a file of its own; elsewhere nothing here is believed. What
is over is let go: it may be erased by a command beside the server.
"""

from collections import OrderedDict
from collections.abc import Sequence

from approvals.escalation import Escalation

#: How many are kept, each as large as a request may be; the one changed longest ago goes first.
MOST = 64


class Lately:
    """Waiting escalations by id."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._waiting: OrderedDict[str, Escalation] = OrderedDict()
        self.alone = False  #: whether nobody else writes; not known before the store is open

    def committed(self, escalations: Sequence[Escalation]) -> None:
        """Keep those that wait, let the others go."""
        for escalation in escalations:
            if escalation.status.is_terminal:
                self._waiting.pop(escalation.id, None)
                continue
            self._waiting[escalation.id] = escalation
            self._waiting.move_to_end(escalation.id)
        while len(self._waiting) > self._most:
            self._waiting.popitem(last=False)

    def waiting(self, escalation_id: str) -> Escalation | None:
        """It, if it waits and is known; None says nothing."""
        return self._waiting.get(escalation_id) if self.alone else None
