"""What goes wrong on purpose, so that doors can be shown to survive it."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum


class Fault(StrEnum):
    """How a commit fails."""

    NOT_SAVED = "not-saved"  #: nothing is stored, and the caller is told so
    UNSURE = "unsure"  #: it is stored, and the caller cannot be told


class Faults:
    """Planned failures of one store, used up in the order they were planned."""

    def __init__(self) -> None:
        self._planned: deque[Fault] = deque()
        self._may_commit = asyncio.Event()
        self._may_commit.set()
        self.is_down = False  #: whether every port raises StoreError

    def not_saved(self, commits: int = 1) -> None:
        """The next commits store nothing: their callers get NotSavedError."""
        self._planned.extend([Fault.NOT_SAVED] * commits)

    def unsure(self, commits: int = 1) -> None:
        """The next commits are stored, but their callers get UnsureError."""
        self._planned.extend([Fault.UNSURE] * commits)

    @contextmanager
    def slow(self) -> Iterator[None]:
        """No commit ends before the block does; commands queue up meanwhile."""
        self._may_commit.clear()
        try:
            yield
        finally:
            self._may_commit.set()

    @contextmanager
    def down(self) -> Iterator[None]:
        """The store cannot be reached within the block: every port raises StoreError."""
        self.is_down = True
        try:
            yield
        finally:
            self.is_down = False

    async def next(self) -> Fault | None:
        """What befalls the commit that begins now, once it may go on."""
        await self._may_commit.wait()
        if self.is_down:
            return Fault.NOT_SAVED
        return self._planned.popleft() if self._planned else None
