"""Whether the file we write to still is the file of that name.

A file that was moved away, deleted or put in its place by somebody stays open for us: what we
would write and acknowledge would be gone with the process.
"""

import os
from pathlib import Path

from storage.errors import MovedError

#: What a connection keeps open: the database and its log.
_PARTS = ("", "-wal")

Identity = tuple[int, int]


class Place:
    """Remembers which files were opened."""

    def __init__(self, path: Path) -> None:
        self._files = {f"{path}{part}": _identity(f"{path}{part}") for part in _PARTS}

    def check(self) -> None:
        """Raise MovedError when one of them is another one, or gone."""
        for name, opened in self._files.items():
            if _identity(name) != opened:
                raise MovedError(
                    f"{name} is no longer the file that was opened. Put it back, or start the "
                    "server anew."
                )


def _identity(name: str) -> Identity | None:
    try:
        found = os.stat(name)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
