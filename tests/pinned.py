"""The last state that may still run while the newest is brought to its replicas.

Its code runs beside today's in `tests/trust/test_rolling_upgrade.py`, with today's packages. Move
it on with each release: COMMIT to what was released, SCHEMA to the schema that brought.
"""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.building import ROOT

#: The commit, and the schema its code brings.
COMMIT, SCHEMA = "27946b277b8edb824e2c5bdc6c40c39bbc20125c", "0008"

#: All that the server is made of.
PARTS = ("approvals", "bot", "storage", "pyproject.toml")


def unpacked(folder: Path) -> Path:
    """Its code, in that folder.

    Skips where the clone is shallow or none at all; fails where a whole history lacks it.
    """
    kept = _git("archive", COMMIT, *PARTS)
    if kept.returncode:
        said = (
            f"Today's code has to work side by side with that of {COMMIT[:12]}. Git does not give "
            f"it ({kept.stderr.decode().strip()}). A shallow clone needs `git fetch --unshallow`."
        )
        if _git("rev-parse", "--is-shallow-repository").stdout.strip() != b"false":
            pytest.skip(said)
        pytest.fail(said)
    with tarfile.open(fileobj=io.BytesIO(kept.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _git(*given: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        ["git", "-c", "safe.directory=*", *given], cwd=ROOT, capture_output=True, check=False
    )
