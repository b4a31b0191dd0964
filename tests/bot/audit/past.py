"""A file in which a few things happened, for the commands of an auditor to read."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.signing import KeyRing
from storage import Store
from tests.building import SAMPLE, a_claim, a_question, a_report, a_vote, an_incident, an_open
from tests.storage.stand import Stand, on_file
from tests.trust.sealing import seal

#: Words that obey no terminal, browser or spreadsheet, if all goes well.
HOSTILE = "\x1b[2J\u202e<script>alert(1)</script> =1+1"


@dataclass(frozen=True, kw_only=True)
class Past:
    """The folder of a stopped server, and the escalations in it by name."""

    folder: Path
    ids: dict[str, str]

    def settle(self, patch: pytest.MonkeyPatch) -> None:
        """Let commands find it."""
        patch.chdir(self.folder)
        patch.setenv("ANDON_SLACK_MODE", "off")
        patch.setenv("ANDON_DATABASE_URL", "sqlite:///andon.db")

    async def seal(self, stand: Stand) -> None:
        """A server seals and anchors what happened since."""
        keys, now = KeyRing(self.folder / "keys"), stand.clock.now
        await seal(cast(Store, stand.store), keys, self.folder / "andon.anchors", now)

    def change(self, work: Callable[[Stand], Awaitable[Any]]) -> Any:
        """What else happens, while no server runs."""

        async def run() -> Any:
            async with Stand(on_file(self.folder / "andon.db")).opened() as stand:
                return await work(stand)

        return asyncio.run(run())


async def _lived(folder: Path) -> dict[str, str]:
    signer: Any = KeyRing(folder / "keys")
    async with Stand(on_file(folder / "andon.db"), signer=signer).opened() as stand:
        ran = an_open(
            "ran",
            title=f"Ran {HOSTILE}",
            reference="CHG-1",
            summary="Lena's order",
            context={"rollback": f"none {HOSTILE}"},
            requested_by={"id": "lena@example.com", "name": "Lena Vogel"},
        )
        await stand.submit(ran)
        stand.clock.pass_(5)
        await stand.submit(a_question(ran.escalation_id, "UPRIYA"))
        await stand.submit(a_vote(ran.escalation_id, rationale=f"tested {HOSTILE}"))
        await stand.submit(a_claim(ran.escalation_id))
        await stand.submit(a_report(ran.escalation_id, detail="Lena's rows"))
        stopped = an_open("stopped", title="Stopped", reference="CHG-2")
        await stand.submit(stopped)
        await stand.submit(a_vote(stopped.escalation_id, option="leave"))
        waits = an_open("waits", title="Waits", reference="CHG-1")
        await stand.submit(waits)
        trouble = an_incident("trouble")
        await stand.submit(trouble)
        store = cast(Store, stand.store)
        await seal(store, signer, folder / "andon.anchors", stand.clock.now)
    named = {"ran": ran, "stopped": stopped, "waits": waits, "trouble": trouble}
    return {name: command.escalation_id for name, command in named.items()}


def lived(folder: Path) -> Past:
    """One that ran, one that was aborted, one that waits, an incident."""
    (folder / "policy.toml").write_text(SAMPLE, encoding="utf-8")
    return Past(folder=folder, ids=asyncio.run(_lived(folder)))


def run(command: Callable[..., Any], *arguments: str) -> Result:
    """A command of ours, alone."""
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, arguments)
