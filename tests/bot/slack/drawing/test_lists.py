"""`/escalations`: what each person sees, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from approvals.escalation import Acknowledgement, Escalation
from approvals.words import Kind, Severity
from bot.messaging import Message
from bot.slack.drawing import commands, lists
from bot.slack.drawing.filters import LONGEST, Filter, filter_of
from bot.slack.drawing.limits import check
from bot.slack.drawing.lists import Reader
from tests.bot.slack.drawing import ends
from tests.bot.slack.drawing.examples import MIGRATION, RETRIES, TRANSFER, Story, later, people
from tests.bot.slack.drawing.reading import everything, read
from tests.bot.slack.drawing.stored import assert_stored

PEOPLE = people()
CHANNELS = {"C0DATABASE", "C0PAYMENTS", "C0OPERATIONS"}


def pending() -> list[Escalation]:
    """The three examples, one vote on the transfer."""
    transfer = Story(TRANSFER)
    transfer.vote("mia", "release", later(5), rationale="matches the invoice")
    found = [Story(MIGRATION).escalation, transfer.escalation, Story(RETRIES).escalation]
    return [replace(e, id=f"esc_{n}7f3a9c") for n, e in enumerate(found)]


def by(account: str, channels: set[str] | None = None) -> Reader:
    """Who looks, eleven minutes after all was asked."""
    return Reader(account=account, people=PEOPLE, now=later(11), channels=channels or set())


def listed(
    account: str,
    found: list[Escalation],
    *,
    page: int = 0,
    channels: set[str] | None = None,
    words: str = "",
) -> Message:
    """The list as this account sees it."""
    asked = filter_of(words.split())
    assert isinstance(asked, Filter)
    return lists.listing(found, by(account, channels), asked=asked, page=page)


def an_incident(**changes: Any) -> Escalation:
    """Nothing is held; somebody of the same group must look."""
    e = Story(RETRIES).escalation
    given = {"kind": Kind.INCIDENT, "options": (), "operation": None, "id": "esc_0incident"}
    return replace(e, **(given | changes))


@pytest.mark.parametrize("account", ["URAVI", "ULENA", "UMIA", "UTOM"])
def test_each_person_sees_what_concerns_them(account: str) -> None:
    drawn = listed(account, pending())
    assert () == check(drawn)
    assert_stored(f"list_{account[1:].lower()}", drawn)


def test_a_stranger_sees_nothing_not_even_a_count() -> None:
    drawn = listed("USTRANGER", pending())
    assert drawn.text == "Nothing is waiting, for you or for others you can see."


def test_whoever_is_in_the_channel_may_read_what_stands_there() -> None:
    drawn = listed("USTRANGER", pending(), channels={"C0DATABASE"})
    assert "Schema conflict" in read(drawn)
    assert "Nordwind" not in read(drawn)


def test_many_alike_are_one_line_and_pages_hold_ten() -> None:
    base = Story(RETRIES).escalation
    alike = [replace(base, id=f"esc_{n:06d}") for n in range(297)]
    folded = read(listed("USAM", alike))
    assert "data-sync: 297 retries exhausted" in folded
    assert "[ List ]" in folded
    apart = [replace(e, service=f"service-{n}") for n, e in enumerate(alike[:23])]
    shown = []
    for page in range(3):
        drawn = listed("USAM", apart, page=page)
        assert () == check(drawn)
        shown.append(read(drawn).count("[ Show ]"))
        assert ("[ Next 10 ]" in read(drawn)) == (page < 2)
    assert [10, 10, 3] == shown


def test_many_alike_of_one_service_are_a_line_each_where_the_service_is_asked_for() -> None:
    base = Story(RETRIES).escalation
    alike = [replace(base, id=f"esc_{n:06d}") for n in range(12)]
    drawn = listed("USAM", alike, words="service:data-sync category:retries_exhausted")
    assert () == check(drawn)
    assert read(drawn).count("[ Show ]") == 10
    assert "12 pending that fit" in read(drawn)
    button = next(b for b in everything(list(drawn.blocks)) if b.get("action_id") == "list:1")
    assert button["value"] == '{"p":1,"f":"service:data-sync category:retries_exhausted"}'


def test_the_soonest_deadline_comes_first() -> None:
    text = read(
        listed(
            "URAVI",
            [
                replace(e, deadline_at=later(60 - 10 * n))
                for n, e in enumerate(
                    [
                        replace(Story(MIGRATION).escalation, id=f"esc_{n}", title=f"number {n}")
                        for n in range(3)
                    ]
                )
            ],
        )
    )
    assert text.index("number 2") < text.index("number 1") < text.index("number 0")


def test_incidents_are_listed_without_a_deadline() -> None:
    """Past their time it is said since when nobody looked after them; or who does."""
    fresh = an_incident()
    forgotten = an_incident(deadline_at=later(10), id="esc_1incident")
    looking = Acknowledgement(person="priya", at=later(5), until=later(20))
    seen_to = an_incident(acknowledged=looking, id="esc_2incident", deadline_at=later(5))
    drawn = listed("USAM", [fresh, forgotten, seen_to])
    assert () == check(drawn)
    assert_stored("list_incidents", drawn)
    own = replace(seen_to, acknowledged=replace(looking, person="sam"))
    assert "data-sync · nothing held, you are looking" in read(listed("USAM", [own]))


# -- narrowed -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("mine", ["Transfer"]),
        ("critical", ["Schema"]),
        ("service:data-sync", ["Data sync"]),
        ("Service:Data-Sync", ["Data sync"]),
        ("group:database-admin", ["Schema"]),
        ("category:large_transaction", ["Transfer"]),
        ("mine service:payments", ["Transfer"]),
    ],
)
def test_a_list_is_narrowed_to_what_was_asked_for(words: str, titles: list[str]) -> None:
    found = pending()
    found[0] = replace(found[0], severity=Severity.CRITICAL)
    text = read(listed("ULENA", found, channels=CHANNELS, words=words))
    assert [t for t in ("Schema", "Transfer", "Data sync") if t in text] == titles


def test_what_may_not_be_seen_is_not_found_by_narrowing() -> None:
    drawn = listed("USTRANGER", pending(), words="service:payments")
    assert drawn.text == (
        "Nothing you can see is pending for service:payments. /escalations lists all that is."
    )


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("mien", "mien"),
        ("mine servce:x", "servce:x"),
        ("service:", "service:"),
        ("mine:yes", "mine:yes"),
        ("service:" + "x" * LONGEST, "service:" + "x" * LONGEST),
    ],
)
def test_a_word_that_narrows_nothing_is_named(words: str, wrong: str) -> None:
    assert filter_of(words.split()) == wrong


def test_a_filter_is_said_as_it_is_typed() -> None:
    words = "mine critical service:x group:y"
    found = filter_of(words.split())
    assert isinstance(found, Filter)
    assert found.words == words
    assert filter_of([]) == Filter()


# -- other answers ------------------------------------------------------------------------------


def test_every_other_answer_is_as_stored() -> None:
    twice = pending()[:2]
    last = ends.transferred().escalation
    mixed = [*pending()[:1], last, an_incident()]
    drawn = {
        "nothing": commands.nothing_waits(PEOPLE),
        "nothing_last": commands.nothing_waits(PEOPLE, last),
        "nothing_fits": commands.nothing_fits("group:payments"),
        "no_such": commands.no_such("999999"),
        "which": commands.which_of("7f3a9c", twice),
        "unknown": commands.unknown_command("lst"),
        "unknown_far": commands.unknown_command("quux"),
        "unknown_filter": commands.unknown_filter("mien"),
        "unknown_name": commands.unknown_filter("servce:payments"),
        "help": commands.help_text(),
        "found": commands.found("documents", mixed, PEOPLE, page=0, more=True),
        "found_none": commands.found("documents", [], PEOPLE, page=0, more=False),
        "found_no_more": commands.found("documents", [], PEOPLE, page=3, more=False),
        "search_what": commands.search_what(),
        "found_cut": commands.found("documents", mixed, PEOPLE, page=0, more=False, most=5000),
        "found_none_cut": commands.found("documents", [], PEOPLE, page=0, more=False, most=5000),
    }
    for name, message in drawn.items():
        assert () == check(message)
        assert_stored(f"list_{name}", message)


def test_show_buttons_are_told_apart() -> None:
    drawn = listed("URAVI", pending(), channels=CHANNELS)
    ids = [b["action_id"] for b in everything(list(drawn.blocks)) if b.get("type") == "button"]
    assert len(set(ids)) == len(ids) == 3
