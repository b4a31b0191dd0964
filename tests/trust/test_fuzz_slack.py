"""Fuzzing what Slack sends, with valid signatures: nothing breaks, and nobody decides who did not.

Every record that names a person must be explained by a payload of that account, of our workspace
and app, that names the escalation; a vote also by the option and the digest it names.
"""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from importlib import import_module
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.demo.workspace.line import Sending, Sort, signature
from bot.demo.workspace.messages import Message
from bot.demo.workspace.server import serve
from bot.demo.workspace.workspace import Workspace
from tests.journeys.asking import TRANSFER
from tests.journeys.conftest import Story, telling
from tests.journeys.test_helping import OUTAGE
from tests.journeys.world import PAYMENTS, SECRET, MovedClock, workspace_of_tests
from tests.trust.fuzz.audited import findings
from tests.trust.fuzz.heard import Heard, hearing
from tests.trust.fuzz.noise import Noise
from tests.trust.fuzz.payloads import Payload, Payloads, Target
from tests.trust.lane import FULL, rounds
from tests.trust.test_fuzz_http import SEED

Figure = Callable[[str, str], None]

#: What a signed request may be answered with. 404 is for an interaction that nobody listens to: the
#: person sees Slack's own error.
ANSWERS = frozenset({200, 400, 401, 403, 404, 413})

#: Who clicks: approvers, the requester, others of the workspace, and those who are not of it.
ACCOUNTS = (
    *("UMIA", "UTOM", "UOMAR", "ULENA", "USAM", "URAVI"),
    *("UNOBODY", "UGUEST", "UFOREIGN", "UROBOT"),
)

#: Payloads under way at once, and after how many there is something new to decide.
LANES, FRESH_AFTER = 12, 150


@dataclass
class Clicked:
    """A story that is fuzzed, and what was sent in it."""

    story: Story
    heard: Heard
    payloads: Payloads
    answers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)  #: payloads that explain records, as texts
    digests: dict[str, str] = field(default_factory=dict)  #: hex, by escalation
    opened: int = 0

    @property
    def workspace(self) -> Workspace:
        """Where people click."""
        return self.story.workspace

    async def open_more(self) -> None:
        """Something new to decide, and somebody new to help."""
        self.opened += 1
        money = {**TRANSFER["operation"]["money"], "amount_minor": 9_000_000 + self.opened}
        operation = {**TRANSFER["operation"], "money": money}
        made = await self.story.ask(f"t{self.opened}", **{**TRANSFER, "operation": operation})
        body = {**OUTAGE, "title": f"Checkout {self.opened}"}
        key = f"o{self.opened}"
        _, other = await self.story.call("POST", "/v1/escalations", body, Idempotency_Key=key)
        found = [Target(id=one["id"], digest=one["digest"]) for one in (made, other)]
        self.payloads.targets[:] = (self.payloads.targets + found)[-8:]
        self.digests |= {one.id: one.digest[7:] for one in found}

    def pressable(self) -> Message | None:
        """The newest message with something to press."""
        shown = reversed(self.workspace.messages(PAYMENTS))
        return next((one for one in shown if one.labels), None)

    async def post(self, made: Any) -> None:
        """Sign it, send it, and note what is wrong with the answer."""
        body, kind = self.payloads.written(made)
        stamp = str(int(self.story.clock().timestamp()))
        headers = {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature(SECRET, stamp, body),
            "Content-Type": kind,
        }
        self.sent.append(json.dumps(made))
        url = f"{self.story.server.url}/slack/events"
        async with self.story.http.post(url, data=BytesIO(body), headers=headers) as answer:
            said = await answer.text()
        self.answers[str(answer.status)] += 1
        if answer.status not in ANSWERS or "Traceback" in said:
            self.faults.append(f"{made!r:.1500}\n -> {answer.status} {said:.300}")
        self.listen(made)

    def listen(self, made: Any) -> None:
        """Note what the log says."""
        if any("slack-access-lost" not in said for said in self.heard.troubles):
            self.faults.append(f"{made!r:.1500}\n -> log {self.heard.troubles}")
        self.heard.troubles.clear()

    async def bombard(self, count: int, send: Callable[[Any], Any]) -> None:
        """Send so many bent ones."""
        left = iter(range(count))

        async def lane() -> None:
            for n in left:
                if n % FRESH_AFTER == 0:
                    await self.open_more()
                await send(self.payloads.bent())

        await asyncio.gather(*(lane() for _ in range(LANES)))

    def unexplained(self) -> list[str]:
        """Records of people that no payload explains."""
        me = self.workspace
        explained = {
            one for text in self.sent for one in explanations(json.loads(text), me, self.digests)
        }
        with closing(sqlite3.connect(self.story.folder / "andon.db")) as link:
            by = link.execute(
                "SELECT escalation_id, by, kind FROM events WHERE by LIKE 'person:%'"
                " OR by LIKE 'account:%'"
            ).fetchall()
            votes = link.execute("SELECT escalation_id, person, option FROM votes").fetchall()
        wrong = [f"{row}" for row in by if (row[0], account_of(row[1])) not in explained]
        return wrong + [
            f"vote {row}" for row in votes if (row[0], account_of(row[1]), row[2]) not in explained
        ]


def account_of(name: str) -> str:
    """The account behind `mia`, `person:mia` or `account:UMIA`; everybody has one."""
    kind, _, who = name.rpartition(":")
    return who if kind == "account" else f"U{who.upper()}"


def explanations(made: Any, me: Workspace, digests: Mapping[str, str]) -> list[tuple[str, ...]]:
    """What a payload may bring about: (escalation, account), and (…, option) for a vote."""
    if isinstance(made, dict) and "command" in made:
        text, account = str(made.get("text")), str(made.get("user_id"))
        return [(id_, account) for id_ in digests if id_[-6:] in text]  # what is shown is looked at
    if not isinstance(made, dict) or not isinstance(made.get("user"), dict):
        return []
    user, team = made["user"], made.get("team")
    ours = made.get("team_id") or (team or {}).get("id") if isinstance(team, dict | None) else None
    if ours != me.team.id or made.get("api_app_id", me.app.id) != me.app.id:
        return []
    account = str(user.get("id"))
    found: list[tuple[str, ...]] = []
    for said in carried(made):
        id_ = str(said.get("e"))
        found.append((id_, account))
        digest = str(said.get("d"))
        if len(digest) >= 12 and digests.get(id_, "").startswith(digest):
            found.append((id_, account, str(said.get("o"))))
    return found


def carried(made: Payload) -> list[dict[str, Any]]:
    """What its buttons and windows say they are about."""
    actions = made.get("actions")
    texts = (
        [a.get("value") for a in actions if isinstance(a, dict)]
        if isinstance(actions, list)
        else []
    )
    view = made.get("view")
    texts += [view.get("private_metadata")] if isinstance(view, dict) else []
    found = []
    for text in texts:
        try:
            said = json.loads(text)
        except (TypeError, ValueError):
            continue
        if isinstance(said, dict):
            found.append(said)
    return found


async def recorded(story: Story) -> tuple[list[Payload], Target]:
    """People click through all there is, once; what their clients sent."""
    made = await story.ask(**TRANSFER)
    card = await story.card(PAYMENTS)
    space = story.workspace
    await story.tap("UMIA", card, "Details")
    details = await story.window("UMIA")
    await space.press("UMIA", details.id, details_page(details.view))
    await story.send("UMIA", card, "Ask", reason="which invoice?")
    await story.tap("UTOM", card, "I am looking")
    await story.send("UTOM", card, "Release transfer", reason="matches the invoice")
    for verb in ("stop", "withdraw", "answer", "add_reason", "extend", "resolve", "break_glass"):
        value = card.button("Details").element["value"]
        forged = {"actions": [{"action_id": verb, "action_ts": f"1.{verb}", "value": value}]}
        for person in ("ULENA", "URAVI", "UMIA"):
            await space.click(person, card.channel, card.ts, "details", override=forged)
    for text in ("", "list mine", f"show {made['id'][-6:]}", "search transfer", "help", "lst"):
        await space.command("UMIA", PAYMENTS, f"/escalations {text}")
    await space.open_home("UMIA")
    await story.send("UOMAR", card, "Stop transfer", reason="not today", chip="not_now")
    await space.dismiss("UOMAR", (await story.window("UOMAR")).id)
    payloads = [dict(sending.payload) for sending, _ in space.sent]
    return payloads + synthetic(space, payloads), Target(id=made["id"], digest=made["digest"])


def details_page(view: Any) -> str:
    """Some button of a window."""
    return next(
        e["action_id"] for b in view["blocks"] for e in b.get("elements", ()) if "action_id" in e
    )


def synthetic(space: Workspace, payloads: list[Payload]) -> list[Payload]:
    """Sorts that our app does not ask for, and that Slack could send all the same."""
    click = next(p for p in payloads if p.get("type") == "block_actions")
    view = next(p for p in payloads if p.get("type") == "view_submission")
    bare = {k: v for k, v in click.items() if k not in ("actions", "container", "message", "state")}
    return [
        {**bare, "type": "shortcut", "callback_id": "ask", "action_ts": "1.1"},
        {**click, "type": "message_action", "callback_id": "ask"},
        {**click, "type": "dialog_submission", "callback_id": "ask"},
        {
            **click,
            "type": "block_suggestion",
            "action_id": "vote:all",
            "block_id": "b",
            "value": "x",
        },
        {**view, "type": "view_closed", "is_cleared": True},
        {**view, "type": "view_closed", "is_cleared": False},
        space.payloads.event({"type": "tokens_revoked", "tokens": {"bot": ["U0ANDONBOT"]}}),
        space.payloads.event({"type": "app_uninstalled"}),
        space.payloads.event(
            {"type": "message", "channel": PAYMENTS, "user": "UMIA", "text": "yes"}
        ),
        space.payloads.event({"type": "reaction_added", "user": "UMIA", "reaction": "+1"}),
        space.payloads.verification("abc"),
        {"type": "app_rate_limited", "team_id": space.team.id, "minute_rate_limited": 1},
        {"ssl_check": "1", "token": space.app.token},
    ]


@asynccontextmanager
async def clicked(folder: Path, mode: str, *, ack_within: float = 3.0) -> AsyncIterator[Clicked]:
    """A story in which all there is to click was clicked once."""
    clock = MovedClock()
    space = workspace_of_tests(clock, ack_within=ack_within)
    async with serve(space) as running:
        space.api_url = running.api_url  # type: ignore[attr-defined]
        with hearing() as heard:
            async with telling(space, folder, mode, clock) as story:
                payloads, was = await recorded(story)
                random = Random(SEED)
                words = ("UMIA", "UTOM", space.team.id, space.app.id, "vote:all", "vote", was.id)
                made = Payloads(
                    random=random,
                    noise=Noise(random, words),
                    recorded=payloads,
                    was=was,
                    targets=[was],
                    accounts=ACCOUNTS,
                )
                heard.troubles.clear()
                sent = [json.dumps(p) for p in payloads]
                yield Clicked(story, heard, made, sent=sent, digests={was.id: was.digest[7:]})


async def test_no_bent_payload_breaks_anything_or_decides_for_anybody(
    tmp_path: Path, figure: Figure
) -> None:
    count = rounds(short=2_000, full=40_000)
    async with clicked(tmp_path, "http") as world:
        await world.bombard(count, world.post)
        assert world.faults[:5] == []
        assert world.unexplained() == []
    assert findings(tmp_path) == []
    told = ", ".join(f"{n:,} × {status}" for status, n in sorted(world.answers.items()))
    figure(
        "fuzz: signed Slack payloads", f"{count:,} of seed {SEED}: {told}; no vote out of nowhere"
    )


async def test_over_the_socket_it_is_the_same(tmp_path: Path, figure: Figure) -> None:
    """Envelopes with bent payloads, and what is no envelope. What is refused is not answered."""
    count = rounds(short=300, full=5_000)
    async with clicked(tmp_path, "socket", ack_within=0.3) as world:
        line = world.workspace.socket

        async def send(made: Any) -> None:
            if not isinstance(made, dict):
                return
            world.sent.append(json.dumps(made))
            sort = Sort.EVENT if made.get("type") == "event_callback" else Sort.INTERACTIVE
            sort = Sort.COMMAND if "command" in made else sort
            answer = await line.send(Sending(sort=sort, payload=made))
            world.answers["answered" if answer.acked else "not answered"] += 1
            world.listen(made)

        await world.bombard(count, send)
        for odd in (
            "",
            "null",
            "[]",
            "{}",
            '{"type":"interactive"}',
            "x" * 70_000,
            '{"type":"hello"',
        ):
            await line._sockets[-1].send_str(odd)
        await world.open_more()  # what was there may be decided
        card = await world.workspace.wait_for(world.pressable)
        await world.story.tap("USAM", card, card.labels[-1])
        assert world.faults[:5] == []
        assert world.unexplained() == []
    told = ", ".join(f"{n:,} {what}" for what, n in sorted(world.answers.items()))
    figure("fuzz: Socket Mode envelopes", f"{count:,} of seed {SEED}: {told}")


# -- it can fail ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bug:
    """What is put in whose place, and how what it breaks begins."""

    instead: tuple[tuple[str, str, Any], ...]
    found: str
    #: In the short lane, how often a button was drawn for another operation; the full lane searches
    #: as everybody does.
    crossed: float | None = None


PLANTED = {
    "other workspaces are let in": Bug(
        (
            ("bot.slack.guard", "identified", lambda payload, me: False),
            ("bot.slack.door", "identified", lambda payload, me: False),
        ),
        found="",
    ),
    "any shape is let in": Bug((("bot.slack.guard", "is_shaped", lambda payload: True),), found=""),
    "the digest is not compared": Bug(
        (("approvals.decide.vote", "is_of", lambda *digests: True),), found="vote", crossed=0.9
    ),
}


@pytest.mark.parametrize("bug", PLANTED)
async def test_a_planted_bug_is_found(
    bug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    planted = PLANTED[bug]
    async with clicked(tmp_path, "http") as world:
        if planted.crossed is not None and not FULL:
            world.payloads.crossed = planted.crossed
        for module, name, instead in planted.instead:
            monkeypatch.setattr(import_module(module), name, instead)
        found: list[str] = []
        most = rounds(short=3_000, full=12_000)
        while not found and world.payloads.turned < most:
            await world.bombard(100, world.post)
            wrong = world.faults + world.unexplained()
            found = [one for one in wrong if one.startswith(planted.found)]
    assert found
    told = f"Slack fuzz: {bug}: found within {world.payloads.turned:,} payloads"
    figure("planted bugs", told)
