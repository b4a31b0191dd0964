"""Composition of sealing: the loop that makes blocks and anchors them, and what health asks it."""

from approvals.ports import Clock, Seals
from bot.anchors import AnchorFile, Attests, anchors_of
from bot.background.loop import Loop
from bot.background.sealer import Sealer
from bot.metrics import Metrics
from bot.settings import Settings

#: Seconds between two blocks; a commit of its own each, so no commit wakes the loop.
SEAL_S = 1.0


class SealSide:
    """The sealer as a part of the server."""

    def __init__(
        self, settings: Settings, seals: Seals, keys: Attests, clock: Clock, metrics: Metrics
    ) -> None:
        file = AnchorFile(anchors_of(settings), keys)
        sealer = Sealer(seals, file, clock, metrics.sealing_lag.observe)
        self.loop = Loop("sealer", sealer.once, SEAL_S)
        self.checks = (sealer.is_sealing, sealer.is_anchoring)
        self.finish = sealer.finish
