"""The public API as a type checker sees it."""

import os
import subprocess
import sys

from tests.building import ROOT


def test_callers_are_told_what_they_get_and_what_is_wrong() -> None:
    """mypy over the examples of tests/typing, strict, their expected errors included."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "tests/typing"],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": str(ROOT / "client")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
