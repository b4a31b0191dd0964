"""Erasing from the command line while the server runs: cards, API, Details and lists say so."""

import asyncio

import pytest

from bot.audit.erase import erase
from tests.bot.audit.past import run
from tests.journeys.asking import DANA
from tests.journeys.conftest import OPERATIONS, Story, spoken

RETRY = "Try 3 more times"

#: What nobody may read any more, and where it was written.
WRITTEN = ("Data sync failed", "order 4711", "the wall is mended", "moved 12 rows")


@pytest.fixture
async def erased(story: Story, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of what ran, and was erased beside the running server."""
    made = await story.ask(requested_by=DANA, context={"error": {"message": "order 4711"}})
    card = await story.card(OPERATIONS, label=RETRY)
    await story.tap("USAM", card, RETRY)
    await story.card(OPERATIONS, words="APPROVED · was MEDIUM")
    await story.claim(made)
    await story.report(made, "succeeded", detail="moved 12 rows")
    await story.card(OPERATIONS, words="Succeeded")
    monkeypatch.chdir(story.folder)
    monkeypatch.setenv("ANDON_DATABASE_URL", "sqlite:///andon.db")
    result = await asyncio.to_thread(run, erase, made["id"], "--reason", "request 12")
    # The server runs in this process: what it logs meanwhile comes between.
    said = result.stdout.splitlines()
    assert (result.exit_code, said[-1]) == (0, f"{made['id']} is erased."), result.output
    return str(made["id"])


@pytest.mark.parametrize("story", ["http"], indirect=True)
async def test_everywhere_it_is_read_as_erased(story: Story, erased: str) -> None:
    card = await story.card(OPERATIONS, words="what was asked and said is gone")
    assert [w for w in WRITTEN if w in spoken(card.blocks) + card.text] == []
    assert "Decided by @USAM" in spoken(card.blocks)
    read = await story.status(erased)
    assert (read["title"], read["status"], read["erased"]["reason"]) == (
        "[erased]",
        "approved",
        "request 12",
    )
    _, listed = await story.call("GET", "/v1/escalations?status=approved")
    assert [item["title"] for item in listed["items"]] == ["[erased]"]
    _, events = await story.call("GET", f"/v1/escalations/{erased}/events")
    *before, last = events["items"]
    assert ({item["text"] for item in before}, last["kind"]) == ({None}, "record:erased")
    await story.tap("USAM", card, "Details")
    window = await story.window("USAM", "Erased ")
    assert [w for w in WRITTEN if w in spoken(window.view)] == []


@pytest.mark.parametrize("story", ["http"], indirect=True)
async def test_a_late_click_still_hears_who_decided(story: Story, erased: str) -> None:
    card = await story.card(OPERATIONS, words="what was asked and said is gone")
    await story.tap_late("UPRIYA", card, "vote:retry")
    await story.heard("UPRIYA", "Sam")
    again = await story.claim({"id": erased, "digest": (await story.status(erased))["digest"]})
    assert (again[0], again[1]["option"]) == (200, "retry")
