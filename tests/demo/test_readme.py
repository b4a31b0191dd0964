"""The README's API by example works as it stands, against a running demo."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

from bot.demo.workspace import Workspace
from bot.demo_side import playing
from tests.building import ROOT

TITLE = "Data sync failed 3 times: orders to warehouse"


def blocks() -> list[tuple[str, str]]:
    """Language and text of the section's code, JSON left out: it shows what comes back."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## The API by example")[2]
    section = section.partition("\n## ")[0]
    found = re.findall(r"^```(sh|python)\n(.*?)^```", section, re.M | re.S)
    return [(language, text) for language, text in found]


async def run(folder: Path, script: str, **environment: str) -> str:
    """What bash prints, stopping at the first failure."""
    bash = await asyncio.create_subprocess_exec(
        "bash",
        "-euc",
        script,
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(bash.communicate(), 60)
    assert bash.returncode == 0, said.decode()
    return said.decode()


async def approve(workspace: Workspace) -> None:
    """Tap `Approve` on the newest card of the README's operation."""

    def card() -> object:
        found = [m for m in workspace.messages("C0OPERATIONS") if "Approve" in m.labels]
        return found[-1] if found else None

    await workspace.wait_for(card)
    message = next(m for m in workspace.messages("C0OPERATIONS") if "Approve" in m.labels)
    await workspace.tap("USAM", message, "Approve")


async def test_open_wait_claim_verify_report_and_ask_for_help(tmp_path: Path) -> None:
    script = [
        text if language == "sh" else f"{sys.executable} - <<'EOF'\n{text}EOF\n"
        for language, text in blocks()
    ]
    assert len(script) == 7
    async with playing(tmp_path / "demo") as demo:
        key = await demo.server.store.services.add("data-sync")
        running = asyncio.create_task(
            run(tmp_path, "\n".join(script), ANDON_URL=demo.server.url, KEY=key)
        )
        await approve(demo.running.workspace)
        assert await running == ""
    decided, reported, incident = (
        json.loads((tmp_path / f"{name}.json").read_text())
        for name in ("decided", "reported", "incident")
    )
    assert decided["status"] == "approved"
    assert reported["outcome"]["result"] == "succeeded"
    assert (incident["kind"], incident["status"]) == ("incident", "pending")


def test_every_picture_and_file_it_names_is_there() -> None:
    """Links of its own; those to other documents are theirs to keep."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r'\]\(([a-z][^):]*)\)|src="([^"]+)"', text)
    files = [(one or other).partition("#")[0] for one, other in named]
    missing = [file for file in files if not (ROOT / file).exists()]
    assert missing == []
