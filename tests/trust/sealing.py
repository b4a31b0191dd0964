"""A store whose chains are sealed and anchored, as a server leaves it, without waiting for one."""

from datetime import datetime
from pathlib import Path

from bot.anchors import AnchorFile
from bot.signing import KeyRing
from storage import Store

#: Chains a block seals.
TOGETHER = 5


async def seal(store: Store, keys: KeyRing, anchors: Path, now: datetime) -> None:
    """Seal every chain that grew, a few to a block, and anchor the blocks."""
    file = AnchorFile(anchors, keys)
    while block := await store.seals.seal(now, TOGETHER):
        file.append([block])
