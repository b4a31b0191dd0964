"""The real server for the client's tests: on loopback in a thread of its own, with people who vote.

Slack is off, so that it starts fast; people vote through the writer, as their clicks would. It can
be stopped and started again on the same port and files.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from approvals import commands
from approvals.commands import Actor
from approvals.escalation import Escalation
from approvals.policy.load import parse_policy
from approvals.ports import Wanted
from approvals.words import Effect, Status
from bot.app import Server, serving
from bot.ids import new_id
from bot.settings import Settings
from tests.building import ROOT, SAMPLE, a_question, a_vote
from tests.journeys.world import MovedClock

T = TypeVar("T")

SERVICE = "data-sync"
POLICY = parse_policy(SAMPLE)


def settings_for(folder: Path, port: int = 0, **more: Any) -> Settings:
    """A server on this folder, without Slack, by the sample policy."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        ANDON_DATABASE_URL=f"sqlite:///{folder / 'andon.db'}",
        ANDON_PORT=port,
        ANDON_POLICY=str(ROOT / "policy.toml"),
        ANDON_SIGNING_KEYS=str(folder / "keys"),
        ANDON_SLACK_MODE="off",
        **more,
    )


class Served:
    """A running server: `url`, `key`, and what people do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = MovedClock()
        self.port = 0
        self.key = ""
        self._server: Server | None = None
        self._stack = AsyncExitStack()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.start()
        self.key = self.run(self.server.store.services.add(SERVICE))

    # -- the machine ----------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a caller's process needs."""
        return {
            "ANDON_URL": self.url,
            "ANDON_KEY": self.key,
            "ANDON_STATE": str(self.folder / "state"),
        }

    def start(self) -> None:
        """Start it (again), where it listened before."""
        self.run(self._start())
        self.port = self.server.port

    def stop(self) -> None:
        """Stop it; its files stay."""
        self.run(self._stack.aclose())
        self._server = None

    def close(self) -> None:
        """Stop it for good."""
        if self._server is not None:
            self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something on the server's loop."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(timeout=30)

    def service(self, name: str, **more: Any) -> str:
        """The key of one more service."""
        return self.run(self.server.store.services.add(name, **more))

    @property
    def server(self) -> Server:
        """The one that runs."""
        assert self._server is not None
        return self._server

    def submit(self, command: commands.Command) -> None:
        """Have a command settled, which must be accepted."""
        settled = self.run(self.server.store.writer.submit(command))
        assert settled.refusal is None, settled.refusal

    # -- people ---------------------------------------------------------------------------------

    def read(self, id_: str) -> Escalation:
        """The escalation as the server has it."""
        found = self.run(self.server.store.reads.escalation(id_))
        assert found is not None, id_
        return found

    def approve(self, id_: str, option: str | None = None, why: str = "checked it") -> None:
        """As many as it takes release it; by the first option that releases."""
        self._vote(id_, option or _first(self.read(id_), Effect.RELEASE), why)

    def reject(self, id_: str, why: str = "not tonight", option: str | None = None) -> None:
        """Somebody says no, and why."""
        self._vote(id_, option or _first(self.read(id_), Effect.ABORT), why)

    def stop_release(self, id_: str, why: str = "wait") -> None:
        """Somebody stops it after the approval."""
        account = self._voters(self.read(id_))[0]
        self.submit(
            commands.Stop(
                id=new_id("cmd"), escalation_id=id_, actor=Actor(account=account), reason=why
            )
        )

    def ask(self, id_: str, text: str) -> None:
        """Somebody who may decide asks for something first."""
        self.submit(a_question(id_, self._voters(self.read(id_))[0], text=text))

    def pass_(self, seconds: float) -> None:
        """Let time pass at once, for the server."""
        self.clock.move(seconds=seconds)

    def meanwhile(self, act: Callable[[], Any]) -> threading.Thread:
        """Do it beside what the test waits for; join what is given."""
        thread = threading.Thread(target=act)
        thread.start()
        return thread

    def when_asked(self, act: Callable[[str], Any], *, known: int = 0) -> threading.Thread:
        """Do it with the id of the next escalation, as soon as there is one."""
        return self.meanwhile(lambda: act(self.run(self._next(known))))

    # -- inside ---------------------------------------------------------------------------------

    async def _start(self) -> None:
        settings = settings_for(self.folder, self.port)
        self._stack = AsyncExitStack()
        self._server = await self._stack.enter_async_context(serving(settings, clock=self.clock))

    async def _next(self, known: int) -> str:
        async with asyncio.timeout(20):
            while True:
                page = await self.server.store.reads.page(Wanted(status="pending"), None, 100)
                if len(page.items) > known:
                    return page.items[0].id
                await asyncio.sleep(0.01)

    def _vote(self, id_: str, option: str, why: str) -> None:
        for account in self._voters(self.read(id_)):
            e = self.read(id_)
            if e.status is not Status.PENDING:
                break
            seen = {"shown": e.shown, "digest": e.digest, "read_whole": True}
            typed = e.operation.target if e.operation else None
            self.submit(a_vote(id_, account, option, rationale=why, typed=typed, **seen))
        assert self.read(id_).status is not Status.PENDING

    def _voters(self, e: Escalation) -> list[str]:
        """Accounts of the people of its groups."""
        people = POLICY.file_people(self.clock())
        names = [n for r in e.plan.requirements for n in sorted(people.groups[r.group])]
        return [POLICY.people[name].accounts[0] for name in dict.fromkeys(names)]


def _first(e: Escalation, effect: Effect) -> str:
    return next(o.key for o in e.options if o.effect is effect)
