"""What clients and people of a proof did and saw: the one side of every check."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

#: Seconds that calls of any sort are waited for, and those of one, for which others come first: a
#: claim follows from votes.
ANY_S, SORT_S = 3.0, 30.0


@dataclass(eq=False)
class Call:
    """One request of a service, and its answer if one came."""

    service: str
    verb: str  #: open, claim, withdraw, outcome or context
    key: str
    body: dict[str, Any]
    about: str = ""  #: id of the escalation, where it is about one
    status: int = 0  #: 0 while no answer came
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def acked(self) -> bool:
        """Taken, and said so."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Seen:
    """The state of an escalation as one read showed it, in the order of reading."""

    version: int
    status: str
    state: str | None
    head: str


@dataclass
class Journal:
    """Everything, in order. Only what is over is judged: `calls` know whether they were answered.

    Clicks are kept by the workspace (`Workspace.sent`), callbacks here by their `webhook-id`.
    """

    calls: list[Call] = field(default_factory=list)
    seen: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    callbacks: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    arrived: set[str] = field(default_factory=set)  #: callbacks that were taken
    foreign: list[tuple[str, int]] = field(default_factory=list)  #: reads of another's, and status
    wrong: list[str] = field(default_factory=list)  #: answers no client should ever get
    _awaited: str = ""
    _left: int = 0
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, verb: str, *, acked: bool | None = None) -> list[Call]:
        """Calls of a sort; those acknowledged, or not, if asked."""
        return [c for c in self.calls if c.verb == verb and acked in (None, c.acked)]

    def call(self, **about: Any) -> Call:
        """Note a call before it is sent."""
        made = Call(**about)
        self.calls.append(made)
        return made

    def took(self, call: Call, status: int, answer: dict[str, Any]) -> None:
        """An answer came."""
        call.status, call.answer = status, answer
        if call.acked and self._awaited in ("", call.verb):
            self._left -= 1
            if self._left <= 0:
                self._came.set()

    async def moment(self, acks: int, verb: str = "") -> None:
        """Wait until so many calls (of that sort, if one is named) are acknowledged."""
        self._awaited, self._left = verb, acks
        self._came.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(SORT_S if verb else ANY_S):
                await self._came.wait()

    def saw(self, told: dict[str, Any]) -> None:
        """Note what a read showed."""
        operation = told.get("operation") or {}
        seen = Seen(told["version"], told["status"], operation.get("state"), told["head"])
        self.seen[told["id"]].append(seen)

    @property
    def acked(self) -> int:
        """Calls that were taken."""
        return sum(call.acked for call in self.calls)
