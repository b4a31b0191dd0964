"""`/escalations`: what each person sees, and nothing else."""

from dataclasses import replace

import pytest

from approvals.escalation import Escalation
from bot.messaging import Message
from bot.slack.drawing import lists
from bot.slack.drawing.limits import check
from tests.bot.slack.drawing import ends
from tests.bot.slack.drawing.examples import MIGRATION, RETRIES, TRANSFER, Story, later, people
from tests.bot.slack.drawing.reading import everything, read
from tests.bot.slack.drawing.stored import assert_stored

PEOPLE = people()


def pending() -> list[Escalation]:
    """The three examples, one vote on the transfer."""
    transfer = Story(TRANSFER)
    transfer.vote("mia", "release", later(5), rationale="matches the invoice")
    found = [Story(MIGRATION).escalation, transfer.escalation, Story(RETRIES).escalation]
    return [replace(e, id=f"esc_{n}7f3a9c") for n, e in enumerate(found)]


def listed(
    account: str, found: list[Escalation], *, page: int = 0, channels: set[str] | None = None
) -> Message:
    """The list as this account sees it, eleven minutes after all was asked."""
    return lists.listing(
        found,
        account=account,
        people=PEOPLE,
        now=later(11),
        channels=channels or set(),
        page=page,
    )


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
    apart = [replace(e, service=f"service-{n}") for n, e in enumerate(alike[:23])]
    shown = []
    for page in range(3):
        drawn = listed("USAM", apart, page=page)
        assert () == check(drawn)
        shown.append(read(drawn).count("[ Show ]"))
        assert ("[ Next 10 ]" in read(drawn)) == (page < 2)
    assert [10, 10, 3] == shown


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


def test_every_other_answer_is_as_stored() -> None:
    twice = pending()[:2]
    last = ends.transferred().escalation
    drawn = {
        "nothing": lists.nothing_waits(PEOPLE),
        "nothing_last": lists.nothing_waits(PEOPLE, last),
        "no_such": lists.no_such("999999"),
        "which": lists.which_of("7f3a9c", twice),
        "unknown": lists.unknown_command("lst"),
        "unknown_far": lists.unknown_command("quux"),
        "help": lists.help_text(),
    }
    for name, message in drawn.items():
        assert () == check(message)
        assert_stored(f"list_{name}", message)


def test_show_buttons_are_told_apart() -> None:
    drawn = listed("URAVI", pending(), channels={"C0DATABASE", "C0PAYMENTS", "C0OPERATIONS"})
    ids = [b["action_id"] for b in everything(list(drawn.blocks)) if b.get("type") == "button"]
    assert len(set(ids)) == len(ids) == 3
