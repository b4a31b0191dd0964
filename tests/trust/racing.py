"""One question, thirty-two at once: a round of the races, and what must be true of it afterwards.

People press the button of the channel's card and of the copy that `/escalations show` brings them,
and send modals off; services claim and withdraw through the API; the clock may pass the deadline.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from approvals.events import CLAIMED, DECIDED, STOPPED, VOTE_CAST
from bot.demo.workspace.acks import Interaction
from bot.demo.workspace.messages import Message, Pressable
from bot.demo.workspace.people import Channel, Person
from bot.demo.workspace.workspace import Workspace
from bot.slack.drawing.words import STOP_IT
from tests.journeys.conftest import Story, answer_of, spoken
from tests.journeys.world import workspace_of_tests

#: Who may decide, and who may not.
MEMBERS = tuple(f"P{n:02}" for n in range(1, 21))
OUTSIDERS = ("X1", "X2", "X3")
CHANNELS = tuple(f"C0RACE{n}" for n in range(1, 7))

#: All that run at one time.
RACERS = 32

#: Seconds until the deadline: long, or soon to be over. Moving the clock so far spoils no click
#: that is under way: Slack's signatures hold for five minutes.
LONG_S, SHORT_S = 3600, 240

GO, NO = "Go", "Leave it"
OPTIONS = [
    {"key": "go", "label": GO, "effect": "release"},
    {"key": "no", "label": NO, "effect": "abort"},
]


def policy() -> str:
    """Two of the crowd decide; a channel for each of the questions that wait at one time."""
    everyone = (*MEMBERS, *OUTSIDERS, "BOSS")
    people = [f'{p.lower()} = {{ name = "{p}", accounts = ["U{p}"] }}' for p in everyone]
    members, quiet = (", ".join(f'"{p.lower()}"' for p in who) for who in (MEMBERS, MEMBERS[1:]))
    channels = [f'{c.lower()} = {{ id = "{c}" }}' for c in CHANNELS]
    rules = [
        f'[[rules]]\nname = "{c}"\nmatch = {{ operation = "{c}" }}\nchannel = "{c.lower()}"\n'
        'requirements = [{ group = "crowd", needed = 2 }]\nclaim_within_s = 900\n'
        f"decide_within_max_s = {LONG_S}\n"
        for c in CHANNELS
    ]
    head = ['zone = "UTC"', "[people]", *people, "[owners]", 'data-sync = ["boss"]', "[groups]"]
    group = f"crowd = {{ members = [{members}], quiet = [{quiet}] }}"
    return "\n".join([*head, group, "[channels]", *channels, *rules])


#: Slack waits three seconds; whether a busy machine keeps to them is no race's to say.
ACK_WITHIN_S = 15.0


def workspace(clock: Callable[[], Any]) -> Workspace:
    """The workspace of the journeys, with the crowd and its channels."""
    made = workspace_of_tests(clock, ack_within=ACK_WITHIN_S)
    crowd = [f"U{p}" for p in (*MEMBERS, *OUTSIDERS, "BOSS")]
    made.people |= {u: Person(id=u, name=u.lower(), real_name=u[1:]) for u in crowd}
    for channel in CHANNELS:
        one = Channel(id=channel, name=channel.lower(), members=crowd)
        made.conversations[channel] = made._conversation(one)
    return made


@dataclass
class Heard:
    """What one click brought the person."""

    person: str
    acked: bool
    answers: list[str]  #: everything that answered it; must be one


@dataclass
class Round:
    """One question and everything that happened to it at once."""

    story: Story
    made: dict[str, Any]
    card: Message
    go: Pressable  #: the button of its release, which the card may have no longer
    dice: Random
    heard: list[Heard] = field(default_factory=list)
    claims: list[tuple[int, str]] = field(default_factory=list)  #: status, problem or grant
    calls: list[int] = field(default_factory=list)  #: status of everything asked by HTTP
    passed_s: float = 0.0  #: by how much the server's clock was moved

    @property
    def id(self) -> str:
        """The escalation's."""
        return str(self.made["id"])

    # -- the racers -----------------------------------------------------------------------------

    async def later(self, act: Awaitable[None], most_s: float = 0.03) -> None:
        """Somewhere within the race."""
        await asyncio.sleep(self.dice.random() * most_s)
        await act

    async def taps(self, person: str, card: Message) -> None:
        """Press the button; the card may have been drawn anew since it was looked at."""
        before = self._told(person)
        done = await self.press(person, card)
        self.heard.append(Heard(person, done.acked, await self._since(person, before)))

    async def press(self, person: str, card: Message) -> Interaction:
        """The click alone."""
        to_go = self.go.action_id
        return await self.story.workspace.click(person, card.channel, card.ts, to_go, stale=True)

    async def presses(self, person: str, card: Message) -> None:
        """One of many clicks of the same person: which answer is whose cannot be told."""
        done = await self.press(person, card)
        assert done.acked, done

    async def sends(self, person: str, window: str) -> None:
        """Send a modal off; what is shown instead is the answer."""
        done = await self.story.workspace.submit(person, window, {"reason": "not today"})
        shown = self.story.workspace.view_of(person)
        answers = [answer_of(shown.view["blocks"])] if shown else []
        self.heard.append(Heard(person, done.acked, answers if done.acked else [str(done)]))

    async def claims_it(self, key: str, nonce: str = "n") -> None:
        """A worker takes the release as soon as there is one to be had."""
        body = {"digest": self.made["digest"], "nonce": nonce}
        path = f"/v1/escalations/{self.id}"
        for _ in range(20):
            status, said = await self.story.call("POST", f"{path}/claim", body, Idempotency_Key=key)
            self.calls.append(status)
            if not str(said.get("type", "")).endswith("/not-approved"):
                break
            read, now = await self.story.call("GET", path)
            self.calls.append(read)
            if now["status"] != "pending":
                continue
        self.claims.append((status, str(said.get("grant") or said.get("type"))))

    async def withdraws(self) -> None:
        """The service has changed its mind."""
        path = f"/v1/escalations/{self.id}/withdraw"
        status, _ = await self.story.call("POST", path, {"reason": "not needed"})
        self.calls.append(status)

    async def time_passes(self) -> None:
        """The deadline comes; Slack's own clock follows when the race is over."""
        self.story.clock.move(seconds=SHORT_S)
        self.passed_s += SHORT_S

    # -- preparing ------------------------------------------------------------------------------

    async def copy_for(self, person: str) -> Message:
        """What `/escalations show` brings them: a live card of their own."""
        asked = await self.story.workspace.command(
            person, self.card.channel, f"/escalations show {self.id}"
        )
        assert asked.acked, asked
        return self.story.workspace.ephemerals(person)[-1]

    async def modal_for(self, person: str, label: str, on: Message | None = None) -> str:
        """The modal that a button opens, before them."""
        before = self.story.workspace.view_of(person)
        await self.story.workspace.tap(person, on or self.card, label)

        def opened() -> Any:
            found = self.story.workspace.view_of(person)
            return found if found is not None and found is not before else None

        return str((await self.story.workspace.wait_for(opened)).id)

    async def stop_modal_for(self, person: str) -> str:
        """The modal behind the button of their last answer: until it starts, they may stop it."""
        answer = self.story.workspace.ephemerals(person)[-1]
        return await self.modal_for(person, STOP_IT, answer)

    # -- what was heard -------------------------------------------------------------------------

    def _told(self, person: str) -> int:
        return len(self.story.workspace.ephemerals(person))

    async def _since(self, person: str, before: int) -> list[str]:
        with suppress(TimeoutError):  # `check` says so, after what is worse
            await self.story.workspace.wait_for(lambda: self._told(person) > before, timeout=20)
        return [answer_of(m.blocks) for m in self.story.workspace.ephemerals(person)[before:]]

    # -- afterwards -----------------------------------------------------------------------------

    def records(self) -> Counter[str]:
        """How many of each kind are stored, straight from the file."""
        return Counter(kind for (kind,) in self._rows("kind"))

    def voters(self) -> list[str]:
        """Whose votes are stored."""
        return [by for by, kind in self._rows("by, kind") if kind == VOTE_CAST]

    def _rows(self, columns: str) -> list[Any]:
        sql = f"SELECT {columns} FROM events WHERE escalation_id = ? ORDER BY seq"
        with closing(sqlite3.connect(self.story.folder / "andon.db")) as file:
            return file.execute(sql, (self.id,)).fetchall()

    async def check(self) -> str:
        """Everything a race must leave true; how it ended."""
        ended = await self.story.status(self.id)
        kinds = self.records()
        assert kinds[DECIDED] == (ended["status"] != "pending"), "more than one end"
        assert not [s for s in self.calls if s >= 500], "a server error"
        # The same key again brings the same grant, so grants are counted, not answers.
        taken = {said for status, said in self.claims if status == 200}
        assert len(taken) == kinds[CLAIMED] <= 1, "more than one claim was taken"
        assert not (kinds[STOPPED] and taken), "stopped and taken"
        assert not taken or ended["status"] == "approved", "taken without an approval"
        assert len(set(self.voters())) == len(self.voters()), "somebody's vote counts twice"
        for one in self.heard:
            assert one.acked, f"{one.person} saw Slack's own error: {one.answers}"
            assert len(one.answers) == 1, f"{one.person} heard {one.answers}"
        self._losers_know(ended)
        return str(ended["operation"]["state"]) if taken else str(ended["status"])

    def _losers_know(self, ended: dict[str, Any]) -> None:
        """Whoever came too late is told by whom and what was decided."""
        late = [one.answers[0] for one in self.heard if one.answers[0].startswith("Not recorded")]
        for said in late:
            if ended["status"] in ("approved", "rejected") and _is_about_the_end(said):
                chosen = ended["decision"]["option"]
                by = [v["person"].upper() for v in ended["votes"] if v["option"] == chosen]
                assert any(name in said for name in by), f"{by} decided, but: {said}"
            elif ended["status"] == "withdrawn" and _is_about_the_end(said):
                assert "took the question back" in said, said
            elif ended["status"] == "expired" and _is_about_the_end(said):
                assert "Time ran out" in said, said


def _is_about_the_end(said: str) -> bool:
    others = ("member of", "you are not in it", "looked up", "cannot vote")
    return not any(words in said for words in others)


def expires(n: int) -> bool:
    """Whether the deadline of this question comes in its race."""
    return n % 5 == 1


async def asked(story: Story, n: int) -> dict[str, Any]:
    """The n-th question, in a channel of its own."""
    channel = CHANNELS[n % len(CHANNELS)]
    body = {
        "category": "deployment",
        "title": f"Race {n}",
        "environment": "production",
        "operation": {"name": channel, "arguments": {"argv": ["race", str(n)]}},
        "options": OPTIONS,
        "decide_within_s": SHORT_S if expires(n) else LONG_S,
        "requested_by": {"id": "boss"},
    }
    status, made = await story.call("POST", "/v1/escalations", body, Idempotency_Key=f"race-{n}")
    assert status == 201, made
    return dict(made)


async def begun(story: Story, n: int, made: dict[str, Any]) -> Round:
    """Its card is there."""
    channel = CHANNELS[n % len(CHANNELS)]

    def shown() -> Message | None:
        found = [m for m in story.workspace.messages(channel) if m.thread_ts in (None, m.ts)]
        return next((m for m in found if f"Race {n}" in spoken(m.blocks)), None)

    card = await story.workspace.wait_for(shown, timeout=20)
    return Round(story, made, card, card.button(GO), Random(n))


async def race(racers: Sequence[Awaitable[None]]) -> None:
    """All at once."""
    assert len(racers) == RACERS, len(racers)
    await asyncio.gather(*racers)
