"""What earlier ones showed reaches whoever decides the next one: card, window, poll, search."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.audit.erase import erase
from bot.demo.workspace.messages import Message
from bot.slack.drawing.words import EARLIER
from tests.bot.audit.past import run
from tests.building import a_vote
from tests.journeys.asking import DANA, TRANSFER
from tests.journeys.conftest import OPERATIONS, PAYMENTS, Story, answer_of, spoken
from tests.journeys.test_lists import typed

RETRY = "Try 3 more times"
MENDED, FIRST = "the firewall rule is mended", "the wall was open again"
TIMED_OUT = {"error": {"type": "ConnectTimeout", "message": "warehouse-db:5432 after 10 s"}}


async def remembered(story: Story, *outcomes: str | None) -> None:
    """Memory has taken up what ended: so many, and so, oldest first."""
    memory, now, ages = story.server.store.memory, story.clock(), timedelta(days=9)
    await memory.remember(now)
    found = await memory.ended(now - ages, now + ages)
    assert [one.outcome for one in found] == list(outcomes)


async def decided(story: Story, key: str, why: str, result: str) -> dict[str, Any]:
    """Sam lets it run and says why, and the service reports."""
    made = await story.ask(key, requested_by=DANA)
    vote = a_vote(made["id"], digest=made["digest"], rationale=why)
    assert (await story.server.store.writer.submit(vote)).refusal is None
    assert (await story.claim(made, f"claim-{key}"))[0] == 200
    await story.report(made, result)
    return made


def line(card: Message) -> str:
    """What the card says of earlier ones."""
    return "".join(spoken(b) for b in card.blocks if b.get("block_id") == "recalled")


async def test_the_third_of_its_kind_says_how_the_first_two_ended(
    over_http: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = over_http
    first = await decided(story, "k1", FIRST, "succeeded")
    second = await decided(story, "k2", MENDED, "failed")
    await remembered(story, "succeeded", "failed")
    third = await story.ask("k3")
    card = await story.card(OPERATIONS, words="Seen 2 times")
    seen = f"Seen 2 times: 2 {RETRY}. Last: Sam, {{time}}"
    assert line(card) == f"{seen}, «{MENDED}»; 1 failed."

    direct = await story.card("USAM", words="Seen 2 times")
    await story.tap("USAM", direct, EARLIER)
    window = await story.window("USAM", MENDED)
    told = spoken(window.view["blocks"])
    assert told.index(MENDED) < told.index(FIRST)
    assert "2, closest first. They inform; you decide." in told
    shows = [b for b in window.view["blocks"] if b["type"] == "actions"]
    assert [b["elements"][0]["action_id"] for b in shows] == [
        f"show:{one['id']}" for one in (second, first)
    ]
    await story.workspace.press("USAM", window.id, f"show:{first['id']}")
    shown = await story.window("USAM", "APPROVED · was MEDIUM")
    assert FIRST in spoken(shown.view)

    answer = await story.status(third["id"])
    assert [(p["id"], p["option"], p["outcome"]) for p in answer["precedents"]] == [
        (second["id"], "retry", "failed"),
        (first["id"], "retry", "succeeded"),
    ]
    assert answer["recalled"] == {
        "likeness": "exact",
        "times": 2,
        "ended": {"retry": 2},
        "failed": 1,
        "undone": 0,
    }
    found = await typed(story, "USAM", "search firewall mended")
    assert f"show:{second['id']}" in str(found.blocks)

    monkeypatch.chdir(story.folder)
    monkeypatch.setenv("ANDON_DATABASE_URL", "sqlite:///andon.db")
    erased = await asyncio.to_thread(run, erase, second["id"], "--reason", "request 12")
    assert erased.exit_code == 0, erased.output
    more = {"user_impact": "orders are two hours old"}
    status, _ = await story.call("POST", f"/v1/escalations/{third['id']}/context", more)
    assert status == 200
    card = await story.card(OPERATIONS, words="two hours old")
    assert line(card) == f"{seen}; 1 failed."
    assert (await story.status(third["id"]))["recalled"] == answer["recalled"]
    gone = await typed(story, "USAM", "search firewall mended")
    assert second["id"] not in str(gone.blocks)


async def test_what_stands_in_another_channel_is_counted_there_and_not_quoted(
    over_http: Story,
) -> None:
    """Sam reads the one of operations, and is in no channel of the payments."""
    story = over_http
    story.workspace.kick("USAM", PAYMENTS)
    await story.ask("k1", **{**TRANSFER, "context": TIMED_OUT})
    card = await story.card(PAYMENTS, label="Stop transfer")
    await story.send("UMIA", card, "Stop transfer", reason="account 4711 is wrong")
    await remembered(story, None)
    await story.ask("k2", context=TIMED_OUT)
    card = await story.card(OPERATIONS, words="This error once")
    assert line(card) == "This error once: 1 stop. Last: Mia, {time}."
    await story.tap("USAM", card, EARLIER)
    window = await story.window("USAM", "1 more that you cannot read. They inform; you decide.")
    assert "4711" not in str(window.view)
    await story.tap("UMIA", card, EARLIER)
    await story.window("UMIA", "account 4711 is wrong")
    hidden = await typed(story, "USAM", "search account 4711")
    assert answer_of(hidden.blocks).startswith("Nothing you can see has these words: account 4711.")
    shown = await typed(story, "UMIA", "search account 4711", PAYMENTS)
    assert shown.labels == ["Show"]


async def test_without_words_search_says_what_to_type(over_http: Story) -> None:
    told = answer_of((await typed(over_http, "USAM", "search")).blocks)
    assert told.startswith("Type what to look for, such as /escalations search replica lag.")


async def test_while_the_records_cannot_be_read_the_window_of_earlier_ones_says_so(
    over_http: Story,
) -> None:
    story = over_http
    await decided(story, "k1", FIRST, "succeeded")
    await remembered(story, "succeeded")
    await story.ask("k2")
    card = await story.card(OPERATIONS, words="Seen once")
    async with story.records_away():
        await story.tap("USAM", card, EARLIER)
        await story.heard("USAM", "Andon cannot read its records just now.")
