"""What one escalation teaches the next, from the first no to the rule that is suspended."""

import asyncio
import os
import re
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from approvals.memory.by_hand import BY_HAND
from bot.background.budget import Ask, Budget, Budgets
from bot.background.proposing import Proposer
from bot.demo_side import Demo
from bot.ids import new_id
from tests.browser.conftest import PHONE, PICTURES, Newcomer, Service, call, played_beside
from tests.browser.small import shrink
from tests.patience import PATIENCE_S

Visit = Callable[..., Newcomer]
Answer = Mapping[str, Any]

#: What repeats, of which one run differs from another by its number and its time alone.
REFRESH = "Refresh the synonyms of documents_v3"
PROPOSED = "Let «refresh synonyms» be decided by a rule?"
ENDED = "This rule decides nothing any more."

#: As wide as a phone, and so long that the longest card is seen whole.
LONG = {**PHONE, "height": 2200}


class Unpaced(Budgets):
    """A day's work in seconds: at Slack's pace, one post a second in a channel, it would take
    minutes. The stand-in takes what comes.
    """

    def of(self, ask: Ask) -> Budget:
        return Budget(1, 0)


@dataclass
class Town:
    """A demo in this process, somebody before its page, and a service that asks."""

    demo: Demo
    loop: asyncio.AbstractEventLoop
    newcomer: Newcomer
    service: Service

    def ask(self, category: str, title: str, name: str, **arguments: str) -> Answer:
        """The service asks what it may not do; what it is answered."""
        body = {
            "category": category,
            "title": title,
            "environment": "production",
            "requested_by": {"id": "dana@example.com", "name": "Dana", "slack": "UDANA"},
            "operation": {"name": name, "target": "documents_v3", "arguments": arguments},
            "options": [
                {"key": "again", "label": "Run it again", "effect": "release"},
                {"key": "manual", "label": "I will resolve it by hand", "effect": "abort"},
            ],
        }
        status, opened = self.service.post("/v1/escalations", body, key=uuid.uuid4().hex)
        assert status == 201, opened
        return dict(opened)

    def decided(self, asked: Answer) -> Answer:
        """What its parked question is answered, once people have decided."""
        status, answer = self.service.parked(f"/v1/escalations/{asked['id']}").result(
            timeout=PATIENCE_S
        )
        assert status == 200
        return dict(answer)

    def now(self, asked: Answer) -> Answer:
        """How it stands."""
        path = f"{self.service.andon}/v1/escalations/{asked['id']}"
        status, answer = call(path, Authorization=f"Bearer {self.service.key}")
        assert status == 200
        return dict(answer)

    def run(self, asked: Answer, **report: str) -> None:
        """Take the release, and report what became of it."""
        path = f"/v1/escalations/{asked['id']}"
        claim = {"digest": asked["digest"], "nonce": uuid.uuid4().hex}
        assert self.service.post(f"{path}/claim", claim, key=uuid.uuid4().hex)[0] == 200
        assert self.service.post(f"{path}/outcome", report)[0] == 200

    def card(self, of: Answer) -> Locator:
        """Its card in the channel, by the end of its id: others have the same title."""
        return self.newcomer.card(of["id"][-6:])

    def press(self, card: Locator, label: str) -> None:
        """Press the button that begins so."""
        card.get_by_role("button", name=re.compile(f"^{label}")).click()

    def say(self, command: str) -> None:
        """Type it in the channel."""
        composer = self.newcomer.page.get_by_role("combobox", name=re.compile("^Message"))
        composer.fill(command)
        composer.press("Enter")

    def close(self, says: str) -> None:
        """Read the answer in the window, and close it."""
        expect(self.newcomer.modal).to_contain_text(says)
        self.newcomer.modal.get_by_test_id("modal-close").click()
        expect(self.newcomer.modal).to_be_hidden()

    def to_operations(self, name: str) -> None:
        """Somebody looks into the channel."""
        self.newcomer.act_as(name)
        self.newcomer.open_channel("operations")

    def picture(self, name: str, of: Locator) -> None:
        """How a message looks on a phone."""
        before = self.newcomer.page.viewport_size
        assert before is not None
        self.newcomer.page.set_viewport_size({**LONG})
        self.newcomer.picture(name, of)
        if "ANDON_PICTURES" in os.environ:
            shrink(PICTURES / f"{name}.png")
        self.newcomer.page.set_viewport_size(before)

    # -- what nobody sees: the background -----------------------------------------------------

    def remembers(self, outcomes: Mapping[str, str | None]) -> None:
        """Wait until these are remembered, with these outcomes."""
        server = self.demo.server

        async def known() -> bool:
            now = server.clock()
            ended = await server.store.memory.ended(now - timedelta(hours=1), now)
            found = {one.id: one.outcome and one.outcome.value for one in ended}
            return outcomes.items() <= found.items()

        self._in_the_server(_until(known))

    def looks_for_rules(self) -> None:
        """The hour is over, after which what people decided alike is looked for."""
        server = self.demo.server
        proposer = Proposer(
            history=server.store.memory,
            reads=server.store.reads,
            writer=server.store.writer,
            leases=server.store.leases,
            facts=server.people,
            clock=server.clock,
            new_id=new_id,
        )
        self._in_the_server(proposer.once())

    def has_rules(self, count: int) -> None:
        """Wait until so many rules are in force."""
        server = self.demo.server

        async def known() -> bool:
            return len(server.people.facts(server.clock()).rules) == count

        self._in_the_server(_until(known))

    def _in_the_server(self, doing: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(doing, self.loop).result(timeout=PATIENCE_S)


async def _until(look: Callable[[], Coroutine[Any, Any, bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await look():  # noqa: ASYNC110  what is waited for is in the store
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Any]]:
    """One demo for all of them: each asks about an operation of its own."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("bot.background.line.Budgets", Unpaced)
        with played_beside(tmp_path_factory.mktemp("memory")) as begun:
            yield begun


@pytest.fixture
def town(played: tuple[Demo, Any], visit_to: Visit, threads: ThreadPoolExecutor) -> Town:
    """Ravi is before the page, in the channel where such things are decided."""
    demo, loop = played
    newcomer = visit_to(demo.url)
    service = Service.of(newcomer.page.get_by_test_id("line").inner_text(), threads)
    newcomer.open_channel("operations")
    return Town(demo, loop, newcomer, service)


def test_what_was_done_by_hand_is_on_the_next_card(town: Town) -> None:
    """Stopped, written down, and known to whoever is asked the next time."""
    first = _rebuild(town, "r-4711")
    assert town.now(first)["precedents"] == []
    town.press(town.card(first), "I will resolve it by hand")
    town.newcomer.modal.get_by_label(BY_HAND).check()
    town.newcomer.send()
    town.close("Recorded")
    assert town.decided(first)["status"] == "rejected"

    town.press(town.card(first), "Write down what you did")
    town.newcomer.modal.get_by_label("Known: the cause").check()
    town.newcomer.modal.get_by_label("Whose is it?").select_option(label="Dana")
    town.newcomer.send(
        **{
            "What was done, or what helps?": "cleared its lock, then rebuilt",
            "Root cause": "a lock of the nightly job stays behind",
        }
    )
    town.close("Recorded: written down, known")
    expect(town.card(first)).to_contain_text("Issue: known. «cleared its lock, then rebuilt»")
    town.remembers({first["id"]: None})

    second = _rebuild(town, "r-4712")
    assert [one["id"] for one in town.now(second)["precedents"]] == [first["id"]]
    card = town.card(second)
    expect(card).to_contain_text("Seen once: 1 by hand. Last: Ravi")
    expect(card).to_contain_text("Known issue: «a lock of the nightly job stays behind»")
    expect(card).to_contain_text("Way round: «cleared its lock, then rebuilt». Dana.")
    town.picture("memory/seen", card)


def test_what_failed_after_it_was_approved_is_reviewed(town: Town) -> None:
    """The card says FAILED, how it was undone, and that a review is due, until it is written."""
    asked = town.ask("other", "Compaction of the index failed", "compact index")
    town.press(town.card(asked), "Run it again")
    assert town.decided(asked)["status"] == "approved"
    town.run(asked, result="failed", detail="disk full", undo="segments restored")
    card = town.card(asked)
    expect(card).to_contain_text("FAILED")
    expect(card).to_contain_text("segments restored")
    expect(card).to_contain_text(re.compile("Review due .*, @Ravi: it failed after it was app"))

    town.press(card, "Write the review")
    town.newcomer.send(
        **{
            "Root cause": "the disk has no room for two copies",
            "How was it resolved?": "more disk, then compacted",
        }
    )
    town.close("Recorded: your review. It is no longer due.")
    expect(card).to_contain_text(re.compile("Reviewed by @Ravi .*«the disk has no room for two"))
    expect(card.get_by_role("button", name=re.compile("^Write the review"))).to_have_count(0)


def test_people_let_a_rule_decide_and_its_first_failure_ends_it(town: Town) -> None:
    """Five alike by two people, a proposal, two who accept it, one that it decides, and the end."""
    newcomer = town.newcomer
    ran = [_released(town, n) for n in range(3)]
    town.to_operations("Sam")
    ran += [_released(town, n) for n in range(3, 5)]
    town.remembers(dict.fromkeys(ran, "succeeded"))

    town.looks_for_rules()
    question = newcomer.card(PROPOSED)
    expect(question).to_contain_text(
        re.compile(r"In 90 days it would have decided 5 of \d approvals; 0 denied by people; 0 f")
    )
    town.picture("memory/proposed", question)
    _accept(town, "Ravi")
    expect(newcomer.card(PROPOSED)).to_contain_text("1 of 2: @Ravi")
    _accept(town, "Mia")
    expect(newcomer.card(PROPOSED)).to_contain_text("APPROVED")
    town.has_rules(1)

    sixth = _refresh(town, 5)
    assert sixth["status"] == "approved"
    card = town.card(sixth)
    expect(card).to_contain_text("Nobody was asked: the rule «search-api: refresh synonyms» allows")
    town.picture("memory/by-rule", card)
    town.run(sixth, result="failed", detail="synonyms.txt is empty", undo="the old ones are back")
    seventh = _refresh(town, 6)
    assert seventh["status"] == "pending"

    expect(card).to_contain_text("FAILED")
    question = newcomer.card(PROPOSED)
    expect(question).to_contain_text("SUSPENDED")
    question.get_by_test_id("replies").click()
    expect(newcomer.page.get_by_test_id("thread")).to_contain_text(ENDED)
    for name in ("Mia", "Ravi", "Sam", "Dana"):
        newcomer.act_as(name)
        newcomer.open_channel("Andon")
        expect(newcomer.card(ENDED)).to_contain_text("What it allowed failed")
    town.picture("memory/suspended", newcomer.card(ENDED))
    newcomer.act_as("Omar")
    newcomer.open_channel("Andon")
    expect(newcomer.card(ENDED)).to_have_count(0)

    town.to_operations("Sam")
    town.say(f"/escalations show {seventh['id']}")
    town.press(newcomer.page.locator("[data-ephemeral]").last, "I will resolve it by hand")
    newcomer.send()
    assert town.decided(seventh)["status"] == "rejected"


def _rebuild(town: Town, run: str) -> Answer:
    title = "The suggester does not answer"
    return town.ask("service_health", title, "rebuild suggester", run_id=run)


def _refresh(town: Town, n: int) -> Answer:
    """One of a kind: what differs is when, and which run."""
    at = f"2026-11-2{n}T04:00:00Z"
    return town.ask("retries_exhausted", REFRESH, "refresh synonyms", run_id=f"r-{n}", since=at)


def _released(town: Town, n: int) -> str:
    """Asked, released by whoever is before the page, and run; its id."""
    asked = _refresh(town, n)
    assert asked["status"] == "pending"
    town.press(town.card(asked), "Run it again")
    assert town.decided(asked)["status"] == "approved"
    town.run(asked, result="succeeded")
    return str(asked["id"])


def _accept(town: Town, name: str) -> None:
    """Somebody who may change the policy lets the rule decide: its whole text is on the card."""
    town.to_operations(name)
    card = town.newcomer.card(PROPOSED)
    expect(card).to_contain_text("a_day = 20")
    town.press(card, "Let the rule decide")
    answer = town.newcomer.page.locator("[data-ephemeral]").last
    expect(answer).to_contain_text("Recorded: Let the rule decide")
