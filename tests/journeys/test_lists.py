"""`/escalations`, App Home and Details: what people look at, and that no click is lost."""

from dataclasses import replace
from typing import Any

import pytest

from bot.demo.workspace.windows import Window
from tests.building import an_open
from tests.journeys.asking import DANA, TRANSFER
from tests.journeys.conftest import OPERATIONS, PAYMENTS, Story, answer_of, spoken

RETRY = "Try 3 more times"
CATEGORIES = (
    "configuration",
    "compliance",
    "security",
    "data_corruption",
    "unrecoverable_error",
    "api_change",
    "pattern_change",
    "resource_exhaustion",
    "deployment",
    "architecture",
    "decision",
)
AWAY = "Andon cannot read its records just now. Nothing runs meanwhile. Try again in a minute (err "


async def typed(story: Story, person: str, text: str, channel: str = OPERATIONS) -> Any:
    """Type `/escalations` and what follows; gives the message only this person sees."""
    done = await story.workspace.command(person, channel, f"/escalations {text}")
    assert done.acked, done
    return story.workspace.ephemerals(person)[-1]


def headings(blocks: Any) -> list[str]:
    """The headers of a list."""
    return [block["text"]["text"] for block in blocks if block["type"] == "header"]


async def test_the_list_shows_what_waits_for_the_caller_then_for_others(story: Story) -> None:
    await story.ask("k1", requested_by=DANA)
    await story.ask("k2", **{**TRANSFER, "requested_by": {"id": "priya@example.com"}})
    shown = await typed(story, "UPRIYA", "list")
    assert headings(shown.blocks) == ["Waiting for you: 1", "Waiting for others: 1"]
    assert "data-sync for Dana · 0 of 1" in spoken(shown.blocks)
    assert "data-sync for you · 0 of 2, waits for Mia, Omar or Tom" in spoken(shown.blocks)
    assert "2 pending, drawn " in spoken(shown.blocks)


async def test_the_list_holds_what_stands_in_the_channel_and_else_nothing_of_others(
    over_http: Story,
) -> None:
    story = over_http
    await story.ask()
    here = await typed(story, "UMIA", "")
    assert headings(here.blocks) == ["Waiting for others: 1"]
    elsewhere = await typed(story, "UMIA", "", PAYMENTS)
    nothing = "Nothing is waiting, for you or for others you can see."
    assert answer_of(elsewhere.blocks) == nothing


async def test_with_nothing_pending_the_last_decision_is_named(over_http: Story) -> None:
    story = over_http
    await story.ask()
    await story.tap("USAM", await story.card(OPERATIONS), RETRY)
    shown = await typed(story, "UPRIYA", "list")
    assert answer_of(shown.blocks) == (
        "Nothing is waiting, for you or for others you can see. "
        f"Last decided: Data sync failed 3 times, {RETRY}, by Sam {{time}}."
    )


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("lst", 'I do not know "lst". Did you mean `list`? Commands: list, show ID, help.'),
        ("frobnicate", 'I do not know "frobnicate". Commands: list, show ID, help.'),
        (
            "show 999999",
            "No escalation ends in 999999, or you cannot see it. "
            "/escalations lists what is pending.",
        ),
    ],
)
async def test_what_is_not_understood_or_not_there_is_said_so(
    over_http: Story, text: str, answer: str
) -> None:
    assert answer_of((await typed(over_http, "USAM", text)).blocks) == answer


@pytest.mark.parametrize("text", ["help", "HELP", "show"])
async def test_help_names_the_commands(over_http: Story, text: str) -> None:
    assert "Commands: list, show ID, help." in spoken((await typed(over_http, "USAM", text)).blocks)


async def test_show_takes_the_end_of_an_id_or_all_of_it_and_brings_a_live_card(
    over_http: Story,
) -> None:
    story = over_http
    made = await story.ask()
    for name in (made["id"][-6:], made["id"], made["id"][-6:].upper()):
        shown = await typed(story, "USAM", f"show {name}")
        assert shown.labels == [RETRY, "Leave it", "I am looking", "Ask", "Details"]
    hidden = await typed(story, "UMIA", f"show {made['id'][-6:]}", PAYMENTS)
    assert answer_of(hidden.blocks).startswith("No escalation ends in ")
    await story.tap("USAM", shown, RETRY)
    assert (await story.status(made["id"]))["status"] == "approved"


async def test_whoever_types_show_has_looked_and_whoever_may_not_decide_has_not(
    over_http: Story,
) -> None:
    story = over_http
    made = await story.ask()
    await typed(story, "UMIA", f"show {made['id'][-6:]}")
    await typed(story, "USAM", "list")
    await typed(story, "USAM", f"show {made['id'][-6:]}")
    await story.looked_at(made)
    seen = await story.server.store.reads.escalation(made["id"])
    assert [look.person for look in seen.looks] == ["sam"]


async def test_another_id_that_ends_alike_is_not_taken_for_it(over_http: Story) -> None:
    made = await over_http.ask()
    other = f"esc_0{made['id'][-6:]}"
    shown = await typed(over_http, "USAM", f"show {other}")
    assert answer_of(shown.blocks).startswith(f"No escalation ends in {other},")


async def test_two_that_end_alike_are_offered_to_pick_from(over_http: Story) -> None:
    story = over_http
    for n in (1, 2):
        command = replace(an_open(f"k{n}"), escalation_id=f"esc_{n}0000000abcdef")
        await story.server.store.writer.submit(command)
    shown = await typed(story, "USAM", "show abcdef")
    assert answer_of(shown.blocks) == "Two end in abcdef. Pick one:"
    assert shown.labels == ["Show", "Show"]
    await story.workspace.click("USAM", OPERATIONS, shown.ts, "show:esc_20000000abcdef")
    card = await story.workspace.wait_for(
        lambda: next((m for m in story.workspace.ephemerals("USAM") if RETRY in m.labels), None)
    )
    assert "esc_20000000abcdef" in str(card.blocks)


async def test_more_than_ten_are_paged_and_many_alike_are_one_line(over_http: Story) -> None:
    story = over_http
    for n, category in enumerate(CATEGORIES):
        await story.ask(f"k{n}", category=category)
    for n in range(6):
        await story.ask(f"same{n}")
    first = await typed(story, "USAM", "list")
    assert headings(first.blocks) == ["Waiting for you: 17"]
    assert (first.labels.count("Show"), first.labels[-1]) == (10, "Next 10")
    await story.tap("USAM", first, "Next 10")
    second = await story.workspace.wait_for(lambda: _other(story, first.ts))
    assert second.labels == ["Show", "Show"]
    both = spoken([*first.blocks, *second.blocks])
    assert both.count("data-sync: 6 retries exhausted") == 1
    assert "first deadline" in both


def _other(story: Story, ts: str) -> Any:
    every = story.workspace.ephemerals("USAM")
    return next((m for m in every if m.ts != ts), None)


async def test_while_the_records_cannot_be_read_every_click_says_so(over_http: Story) -> None:
    story = over_http
    made = await story.ask()
    card = await story.card(OPERATIONS)
    shown = await typed(story, "USAM", "list")
    async with story.records_away():
        assert answer_of((await typed(story, "USAM", "list")).blocks).startswith(AWAY)
        assert answer_of((await typed(story, "USAM", "show 123456")).blocks).startswith(AWAY)
        before = len(story.whispers("USAM"))
        await story.tap("USAM", card, "Details")
        await story.tap("USAM", shown, "Show")
        await story.workspace.wait_for(lambda: len(story.whispers("USAM")) == before + 2)
        assert all(text.startswith(AWAY) for text in story.whispers("USAM")[-2:])
        await story.tap("USAM", card, RETRY)
        await story.heard("USAM", "Not recorded: Andon could not save it. Nothing runs.")
        await story.workspace.open_home("USAM")
        home = await story.workspace.wait_for(lambda: story.workspace.home_of("USAM"))
        assert answer_of(home.view["blocks"]).startswith(AWAY)
    assert (await story.status(made["id"]))["votes"] == []


async def test_app_home_shows_the_same_list_and_its_buttons_work(story: Story) -> None:
    made = await story.ask()
    await story.workspace.open_home("USAM")
    home = await story.workspace.wait_for(lambda: story.workspace.home_of("USAM"))
    assert headings(home.view["blocks"]) == ["Waiting for you: 1"]
    await story.workspace.press("USAM", home.id, f"show:{made['id']}")
    await story.workspace.wait_for(
        lambda: sum(RETRY in m.labels for m in story.workspace.messages("USAM")) == 2
    )


async def test_guests_are_told_that_lists_are_for_members(over_http: Story) -> None:
    story = over_http
    await story.ask()
    told = answer_of((await typed(story, "UGUEST", "list")).blocks)
    assert told == "Only members of this workspace can ask."
    await story.tap("UGUEST", await story.card(OPERATIONS), "Details")
    await story.hears("UGUEST", "Only members of this workspace can read what is behind this card.")
    assert story.workspace.view_of("UGUEST") is None


@pytest.mark.usefixtures("often_looked_up")
async def test_whoever_may_not_read_it_any_more_is_told_so(over_http: Story) -> None:
    """Sam left: his direct message still has its buttons."""
    story = over_http
    await story.ask()
    card = await story.card("USAM")
    await story.leaves("USAM", "S0ONCALL")
    await story.tap("USAM", card, "Details")
    await story.workspace.wait_for(
        lambda: any(
            "You cannot read what is behind this card." in spoken(m.blocks)
            for m in story.workspace.messages("USAM")
        )
    )
    assert story.workspace.view_of("USAM") is None


async def test_details_of_much_come_in_pages(over_http: Story) -> None:
    story = over_http
    trace = "\n".join(f"line {n} of a very long traceback, number {n}" for n in range(800))
    error = {"type": "E", "message": "m", "traceback": trace}
    made = await story.ask(context={"error": error})
    await story.tap("USAM", await story.card(OPERATIONS), "Details")
    seen = []
    window = await story.window("USAM", "Page 1 of ")
    while _next_page(window):
        seen.append(spoken(window.view["blocks"]))
        await story.workspace.press("USAM", window.id, f"page:{len(seen) + 1}")
        window = await story.window("USAM", f"Page {len(seen) + 1} of ")
    seen.append(spoken(window.view["blocks"]))
    assert len(seen) > 1
    for part in ("sync --batch 8813", "line 0 of", "line 799 of", "recoveries", made["id"]):
        assert any(part in page for page in seen)


def _next_page(window: Window) -> bool:
    return "Next page" in spoken(window.view["blocks"])


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        (
            {"action_id": "details", "value": '{"e":"esc_none"}'},
            "Not recorded. Andon has no such escalation. /escalations lists what is.",
        ),
        (
            {"action_id": "vote:retry", "value": '{"e":"esc_none","o":"retry"}'},
            "Not recorded. Andon has no such escalation. /escalations lists what is.",
        ),
        (
            {"action_id": "stop", "value": "not json"},
            "Not recorded. Andon has no such escalation. /escalations lists what is.",
        ),
        (
            {"action_id": "approve_v0", "value": "7"},
            "Not recorded. This button belongs to another version of Andon. "
            "/escalations lists what is pending, with live buttons.",
        ),
    ],
)
async def test_a_button_that_leads_nowhere_says_so(
    over_http: Story, action: dict[str, str], answer: str
) -> None:
    story = over_http
    await story.ask()
    card = await story.card(OPERATIONS)
    forged = {"actions": [{"type": "button", "block_id": "actions", "action_ts": "1.2", **action}]}
    await story.workspace.click("USAM", OPERATIONS, card.ts, "details", override=forged)
    await story.hears("USAM", answer)
