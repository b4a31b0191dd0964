"""A past to audit: a store in which much has happened, sealed and anchored as a server does it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from approvals.commands import (
    Actor,
    AddContext,
    AnswerQuestion,
    Command,
    Erase,
    Look,
    Report,
    Stop,
    Withdraw,
)
from approvals.words import Result
from bot.anchors import AnchorFile
from bot.background.sealer import Sealer
from bot.ids import new_id
from bot.signing import KeyRing
from storage import Store, open_store
from tests.building import (
    Clock,
    FileFacts,
    a_claim,
    a_question,
    a_resolution,
    a_vote,
    an_incident,
    an_open,
)
from tests.storage.stand import TWO_PEOPLE

SAM, PRIYA, MIA = "USAM", "UPRIYA", "UMIA"


@dataclass(frozen=True)
class Past:
    """The files a server leaves."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "andon.db"

    @property
    def anchors(self) -> Path:
        return self.folder / "andon.anchors"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"


@dataclass
class Teller:
    """Lets stories happen in a store, one command after the other, in an order of chance."""

    store: Store
    clock: Clock
    sealer: Sealer
    random: Random

    async def submit(self, command: Command) -> None:
        await self.store.writer.submit(command)
        self.clock.pass_(self.random.uniform(0.1, 40))
        if self.random.random() < 0.4:
            await self.sealer.once()

    async def tell(self, stories: int) -> None:
        """So many lives, side by side."""
        waiting = [self._life(n) for n in range(stories)]
        while waiting:
            life = self.random.choice(waiting)
            await self.submit(life.pop(0)())
            waiting = [left for left in waiting if left]

    def _life(self, n: int) -> list[Callable[[], Command]]:
        """What happens to one escalation; those that come out alike differ in their words."""
        said: dict[str, Any] = {"title": f"Sync {n} of 100% «Überweisung»"}
        if n % 2:
            said["callback_url"] = "https://sync.example/hook"
        opened = an_incident(f"k{n}", **said) if n % 7 == 6 else an_open(f"k{n}", **said)
        return [lambda: opened, *_LIVES[n % len(_LIVES)](opened.escalation_id)]


def _given(make: Callable[..., Command], *args: Any, **more: Any) -> Callable[[], Command]:
    return lambda: make(*args, **more)


def _of(kind: type[Command], id_: str, **more: Any) -> Callable[[], Command]:
    return lambda: kind(id=new_id("cmd"), escalation_id=id_, **more)


def _released(id_: str) -> list[Callable[[], Command]]:
    told: dict[str, Any] = {"service": "data-sync", "context": {"lag": "9 h", "umlaut": "ü"}}
    return [
        _of(Look, id_, actor=Actor(account=PRIYA)),
        _of(AddContext, id_, **told),
        _given(a_vote, id_, MIA, shown=1),
        _given(a_vote, id_, SAM, shown=1),
        _given(a_vote, id_, PRIYA, shown=1),
        _given(a_claim, id_),
        _of(Report, id_, service="data-sync", result=Result.SUCCEEDED, detail="12 rows"),
    ]


def _rejected(id_: str) -> list[Callable[[], Command]]:
    return [_given(a_vote, id_, SAM), _given(a_vote, id_, PRIYA, "leave")]


def _withdrawn(id_: str) -> list[Callable[[], Command]]:
    return [_of(Withdraw, id_, service="data-sync", reason="not needed any more")]


def _stopped(id_: str) -> list[Callable[[], Command]]:
    stop = _of(Stop, id_, actor=Actor(account=SAM), reason="wait")
    return [_given(a_vote, id_, SAM), _given(a_vote, id_, PRIYA), stop]


def _asked(id_: str) -> list[Callable[[], Command]]:
    answer: dict[str, Any] = {"service": "data-sync", "text": "yes, twice"}
    return [_given(a_question, id_), _of(AnswerQuestion, id_, **answer), _given(a_vote, id_, SAM)]


def _erased(id_: str) -> list[Callable[[], Command]]:
    erase = _of(Erase, id_, by="person:lena", reason="kept for a year")
    return [_given(a_vote, id_, SAM), _given(a_vote, id_, PRIYA, "leave"), erase]


def _resolved(id_: str) -> list[Callable[[], Command]]:
    return [_given(a_resolution, id_)]


_LIVES = (_released, _rejected, _withdrawn, _stopped, _asked, _erased, _resolved)


def a_past(folder: Path, *, seed: int, stories: int) -> Past:
    """Let so much happen, and stop the server in good order."""
    past = Past(folder)
    asyncio.run(_lived(past, Random(seed), stories))
    return past


async def _lived(past: Past, random: Random, stories: int) -> None:
    clock, keys = Clock(), KeyRing(past.keys)
    around: dict[str, Any] = {"facts": FileFacts(TWO_PEOPLE), "signer": keys, "clock": clock}
    async with open_store(
        f"sqlite:///{past.database}", **around, committed=lambda changed: None, server=True
    ) as store:
        sealer = Sealer(store.seals, AnchorFile(past.anchors, keys), clock, lambda lag: None)
        await Teller(store, clock, sealer, random).tell(stories)
        await sealer.finish()
