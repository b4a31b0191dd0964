"""A backup made beside a busy server holds everything acknowledged before it began; and comes back.

Every copy is read through, restored into a folder of its own and served from there.
"""

import asyncio
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage import CopyError
from storage.sqlite.copies import back_up
from tests.building import Clock, a_vote, an_open, store_at
from tests.trust.lane import rounds
from tests.trust.standing import Standing

Figure = Callable[[str, str], None]

COPIES = rounds(short=3, full=30)

#: Seconds between two questions of the service: some processor is left to who copies.
PAUSE_S = 0.02

Copying = Callable[[Standing, Path], int]


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[Standing]:
    """A server that is ended whatever happens."""
    made = Standing(tmp_path / "andon")
    yield made
    made.end()


def command(standing: Standing, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in the server's folder."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=standing.folder,
        env=standing.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def by_command(standing: Standing, target: Path) -> int:
    """`andon-server backup FILE`."""
    done = command(standing, "backup", str(target))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{target}: ")
    assert re.search(r"\d records?, whole\.\n$", done.stdout)
    return done.returncode


def by_cp(standing: Standing, target: Path) -> int:
    """`cp andon.db FILE`, as people do it."""
    shutil.copy(standing.database, target)
    return 0


class Traffic:
    """A service that asks without end; what was acknowledged."""

    def __init__(self, standing: Standing) -> None:
        self._standing, self._task = standing, None
        self.acknowledged: list[str] = []
        self._ends = asyncio.Event()

    async def run(self) -> None:
        """Until told to end."""
        n = 0
        while not self._ends.is_set():
            n += 1
            status, said = await self._standing.open(f"t{n}")
            if status == 201:
                self.acknowledged.append(said["id"])
            await asyncio.sleep(PAUSE_S)

    async def lost(self, copying: Copying, target: Path) -> set[str]:
        """What was acknowledged before a copy began, and is not in it."""
        before = set(self.acknowledged)
        await asyncio.to_thread(copying, self._standing, target)
        return before - escalations(target)

    def end(self) -> None:
        """No more."""
        self._ends.set()


def escalations(path: Path) -> set[str]:
    """Ids of all escalations of a file; none of one that cannot be read."""
    with closing(sqlite3.connect(path)) as link:
        try:
            return {row[0] for row in link.execute("SELECT id FROM escalations")}
        except sqlite3.DatabaseError:
            return set()


async def losses(standing: Standing, copying: Copying, copies: int) -> tuple[int, int]:
    """How many escalations were acknowledged under load, and how many of them copies lack."""
    await standing.seed(approved=1)
    await standing.start()
    traffic = Traffic(standing)
    running = asyncio.create_task(traffic.run())
    await standing.until(lambda: asyncio.sleep(0, len(traffic.acknowledged) > 20))
    lost = 0
    for n in range(copies):
        lost += len(await traffic.lost(copying, standing.folder / f"copy{n}.db"))
    traffic.end()
    await running
    return len(traffic.acknowledged), lost


async def test_a_backup_beside_a_busy_server_lacks_nothing_acknowledged_and_is_served_again(
    standing: Standing, tmp_path: Path, figure: Figure
) -> None:
    acknowledged, lost = await losses(standing, by_command, COPIES)
    assert lost == 0
    assert standing.stop() == 0
    again = Standing(tmp_path / "again")
    again.key = standing.key
    last = standing.folder / f"copy{COPIES - 1}.db"
    assert oct(os.stat(last).st_mode & 0o777) == "0o600"
    done = command(again, "restore", str(last))
    assert done.returncode == 0, done.stderr
    try:
        await again.start()
        for id_ in sorted(escalations(last))[:20]:
            assert (await again.read(id_))["id"] == id_
    finally:
        again.end()
    figure("backup", f"{COPIES} copies under load, {acknowledged} acknowledged, {lost} lacking")


async def test_a_copy_made_without_sqlite_is_found_to_lack_something(
    standing: Standing, figure: Figure
) -> None:
    """What this proof looks for is there to be found: `cp` misses what lies in the log."""
    _, lost = await losses(standing, by_cp, 3)
    assert lost > 0
    figure("planted bugs", "backup: a copy by cp is found")


async def test_after_a_restore_nothing_runs_on_what_people_said_before_it(
    standing: Standing, figure: Figure
) -> None:
    """It may have been stopped, taken or voted otherwise since the backup was made."""
    approved, stopped, pending = await standing.seed(approved=2, pending=1)
    by_command(standing, standing.folder / "copy.db")
    await standing.start()
    assert (await standing.claim(approved))[0] == 200
    assert standing.stop() == 0
    done = command(standing, "restore", "copy.db")
    assert done.returncode == 0, done.stderr
    assert "Void now: 2 votes for a release, and 2 approvals that nobody had taken." in done.stdout
    assert "What was there before is kept as andon.db.replaced-" in done.stdout
    later = f"mv andon.anchors andon.anchors.until-{anchored(standing)}"
    assert done.stdout.splitlines()[-1].endswith(later)
    (standing.folder / "andon.anchors").rename(standing.folder / "andon.anchors.until")
    assert left(standing) == ["andon.db", "andon.db.lock"]
    await standing.start()
    for made in (approved, stopped):
        status, said = await standing.claim(made, "another")
        assert (status, said["type"]) == (409, "/problems/approval-void")
    assert (await standing.read(pending["id"]))["status"] == "pending"
    assert standing.stop() == 0
    verified = command(standing, "audit", "verify")
    assert (verified.returncode, verified.stdout.strip().endswith("all hold.")) == (0, True)
    figure("restore", "2 approvals from before the backup, 0 released twice")


def anchored(standing: Standing) -> int:
    """The last block its anchors name."""
    lines = (standing.folder / "andon.anchors").read_text(encoding="utf-8").splitlines()
    return int(json.loads(lines[-1])["block"])


def left(standing: Standing) -> list[str]:
    """Files of the database, without those that were kept."""
    every = sorted(p.name for p in standing.folder.glob("andon.db*"))
    return [name for name in every if ".replaced-" not in name]


async def test_a_restore_beside_a_running_server_is_refused(standing: Standing) -> None:
    await standing.seed(pending=1)
    await standing.start()
    by_command(standing, standing.folder / "copy.db")
    refused = command(standing, "restore", "copy.db")
    assert refused.returncode == 3
    assert f"Another server (process {standing.running.pid}) uses" in refused.stderr  # type: ignore[union-attr]
    assert await standing.ready()


async def test_a_copy_is_one_file_that_writes_over_none_and_shows_nobody_else_anything(
    tmp_path: Path,
) -> None:
    path, target = tmp_path / "andon.db", tmp_path / "copy.db"
    async with store_at(path, Clock()) as store:
        settled = await store.writer.submit(an_open())
        assert settled.escalation is not None
        await store.writer.submit(a_vote(settled.escalation.id))
        told: list[tuple[int, int]] = []
        made = back_up(path, target, lambda done, total: told.append((done, total)))
        assert (made.escalations, made.records) == (1, 3)
        assert told[-1][0] == told[-1][1] > 0
        before = target.read_bytes()
        with pytest.raises(CopyError, match="exists already, and is left as it is"):
            back_up(path, target)
    assert target.read_bytes() == before
    assert before[18:20] == b"\x01\x01"  # no log beside it
    assert [n for n in os.listdir(tmp_path) if n.startswith("copy")] == ["copy.db"]


@pytest.mark.parametrize("cut", ["_read_through", "_sync", "_name"])
async def test_a_copy_that_breaks_off_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    async with store_at(tmp_path / "andon.db", Clock()):
        pass

    def fails(*parts: object, **more: object) -> None:
        raise OSError(28, "No space left on device", "copy.db")

    monkeypatch.setattr(f"storage.sqlite.copies.{cut}", fails)
    with pytest.raises(OSError, match="No space left"):
        back_up(tmp_path / "andon.db", tmp_path / "copy.db")
    assert [n for n in os.listdir(tmp_path) if n.startswith("copy")] == []
