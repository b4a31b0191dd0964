"""From the service's question to the click and back, over the real doors."""

import asyncio

from tests.journeys.asking import TRANSFER
from tests.journeys.conftest import OPERATIONS, PAYMENTS, Story, spoken


async def test_one_tap_releases_and_the_parked_service_takes_it_once(story: Story) -> None:
    made = await story.ask()
    waiting = asyncio.create_task(
        story.call("GET", f"/v1/escalations/{made['id']}", Prefer="wait=20")
    )
    card = await story.card(OPERATIONS)
    done = await story.tap("USAM", card, "Try 3 more times")
    assert done.acked, done
    _, told = await waiting
    assert (told["status"], told["decision"]["option"]) == ("approved", "retry")
    await story.heard("USAM", "You decided it; data-sync may start now.")
    body = {"digest": made["digest"], "nonce": "n"}
    path = f"/v1/escalations/{made['id']}/claim"
    first, grant = await story.call("POST", path, body, Idempotency_Key="a")
    second, problem = await story.call("POST", path, body, Idempotency_Key="b")
    assert (first, second) == (200, 409)
    assert grant["option"] == "retry"
    assert problem["type"] == "/problems/already-claimed"
    await story.workspace.wait_for(
        lambda: "RUNNING" in spoken(story.workspace.messages(OPERATIONS)[0].blocks)
    )


async def test_every_approver_gets_the_card_in_the_channel_and_as_a_direct_message(
    story: Story,
) -> None:
    await story.ask()
    for place in (OPERATIONS, "USAM", "UPRIYA"):
        card = await story.card(place)
        assert card.labels == ["Try 3 more times", "Leave it", "I am looking", "Ask", "Details"]
        assert len(card.text) <= 150


async def test_an_abort_asks_in_a_modal_and_ends_it(story: Story) -> None:
    made = await story.ask()
    card = await story.card(OPERATIONS)
    await story.tap("UPRIYA", card, "Leave it")
    window = await story.workspace.wait_for(lambda: story.workspace.view_of("UPRIYA"))
    done = await story.workspace.submit("UPRIYA", window.id, {"chip": "not_now"})
    assert done.acked, done
    answer = story.workspace.view_of("UPRIYA")
    assert answer is not None
    assert "Recorded: Leave it." in spoken(answer.view["blocks"])
    told = await story.status(made["id"])
    assert (told["status"], told["votes"][0]["rationale"]) == ("rejected", "Not now")
    ended = await story.workspace.wait_for(
        lambda: next(
            (m for m in story.workspace.messages(OPERATIONS) if "ABORTED" in spoken(m.blocks)),
            None,
        )
    )
    assert ended.labels == ["Details"]


async def test_two_people_release_a_transfer_each_with_a_reason(story: Story) -> None:
    made = await story.ask(
        category="large_transaction",
        requested_by={"id": "lena@example.com", "name": "Lena", "slack": "ULENA"},
    )
    for n, person in enumerate(("UMIA", "UTOM"), 1):
        card = await story.card(PAYMENTS)
        await story.tap(person, card, "Try 3 more times")
        window = await story.workspace.wait_for(lambda p=person: story.workspace.view_of(p))
        assert window.view["submit"]["text"] == f"Agree ({n} of 2)"
        empty = await story.workspace.submit(person, window.id, {})
        assert empty.errors
        done = await story.workspace.submit(person, window.id, {"reason": "matches the invoice"})
        assert done.acked, done
    told = await story.status(made["id"])
    assert told["status"] == "approved"
    assert told["requirements"][0]["have"] == {"retry": 2}


async def test_a_secret_pasted_into_a_reason_is_not_kept(over_http: Story) -> None:
    story, secret = over_http, f"ghp_{'A' * 36}"
    made = await story.ask(**TRANSFER)
    card = await story.card(PAYMENTS)
    await story.send("UMIA", card, "Release transfer", reason=f"checked with {secret}")
    assert "Recorded: Release transfer, 1 of 2." in story.sees("UMIA")
    told = await story.status(made["id"])
    assert [vote["rationale"] for vote in told["votes"]] == ["checked with [hidden: token]"]
    kept = [file.read_bytes() for file in story.folder.glob("andon.db*")]
    assert not any(secret.encode() in each for each in kept)


async def test_two_approvers_at_the_same_instant_decide_once(story: Story) -> None:
    await story.ask()
    card = await story.card(OPERATIONS)
    await asyncio.gather(
        story.tap("USAM", card, "Try 3 more times"), story.tap("UPRIYA", card, "Try 3 more times")
    )
    said = await story.workspace.wait_for(
        lambda: len(story.workspace.ephemerals("USAM") + story.workspace.ephemerals("UPRIYA")) == 2
    )
    assert said
    texts = [spoken(m.blocks) for p in ("USAM", "UPRIYA") for m in story.workspace.ephemerals(p)]
    assert sum("You decided it" in t for t in texts) == 1
    assert sum("Not recorded." in t and "decided it at" in t for t in texts) == 1


async def test_a_click_delivered_eleven_times_counts_and_is_answered_once(story: Story) -> None:
    made = await story.ask()
    card = await story.card(OPERATIONS)
    button = card.button("Try 3 more times")
    await story.workspace.click(
        "USAM", card.channel, card.ts, button.action_id, times=11, parallel=True, identical=True
    )
    await story.heard("USAM", "You decided it")
    assert len((await story.status(made["id"]))["votes"]) == 1
    assert len(story.workspace.ephemerals("USAM")) == 1


async def test_a_button_pressed_eleven_times_counts_once_and_each_press_is_answered(
    story: Story,
) -> None:
    made = await story.ask()
    card = await story.card(OPERATIONS)
    button = card.button("Try 3 more times")
    await story.workspace.click(
        "USAM", card.channel, card.ts, button.action_id, times=11, parallel=True
    )
    await story.workspace.wait_for(lambda: len(story.whispers("USAM")) == 11)
    assert sum("You decided it" in text for text in story.whispers("USAM")) == 1
    assert sum(text.startswith("Already recorded") for text in story.whispers("USAM")) == 10
    assert len((await story.status(made["id"]))["votes"]) == 1


async def test_details_hold_everything(story: Story) -> None:
    await story.ask(context={"error": {"type": "E", "message": "m", "traceback": "a\nb"}})
    card = await story.card(OPERATIONS)
    await story.tap("USAM", card, "Details")
    window = await story.workspace.wait_for(lambda: story.workspace.view_of("USAM"))
    everything = spoken(window.view["blocks"])
    for part in (
        "sync --batch 8813",
        "last line first",
        "recoveries",
        "Authorization: Bearer",
    ):
        assert part in everything
