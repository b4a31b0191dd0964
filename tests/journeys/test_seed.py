"""The seed document, sentence by sentence: each is asked of a served Andon beside a workspace, and
what people get is compared with what the document wants.

`SITUATIONS` quotes the document and says what request stands for each sentence; `LINES` names the
line of `seed.toml` that carries it out; `COURSES` says what the document wants of a severity: who
is called at once, who next and when, and by when it is decided. Time is moved by hand.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from approvals.policy.load import parse_policy
from approvals.situations import SITUATIONS, Heading, Situation
from approvals.words import Kind, Severity
from bot.app import Server, serving
from bot.demo.workspace.workspace import Workspace
from tests.bot.background.paging import Receiver
from tests.building import OPERATION, OPTIONS
from tests.journeys.conftest import settings_for, spoken
from tests.journeys.seed_lines import COURSES, EVERYBODY, LINES, ON_CALL, POLICY, Line
from tests.journeys.world import DATABASE, OPERATIONS, PAYMENTS, MovedClock
from tests.patience import PATIENCE_S


@dataclass
class Asked:
    """A sentence of the document, asked of the server."""

    situation: Situation
    answer: dict[str, Any]
    call: Callable[..., Any]

    @property
    def name(self) -> str:
        """Where the sentence stands, and its words."""
        return f"{self.situation.heading}: {self.situation.text}"

    @property
    def line(self) -> Line:
        """The line of the policy that carries it out."""
        return LINES[self.situation.category]

    def after(self, key: str) -> float:
        """Seconds from its opening to a moment of its answer."""
        at = self.answer["progress"][key] if key == "next_step_at" else self.answer[key]
        return (_moment(at) - _moment(self.answer["created_at"])).total_seconds()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass
class Scene:
    """The server, the workspace, a pager, a system of tickets, and time."""

    server: Server
    workspace: Workspace
    http: aiohttp.ClientSession
    clock: MovedClock
    pager: Receiver
    tickets: Receiver
    asked: list[Asked] = field(default_factory=list)

    async def ask(self, situation: Situation, **more: Any) -> None:
        """A service of its own asks, so that nothing gathers into a storm."""
        answer, call = await self.answered(situation, **more)
        assert "id" in answer, (situation, answer)
        self.asked.append(Asked(situation, answer, call))

    async def answered(self, situation: Situation, **more: Any) -> tuple[Any, Callable[..., Any]]:
        """What the server answers, and how that service calls again."""
        n = len(self.asked)
        key = await self.server.store.services.add(f"service-{n}")
        call = partial(self._call, {"Authorization": f"Bearer {key}", "Idempotency-Key": "k"})
        return await call("POST", "/v1/escalations", body_of(n, situation) | more), call

    async def _call(self, headers: Any, method: str, path: str, body: Any = None) -> Any:
        url = self.server.url + path
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            return await answer.json()

    def got(self) -> dict[str, Counter[str]]:
        """What came of each: cards by channel, messages by person, pages and tickets."""
        places = (OPERATIONS, PAYMENTS, DATABASE, *EVERYBODY)
        told = [(place, spoken(m.blocks)) for place in places for m in self._messages(place)]
        told += [("page", str(page)) for page in self.pager.got]
        told += [("ticket", str(ticket)) for ticket in self.tickets.got]
        return {
            one.name: Counter(place for place, text in told if title_of(n) in text)
            for n, one in enumerate(self.asked)
        }

    def _messages(self, place: str) -> Any:
        try:
            return self.workspace.messages(place)
        except Exception:
            return ()  # nobody has written there yet

    async def until(self, wanted: dict[str, Counter[str]]) -> None:
        """Wait until exactly that has come, and nothing more. Posts are paced by the moved time."""
        for _ in range(400):
            if self.got() == wanted:
                break
            self.clock.move(seconds=0.25)
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        assert self.got() == wanted

    async def go_to(self, moment: datetime) -> None:
        """Let time pass until then."""
        self.clock.move(seconds=(moment - self.clock()).total_seconds())
        await asyncio.sleep(0.2)


def title_of(n: int) -> str:
    """Found again wherever it is told."""
    return f"Case {n:02}:"


def body_of(n: int, situation: Situation) -> dict[str, Any]:
    """The request that stands for the sentence."""
    attempt = {"at": "2026-11-12T21:00:00Z", "action": "retry", "error": "the same"}
    body: dict[str, Any] = {
        "kind": situation.kind,
        "category": situation.category,
        "title": f"{title_of(n)} {situation.text}"[:150],
        "environment": "production",
    }
    body["context"] = {"rollback": "restore the backup"}
    if situation.attempts:
        body["context"]["attempts"] = [attempt] * situation.attempts
    if situation.kind is Kind.APPROVAL:
        money = {"amount_minor": 5_000_001, "currency": "EUR", "account": "DE02"}
        is_money = situation.category == "large_transaction"
        body["operation"] = {**OPERATION, "money": money} if is_money else OPERATION
        body["options"] = OPTIONS
    return body


def first_told(one: Asked, now: datetime) -> Counter[str]:
    """What the document wants at once of what is that severe."""
    line, course = one.line, COURSES[one.situation.severity]
    found: Counter[str] = Counter()
    for what in course.at_once:
        match what:
            case "card":
                found[line.channel] += 1
            case "everyone":
                found.update(line.people)
            case "current":
                found.update(line.people if line.people != ON_CALL else [whose_turn(now)])
            case _:
                found[what] += 1
    return found


def whose_turn(now: datetime) -> str:
    """Who is on call: a week each from Monday 09:00, by the clocks of Berlin."""
    local = now.astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None)
    return ON_CALL[(local - datetime(2026, 1, 5, 9)) // timedelta(days=7) % 2]  # noqa: DTZ001


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is looked at often: time is moved faster than it passes."""
    for name in ("CARDS_S", "SPEECH_S", "PEOPLE_S", "DIGEST_S"):
        monkeypatch.setattr(f"bot.slack_side.{name}", 0.05)
    monkeypatch.setattr("bot.page_side.PAGES_S", 0.05)
    monkeypatch.setattr("bot.app.CLOCK_S", 0.05)


@pytest.fixture
async def scene(
    workspace: Workspace, clock: MovedClock, tmp_path: Path, eager: None
) -> AsyncIterator[Scene]:
    """Everything that runs for real."""
    async with AsyncExitStack() as stack:
        pager, tickets = [await stack.enter_async_context(listening()) for _ in range(2)]
        settings = settings_for(workspace, tmp_path, "http")
        write_policy(tmp_path / "policy.toml", pager.address, tickets.address)
        server = await stack.enter_async_context(serving(settings, clock=clock))
        workspace.request_url = f"{server.url}/slack/events"
        http = await stack.enter_async_context(aiohttp.ClientSession())
        async with asyncio.timeout(PATIENCE_S):
            while server.people.as_of(clock()) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        yield Scene(server, workspace, http, clock, pager, tickets)


def write_policy(file: Path, pager: str, tickets: str) -> None:
    """The policy, with the routes there are."""
    file.write_text(POLICY.replace("PAGER", pager).replace("TICKETS", tickets), encoding="utf-8")


@asynccontextmanager
async def listening() -> AsyncIterator[Receiver]:
    """A real HTTP receiver."""
    made, app = Receiver(), web.Application()
    app.add_routes(made.routes())
    async with TestServer(app) as server:
        made.port = int(server.port or 0)
        yield made


def test_every_line_of_the_policy_is_named_and_every_category_has_one() -> None:
    """So that no sentence is carried out by chance."""
    policy = parse_policy(POLICY.replace("PAGER", "json://h").replace("TICKETS", "json://h"))
    written = {rule.name: policy.rule_text(n) for n, rule in enumerate(policy.rules)}
    assert {line.rule for line in LINES.values()} == set(written)
    assert [line for line in LINES.values() if line.text not in written[line.rule]] == []
    assert {s.category for s in SITUATIONS} == set(LINES)


@pytest.mark.parametrize("severity", [Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM])
async def test_what_asks_people_reaches_them_at_once_and_again_in_time(
    scene: Scene, severity: Severity
) -> None:
    course = COURSES[severity]
    for situation in SITUATIONS:
        if situation.severity is severity:
            await scene.ask(situation)
    for one in scene.asked:
        assert one.answer["severity"] == severity
        assert one.answer["policy"]["rule"] == one.line.rule
        assert one.after("deadline_at") == course.deadline_s
        assert one.after("next_step_at") == course.next_s
    wanted = {one.name: first_told(one, scene.clock()) for one in scene.asked}
    await scene.until(wanted)
    await goes_on(scene, wanted)
    await ends(scene)


async def goes_on(scene: Scene, wanted: dict[str, Counter[str]]) -> None:
    """Nobody looks: not a second before its time, everyone who may decide is called again."""
    moments = [_moment(one.answer["progress"]["next_step_at"]) for one in scene.asked]
    await scene.go_to(min(moments) - timedelta(seconds=1))
    assert scene.got() == wanted
    await scene.go_to(max(moments))
    for one in scene.asked:
        wanted[one.name].update(one.line.people)
    await scene.until(wanted)


async def ends(scene: Scene) -> None:
    """At its deadline an approval is aborted: silence is no consent. An incident goes on."""
    await scene.go_to(max(_moment(one.answer["deadline_at"]) for one in scene.asked))
    for one in scene.asked:
        now = await one.call("GET", f"/v1/escalations/{one.answer['id']}")
        held = one.situation.kind is Kind.APPROVAL
        assert now["status"] == ("expired" if held else "pending")
        assert not held or now["operation"]["state"] == "aborted"


async def test_what_is_low_or_recovered_by_itself_is_logged_and_calls_nobody(scene: Scene) -> None:
    """Automated: there is nothing to decide. It stands in the digest of the next morning."""
    for situation in SITUATIONS:
        if situation.severity is Severity.LOW:
            await scene.ask(situation)
    assert {one.answer["progress"]["next_step_at"] for one in scene.asked} == {None}
    assert {one.situation.kind for one in scene.asked} == {Kind.INCIDENT}
    await asyncio.sleep(0.3)
    assert sum(scene.got().values(), Counter()) == Counter()
    local = scene.clock().astimezone(ZoneInfo("Europe/Berlin"))
    await scene.go_to(local.replace(hour=9, minute=0, second=1) + timedelta(days=1))
    digest = await scene.workspace.wait_for(lambda: scene.workspace.messages(OPERATIONS))
    said = spoken(digest[0].blocks)
    assert [n for n in range(len(scene.asked)) if title_of(n) not in said] == []
    assert sum(scene.got().values(), Counter())[OPERATIONS] == len(scene.asked)


async def test_nobody_can_call_it_milder_than_it_is(scene: Scene) -> None:
    """A caller can raise a severity, never lower it: not for what needs people at once."""
    at_once = [s for s in SITUATIONS if s.heading is Heading.IMMEDIATE]
    for situation in at_once:
        await scene.ask(situation, severity="low")
    found = [one.answer["severity"] for one in scene.asked]
    assert found == [situation.severity for situation in at_once]


async def test_nobody_is_asked_without_what_the_rule_wants_to_know(scene: Scene) -> None:
    """ "Don't escalate without context": it is refused, and says what is missing."""
    (migration,) = [s for s in SITUATIONS if s.text == "Schema Migration Required"]
    answer, _ = await scene.answered(migration, context={})
    assert [error["pointer"] for error in answer["errors"]] == ["/context/rollback"]
    assert sum(scene.got().values(), Counter()) == Counter()
