"""What doctor looks at of the anchors: whether the file takes more, and agrees with the store."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from approvals.anchoring import Anchor
from bot.anchors import ForeignFileError, anchors_of, last_of
from bot.counted import counted
from bot.doctor.finding import Finding
from bot.settings import Settings

#: The hash of the store's block of that number, or None. Raises OSError, sqlite3.Error, ValueError,
#: RuntimeError.
HashOf = Callable[[Settings, int], str | None]

#: Bytes looked through at a time.
PIECE = 1 << 20


def anchors(settings: Settings, hash_of: HashOf) -> Iterator[Finding]:
    """The file, how many heads it holds, and whether the last one is the store's."""
    path = anchors_of(settings)
    if not path.exists():
        yield _not_there(path)
        return
    try:
        os.close(os.open(path, os.O_RDWR | os.O_APPEND))
        last, heads = last_of(path), _lines(path)
    except ForeignFileError:
        said, do = f"{path} holds something else", "Set ANDON_ANCHORS to another file."
        yield Finding(part="anchors", said=said, do=do)
        return
    except OSError as error:
        said = f"{path} cannot be read and appended to ({error.strerror})"
        yield Finding(part="anchors", said=said, do="Give it to our user; the disk may be full.")
        return
    holds = f"{path} can be appended to and holds {counted(heads, 'head')}"
    yield _against(holds, last, settings, hash_of) if last else Finding(part="anchors", said=holds)


def _not_there(path: Path) -> Finding:
    folder = path.absolute().parent
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return Finding(part="anchors", said=f"{path} is not there yet; `serve` makes it")
    do = f"Make {folder}, and give it to our user."
    return Finding(part="anchors", said=f"{path} cannot be made", do=do)


def _against(holds: str, last: Anchor, settings: Settings, hash_of: HashOf) -> Finding:
    """Whoever rewrote the store, or put an older copy back, could not rewrite the file as well."""
    try:
        held = hash_of(settings, last.block)
    except (OSError, sqlite3.Error, ValueError, RuntimeError):
        said = f"{holds}; there is no store to hold the last against"
        return Finding(part="anchors", said=said)
    if held == last.hash:
        said = f"{holds}; the last is block {last.block:,} of the store"
        return Finding(part="anchors", said=said)
    named = "no such block" if held is None else "another one"
    return Finding(
        part="anchors",
        said=f"{holds}; the last names block {last.block:,}, and the store has {named}",
        do="An older copy was put back, or it was tampered with: `audit verify` says where.",
    )


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(PIECE), b""))
