"""Runbooks on cards and in Details: a title, and a link where the policy says where to read."""

from dataclasses import replace

import pytest

from approvals.escalation import Escalation
from approvals.memory.values import Fingerprint, Runbook
from bot.slack.drawing.card import channel_card, direct_card
from bot.slack.drawing.details import details
from bot.slack.drawing.limits import CARD_BLOCKS, check
from tests.bot.slack.drawing import states
from tests.bot.slack.drawing.examples import MIGRATION, Story
from tests.bot.slack.drawing.reading import everything, read
from tests.bot.slack.drawing.states import PEOPLE
from tests.bot.slack.drawing.stored import assert_stored

AT = "https://git.example.com/ops/runbooks"
REINDEX = Runbook(
    name="search/reindex.md",
    title="Reindex a search index",
    by="rule",
    url=f"{AT}/search/reindex.md",
)
LAG = Runbook(
    name="database/lag.md", title="Replica lag", by="fingerprint", url=f"{AT}/database/lag.md"
)
SYNC = Runbook(name="sync.md", title="Restart the sync", by="match")


def migration(*books: Runbook) -> Escalation:
    """The migration, with these runbooks."""
    known = Fingerprint(version=1, exact="9f41c2d07ab3")
    return replace(Story(MIGRATION).escalation, runbooks=books, fingerprint=known)


def test_a_card_names_its_runbook_with_a_link() -> None:
    e = migration(REINDEX)
    line = f"*Runbook: *[Reindex a search index]({AT}/search/reindex.md)"
    for drawn in (channel_card(e, PEOPLE), direct_card(e, PEOPLE, "ravi")):
        assert check(drawn) == ()
        assert line in read(drawn).splitlines()
        assert "Not given" not in read(drawn)
    assert_stored("card_runbook", channel_card(e, PEOPLE), payload=True)


def test_several_stand_in_one_line_and_one_without_an_address_is_a_title() -> None:
    drawn = channel_card(migration(REINDEX, LAG, SYNC), PEOPLE)
    (line,) = [line for line in read(drawn).splitlines() if line.startswith("*Runbooks")]
    assert line == (
        f"*Runbooks: *[Reindex a search index]({AT}/search/reindex.md) · "
        f"[Replica lag]({AT}/database/lag.md) · Restart the sync"
    )
    assert len(drawn.blocks) <= CARD_BLOCKS


def test_an_incident_names_its_runbook_too() -> None:
    e = replace(states.incident(), runbooks=(SYNC,))
    drawn = channel_card(e, PEOPLE)
    assert check(drawn) == ()
    assert "*Runbook: *Restart the sync" in read(drawn).splitlines()
    assert_stored("state_incident_runbook", drawn)


def test_details_say_all_of_them_what_each_was_found_by_and_the_fingerprint() -> None:
    view = details(migration(REINDEX, LAG, SYNC), PEOPLE)
    assert check(view) == ()
    said = read(view).splitlines()
    at = said.index("*Runbooks*")
    assert said[at + 1 : at + 4] == [
        f"[Reindex a search index]({AT}/search/reindex.md), search/reindex.md: named by the rule",
        f"[Replica lag]({AT}/database/lag.md), database/lag.md: named for this fingerprint",
        "Restart the sync, sync.md: found by what it is for",
    ]
    assert "Fingerprint 9f41c2d07ab3" in said
    assert_stored("details_runbooks", view)


def test_without_a_runbook_there_is_no_line_and_it_is_missed() -> None:
    said = read(channel_card(migration(), PEOPLE))
    assert "Runbook" not in said
    assert "Not given: runbook" in said


@pytest.mark.parametrize("title", ["a\nb «c» <!here> :tada:", "x" * 120, "\u202eevil\u200b"])
def test_a_title_is_literal_on_one_line(title: str) -> None:
    drawn = channel_card(migration(replace(REINDEX, title=title)), PEOPLE)
    assert check(drawn) == ()
    (link,) = [p for p in everything(list(drawn.blocks)) if p.get("type") == "link"]
    assert link["url"] == REINDEX.url
    assert "\n" not in link["text"]
    assert "\u202e" not in link["text"]
    assert len(link["text"]) <= 60
