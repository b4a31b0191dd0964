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
COMMIT, SCHEMA = "2cb55c13a844b0c87fcc98f7ee0f1055fa66259c", "0007"

#: All that the server is made of.
PARTS = ("approvals", "bot", "storage", "pyproject.toml")


def unpacked(folder: Path) -> Path:
    """Its code, in that folder. Fails, and says what to do, where the history does not go back."""
    kept = subprocess.run(
        ["git", "-c", "safe.directory=*", "archive", COMMIT, *PARTS],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if kept.returncode:
        pytest.fail(
            f"Today's code has to work side by side with that of {COMMIT[:12]}. Git does not give "
            f"it ({kept.stderr.decode().strip()}). A shallow clone needs `git fetch --unshallow`."
        )
    with tarfile.open(fileobj=io.BytesIO(kept.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder
