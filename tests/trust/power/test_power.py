"""Power fails at random moments under traffic: whatever was acknowledged had been synced.

The model is the worst that an honest disk may do: nothing survives that no fsync covered, neither
bytes nor names. It says nothing of a disk that lies about fsync, nor of sectors torn in the middle;
SQLite's checksums and page sizes are for those. The shared memory beside the log (`-shm`) is no
data: it is gone after every cut, and made anew from the log.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.forging import Forge
from tests.trust.crashing.lives import Lives, lives
from tests.trust.crashing.servers import Server, forge_of_servers
from tests.trust.lane import rounds
from tests.trust.power.power import build, fail

#: Cuts on one database; the next series begins a new one.
SERIES = 10


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that keeps what was synced."""
    return build(tmp_path_factory.mktemp("shim"))


@pytest.fixture(scope="module")
def powered(shim: Path) -> Iterator[Forge]:
    """Servers that run with it."""
    with forge_of_servers(preload=shim) as made:
        yield made


def cut(server: Server) -> None:
    """The power fails."""
    server.kill()
    assert server.shadow is not None
    fail(server.folder, server.shadow)


async def cuts(lived: Lives, times: int, random: Random) -> None:
    """Cut the power so often, or until something is lost."""
    for _ in range(times):
        await lived.live(random.randint(1, 15), end=cut)
        if lived.wrong():
            return


@pytest.mark.parametrize("series", range(rounds(short=2, full=20)))
async def test_what_was_acknowledged_survives_a_loss_of_power(
    powered: Forge, tmp_path: Path, series: int, figure: Callable[[str, str], None]
) -> None:
    async with lives(powered, tmp_path, series, shadow=shadow_in(tmp_path)) as lived:
        await cuts(lived, SERIES, Random(series))
        assert lived.wrong() == []
        await lived.settle()
        assert lived.wrong() == []
        assert "Traceback" not in lived.server.said()
        figure("power loss", f"{lived.kills} cuts, {lived.case.journal.acked:,} acked, 0 lost")


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("synchronous=NORMAL", {"bug": "synchronous_normal"}),
        ("an answer before its commit", {"bug": "ack_before_commit"}),
        ("a disk that lies about fsync", {"deaf": True}),
    ],
)
async def test_the_cuts_find_what_was_never_synced(
    powered: Forge,
    tmp_path: Path,
    name: str,
    planted: dict[str, Any],
    figure: Callable[[str, str], None],
) -> None:
    async with lives(powered, tmp_path, 1, shadow=shadow_in(tmp_path), **planted) as lived:
        await cuts(lived, SERIES, Random(1))
        lost = [found for found in lived.wrong() if found.startswith("I5")]
        assert lost
        figure("planted bugs", f"{name}: {len(lost)} losses found after {lived.kills} cuts")


def shadow_in(folder: Path) -> Path:
    """An empty one."""
    shadow = folder / "shadow"
    shadow.mkdir()
    return shadow


WRITES = """
import ctypes, os, sys
folder, shadow = sys.argv[1:]
def sync(path):
    fd = os.open(path, os.O_RDONLY); os.fsync(fd); os.close(fd)
def add(name, text):
    with open(os.path.join(folder, name), "a") as file:
        file.write(text)
ctypes.CDLL(None).power_on(folder.encode(), shadow.encode(), 0)
add("old", " and more")
add("synced", "all of it"); sync(f"{folder}/synced")
add("nameless", "synced before its name"); sync(f"{folder}/nameless")
os.rename(f"{folder}/synced", f"{folder}/renamed")
sync(folder)
add("renamed", ", and a tail")
add("unsynced", "never")
os.remove(f"{folder}/gone")
os.rename(f"{folder}/nameless", f"{folder}/named")
"""


def test_the_shim_keeps_bytes_and_names_as_they_were_synced(shim: Path, tmp_path: Path) -> None:
    """The model itself: contents by fsync of the file, names by fsync of the directory."""
    folder, shadow = tmp_path / "folder", tmp_path / "shadow"
    folder.mkdir()
    shadow.mkdir()
    for name in ("old", "gone"):
        (folder / name).write_text(name)
    command = [sys.executable, "-c", WRITES, folder, shadow]
    subprocess.run(command, env={**os.environ, "LD_PRELOAD": str(shim)}, check=True)
    fail(folder, shadow)
    left = {path.name: path.read_text() for path in folder.iterdir()}
    assert left == {
        "old": "old",
        "gone": "gone",
        "renamed": "all of it",
        "nameless": "synced before its name",
    }
