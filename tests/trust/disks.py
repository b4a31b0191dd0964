"""Disks that can be made to fail: a small file system of its own, or a limit on a process's files.

The file system needs a mount, which not every machine allows; the limit works everywhere. Both fail
a write in the middle, as a full disk does.
"""

import resource
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

from tests.trust.standing import Standing

#: A mount that nobody else sees, gone with its processes.
APART = ("unshare", "--mount", "--propagation", "private")


@cache
def may_mount() -> bool:
    """Whether this machine lets us mount something apart."""
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run(
        [*APART, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
    )
    return tried.returncode == 0


class Disk(Protocol):
    """Where a server's files lie."""

    def before(self, folder: Path) -> Sequence[str]:
        """What runs the server so that its files lie there."""

    def fill(self, standing: Standing) -> None:
        """Nothing more can be written."""

    def free(self, standing: Standing) -> None:
        """It can again."""


class SmallFileSystem:
    """A file system of its own with 6 MiB, which is filled by a file of somebody else's."""

    def before(self, folder: Path) -> Sequence[str]:
        """Mount it over the folder and put there what was in the folder."""
        script = (
            'd="$1"; shift; mkdir "$d.own"; cp -a "$d/." "$d.own"; '
            'mount -t tmpfs -o size=6m tmpfs "$d"; cp -a "$d.own/." "$d"; cd "$d"; exec "$@"'
        )
        return (*APART, "sh", "-ec", script, "sh", str(folder))

    def _ballast(self, standing: Standing) -> Path:
        assert standing.running is not None
        # Seen through the process: nobody else has this mount.
        return Path(f"/proc/{standing.running.pid}/root{standing.folder}/ballast")

    def fill(self, standing: Standing) -> None:
        """Somebody else's file takes all there is."""
        with self._ballast(standing).open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                return

    def free(self, standing: Standing) -> None:
        """It is deleted."""
        self._ballast(standing).unlink()


class FileLimit:
    """A limit on the size of the files that the process may write."""

    def before(self, folder: Path) -> Sequence[str]:
        """Nothing is needed."""
        return ()

    def fill(self, standing: Standing) -> None:
        """Nothing may be written any more."""
        self._limit(standing, 0)

    def free(self, standing: Standing) -> None:
        """Everything may."""
        self._limit(standing, resource.RLIM_INFINITY)

    def _limit(self, standing: Standing, size: int) -> None:
        assert standing.running is not None
        hard = resource.prlimit(standing.running.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(standing.running.pid, resource.RLIMIT_FSIZE, (size, hard))
