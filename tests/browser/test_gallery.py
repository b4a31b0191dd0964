"""Every card and window at the width of a phone: what matters is in sight, and how it looks.

With `ANDON_PICTURES` each is kept as a picture; `make screenshots` says docs/images.
"""

import asyncio
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from approvals.digests import Quiet
from approvals.escalation import Escalation
from approvals.ports import Card
from approvals.storms import Storm
from approvals.words import Severity
from bot.demo_side import Demo
from bot.messaging import Message
from bot.slack.drawing import asking, lists, modals
from bot.slack.drawing.card import channel_card
from bot.slack.drawing.details import details
from bot.slack.drawing.digest import digest
from bot.slack.drawing.directs import direct
from bot.slack.drawing.earlier import earlier_modal
from bot.slack.drawing.form import View
from bot.slack.drawing.home import away_modal
from bot.slack.drawing.lists import Reader
from bot.slack.drawing.storm import abortable, storm_card
from bot.slack.drawing.storm_windows import abort_window, list_window
from tests.bot.slack.drawing import ends, recalling, states, test_home, test_learning
from tests.bot.slack.drawing.examples import DROP, MIGRATION, RETRIES, TRANSFER, Story, later
from tests.bot.slack.drawing.states import PEOPLE
from tests.bot.slack.drawing.test_told import TOLD
from tests.browser.conftest import PHONE, PICTURES, Newcomer, played_beside, post
from tests.browser.small import shrink

CHANNEL = "C0OPERATIONS"
SENT = tuple(
    Card(id=who, escalation_id="e", surface="direct", target=who, ts="1.1")
    for who in ("ravi", "ines")
)


@dataclass
class Gallery:
    """A demo whose channel shows what is put there, seen on a phone."""

    demo: Demo
    loop: asyncio.AbstractEventLoop
    newcomer: Newcomer

    def hang(self, message: Message) -> Locator:
        """Post a message as the app would, and find it on the page."""
        body = {"channel": CHANNEL, "text": message.text, "blocks": list(message.blocks)}
        token = self.demo.running.workspace.tokens.bot
        url = f"{self.demo.running.api_url}chat.postMessage"
        _, told = post(url, body, Authorization=f"Bearer {token}")
        assert told["ok"], told
        return self.newcomer.page.locator(f"#messages [data-ts='{told['ts']}']")

    def open(self, view: View) -> Locator:
        """Open a window before whoever looks."""

        async def opened() -> None:
            self.demo.running.workspace.windows.open("URAVI", view)

        asyncio.run_coroutine_threadsafe(opened(), self.loop).result(5)
        return self.newcomer.modal

    def close(self) -> None:
        """Close what is open."""

        async def closed() -> None:
            self.demo.running.workspace.windows.clear("URAVI")

        asyncio.run_coroutine_threadsafe(closed(), self.loop).result(5)

    def shoot(self, name: str, of: Locator) -> None:
        """Keep it as a picture, where pictures are wanted."""
        if WANTED:
            named = name.replace("_", "-")
            self.newcomer.picture(f"cards/{named}", of)
            shrink(PICTURES / "cards" / f"{named}.png")


WANTED = "ANDON_PICTURES" in os.environ


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Any]]:
    """One demo for all of them: what is hung there changes nothing."""
    with played_beside(tmp_path_factory.mktemp("gallery")) as played:
        yield played


#: As wide as a phone, and so long that the longest card is seen whole.
SCROLL = {**PHONE, "height": 2200}


@pytest.fixture
def gallery(stage: tuple[Demo, Any], visit_to: Callable[..., Newcomer]) -> Gallery:
    """Before the channel, on a phone."""
    demo, loop = stage
    newcomer = visit_to(demo.url, viewport=SCROLL, has_touch=True, is_mobile=True)
    made = Gallery(demo, loop, newcomer)
    made.close()
    newcomer.page.get_by_role("button", name="Channels and people").tap()
    newcomer.open_channel("operations")
    return made


def _of(body: dict[str, Any]) -> Callable[[], Escalation]:
    return lambda: Story(body).escalation


#: A table whose name has a Cyrillic letter, and a line that would be read backwards.
CLOSELY: dict[str, Any] = {
    **DROP,
    "title": "Drop column legacy_code on custom\u0435rs",
    "operation": {
        **DROP["operation"],
        "arguments": {"sql": "ALTER TABLE custom\u0435rs DROP COLUMN \u202eedoc_ycagel;"},
    },
}

PENDING: Mapping[str, Callable[[], Escalation]] = {
    "transfer": _of(TRANSFER),
    "drop": _of(DROP),
    "retries": _of(RETRIES),
    "closely": _of(CLOSELY),
    **states.PENDING,
    "recalled": recalling.asked_again,
    "recalled_incident": recalling.reported_again,
}

OVER: Mapping[str, Callable[[], Escalation]] = {
    **{name: lambda tell=tell: tell().escalation for name, (tell, _) in ends.ENDS.items()},
    **{name: tell for name, (tell, _) in states.OVER.items()},
    "written-down": lambda: test_learning.written().escalation,
    "reviewed": lambda: test_learning.reviewed().escalation,
}


def test_everything_down_to_the_buttons_is_in_two_screens(gallery: Gallery) -> None:
    """The operation begins on the first one; what is over, and what is told, is shorter."""
    height = PHONE["height"]
    for name, tell in PENDING.items():
        card = gallery.hang(channel_card(tell(), PEOPLE, earlier=recalling.KNOWN))
        gallery.shoot(name, card)
        top = _box(card)["y"]
        last = _box(card.get_by_role("button", name=re.compile("^Details")))
        assert last["y"] + last["height"] - top <= 2 * height, name
        if tell().operation is not None:
            assert _box(card.locator("pre").first)["y"] - top <= height, name
    for name, tell in OVER.items():
        card = gallery.hang(channel_card(tell(), PEOPLE, cards=SENT))
        gallery.shoot(f"end_{name}", card)
        assert _box(card)["height"] <= 2 * height, name
    for name in ("step", "four_fifths", "question", "answered", "override_asked"):
        case, waiting, values = TOLD[name]
        why = "may decide (database-admin)"
        message = direct(waiting(), case, values, PEOPLE, person="tom", reason=why)
        told = gallery.hang(message)
        gallery.shoot(f"direct_{name}", told)
        assert _box(told)["height"] <= height / 2, name


def _vote(body: dict[str, Any], key: str, person: str) -> View:
    e = Story(body).escalation
    option = e.option(key)
    assert option is not None
    return modals.vote_modal(e, option, PEOPLE, person=person)


WINDOWS: Mapping[str, Callable[[], View]] = {
    "migrate": lambda: _vote(MIGRATION, "migrate", "ravi"),
    "recreate": lambda: _vote(MIGRATION, "recreate", "ravi"),
    "by-hand": lambda: _vote(MIGRATION, "manual", "ravi"),
    "drop": lambda: _vote(DROP, "drop", "ines"),
    "transfer": lambda: _vote(TRANSFER, "release", "mia"),
    "stop": lambda: modals.stop_modal(ends.approved().escalation, PEOPLE),
    "add-reason": lambda: modals.reason_modal(ends.approved().escalation, PEOPLE),
    "withdraw": lambda: modals.withdraw_modal(states.awaited(), PEOPLE),
    "ask": lambda: asking.ask_modal(states.awaited(), PEOPLE),
    "answer": lambda: asking.answer_modal(states.asked(), states.ASKED, PEOPLE),
    "resolve": lambda: asking.resolve_modal(states.incident_looked_at(), PEOPLE),
    "override": lambda: asking.override_modal(states.override_asked(), PEOPLE, person="tom"),
    "earlier": lambda: earlier_modal(recalling.asked_again(), recalling.EARLIER, 2, PEOPLE),
    "details": lambda: details(states.override_asked(), PEOPLE, person="mia"),
    "issue": test_learning.WINDOWS["issue_draft"],
    "review": test_learning.WINDOWS["review"],
    "hand-review": test_learning.WINDOWS["hand_review"],
}


def test_every_window_opens_on_a_phone(gallery: Gallery) -> None:
    gallery.newcomer.page.set_viewport_size(PHONE)
    for name, draw in WINDOWS.items():
        view = draw()
        window = gallery.open(view)
        expect(window).to_contain_text(view["title"]["text"])
        gallery.shoot(f"window-{name}", gallery.newcomer.page.locator("body"))
        assert gallery.newcomer.page.evaluate("document.body.scrollWidth - innerWidth") <= 0


def _storm() -> Storm:
    """Seventeen of one service within a minute."""
    first = Story(RETRIES).escalation
    members = (
        replace(first, id=f"esc_storm{n:06}", storm_id="stm_1", storm_place=n) for n in range(1, 18)
    )
    return Storm(id="stm_1", began_at=first.created_at, version=17, members=tuple(members))


def test_a_storm_the_digest_a_list_and_an_absence_fit_a_phone(gallery: Gallery) -> None:
    storm = _storm()
    every = [e for tell in (states.awaited, states.incident) for e in (tell(),)]
    listed = [replace(e, id=f"esc_{n}7f3a9c") for n, e in enumerate(every)]
    by = Reader(account="URAVI", people=PEOPLE, now=later(11), channels={"C0OPERATIONS"})
    low = replace(states.incident(), severity=Severity.LOW)
    quiet = Quiet(low=(low,), undecided=(ends.expired().escalation,))
    drawn = {
        "storm": storm_card(storm),
        "list": lists.listing(listed, by),
        "digest": digest(quiet, "Europe/Berlin", later(-600)),
    }
    for name, message in drawn.items():
        shown = gallery.hang(message)
        gallery.shoot(name, shown)
        assert _box(shown)["height"] <= PHONE["height"], name
    gallery.newcomer.page.set_viewport_size(PHONE)
    for name, view in {
        "storm-list": list_window(storm, storm.members, page=0),
        "storm-abort": abort_window(storm, abortable(storm)),
        "away": away_modal(test_home.own(), test_home.by(), "Europe/Berlin"),
    }.items():
        gallery.open(view)
        gallery.shoot(f"window-{name}", gallery.newcomer.page.locator("body"))


def test_home_fits_a_phone(gallery: Gallery) -> None:
    page = gallery.newcomer.page
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Channels and people").tap()
    gallery.newcomer.open_channel("Andon")
    page.get_by_role("tab", name="Home").tap()
    home = page.get_by_test_id("home")
    expect(home).to_contain_text("Waiting for you")
    gallery.shoot("home", home)
    assert page.evaluate("document.body.scrollWidth - innerWidth") <= 0


def _box(of: Locator) -> Any:
    of.scroll_into_view_if_needed()
    return of.bounding_box()
