"""`/escalations` and Details: what people look at, and that no click is lost."""

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
    """Which channels those are, Slack says; where it does not, the one they ask from."""
    story = over_http
    story.workspace.kick("UMIA", OPERATIONS)
    story.workspace.kick("UTOM", PAYMENTS)
    await story.ask("k1")
    await story.ask("k2", **TRANSFER)
    for channel in (OPERATIONS, PAYMENTS):
        shown = await typed(story, "UPRIYA", "", channel)
        assert headings(shown.blocks) == ["Waiting for you: 1", "Waiting for others: 1"]
    asked = await typed(story, "UMIA", "", PAYMENTS)
    assert headings(asked.blocks) == ["Waiting for you: 1"]
    story.workspace.faults.add("users.conversations", "http_503", times=2)
    for channel, count in ((PAYMENTS, 1), (OPERATIONS, 0)):
        here = await typed(story, "URAVI", "", channel)
        assert spoken(here.blocks).count("Nordwind") == count


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
        (
            "lst",
            'I do not know "lst". Did you mean `list`? '
            "Commands: list, show ID, search WORDS, reviews, help.",
        ),
        (
            "serach x",
            'I do not know "serach". Did you mean `search`? '
            "Commands: list, show ID, search WORDS, reviews, help.",
        ),
        (
            "frobnicate",
            'I do not know "frobnicate". Commands: list, show ID, search WORDS, reviews, help.',
        ),
        (
            "list mien",
            'I do not know "mien" after list. Did you mean `mine`? '
            "It may be mine, critical, service:NAME, group:NAME or category:NAME.",
        ),
        (
            "list group:nobody",
            "Nothing you can see is pending for group:nobody. /escalations lists all that is.",
        ),
        (
            "search Nordwind",
            "Nothing you can see has these words: Nordwind. Searched: what is pending by its "
            "title; what has ended also by its error, the reasons given, causes and ways round. "
            "/escalations help",
        ),
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
    told = spoken((await typed(over_http, "USAM", text)).blocks)
    assert "Commands: list, show ID, search WORDS, reviews, help." in told


async def test_show_takes_the_end_of_an_id_or_all_of_it_and_brings_a_live_card(
    over_http: Story,
) -> None:
    story = over_http
    made = await story.ask()
    for name in (made["id"][-6:], made["id"], made["id"][-6:].upper()):
        shown = await typed(story, "USAM", f"show {name}")
        assert shown.labels == [RETRY, "Leave it", "I am looking", "Ask", "Details"]
    story.workspace.kick("UMIA", OPERATIONS)
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
    assert second.labels == ["Show", "List"]
    both = spoken([*first.blocks, *second.blocks])
    assert both.count("data-sync: 6 retries exhausted") == 1
    assert "first deadline" in both


async def test_many_alike_are_listed_one_by_one_when_asked_for(over_http: Story) -> None:
    story = over_http
    for n in range(12):
        await story.ask(f"same{n}")
    first = await typed(story, "USAM", "list")
    assert first.labels == ["List"]
    await story.tap("USAM", first, "List")
    alike = await story.workspace.wait_for(lambda: _other(story, first.ts))
    assert (alike.labels.count("Show"), alike.labels[-1]) == (10, "Next 10")
    assert "12 pending that fit" in spoken(alike.blocks)
    await story.tap("USAM", alike, "Next 10")
    rest = await story.workspace.wait_for(lambda: _other(story, first.ts, alike.ts))
    assert rest.labels == ["Show", "Show"]


async def test_a_list_is_narrowed_to_what_was_asked_for(over_http: Story) -> None:
    story = over_http
    await story.ask("k1", requested_by=DANA)
    await story.ask("k2", **{**TRANSFER, "requested_by": {"id": "priya@example.com"}})
    for words, count in (
        ("mine", 1),
        ("critical", 0),
        ("service:data-sync", 2),
        ("group:platform-oncall", 1),
        ("service:data-sync mine", 1),
    ):
        shown = await typed(story, "UPRIYA", f"list {words}")
        assert shown.labels.count("Show") == count, words


async def test_search_finds_what_may_be_seen_pending_or_over(over_http: Story) -> None:
    story = over_http
    story.workspace.kick("UMIA", OPERATIONS)
    await story.ask("k0", title="Sync the orders of 100% again")
    await story.tap("USAM", await story.card(OPERATIONS), RETRY)
    await story.server.store.memory.remember(story.clock())
    for n in range(11):
        await story.ask(f"k{n + 1}", title=f"Sync the orders, part {n}", category="other")
    first = await typed(story, "USAM", "search sync THE orders")
    assert (first.labels.count("Show"), first.labels[-1]) == (10, "Next 10")
    await story.tap("USAM", first, "Next 10")
    rest = await story.workspace.wait_for(lambda: _other(story, first.ts))
    assert rest.labels == ["Show", "Show"]
    assert f"approved: {RETRY}, by Sam" in spoken(rest.blocks[-1:])
    for_mia = await typed(story, "UMIA", "search orders", PAYMENTS)
    assert answer_of(for_mia.blocks).startswith("Nothing you can see has these words")
    await story.workspace.click(
        "USAM", OPERATIONS, rest.ts, rest.blocks[-1]["accessory"]["action_id"]
    )
    await story.workspace.wait_for(
        lambda: any("APPROVED" in spoken(m.blocks) for m in story.workspace.ephemerals("USAM"))
    )


def _other(story: Story, *ts: str) -> Any:
    every = story.workspace.ephemerals("USAM")
    lists = [m for m in every if {"Show", "List"} & set(m.labels)]
    return next((m for m in lists if m.ts not in ts), None)


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


async def test_incidents_are_listed_without_a_deadline(over_http: Story) -> None:
    """Past their time it is said since when nobody looked after them."""
    story = over_http
    incident = {"kind": "incident", "category": "service_health", "title": "Disk is full"}
    incident |= {"environment": "production"}
    asked = await story.call("POST", "/v1/escalations", incident, Idempotency_Key="k1")
    assert asked[0] == 201, asked
    shown = await typed(story, "USAM", "list")
    assert "no deadline" in spoken(shown.blocks)
    story.clock.move(days=2)
    late = await typed(story, "USAM", "list")
    assert "no deadline; unattended since" in spoken(late.blocks)


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
    """Sam left, the channel too: his direct message still has its buttons."""
    story = over_http
    await story.ask()
    card = await story.card("USAM")
    story.workspace.kick("USAM", OPERATIONS)
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
