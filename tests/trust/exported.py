"""A house in which everything happened, its exported record, and the check that comes along."""

import asyncio
import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.audit.export import export
from bot.signing import KeyRing
from storage import Store
from tests.bot.test_replay import Chronicle
from tests.building import a_claim, a_vote, an_erasure, an_open
from tests.storage.stand import Stand, on_file
from tests.trust.sealing import seal

Figure = Callable[[str, str], None]

#: Titles that a spreadsheet would calculate, a terminal obey, or an eye misread.
HOSTILE = (
    "=HYPERLINK(A1)",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "＝1+1",
    'a,"b"\n=1',
    "\u202edlog",
    "Größe ä 💶",
)

app = typer.Typer()
app.command()(export)


@dataclass(frozen=True, kw_only=True)
class House:
    """A stopped server: its file, keys and anchors."""

    folder: Path
    approved: str  #: the id of one that ran
    erased: str

    @property
    def anchors(self) -> Path:
        """The anchor file, as somebody else keeps it."""
        return self.folder / "andon.anchors"

    def run(self, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> Result:
        """The command, as it is run beside the file."""
        monkeypatch.setenv("ANDON_DATABASE_URL", f"sqlite:///{self.folder / 'andon.db'}")
        monkeypatch.setenv("ANDON_SIGNING_KEYS", str(self.folder / "keys"))
        return CliRunner().invoke(app, ["--from", "2026-11-12", "--to", "2026-11-30", *arguments])


async def _lived(folder: Path) -> tuple[str, str]:
    """All that may happen to escalations, and a few with hostile words; one is erased."""
    path, keys = folder / "andon.db", KeyRing(folder / "keys")
    stand = Stand(on_file(path), signer=keys)  # type: ignore[arg-type]
    async with stand.opened():
        await Chronicle(stand).tell()
        for n, title in enumerate(HOSTILE):
            stand.clock.pass_(600)
            reference = f"CHG-{n % 5}" if n else "=CHG()"
            asked = an_open(f"h{n}", title=title, reference=reference)
            await stand.submit(asked)
            await stand.submit(a_vote(asked.escalation_id, "UPRIYA", rationale=f"{title} is fine"))
            await stand.submit(a_claim(asked.escalation_id, f"c{n}"))
        stand.clock.pass_(86_400)
        for e in await stand.store.reads.pending():
            await stand.tick(e.id)
        old = (await stand.store.reads.last_decided(500))[-1]
        await stand.submit(an_erasure(old.id))
        store = cast(Store, stand.store)
        await seal(store, keys, folder / "andon.anchors", stand.clock.now)
    return asked.escalation_id, old.id


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Everything happened, is sealed and anchored."""
    folder = tmp_path_factory.mktemp("house")
    approved, erased = asyncio.run(_lived(folder))
    return House(folder=folder, approved=approved, erased=erased)


@pytest.fixture(scope="session")
def bundle(house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was exported; nobody changes it here."""
    out = tmp_path_factory.mktemp("bundle") / "november"
    with pytest.MonkeyPatch.context() as patch:
        result = house.run("--out", str(out), monkeypatch=patch)
    assert (result.exit_code, result.stdout) == (0, ""), result.output
    return out


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    """A copy of it to tamper with."""
    return Path(shutil.copytree(bundle, tmp_path / "copy"))


def checked(directory: Path, *anchors: Path) -> tuple[int, str]:
    """What the verifier that came along says, in a Python that knows nothing of us."""
    done = subprocess.run(
        [sys.executable, "-I", str(directory / "verify.py"), *map(str, anchors)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def read_lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def rows(bundle: Path, name: str) -> list[dict[str, str]]:
    """A table as a program reads it."""
    with (bundle / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def recount(copy: Path) -> None:
    """Whoever tampers lets the counts agree."""
    records, manifest = read_lines(copy / "events.jsonl"), copy / "manifest.json"
    said = json.loads(manifest.read_text(encoding="utf-8"))
    said |= {"records": len(records), "escalations": len({r["escalation"] for r in records})}
    said["blocks"] = len(read_lines(copy / "blocks.jsonl"))
    manifest.write_text(json.dumps(said), encoding="utf-8")
