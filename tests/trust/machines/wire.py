"""A way between two machines, on loopback, that can be cut, mute, slow, or cut at a COMMIT.

Mute is what a machine is that vanished, or a firewall that drops: no word comes, and no FIN or RST
either. The kernel drops what comes in before it looks at it, so it acknowledges nothing, and
answers neither keepalives nor those who knock.
"""

import asyncio
import ctypes
import socket
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

#: Linux's options, which Python does not name, and a filter's one instruction: drop all of it.
_ATTACH, _DETACH = 26, 27
_NOTHING = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
_FILTER = struct.pack("HL", 1, ctypes.addressof(_NOTHING))

#: Closed like this, a connection ends with RST.
_AT_ONCE = struct.pack("ii", 1, 0)

#: How a client ends its message where it commits, and what only the one write path prepares, once
#: for a connection: a fault at a COMMIT befalls no other.
_COMMIT, _WRITES = b"COMMIT\0", b"INSERT INTO events"

#: Bytes that pass at once, and seconds after which a COMMIT comes that is late.
MOST, LATE_S = 65536, 1.0

#: Seconds between two looks at whether a caller has given up.
LOOK_S = 0.25


class AtCommit(Enum):
    """Where the way is cut."""

    BEFORE = auto()  #: the COMMIT never comes
    AFTER = auto()  #: it was carried out, and the answer never comes
    LATE = auto()  #: the client hears that the way is cut; then the COMMIT comes after all


@dataclass(eq=False)
class Line:
    """One connection: the end of who called, and the end of who was called."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    writes: bool = False  #: it is the one write path's
    is_forgotten: bool = False  #: nothing passes, and never will
    is_deaf: bool = False  #: what comes back is passed on to nobody
    has_answered: asyncio.Event = field(default_factory=asyncio.Event)

    def reset(self) -> None:
        """End it on both sides."""
        _reset(self.near)
        _reset(self.far)

    async def ends(self) -> None:
        """What was written arrives, and then it is over."""
        for end in (self.near, self.far):
            end.close()
        for end in (self.near, self.far):
            with suppress(OSError):
                await end.wait_closed()


class Wire:
    """From one port to the first of several others that answers, in turn."""

    def __init__(self, *targets: int) -> None:
        self.targets = list(targets)
        self.port = 0
        self.latency_s = 0.0  #: until it passes, each way
        self.trickle: tuple[int, float] | None = None  #: bytes at once, and seconds apart
        #: The next COMMIT is cut so, and this is done at the same moment.
        self.at_commit: AtCommit | None = None
        self.upon_commit: Callable[[], None] = lambda: None
        self.cuts = 0  #: at a COMMIT
        self._turn = 0
        self._lines: set[Line] = set()
        self._calls: set[asyncio.Task[None]] = set()
        self._is_cut = False
        self._passes = asyncio.Event()
        self._passes.set()
        self._over = asyncio.Event()
        self._door: asyncio.Server | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Wire"]:
        """Listen while the block lasts."""
        self._door = await asyncio.start_server(self._called, "127.0.0.1", 0)
        self.port = self._door.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.heal()
            self._over.set()
            self._door.close()
            self.cut()
            while self._calls:  # one that was let in just now calls while others end
                await asyncio.wait(self._calls)

    def calling(self) -> list[int]:
        """The ports from which it calls, as the server knows them."""
        ends = (line.far.get_extra_info("sockname") for line in self._lines)
        return [end[1] for end in ends]

    # -- what may befall it ---------------------------------------------------------------------

    def cut(self) -> None:
        """All connections end with RST, and new ones too."""
        self._is_cut = True
        for line in self._lines:
            line.reset()

    def mute(self) -> None:
        """Nothing passes any more, and nobody is told."""
        self._passes.clear()
        self._set(_ATTACH, _FILTER)

    def forget(self) -> None:
        """Whoever is connected hears no word any more, and whoever connects anew is let through: a
        firewall was restarted, or an address moved away from a machine that vanished.
        """
        for line in self._lines:
            if not line.is_forgotten:
                line.is_forgotten = True
                self._spawn(self._given_up(line.near))
        self._set(_ATTACH, _FILTER, at_the_door=False)

    async def _given_up(self, near: asyncio.StreamWriter) -> None:
        """Once whoever called has given it up, our end goes: it would drop what comes from the same
        port later, and neither the machine that is there now nor a firewall knows of it.
        """
        caller = near.get_extra_info("peername")
        with socket.socket() as probe:
            while not (self._over.is_set() or _bound(probe, caller)):  # noqa: ASYNC110  no word
                await asyncio.sleep(LOOK_S)
        _reset(near)

    def heal(self) -> None:
        """All passes again: what was sent meanwhile, too, where it is sent again."""
        self._is_cut, self.latency_s, self.trickle, self.at_commit = False, 0.0, None, None
        if not self._passes.is_set():
            self._set(_DETACH, 0)
            self._passes.set()

    def _set(self, option: int, value: int | bytes, *, at_the_door: bool = True) -> None:
        """At every end there is, and where new ones come from."""
        assert self._door is not None
        ends = [end for line in self._lines for end in (line.near, line.far)]
        doors = self._door.sockets if at_the_door else ()
        for end in (*doors, *(end.get_extra_info("socket") for end in ends)):
            with suppress(OSError):  # closed just now
                end.setsockopt(socket.SOL_SOCKET, option, value)

    # -- passing --------------------------------------------------------------------------------

    def _called(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        self._spawn(self._joined(reader, near))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        call = asyncio.create_task(work)
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _joined(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        reached = None if self._is_cut else await self._reached()
        if reached is None or self._is_cut:
            for end in (near, *([reached[1]] if reached else [])):
                _reset(end)  # it may have been cut while the other end was reached
            return
        back, far = reached
        line = Line(near, far)
        self._lines.add(line)
        ways = [
            asyncio.create_task(self._pass(line, reader, far, is_back=False)),
            asyncio.create_task(self._pass(line, back, near, is_back=True)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await line.ends()
            self._lines.discard(line)

    async def _reached(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """The next target that takes a connection."""
        self._turn += 1
        for n in range(len(self.targets)):
            port = self.targets[(self._turn + n) % len(self.targets)]
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        return None

    async def _pass(
        self, line: Line, reader: asyncio.StreamReader, to: asyncio.StreamWriter, *, is_back: bool
    ) -> None:
        """One direction, until it ends."""
        with suppress(OSError):
            while some := await reader.read(self.trickle[0] if self.trickle else MOST):
                if self.latency_s or self.trickle:
                    await asyncio.sleep(self.latency_s + (self.trickle[1] if self.trickle else 0))
                await (self._over if line.is_forgotten else self._passes).wait()
                line.writes |= not is_back and _WRITES in some
                if is_back and line.is_deaf:
                    line.has_answered.set()
                elif line.writes and self.at_commit is not None and some.endswith(_COMMIT):
                    return await self._cut_at(line, some)
                else:
                    to.write(some)
                    await to.drain()
        if line.is_forgotten:
            await self._over.wait()  # the other end hears nothing of it
        return None

    async def _cut_at(self, line: Line, commit: bytes) -> None:
        """This COMMIT, and no other, meets its fault."""
        how, self.at_commit = self.at_commit, None
        if how is AtCommit.AFTER:
            line.is_deaf = True
            line.far.write(commit)
            await line.has_answered.wait()
        self.upon_commit()
        self.cuts += 1  # last: whoever waits for it takes back what is done at that moment
        if how is AtCommit.LATE:
            _reset(line.near)
            await asyncio.sleep(LATE_S)
            with suppress(OSError):
                line.far.write(commit)
                await line.far.drain()
                await asyncio.sleep(LATE_S)
        line.reset()


def _bound(probe: socket.socket, caller: tuple[str, int]) -> bool:
    """Whether nobody has that end any more."""
    with suppress(OSError):
        probe.bind(caller)
        return True
    return False


def _reset(end: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    end.transport.abort()
