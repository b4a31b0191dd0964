"""Names that survive a loss of power: a new file is there again only once its folder is synced."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Sync the names in a folder. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
