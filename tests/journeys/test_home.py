"""App Home: what its person sees and presses there, and who stands in for them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.demo.workspace.windows import Window
from bot.demo.workspace.workspace import Workspace
from tests.journeys.asking import TRANSFER
from tests.journeys.conftest import (
    OPERATIONS,
    MovedClock,
    Story,
    spoken,
    telling,
)
from tests.journeys.test_lists import CATEGORIES, headings
from tests.journeys.world import policy_of_tests

RETRY = "Try 3 more times"


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Homes that lie open are looked at again at once, not every few seconds."""
    monkeypatch.setattr("bot.slack_side.HOME_S", 0.05)


@pytest.fixture
async def admitting(
    workspace: Workspace,
    tmp_path: Path,
    clock: MovedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Story]:
    """A server whose people on call may name substitutes; finance's may not."""
    monkeypatch.setattr("tests.journeys.conftest.policy_of_tests", policy_that_admits)
    async with telling(workspace, tmp_path, "http", clock) as made:
        yield made


def policy_that_admits() -> str:
    """The policy of the journeys; the group on call admits substitutes."""
    listed, text = 'slack_usergroup = "S0ONCALL"', policy_of_tests()
    assert listed in text
    return text.replace(listed, f"{listed}, substitutes = true")


async def at_home(story: Story, person: str, words: str = "") -> Window:
    """App Home of the person, opened anew, once these words stand there."""
    await story.workspace.open_home(person)
    return await seen_at_home(story, person, words)


async def seen_at_home(story: Story, person: str, words: str) -> Window:
    """App Home of the person as it lies open, once these words stand there."""

    def there() -> Window | None:
        home = story.workspace.home_of(person)
        return home if home and words in spoken(home.view["blocks"]) else None

    try:
        found = await story.workspace.wait_for(there)
    except TimeoutError:
        home = story.workspace.home_of(person)
        pytest.fail(f"Home says only {spoken(home.view['blocks']) if home else 'nothing'}")
    assert found is not None
    return found


async def names(
    story: Story, person: str, substitute: str, *, days: int = 3, button: str = "away"
) -> Any:
    """The person names a substitute; gives what became of the modal."""
    home = await at_home(story, person, "Your substitute")
    await story.workspace.press(person, home.id, button)
    modal = await story.window(person, "Who stands in for you?")
    day = (story.clock() + timedelta(days=days)).date().isoformat()
    given = {"substitute": substitute, "last_day": day}
    return await story.workspace.submit(person, modal.id, given)


# -- what stands there --------------------------------------------------------------------------


async def test_home_shows_what_waits_what_was_asked_and_what_was_decided(story: Story) -> None:
    await story.ask("k0")
    await story.tap("USAM", await story.card(OPERATIONS), RETRY)
    await story.ask("k1", title="Another sync failed")
    await story.ask("k2", **{**TRANSFER, "requested_by": {"id": "priya@example.com"}})
    home = await at_home(story, "UPRIYA", "Another sync")
    assert headings(home.view["blocks"]) == [
        "Waiting for you: 1",
        "Asked by you: 1",
        "Recently decided",
        "Your substitute",
    ]
    assert f"approved: {RETRY}, by Sam" in spoken(home.view["blocks"])


async def test_home_knows_the_channels_its_person_is_in(over_http: Story) -> None:
    story = over_http
    story.workspace.kick("UMIA", OPERATIONS)
    await story.ask()
    ravi = await at_home(story, "URAVI", "Waiting for others: 1")
    assert "data-sync" in spoken(ravi.view["blocks"])
    mia = await at_home(story, "UMIA", "Nothing is waiting")
    assert "data-sync" not in spoken(mia.view["blocks"])


async def test_a_stranger_sees_what_stands_in_their_channels_and_names_nobody(
    over_http: Story,
) -> None:
    await over_http.ask()
    home = await at_home(over_http, "UNOBODY", "Waiting for others: 1")
    assert "Your substitute" not in spoken(home.view["blocks"])


async def test_many_are_listed_in_a_window(over_http: Story) -> None:
    story = over_http
    for n, category in enumerate(CATEGORIES):
        await story.ask(f"k{n}", category=category)
    for n in range(6):
        await story.ask(f"same{n}")
    home = await at_home(story, "USAM", "Waiting for you: 17")
    await story.workspace.press("USAM", home.id, "list:all_yours")
    listed = await story.window("USAM", "17 pending, drawn")
    await story.workspace.press("USAM", listed.id, "list:1")
    folded = await story.window("USAM", "6 retries exhausted")
    fold = folded.view["blocks"][-2]["accessory"]["action_id"]
    await story.workspace.press("USAM", folded.id, fold)
    alike = await story.window("USAM", "6 pending that fit")
    shows = [block["accessory"]["action_id"] for block in alike.view["blocks"][1:7]]
    await story.workspace.press("USAM", alike.id, shows[0])
    await story.window("USAM", RETRY)


async def test_an_open_home_is_drawn_again_when_something_changed(
    quickly: None, over_http: Story
) -> None:
    story = over_http
    await at_home(story, "USAM", "Nothing is waiting")
    await story.ask()
    await seen_at_home(story, "USAM", "Waiting for you: 1")
    await story.tap("UPRIYA", await story.card(OPERATIONS), RETRY)
    await seen_at_home(story, "USAM", "by Priya")
    story.clock.move(minutes=11)
    await story.ask("k2", title="Nobody looks any more")
    await story.card("USAM", words="Nobody looks")
    home = story.workspace.home_of("USAM")
    assert home is not None
    assert "Nobody looks" not in spoken(home.view["blocks"])


# -- Show ---------------------------------------------------------------------------------------


async def test_show_at_home_opens_the_live_card_and_a_tap_in_it_is_answered_there(
    story: Story,
) -> None:
    made = await story.ask()
    home = await at_home(story, "USAM", "Waiting for you: 1")
    await story.workspace.press("USAM", home.id, f"show:{made['id']}")
    card = await story.window("USAM", RETRY)
    done = await story.workspace.press("USAM", card.id, "vote:retry")
    assert done.acked
    await story.window("USAM", "Recorded: Try 3 more times.")
    assert (await story.status(made["id"]))["status"] == "approved"
    told = [m for m in story.workspace.messages("USAM") if "Recorded" in spoken(m.blocks)]
    assert told == []


async def test_the_modal_of_an_abort_follows_in_the_same_window(over_http: Story) -> None:
    story = over_http
    made = await story.ask()
    home = await at_home(story, "USAM", "Waiting for you: 1")
    await story.workspace.press("USAM", home.id, f"show:{made['id']}")
    card = await story.window("USAM", RETRY)
    await story.workspace.press("USAM", card.id, "vote:leave")
    abort = await story.window("USAM", "You choose:")
    await story.workspace.submit("USAM", abort.id)
    assert story.sees("USAM").startswith("Recorded: Leave it.")
    assert (await story.status(made["id"]))["status"] == "rejected"


async def test_whoever_may_not_decide_is_told_in_the_window(over_http: Story) -> None:
    story = over_http
    made = await story.ask()
    home = await at_home(story, "UMIA", "Waiting for others: 1")
    await story.workspace.press("UMIA", home.id, f"show:{made['id']}")
    card = await story.window("UMIA", RETRY)
    await story.workspace.press("UMIA", card.id, "vote:retry")
    await story.window("UMIA", "Not recorded. This needs platform-oncall")


# -- who stands in ------------------------------------------------------------------------------


async def test_a_substitute_named_at_home_decides_until_the_person_is_back(
    admitting: Story,
) -> None:
    story = admitting
    first, second = await story.ask("k1"), await story.ask("k2", title="Second sync")
    done = await names(story, "USAM", "UMIA")
    assert done.errors is None or done.errors == {}
    await seen_at_home(story, "USAM", "@UMIA stands in for you until ")
    await story.workspace.wait_for(
        lambda: any(
            "Sam is away and named you as substitute" in spoken(m.blocks)
            for m in story.workspace.messages("UMIA")
        )
    )
    mia = await at_home(story, "UMIA", "You stand in for @USAM")
    assert "Waiting for you: 2" in headings(mia.view["blocks"])
    await story.tap("UMIA", await story.card(OPERATIONS, words="Data sync"), RETRY)
    assert (await story.status(first["id"]))["status"] == "approved"
    cast = [r for r in await story.server.store.reads.records(first["id"]) if r.kind == "vote:cast"]
    assert cast[0].facts["for"] == "sam"
    home = await at_home(story, "USAM", "I am back")
    await story.workspace.press("USAM", home.id, "back")
    await seen_at_home(story, "USAM", "Nobody stands in for you.")
    await story.tap("UMIA", await story.card(OPERATIONS, words="Second sync"), RETRY)
    await story.heard("UMIA", "Not recorded. This needs platform-oncall")
    assert (await story.status(second["id"]))["votes"] == []


async def test_an_absence_outlives_the_server_and_ends_by_itself(
    admitting: Story, workspace: Workspace, tmp_path: Path, clock: MovedClock
) -> None:
    story = admitting
    made = await story.ask()
    await names(story, "USAM", "UMIA", days=1)
    await seen_at_home(story, "USAM", "@UMIA stands in for you until ")
    people = story.server.people
    again = type(people)(people.policy, from_file=True)
    again.away(await story.server.store.absences.current(clock()))
    assert again.facts(clock()).people.absences["sam"].substitute == "mia"
    clock.move(days=2)
    assert again.facts(clock()).people.absences == {}
    assert people.facts(clock()).people.absences == {}
    assert made["status"] == "pending"


@pytest.mark.parametrize(
    ("substitute", "days", "errors"),
    [
        ("USAM", 3, {"substitute": "You cannot stand in for yourself. Pick somebody else."}),
        (
            "UNOBODY",
            3,
            {
                "substitute": "Andon does not know this account. "
                "Pick somebody whom policy.toml names."
            },
        ),
        ("UMIA", -1, {"last_day": "This day is over. Pick today or a later one."}),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(
    admitting: Story, substitute: str, days: int, errors: dict[str, str]
) -> None:
    done = await names(admitting, "USAM", substitute, days=days)
    assert done.errors == errors
    now = admitting.clock()
    assert await admitting.server.store.absences.current(now) == ()


async def test_nobody_is_away_for_longer_than_sixty_days(admitting: Story) -> None:
    done = await names(admitting, "USAM", "UMIA", days=61)
    assert done.errors["last_day"].startswith("At most 60 days: pick ")
    again = await names(admitting, "USAM", "UMIA", days=59)
    assert not again.errors


async def test_where_no_group_admits_substitutes_home_says_so(over_http: Story) -> None:
    home = await at_home(over_http, "USAM", "Your substitute")
    assert "Your groups admit no substitutes" in spoken(home.view["blocks"])


async def test_an_absence_that_cannot_be_saved_is_not_kept(admitting: Story) -> None:
    story = admitting
    home = await at_home(story, "USAM", "Your substitute")
    await story.workspace.press("USAM", home.id, "away")
    modal = await story.window("USAM", "Who stands in for you?")
    async with story.disk_away():
        await story.workspace.submit("USAM", modal.id, {"substitute": "UMIA"})
        assert story.sees("USAM").startswith("Not recorded: Andon could not save it.")
    assert story.server.people.facts(story.clock()).people.absences == {}
