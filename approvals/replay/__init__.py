"""Past escalations under another policy: would they have been decided, routed or timed differently?

::

    records -> again:  the commands that made them          then:  people as the records know them
                  \\                                          /
                   rerun: the same `step`, under the other policy -> compare: was -> would be

Nothing is changed, and nothing is guessed: where the records do not say what an answer depends on,
the escalation is named as untold.
"""

from approvals.replay.compare import Difference
from approvals.replay.rerun import Past, Replayed, replay

__all__ = ["Difference", "Past", "Replayed", "replay"]
