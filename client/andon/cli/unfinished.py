"""What a run that was killed left behind: its question, for the next run of the same to take up.

::

    STATE/runs/WHAT.json    the escalation's id
    STATE/runs/WHAT.lock    held by the run that waits for it, as long as it lives
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from andon import keeping

#: What makes a run the same as another; how it is worded does not matter.
_SAME = ("environment", "category", "requested_by", "approvers", "dedup_key")


class Unfinished:
    """The question of an earlier run; `id` is None where there is none, or where it still runs.

    Raises NotKeptError where nothing can be kept.
    """

    def __init__(self, folder: Path, url: str, request: Mapping[str, Any]) -> None:
        what = json.dumps([url, *(request[name] for name in _SAME)])
        name = hashlib.sha256(what.encode()).hexdigest()
        keeping._folder(folder / "runs")
        self._path = folder / "runs" / f"{name}.json"
        self._lock = keeping._Lock.taken(self._path.with_suffix(".lock"))
        self.id = None if self._lock is None else self._kept()

    def remember(self, id: str) -> None:
        """This is what we wait for. A full disk forgets it: then the next run asks anew."""
        if self._lock is not None:
            with suppress(keeping.NotKeptError):
                keeping._write(self._path, {"escalation": id})

    def forget(self) -> None:
        """It is over."""
        if self._lock is not None:
            keeping._remove(self._path)

    def close(self) -> None:
        """Let the next one have it."""
        if self._lock is not None:
            self._lock.close(is_needed=self._path.exists())

    def _kept(self) -> str | None:
        found = (keeping._read(self._path) or {}).get("escalation")
        return found if isinstance(found, str) else None
