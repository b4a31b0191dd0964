"""App Home: what its person sees, and what is said of who stands in."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from approvals.escalation import Escalation
from approvals.people import Absence
from approvals.standing_in import WhyNot
from bot.slack.drawing import home
from bot.slack.drawing.home import Own
from bot.slack.drawing.limits import check
from bot.slack.drawing.lists import Reader
from tests.bot.slack.drawing import ends
from tests.bot.slack.drawing.examples import MIGRATION, RETRIES, TRANSFER, Story, later, people
from tests.bot.slack.drawing.reading import everything, read
from tests.bot.slack.drawing.stored import assert_stored

PEOPLE = people()
AWAY = Absence(person="mia", substitute="omar", since=later(0), until=later(60 * 24 * 3))


def by(account: str = "UMIA", *absences: Absence) -> Reader:
    """Who looks, eleven minutes after all was asked; in no channel."""
    away = {a.person: a for a in absences}
    known = replace(PEOPLE, absences=away)
    return Reader(account=account, people=known, now=later(11))


def own(person: str = "mia", **given: Any) -> Own:
    """What is said of them: one of their groups admits a substitute."""
    usual: dict[str, Any] = {
        "absence": None,
        "stands_in_for": (),
        "admitting": ("finance-approvers",),
        "closed": (),
    }
    return Own(person=PEOPLE.persons[person], **(usual | given))


def pending() -> list[Escalation]:
    """The three examples."""
    found = [Story(example).escalation for example in (MIGRATION, TRANSFER, RETRIES)]
    return [replace(e, id=f"esc_{n}7f3a9c") for n, e in enumerate(found)]


def test_home_shows_what_waits_what_was_decided_and_who_stands_in() -> None:
    drawn = home.home(pending(), [ends.transferred().escalation], by(), own())
    assert () == check(drawn)
    assert_stored("home_mia", drawn)


def test_what_somebody_asked_for_stands_apart() -> None:
    drawn = home.home(pending(), [], by("ULENA"), own("lena", admitting=()))
    assert () == check(drawn)
    assert_stored("home_lena", drawn)


def test_of_what_may_not_be_seen_nothing_is_there() -> None:
    drawn = home.home(pending(), [ends.transferred().escalation], by("USTRANGER"), None)
    assert () == check(drawn)
    assert_stored("home_stranger", drawn)


def test_many_are_ten_lines_and_a_button_that_lists_all() -> None:
    base = Story(TRANSFER).escalation
    apart = [replace(base, id=f"esc_{n:03}", service=f"service-{n}") for n in range(5000)]
    drawn = home.home(apart, [], by(), own())
    assert () == check(drawn)
    assert read(drawn).count("[ Show ]") == 10
    assert "[ List all 5,000 ]" in read(drawn)


def test_what_was_decided_while_it_was_read_stands_there_once() -> None:
    done = ends.transferred().escalation
    drawn = home.home([replace(Story(TRANSFER).escalation, id=done.id)], [done], by(), own())
    assert () == check(drawn)
    assert read(drawn).count("[ Show ]") == 1


def test_buttons_are_told_apart() -> None:
    every = [*pending(), *(replace(e, service="x", id=f"{e.id}x") for e in pending())]
    drawn = home.home(every, [ends.transferred().escalation], by(), own())
    ids = [b["action_id"] for b in everything(drawn["blocks"]) if b.get("type") == "button"]
    assert len(set(ids)) == len(ids)


# -- who stands in ------------------------------------------------------------------------------


def said(reader: Reader, of: Own) -> str:
    """What Home says of substitutes."""
    text = read(home.home([], [], reader, of))
    return text.partition("Your substitute\n")[2].partition("context | 0 pending")[0]


def test_a_substitute_is_named_with_the_end_and_can_be_ended() -> None:
    assert said(by("UMIA", AWAY), own(absence=AWAY)) == (
        "@UOMAR stands in for you until {15 Nov 21:30 UTC}.\n"
        "actions | [ Change ] [ I am back ]\n"
        "context | Your substitute may decide for finance-approvers.\n"
    )


def test_of_a_substitute_who_is_away_it_is_said_who_stands_in_for_both() -> None:
    further = Absence(person="omar", substitute="tom", since=later(0), until=later(60))
    both = by("UMIA", AWAY, further)
    assert "Omar is away; Tom stands in for both." in said(both, own(absence=AWAY))
    ring = by("UMIA", AWAY, replace(further, substitute="mia"))
    assert "Omar is away; nobody stands in." in said(ring, own(absence=AWAY))


def test_whoever_stands_in_sees_for_whom() -> None:
    text = said(by("UOMAR", AWAY), own("omar", stands_in_for=(AWAY,)))
    assert "You stand in for @UMIA until {15 Nov 21:30 UTC}." in text
    assert "Nobody stands in for you." in text


def test_groups_that_admit_none_are_named() -> None:
    text = said(by(), own(closed=("database-admin", "security")))
    assert "Only members decide for database-admin and security." in text
    assert "[ Name a substitute ]" in text


def test_where_no_group_admits_any_there_is_nothing_to_press() -> None:
    text = said(by(), own(admitting=(), closed=("security",)))
    assert text == (
        "Your groups admit no substitutes: only their members decide. policy.toml says so.\n"
    )


# -- naming somebody ----------------------------------------------------------------------------


@pytest.mark.parametrize("absence", [None, AWAY])
def test_the_modal_asks_who_and_until_when(absence: Absence | None) -> None:
    drawn = home.away_modal(own(absence=absence), by(), "Europe/Berlin")
    assert () == check(drawn)
    assert_stored("modal_away_again" if absence else "modal_away", drawn, payload=True)


@pytest.mark.parametrize("why", list(WhyNot))
def test_what_is_wrong_is_said_at_its_field(why: WhyNot) -> None:
    ((field, words),) = home.refused(why, "Omar", date(2027, 1, 10)).items()
    assert (field == home.LAST_DAY) == (why in (WhyNot.OVER, WhyNot.TOO_LONG))
    assert len(words) < 100


def test_the_latest_day_is_named() -> None:
    assert home.refused(WhyNot.TOO_LONG, "", date(2027, 1, 10)) == {
        home.LAST_DAY: "At most 60 days: pick 10 January or an earlier day."
    }


def test_the_substitute_is_told() -> None:
    for name, drawn in (
        ("told_substitute", home.told_substitute(AWAY, by("UOMAR"))),
        ("told_back", home.told_back("Mia")),
    ):
        assert () == check(drawn)
        assert_stored(f"home_{name}", drawn)
    assert AWAY.until - timedelta(days=3) == later(0)
