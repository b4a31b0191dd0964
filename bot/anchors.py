"""The file of anchors: only ever appended to, each line synced before the next block counts.

Its last whole line is the truth of what is anchored; nothing else is remembered of it. A line torn
by a loss of power stays, and the next one begins anew after it.
"""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from approvals.anchoring import Anchor, anchor, parse_anchor, signed_text
from approvals.sealing import Block
from bot.durable import sync_folder
from bot.settings import Settings

#: Bytes read from the end; a line is shorter than a tenth of it.
TAIL = 8192


class Attests(Protocol):
    """Signs texts; `bot.signing.KeyRing` is the real one."""

    def attest(self, text: str) -> tuple[str, str]:
        """Which key signed, and the signature as base64url without padding."""


class ForeignFileError(ValueError):
    """This file holds something else than anchors. Set ANDON_ANCHORS to another one."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} holds something else than anchors. Set ANDON_ANCHORS to another file."
        )


def anchors_of(settings: Settings) -> Path:
    """The file in force: as set, or beside the database; for a server's, in the working folder."""
    if settings.anchors:
        return Path(settings.anchors)
    scheme, _, path = settings.database_url.partition(":///")
    return Path(path if scheme.startswith("sqlite") else "andon").with_suffix(".anchors")


def last_of(path: Path) -> Anchor | None:
    """The last whole line of a file; None before the first. Raises OSError, ForeignFileError."""
    try:
        tail = _tail(path).decode(errors="replace").split("\n")
    except FileNotFoundError:
        return None
    for line in reversed(tail):
        try:
            return parse_anchor(line)
        except ValueError:
            continue
    if tail == [""] or (len(tail) == 1 and '{"at":"'.startswith(tail[0][:7])):
        return None
    raise ForeignFileError(path)


class AnchorFile:
    """Implements `bot.background.sealer.Anchors`."""

    def __init__(self, path: Path, keys: Attests) -> None:
        self.path, self._keys = path, keys

    def last(self) -> Anchor | None:
        """The last whole line; None before the first. Raises OSError, ForeignFileError."""
        return last_of(self.path)

    def append(self, blocks: Sequence[Block]) -> None:
        """Add a line for each that has none, in one write a line, and sync.

        Whoever else appends is waited for: a replica in the same folder, or a thread of ours that
        nobody waits for any more. Raises OSError, ForeignFileError.
        """
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            last = self.last()
            begin = "" if _ends_whole(descriptor) else "\n"
            for block in blocks:
                if last is not None and block.number <= last.block:
                    continue
                _write(descriptor, f"{begin}{self._anchor(block).line}\n".encode())
                begin = ""
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            sync_folder(self.path.absolute().parent)

    def _anchor(self, block: Block) -> Anchor:
        return anchor(block, *self._keys.attest(signed_text(block.number, block.at, block.hash)))


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL))
        return file.read()


def _ends_whole(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"


def _write(descriptor: int, line: bytes) -> None:
    """Raises OSError also where only a part of it found room."""
    if os.write(descriptor, line) != len(line):
        raise OSError("the file took only a part of a line; is the disk full?")
