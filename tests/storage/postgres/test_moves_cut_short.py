"""A move that is killed anywhere goes on where it was, and ends as if nothing had been."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from storage.extents import without_nul
from storage.migrate import moving, newest
from tests.building import ROOT
from tests.postgres import Running
from tests.storage.postgres.histories import everything_in_file, everything_on_server
from tests.trust.past import Past


def killed(path: Path, url: str, every: int, *more: str) -> dict[str, Any]:
    """What was found after each kill, and at the end."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.storage.postgres.cut_short", path, url, str(every), *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


async def test_a_move_killed_again_and_again_ends_as_one_that_was_not(
    rich: Past, server: Running, target: str
) -> None:
    found = killed(rich.database, server.url(target), 47)
    kills = found["kills"]
    assert len(kills) >= 6
    assert {kill["down"] for kill in kills} == {0}  # nobody ever finds a fence down
    for kill in kills[:-1]:  # the last may have been killed after its end
        untouched = (kill["schema"], kill["rows"]) == (newest(), [0, 0])
        assert (kill["schema"] == moving() or untouched, kill["starts"]) == (True, untouched)
    reached = [kill["rows"] for kill in kills]
    assert reached == sorted(reached)  # nothing that was there is gone
    assert len({tuple(rows) for rows in reached}) >= 3  # and each went on
    assert (found["end"]["schema"], found["end"]["starts"]) == (newest(), True)
    expected = {
        name: sorted(map(without_nul, rows), key=repr)
        for name, rows in everything_in_file(rich.database).items()
    }
    assert await everything_on_server(server.url(target)) == expected


def test_a_piece_that_is_no_transaction_is_found(rich: Past, server: Running) -> None:
    """Planted: killed at the wrong moment, the fences of a table stay down."""
    runs = (
        killed(rich.database, server.url(server.copied("untouched")), every, "careless")
        for every in (37, 43, 31)
    )
    assert any(kill["down"] for found in runs for kill in found["kills"])
