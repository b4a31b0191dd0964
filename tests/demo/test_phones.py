"""Whose phone rings, and what its lock screen shows."""

from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Workspace
from bot.demo.workspace.screen import lock_screen_text, mentioned
from tests.demo.world import CARD, CLOSED, GONE, GUEST, INES, OPEN, RAVI, STRANGER, Clock, plain

NOW = 1_800_000_000.0  # Friday, January 15, 2027, 08:00 UTC


def rung(workspace: Workspace) -> list[tuple[str, str]]:
    """Who was rung, with the words on their lock screen."""
    return [(one.person, one.text) for one in workspace.rung]


def words(text: str, **more: Any) -> str:
    """The text as a phone in UTC shows it."""
    names = {RAVI: "ravi", "S0DBA": "database-admin"}
    given = {"names": lambda id: names.get(id, id), "zone": UTC, "now": NOW, **more}
    return lock_screen_text(text, **given)


async def test_a_direct_message_rings_its_person(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """And nobody else; what is shown is the top-level text."""
    await client.chat_postMessage(channel=RAVI, text="A card waits", blocks=CARD)
    assert rung(workspace) == [(RAVI, "A card waits")]
    assert [one.text for one in workspace.notifications(RAVI)] == ["A card waits"]


async def test_a_post_in_a_channel_rings_nobody(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """Plain posts and replies are silent, so are redrawings, ephemerals and a card's blocks."""
    posted = await client.chat_postMessage(channel=OPEN, text="A card", blocks=CARD)
    await client.chat_postMessage(channel=OPEN, text="a line", thread_ts=posted["ts"])
    await client.chat_update(channel=OPEN, ts=posted["ts"], text=f"<@{RAVI}> decided")
    await client.chat_postEphemeral(channel=OPEN, user=RAVI, text=f"<@{RAVI}> psst")
    assert rung(workspace) == []


MENTIONS = [
    (f"<@{RAVI}> look", [RAVI]),
    (f"<@{RAVI}|ravi> and <@{INES}>", [INES, RAVI]),
    ("<!subteam^S0DBA> look", [RAVI]),
    ("<!channel> look", [STRANGER, GUEST, INES, RAVI]),
    ("<!here> look", [STRANGER, GUEST, INES, RAVI]),
    (f"<@{GONE}> look", []),
    ("@ravi look", []),
    (f"&lt;@{RAVI}&gt; look", []),
    ("&lt;!channel&gt; look", []),
    (f"&amp;lt;@{RAVI}&amp;gt;", []),
]


@pytest.mark.parametrize(("text", "people"), MENTIONS)
async def test_a_mention_rings_whom_it_names(
    client: AsyncWebClient, workspace: Workspace, text: str, people: list[str]
) -> None:
    """People of the channel, by a person's id, a group or all; never what is escaped."""
    await client.chat_postMessage(channel=OPEN, text=text)
    assert [person for person, _ in rung(workspace)] == sorted(people)


async def test_who_is_not_in_the_channel_is_not_rung(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """A mention does not invite."""
    await client.chat_postMessage(channel=CLOSED, text=f"<@{INES}> <!channel>")
    assert [person for person, _ in rung(workspace)] == [RAVI]


async def test_people_ring_one_another_and_not_themselves(workspace: Workspace) -> None:
    """Ravi mentions himself and Ines."""
    workspace.say(RAVI, OPEN, f"<@{RAVI}> <@{INES}>")
    assert rung(workspace) == [(INES, "@ravi @ines")]


async def test_blocks_without_a_text_show_nothing_of_them(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """Phones do not read blocks."""
    await client.api_call("chat.postMessage", json={"channel": RAVI, "blocks": CARD})
    assert rung(workspace) == [(RAVI, "This content can't be displayed.")]


BLOCKS = [
    ({"type": "section", "text": {"type": "mrkdwn", "text": f"<@{RAVI}>"}}, {RAVI}),
    ({"type": "section", "text": plain(f"<@{RAVI}>")}, set()),
    ({"type": "context", "elements": [{"type": "mrkdwn", "text": "<!here>"}]}, {"channel"}),
    ({"type": "section", "fields": [{"type": "mrkdwn", "text": "<!subteam^S0DBA>"}]}, {"S0DBA"}),
]

INLINE = [
    ({"type": "user", "user_id": RAVI}, {RAVI}),
    ({"type": "usergroup", "usergroup_id": "S0DBA"}, {"S0DBA"}),
    ({"type": "broadcast", "range": "here"}, {"channel"}),
    ({"type": "text", "text": f"<@{RAVI}>"}, set()),
]


def rich(element: dict[str, Any]) -> dict[str, Any]:
    """A rich_text block with this in its only line."""
    line = {"type": "rich_text_section", "elements": [element]}
    return {"type": "rich_text", "elements": [line]}


@pytest.mark.parametrize(
    ("block", "ids"), [*BLOCKS, *((rich(element), ids) for element, ids in INLINE)]
)
def test_blocks_mention_where_slack_reads_mentions(block: dict[str, Any], ids: set[str]) -> None:
    """In mrkdwn and in rich text's own elements; plain text is literal."""
    assert mentioned("", [block]) == ids


SHOWN = [
    ("Drop column", "Drop column"),
    (f"<@{RAVI}> asks", "@ravi asks"),
    ("<@U0FAR|far>", "@U0FAR"),
    ("<!subteam^S0DBA>", "@database-admin"),
    ("<!here> now", "@here now"),
    ("<https://example.com/x|the log>", "the log"),
    ("<https://example.com/x>", "https://example.com/x"),
    ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
    ("&lt;!channel&gt;", "<!channel>"),
    ("", "This content can't be displayed."),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_a_lock_screen_writes_markup_out(text: str, shown: str) -> None:
    """Names for ids, labels for links, characters for entities."""
    assert words(text) == shown


DATES = [
    ("{date_num} {time}", "2027-01-15 08:00"),
    ("{date}", "January 15, 2027"),
    ("{date_short}", "Jan 15, 2027"),
    ("{date_long}", "Friday, January 15, 2027"),
    ("{time_secs}", "08:00:00"),
    ("{date_short_pretty} at {time}", "today at 08:00"),
    ("{nonsense}", "{nonsense}"),
]


@pytest.mark.parametrize(("form", "shown"), DATES)
def test_dates_are_written_in_the_readers_zone(form: str, shown: str) -> None:
    """Of whom the phone belongs to."""
    assert words(f"<!date^{int(NOW)}^{form}|later>") == shown


@pytest.mark.parametrize(
    ("days", "shown"),
    [(-2, "Jan 13, 2027"), (-1, "yesterday"), (0, "today"), (1, "tomorrow"), (2, "Jan 17, 2027")],
)
def test_pretty_dates_are_relative_to_the_readers_day(days: int, shown: str) -> None:
    """Within a day either way."""
    assert words(f"<!date^{int(NOW) + days * 86_400}^{{date_short_pretty}}|later>") == shown


def test_the_same_instant_is_another_day_elsewhere() -> None:
    """At 20:00 UTC it is tomorrow in a zone five hours ahead."""
    zone = timezone(timedelta(hours=5))
    text = f"<!date^{int(NOW) + 12 * 3600}^{{date_pretty}} {{time}}|later>"
    assert words(text) == "today 20:00"
    assert words(text, zone=zone) == "tomorrow 01:00"


async def test_a_phone_keeps_its_owners_time(
    client: AsyncWebClient, workspace: Workspace, clock: Clock
) -> None:
    """Ravi's is in Berlin, Ines's in UTC."""
    text = f"until <!date^{int(clock.now)}^{{time}}|later>"
    for person in (RAVI, INES):
        await client.chat_postMessage(channel=person, text=text)
    assert rung(workspace) == [(RAVI, "until 09:00"), (INES, "until 08:00")]
