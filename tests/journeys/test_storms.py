"""A storm in front of people: one card, one ring, its list, and what one click decides."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from bot.demo.workspace.messages import Message
from bot.slack.drawing.storm import ABORT
from bot.slack.drawing.words import OTHER_NEEDS_WORDS
from tests.journeys.conftest import OPERATIONS, Story, spoken
from tests.patience import PATIENCE_S

T = TypeVar("T")
RETRY = "Try 3 more times"


def batch(n: int) -> dict[str, Any]:
    """The next batch that could not be synchronised."""
    return {
        "title": f"Data sync failed 3 times: batch {n}",
        "operation": {"name": "sync_data", "arguments": {"argv": ["sync", "--batch", str(n)]}},
        "context": {"error": {"type": "ConnectTimeout", "message": f"warehouse-db after {n} s"}},
    }


async def storm(story: Story, n: int = 9, **changes: Any) -> list[dict[str, Any]]:
    """So many at once."""
    asked = (story.ask(f"s{k}", **{**batch(8800 + k), **changes}) for k in range(n))
    return list(await asyncio.gather(*asked))


async def the_card(story: Story, *, label: str = "List", words: str = "") -> Message:
    """The storm's card, once it has that button and says that."""
    return await story.workspace.wait_for(lambda: _card(story, label, words), timeout=PATIENCE_S)


def _card(story: Story, label: str, words: str) -> Message | None:
    found = [m for m in story.workspace.messages(OPERATIONS) if "List" in m.labels]
    if not found or label not in found[-1].labels:
        return None
    return found[-1] if words in spoken(found[-1].blocks) else None


async def statuses(story: Story, asked: list[dict[str, Any]]) -> list[str]:
    """How each stands."""
    return [(await story.status(made["id"]))["status"] for made in asked]


async def once(check: Callable[[], Awaitable[T]]) -> T:
    """What the check gives, once it gives something."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await check()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


async def test_a_storm_is_one_card_and_rings_once(over_http: Story) -> None:
    story = over_http
    await storm(story)
    card = await the_card(story)
    text = spoken(card.blocks)
    assert "MEDIUM · production · retries exhausted · 6 from data-sync since" in text
    assert "data-sync: 6 failures, one likely cause" in text
    assert "Same error in all 6: «ConnectTimeout: warehouse-db after " in text
    assert "Waiting 6 · decided 0 · recovered by themselves 0" in text
    assert "exactly these 6; later ones are not included" in text
    assert card.labels == ["Abort these 6", "Try one first", "List"]
    await story.workspace.wait_for(lambda: _rung(story) == 1, timeout=PATIENCE_S)
    cards = [m for m in story.workspace.messages(OPERATIONS) if "Details" in m.labels]
    assert len(cards) == 3


def _rung(story: Story) -> int:
    found = story.workspace.messages("USAM")
    return sum("They gather on one card" in spoken(m.blocks) for m in found)


async def test_one_click_aborts_exactly_the_list_that_was_shown(story: Story) -> None:
    asked = await storm(story)
    card = await the_card(story)
    late = await story.ask("late", **batch(9999))
    await story.send("USAM", card, "Abort these 6", chip="not_now")
    await story.window("USAM", "Recorded: 6 of 6 aborted.")
    found = await statuses(story, asked)
    assert (found.count("pending"), found.count("rejected")) == (3, 6)
    assert (await story.status(late["id"]))["status"] == "pending"
    ended = asked[found.index("rejected")]
    (vote,) = (await story.status(ended["id"]))["votes"]
    assert vote["rationale"] == "Not now"
    assert all("abort" not in text.lower() for text in story.whispers("USAM"))


async def test_whoever_may_not_decide_them_is_told_why_once(over_http: Story) -> None:
    story = over_http
    asked = await storm(story)
    await story.send("UMIA", await the_card(story), "Abort these 6")
    await story.window("UMIA", "Not recorded: none of 6 aborted. 6 you may not decide them.")
    assert await statuses(story, asked) == ["pending"] * 9


async def test_with_other_a_sentence_is_asked_for(over_http: Story) -> None:
    story = over_http
    await storm(story)
    sent = await story.send("USAM", await the_card(story), "Abort these 6", chip="other")
    assert list(sent.errors.values()) == [OTHER_NEEDS_WORDS]


async def test_those_decided_meanwhile_are_counted_and_the_rest_is_aborted(
    over_http: Story,
) -> None:
    story = over_http
    await storm(story)
    card = await the_card(story)
    await story.tap("USAM", card, "Abort these 6")
    window = await story.window("USAM", "You choose once for 6")
    await story.send("UPRIYA", card, "Abort these 6")
    await story.window("UPRIYA", "Recorded: 6 of 6 aborted.")
    await story.workspace.submit("USAM", window.id, {})
    await story.window("USAM", "Not recorded: none of 6 aborted. 6 decided already.")


async def test_after_one_was_tried_and_succeeded_the_others_follow_with_one_click(
    over_http: Story,
) -> None:
    story = over_http
    asked = await storm(story)
    await story.tap("USAM", await the_card(story), "Try one first")
    first = await story.workspace.wait_for(lambda: _offered(story))
    await story.tap("USAM", first, RETRY)
    made = await once(lambda: _approved(story, asked))
    await story.claim(made)
    await story.report(made, "succeeded")
    story.clock.move(seconds=10)  # the card rests so long between two drawings
    card = await the_card(story, label="Retry the other 5", words="succeeded 1")
    assert card.labels == ["Abort these 5", "Retry the other 5", "List"]
    await story.tap("USAM", card, "Retry the other 5")
    window = await story.window("USAM", "sync --batch …")
    text = spoken(window.view["blocks"])
    assert "You choose Try 3 more times for 5 more" in text
    differing, _, _ = text.partition("list sha256:")
    assert len(re.findall(r"\b88\d\d", differing)) == 5
    await story.workspace.submit("USAM", window.id, {})
    await story.window("USAM", "Recorded: 5 of 5 released.")
    found = await statuses(story, asked)
    assert (found.count("approved"), found.count("pending")) == (6, 3)


def _offered(story: Story) -> Message | None:
    return next((m for m in story.workspace.ephemerals("USAM") if RETRY in m.labels), None)


async def _approved(story: Story, asked: list[dict[str, Any]]) -> dict[str, Any] | None:
    found = [m for m in asked if (await story.status(m["id"]))["status"] == "approved"]
    return found[0] if found else None


async def test_what_changed_since_the_window_opened_is_not_released(over_http: Story) -> None:
    story = over_http
    asked = await storm(story)
    await story.tap("USAM", await the_card(story), "Try one first")
    await story.tap("USAM", await story.workspace.wait_for(lambda: _offered(story)), RETRY)
    made = await _approved(story, asked)
    assert made is not None
    await story.claim(made)
    await story.report(made, "succeeded")
    story.clock.move(seconds=10)  # the card rests so long between two drawings
    await story.tap("USAM", await the_card(story, label="Retry the other 5"), "Retry the other 5")
    window = await story.window("USAM", "sync --batch …")
    for other in asked:
        path = f"/v1/escalations/{other['id']}/context"
        await story.call("POST", path, {"rollback": "none"})
    await story.workspace.submit("USAM", window.id, {})
    await story.window("USAM", "Some of these changed since you looked")
    assert (await statuses(story, asked)).count("approved") == 1


async def test_the_list_shows_each_member_with_its_own_card(over_http: Story) -> None:
    story = over_http
    await storm(story, 30)
    await story.tap("USAM", await the_card(story, words="27 from"), "List")
    window = await story.window("USAM", "27 of data-sync, oldest first")
    assert "Page 1 of 2" in spoken(window.view["blocks"])
    await story.workspace.press("USAM", window.id, "storm_list:1")
    window = await story.window("USAM", "Page 2 of 2")
    show = window.view["blocks"][1]["accessory"]["action_id"]
    await story.workspace.press("USAM", window.id, show)
    await story.window("USAM", RETRY)


@pytest.mark.parametrize("label", ["Abort these 6", "Try one first", "List"])
async def test_guests_are_told_that_it_is_for_members(over_http: Story, label: str) -> None:
    story = over_http
    await storm(story)
    await story.tap("UGUEST", await the_card(story), label)
    await story.heard("UGUEST", "Only members of this workspace")
    assert story.workspace.view_of("UGUEST") is None


async def test_a_storms_message_shows_the_card_to_whoever_was_rung(over_http: Story) -> None:
    story = over_http
    await storm(story)
    await story.workspace.wait_for(lambda: _rung(story) == 1, timeout=PATIENCE_S)
    ring = next(m for m in story.workspace.messages("USAM") if "Show them" in m.labels)
    await story.tap("USAM", ring, "Show them")
    window = await story.window("USAM", "Waiting 6")
    await story.workspace.press("USAM", window.id, ABORT)
    window = await story.window("USAM", "You choose once for 6")
    await story.workspace.submit("USAM", window.id, {})
    await story.window("USAM", "Recorded: 6 of 6 aborted.")


async def test_when_a_storm_runs_out_of_time_one_line_says_so(over_http: Story) -> None:
    story = over_http
    asked = await storm(story)
    card = await the_card(story)
    story.clock.move(hours=4, minutes=1)
    await once(lambda: _all_over(story, asked))
    story.clock.move(seconds=40)

    def line() -> list[str]:
        every = story.workspace.messages(OPERATIONS)
        said = [spoken(m.blocks) for m in every if m.thread_ts == card.ts and m.ts != card.ts]
        return [text for text in said if "ran out of time" in text]

    await story.workspace.wait_for(line, timeout=PATIENCE_S)
    assert len(line()) == 1
    assert line()[0].startswith("6 ran out of time. It stays stopped. data-sync must ask again.")
    over = await the_card(story, words="Waiting 0")
    assert over.labels == ["List"]


async def _all_over(story: Story, asked: list[dict[str, Any]]) -> bool:
    return "pending" not in await statuses(story, asked)


async def test_a_thousand_at_once_are_a_handful_of_cards_and_all_can_be_decided(
    over_http: Story,
) -> None:
    """Beside one of another place, in a workspace that refuses what is over Slack's limits."""
    story = over_http
    story.workspace.rates.on = True
    gate = asyncio.Semaphore(50)

    async def ask(n: int) -> dict[str, Any]:
        async with gate:
            return await story.ask(f"s{n}", **batch(n))

    asked = asyncio.gather(*(ask(n) for n in range(1000)))
    beside = await story.ask("beside", title="Another question", environment="staging")
    await asked
    story.clock.move(seconds=10)
    card = await the_card(story, words="997 from data-sync")

    def cards() -> list[Message]:
        return [m for m in story.workspace.messages(OPERATIONS) if m.thread_ts is None]

    # The first three, the storm, and the one beside it.
    await story.workspace.wait_for(lambda: len(cards()) >= 3 + 1 + 1, timeout=PATIENCE_S)
    assert len(cards()) == 3 + 1 + 1
    await story.workspace.wait_for(lambda: _rung(story) == 1, timeout=PATIENCE_S)
    # Four that stand alone ring in the channel and directly; the storm rings once.
    rings = 4 * 2 + 1
    await story.workspace.wait_for(
        lambda: len(story.workspace.notifications("USAM")) >= rings, timeout=15
    )
    assert len(story.workspace.notifications("USAM")) == rings
    await story.send("USAM", card, "Abort these 997", chip="not_now")
    await story.workspace.wait_for(
        lambda: story._window("USAM", "Recorded: 997 of 997 aborted."), timeout=30
    )
    left = await story.server.store.reads.pending()
    assert len(left) == 4
    assert beside["id"] in {e.id for e in left}
    story.clock.move(seconds=10)
    await the_card(story, words="Waiting 0 · decided 997")
