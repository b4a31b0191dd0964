"""A folder for kept keys that takes nothing: mounted over it, for this process alone."""

import ctypes
import os
from pathlib import Path

_NEW_MOUNTS, _READ_ONLY, _PRIVATE = 0x00020000, 1, 0x4000 | 1 << 18

#: Bytes of a file system that holds one page.
_SMALL = b"size=4k"


def may_mount() -> bool:
    """Whether this machine lets a process mount something for itself."""
    pid = os.fork()
    if pid == 0:
        try:
            _apart()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def spoil(how: str, folder: Path) -> None:
    """Make the folder `full` or `read only` for this process; with no `how` leave it."""
    if not how:
        return
    folder.mkdir(parents=True, exist_ok=True)
    _apart()
    flags = _READ_ONLY if how == "read only" else 0
    _mount(b"tmpfs", os.fsencode(folder), b"tmpfs", flags, _SMALL)
    if how == "full":
        (folder / "claims").mkdir()
        (folder / "asked").mkdir()
        (folder / "ballast").write_bytes(bytes(4096))


def _apart() -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_MOUNTS):
        raise OSError(ctypes.get_errno(), "unshare")
    _mount(None, b"/", None, _PRIVATE, None)


def _mount(
    source: bytes | None, target: bytes, kind: bytes | None, flags: int, data: bytes | None
) -> None:
    if ctypes.CDLL(None, use_errno=True).mount(source, target, kind, flags, data):
        raise OSError(ctypes.get_errno(), f"mount {target!r}")
