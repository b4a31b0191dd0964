"""A migration that dies at any statement leaves the schema before it or the one after, whole."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.building import ROOT
from tests.trust.lane import rounds

Figure = Callable[[str, str], None]

#: Every so manieth statement.
EVERY = rounds(short=6, full=1)


def deaths(folder: Path, every: int, *more: str) -> dict[str, Any]:
    """What dying there did."""
    done = subprocess.run(
        [sys.executable, "tests/trust/halfway.py", str(folder), "0001", str(every), *more],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_a_migration_killed_at_any_statement_is_whole_or_not_at_all(
    tmp_path: Path, figure: Figure
) -> None:
    found = deaths(tmp_path, EVERY)
    assert found["deaths"] > 100 / EVERY
    assert found["faults"] == {}
    figure("migration cut short", f"{found['deaths']} kills, each left the old schema or the new")


def test_a_migration_in_many_transactions_is_found(tmp_path: Path, figure: Figure) -> None:
    """SQLite's own default would commit before each change of the schema."""
    found = deaths(tmp_path, 25, "torn")
    assert "neither the old schema nor the new one" in found["faults"].values()
    figure("planted bugs", "migration: one statement a transaction is found")
