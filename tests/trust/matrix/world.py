"""A served Andon with everybody in it, escalations in every state, and every door to them."""

import asyncio
import itertools
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from approvals import commands
from approvals.commands import Actor
from approvals.escalation import Escalation
from approvals.people import Absence, People
from approvals.ports import Settled
from bot.app import Server, serving
from bot.demo.workspace.line import Sending, Sort, encoded, signature
from bot.demo.workspace.server import serve
from bot.ids import new_id
from tests.building import a_question, a_vote, an_incident, an_open
from tests.journeys.conftest import settings_for
from tests.journeys.world import OPERATIONS, SECRET, MovedClock, workspace_of_tests
from tests.patience import be_patient
from tests.trust.matrix.cast import OPTIONS, POLICY, REA, as_they_click
from tests.trust.matrix.rules import State, Who


@dataclass
class Andon:
    """Served; what its writer settled; and how to bring an escalation into a state."""

    server: Server
    http: aiohttp.ClientSession
    clock: MovedClock
    workspace: Any
    everyone: People  #: as they were asked
    now: People  #: as they click
    settled: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    count: Any = field(default_factory=itertools.count)
    kept: dict[str, Escalation] = field(default_factory=dict)
    building: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def submit(self, command: commands.Command) -> Settled:
        """A step towards a state: taken."""
        settled = await self.server.store.writer.submit(command)
        assert settled.refusal is None, (command, settled.refusal)
        return settled

    async def fresh(self, state: State) -> Escalation:
        """A new one in that state, while everybody is as they were asked."""
        async with self.building:
            self.server.people.renew(replace(self.everyone, as_of=self.clock()))
            made = await _BUILD[state.name](self)
            self.server.people.renew(replace(self.now, as_of=self.clock()))
            found = await self.server.store.reads.escalation(made)
        assert found is not None
        return found

    async def any(self, state: State) -> Escalation:
        """One in that state that others may use, too: what is refused changes nothing."""
        if state.name not in self.kept:
            self.kept[state.name] = await self.fresh(state)
        return self.kept[state.name]

    async def open(self, **changes: Any) -> str:
        """Ask for a deployment, on behalf of Rea."""
        command = an_open(
            f"k{next(self.count)}",
            category="deployment",
            title=f"Deploy {next(self.count)}",
            options=OPTIONS,
            requested_by=REA,
            **changes,
        )
        await self.submit(command)
        return command.escalation_id

    async def vote(self, id_: str, account: str, option: str = "go") -> None:
        """One of the two who decide."""
        found = await self.server.store.reads.escalation(id_)
        assert found is not None
        await self.submit(a_vote(id_, account, option, digest=found.digest))

    async def pending(self) -> str:
        """Nobody has done anything."""
        return await self.open()

    async def one_vote(self) -> str:
        """Ada has voted."""
        id_ = await self.open()
        await self.vote(id_, "UADA")
        return id_

    async def question(self) -> str:
        """Ada has asked."""
        id_ = await self.open()
        await self.submit(a_question(id_, "UADA"))
        return id_

    async def approved(self, **changes: Any) -> str:
        """Ada and Bea have voted."""
        id_ = await self.open(**changes)
        await self.vote(id_, "UADA")
        await self.vote(id_, "UBEA")
        return id_

    async def released(self) -> str:
        """And the service has taken it."""
        id_ = await self.approved()
        found = await self.server.store.reads.escalation(id_)
        assert found is not None
        about = {"id": new_id("cmd"), "escalation_id": id_, "service": "data-sync"}
        grant = {"key": "c1", "nonce": "n", "grant_id": new_id("gnt")}
        await self.submit(commands.Claim(**about, **grant, digest=found.digest))
        return id_

    async def succeeded(self) -> str:
        """And it worked."""
        id_ = await self.released()
        about = {"id": new_id("cmd"), "escalation_id": id_, "service": "data-sync"}
        await self.submit(commands.Report(**about, result="succeeded"))
        return id_

    async def rejected(self) -> str:
        """Bea has said no."""
        id_ = await self.open()
        await self.vote(id_, "UBEA", "stop")
        return id_

    async def withdrawn(self) -> str:
        """The service took it back."""
        id_ = await self.open()
        await self.submit(
            commands.Withdraw(id=new_id("cmd"), escalation_id=id_, service="data-sync")
        )
        return id_

    async def stopped(self) -> str:
        """Bea stopped it after all."""
        id_ = await self.approved()
        actor = Actor(account="UBEA")
        await self.submit(commands.Stop(id=new_id("cmd"), escalation_id=id_, actor=actor))
        return id_

    async def void(self) -> str:
        """Bea left before the service took it."""
        id_ = await self.approved()
        groups = {**self.everyone.groups, "two": frozenset({"ben"})}
        self.server.people.renew(replace(self.everyone, groups=groups, as_of=self.clock()))
        await self.submit(commands.RecheckPeople(id=new_id("cmd"), escalation_id=id_))
        return id_

    async def expired(self) -> str:
        """Its time is over."""
        id_ = await self.open(decide_within_s=60)
        await self._later(id_)
        return id_

    async def lapsed(self) -> str:
        """The time to take it is over."""
        id_ = await self.approved(claim_within_s=60)
        await self._later(id_)
        return id_

    async def _later(self, id_: str) -> None:
        for _ in range(2):
            self.clock.move(seconds=31)
            await self.open()  # a storm goes on while no minute passes without one
        self.server.people.renew(replace(self.everyone, as_of=self.clock()))
        await self.submit(commands.Tick(id=new_id("cmd"), escalation_id=id_))

    async def incident(self) -> str:
        """Nothing is held."""
        command = an_incident(
            f"i{next(self.count)}", dedup_key=f"d{next(self.count)}", requested_by=REA
        )
        await self.submit(command)
        return command.escalation_id

    async def resolved(self) -> str:
        """The service says what it was."""
        id_ = await self.incident()
        about = {"id": new_id("cmd"), "escalation_id": id_, "service": "data-sync"}
        await self.submit(commands.Resolve(**about, root_cause="a full disk"))
        return id_

    # -- doors ----------------------------------------------------------------------------------

    async def act(self, door: str, who: Who, e: Escalation, verb: str) -> str:
        """Do it at that door; `yes`, or why it was refused."""
        key = (e.id, who.account)
        self.settled[key].clear()
        statuses = []
        if door != "window sent off" or verb in ONE_TAP:
            statuses.append(await self.post(self.click(door, who, e, verb)))
        if not self.settled[key]:  # it opened a window, or that is the door
            statuses.append(await self.post(self.sent_off(who, e, verb)))
        (said,) = self.settled[key] or (f"nothing, answered {statuses}",)
        return said

    def click(self, door: str, who: Who, e: Escalation, verb: str) -> dict[str, Any]:
        """A button pressed there."""
        return self.pressed(who, verb, carried(e, verb), _DOORS[door](self, who, e))

    def pressed(self, who: Who, action: str, value: str, there: dict[str, Any]) -> dict[str, Any]:
        """Any button."""
        button = {
            "type": "button",
            "action_id": action,
            "block_id": "actions",
            "value": value,
            "action_ts": f"{next(self.count)}.1",
        }
        return {**self._common("block_actions", who), **there, "actions": [button]}

    def sent_off(self, who: Who, e: Escalation, verb: str) -> dict[str, Any]:
        """The window of that verb, filled in and sent off."""
        said = json.loads(carried(e, verb)) | {"c": OPERATIONS, "t": "1.1"}
        values = {
            "reason": {"reason": {"type": "plain_text_input", "value": "because of the tests"}},
            "root_cause": {"root_cause": {"type": "plain_text_input", "value": "a full disk"}},
        }
        return self.window(who, verb.partition(":")[0], json.dumps(said), values)

    def window(
        self, who: Who, callback: str, carries: str, values: dict[str, Any]
    ) -> dict[str, Any]:
        """Any window, sent off."""
        view = {
            "id": f"V{next(self.count)}",
            "type": "modal",
            "callback_id": callback,
            "hash": f"{next(self.count)}.h",
            "private_metadata": carries,
            "state": {"values": values},
        }
        return {**self._common("view_submission", who), "view": view}

    def _common(self, kind: str, who: Who) -> dict[str, Any]:
        space = self.workspace
        home = "T0ELSEWHERE" if who.account == "UFOREIGN" else space.team.id
        return {
            "type": kind,
            "user": {"id": who.account, "username": who.account, "team_id": home},
            "api_app_id": space.app.id,
            "team": {"id": space.team.id, "domain": space.team.domain},
            "trigger_id": f"{next(self.count)}.trigger",
        }

    async def post(self, payload: dict[str, Any]) -> int:
        """Send it as Slack does; the status."""
        return (await self.hear(payload))[0]

    async def hear(self, payload: dict[str, Any]) -> tuple[int, str]:
        """Send it as Slack does; status and text of what is shown instead of a window."""
        body, kind = encoded(Sending(sort=Sort.INTERACTIVE, payload=payload))
        stamp = str(int(self.clock().timestamp()))
        headers = {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature(SECRET, stamp, body),
            "Content-Type": kind,
        }
        url = f"{self.server.url}/slack/events"
        async with self.http.post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.text()


def carried(e: Escalation, verb: str) -> str:
    """What a button about it carries, as the cards' do."""
    option = verb.partition(":")[2] or ("go" if verb == "break_glass" else None)
    said = {"e": e.id, "o": option, "s": e.shown, "d": e.digest[7:23]}
    question = e.questions[-1].id if e.questions else None
    return json.dumps({k: v for k, v in {**said, "q": question}.items() if v is not None})


#: Buttons that open no window; the rest do, for whoever may.
ONE_TAP = frozenset({"acknowledge", "extend"})


def _in_channel(andon: Andon, who: Who, e: Escalation) -> dict[str, Any]:
    return on_message(OPERATIONS, ephemeral=False)


def _in_direct(andon: Andon, who: Who, e: Escalation) -> dict[str, Any]:
    return on_message(f"D0{who.account}", ephemeral=False)


def _shown(andon: Andon, who: Who, e: Escalation) -> dict[str, Any]:
    return on_message(OPERATIONS, ephemeral=True)


def on_message(channel: str, *, ephemeral: bool) -> dict[str, Any]:
    """Where a button of a message stands."""
    container = {"type": "message", "message_ts": "1.1", "channel_id": channel}
    message = {} if ephemeral else {"message": {"type": "message", "ts": "1.1", "text": "card"}}
    return {
        "container": {**container, "is_ephemeral": ephemeral},
        "channel": {"id": channel, "name": "operations"},
        **message,
    }


def _in_window(andon: Andon, who: Who, e: Escalation) -> dict[str, Any]:
    view = {
        "id": f"V{next(andon.count)}",
        "type": "modal",
        "callback_id": "details",
        "hash": "1.h",
        "private_metadata": json.dumps({"c": OPERATIONS, "t": "1.1"}),
        "state": {"values": {}},
    }
    return {"container": {"type": "view", "view_id": view["id"]}, "view": view}


def _at_home(andon: Andon, who: Who, e: Escalation) -> dict[str, Any]:
    view = {"id": "V0HOME", "type": "home", "callback_id": "", "private_metadata": ""}
    return {"container": {"type": "view", "view_id": "V0HOME"}, "view": view}


_DOORS: dict[str, Callable[[Andon, Who, Escalation], dict[str, Any]]] = {
    "channel": _in_channel,
    "direct message": _in_direct,
    "shown to one": _shown,
    "details": _in_window,
    "App Home": _at_home,
    "window sent off": _in_channel,
}
DOORS = tuple(_DOORS)

_BUILD: dict[str, Callable[[Andon], Any]] = {
    "pending": Andon.pending,
    "one of two votes": Andon.one_vote,
    "question open": Andon.question,
    "approved": Andon.approved,
    "released": Andon.released,
    "succeeded": Andon.succeeded,
    "rejected": Andon.rejected,
    "expired": Andon.expired,
    "withdrawn": Andon.withdrawn,
    "stopped": Andon.stopped,
    "void": Andon.void,
    "lapsed": Andon.lapsed,
    "incident pending": Andon.incident,
    "incident resolved": Andon.resolved,
}


async def _nothing(loop: object) -> bool:
    return False


@asynccontextmanager
async def standing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Andon]:
    """Served, with nobody in the background: time, people and messages do what the test says."""
    for loop in ("cards.Reconciler", "spoken.Speaker", "refresher.Refresher", "clock.Ticker"):
        monkeypatch.setattr(f"bot.background.{loop}.once", _nothing)
    be_patient(monkeypatch)
    monkeypatch.setattr("tests.journeys.conftest.policy_of_tests", lambda: POLICY)
    clock = MovedClock()
    space = workspace_of_tests(clock)
    async with serve(space) as running, aiohttp.ClientSession() as http:
        space.api_url = running.api_url  # type: ignore[attr-defined]
        settings = settings_for(space, folder, "http")
        async with serving(settings, clock=clock) as server:
            everyone = server.people.policy.file_people(clock())
            andon = Andon(server, http, clock, space, everyone, as_they_click(everyone))
            now = clock()
            away = Absence(
                person="abs", substitute="sub", since=now, until=now + timedelta(days=30)
            )
            server.people.away([away])
            server.people.renew(andon.now)
            await server.store.services.add("data-sync", owners=["own"])
            _spy(andon, monkeypatch)
            async with asyncio.timeout(10):
                while await andon.post({"type": "block_actions"}) == 503:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            yield andon


def _spy(andon: Andon, monkeypatch: pytest.MonkeyPatch) -> None:
    """Note what the writer settled for each click."""
    writer = andon.server.store.writer
    submit = writer.submit

    async def noted(command: commands.Command) -> Settled:
        settled = await submit(command)
        actor = getattr(command, "actor", None)
        if actor is not None and not isinstance(command, commands.Look):
            said = settled.refusal.why.value if settled.refusal else "yes"
            andon.settled[command.escalation_id, actor.account].append(said)
        return settled

    monkeypatch.setattr(writer, "submit", noted)
