"""`--result-file`: what became of it, in JSON, without doubt.

The file of an earlier run goes before anybody is asked, and the new one appears whole at the end: a
file that is there tells of this run, and none is there as long as nothing has ended.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from andon.cli.command import UnusableError


class ResultFile:
    """Where the result goes; nowhere for None. Raises UnusableError for what cannot be written."""

    def __init__(self, path: str | None) -> None:
        self._path = None if path is None else Path(path).absolute()
        if self._path is not None:
            self._prepare(self._path)

    def _prepare(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
            write_whole(path, b"")
            path.unlink()
        except OSError as error:
            raise UnusableError(
                f"--result-file {path}: {error.strerror}; name a file that can be written"
            ) from error

    def write(self, result: Mapping[str, Any]) -> None:
        """Whole or not at all. Raises OSError."""
        if self._path is not None:
            write_whole(
                self._path, json.dumps(result, indent=2, ensure_ascii=False).encode() + b"\n"
            )


def write_whole(path: Path, content: bytes) -> None:
    """Written beside, synced, renamed: whole or not at all. Raises OSError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
