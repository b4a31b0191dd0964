"""What a run that was killed left behind: its question, for the next run of the same to take up.

::

    STATE/runs/WHAT.json    the escalation's id
    STATE/runs/WHAT.lock    held by the run that waits for it, as long as it lives
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from andon.cli.result_file import write_whole

#: What makes a run the same as another; how it is worded does not matter.
_SAME = ("environment", "category", "requested_by", "approvers", "dedup_key")


class Unfinished:
    """The question of an earlier run; `id` is None where there is none, or where it still runs.

    Raises OSError where nothing can be kept.
    """

    def __init__(self, folder: Path, url: str, request: Mapping[str, Any]) -> None:
        what = json.dumps([url, *(request[name] for name in _SAME)])
        name = hashlib.sha256(what.encode()).hexdigest()
        (folder / "runs").mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / "runs" / f"{name}.json"
        self._lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        self._is_ours = _locked(self._lock)
        self.id = self._read() if self._is_ours else None

    def remember(self, id: str) -> None:
        """This is what we wait for. A full disk forgets it: then the next run asks anew."""
        if self._is_ours:
            with suppress(OSError):
                write_whole(self._path, json.dumps(id).encode())

    def forget(self) -> None:
        """It is over."""
        if self._is_ours:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let the next one have it."""
        os.close(self._lock)

    def _read(self) -> str | None:
        try:
            found = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, str) else None


def _locked(descriptor: int) -> bool:
    """Whether it is ours from here on; it ends with the process, however that ends."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
