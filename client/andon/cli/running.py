"""COMMAND runs: its arguments, here, with the environment and the signals it would have had."""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock, Thread

from andon.cli.command import CannotStartError
from andon.cli.exits import Exit
from andon.cli.signals import passed_on_until_ended

#: Bytes of output that are kept for the report; the server takes 10,000 characters.
_KEPT = 9_000

#: Seconds that output may still come after COMMAND has ended; something it left behind may hold it.
_DRAIN_S = 1.0

#: Python ignores these in itself; COMMAND shall not.
_AS_USUAL = (signal.SIGPIPE, signal.SIGXFSZ)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How COMMAND ended."""

    exit_code: int  #: as a shell says it: 128 and the signal's number where one ended it
    signal: str | None
    took_s: float
    tail: str = ""

    @property
    def result(self) -> str:
        """What the report calls it."""
        return "failed" if self.exit_code else "succeeded"

    @property
    def detail(self) -> str:
        """What the card says."""
        return f"{self.said}\n{self.tail}" if self.tail else self.said

    @property
    def said(self) -> str:
        """In one line."""
        how = f"ended by {self.signal}" if self.signal else f"exit code {self.exit_code}"
        return f"{how} after {_long(self.took_s)}"


def _long(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def run(argv: Sequence[str], *, tail: int, blocked: set[signal.Signals]) -> Ended:
    """Run it until it ends, passing signals on. Signals have to be `deferred`, `blocked` are those
    that stay blocked in COMMAND. Raises CannotStartError.
    """
    began, kept = time.monotonic(), _Tail(tail)
    pid = None
    try:
        pid = _start(argv, kept.actions, blocked)
    finally:
        kept.begin(has_child=pid is not None)
    status = passed_on_until_ended(pid)
    kept.drain()
    code = os.waitstatus_to_exitcode(status)
    return Ended(
        exit_code=code if code >= 0 else 128 - code,
        signal=None if code >= 0 else signal.Signals(-code).name,
        took_s=time.monotonic() - began,
        tail=kept.text(),
    )


def _start(
    argv: Sequence[str], actions: Sequence[tuple[int, int, int]], blocked: set[signal.Signals]
) -> int:
    try:
        return os.posix_spawnp(
            argv[0],
            list(argv),
            os.environ,
            file_actions=list(actions),
            setsigmask=list(blocked),
            setsigdef=list(_AS_USUAL),
        )
    except FileNotFoundError as error:
        raise CannotStartError(Exit.NOT_FOUND, f"{argv[0]}: {error.strerror}") from error
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise CannotStartError(Exit.UNSTARTABLE, f"{argv[0]}: {said}") from error


class _Tail:
    """The end of what COMMAND prints, which still goes where it would have gone."""

    def __init__(self, lines: int) -> None:
        self._lines = lines
        self._kept, self._lock = bytearray(), Lock()
        #: Our end and the child's of a pipe for each of its outputs.
        self._pipes = {number: os.pipe() for number in ((1, 2) if lines else ())}
        self._pumps: list[Thread] = []

    @property
    def actions(self) -> list[tuple[int, int, int]]:
        """What the child's standard output and error are to be, where any is kept."""
        return [(os.POSIX_SPAWN_DUP2, theirs, n) for n, (_, theirs) in self._pipes.items()]

    def begin(self, *, has_child: bool) -> None:
        """The child has its ends of the pipes, or there is none."""
        for number, (ours, theirs) in self._pipes.items():
            os.close(theirs)
            if not has_child:
                os.close(ours)
                continue
            self._pumps.append(Thread(target=self._pump, args=(ours, number), daemon=True))
            self._pumps[-1].start()

    def drain(self) -> None:
        """What is on its way has come; what COMMAND left behind is not waited for."""
        until = time.monotonic() + _DRAIN_S
        for pump in self._pumps:
            pump.join(max(0.0, until - time.monotonic()))

    def _pump(self, ours: int, number: int) -> None:
        """Until the child's end is closed; or nobody reads ours, and then the child is told so."""
        try:
            with suppress(OSError):
                while chunk := os.read(ours, 65_536):
                    _write(number, chunk)
                    with self._lock:
                        self._kept += chunk
                        del self._kept[:-_KEPT]
        finally:
            os.close(ours)

    def text(self) -> str:
        """The last lines."""
        with self._lock:
            said = bytes(self._kept).decode(errors="replace").replace("\0", "")
        return "\n".join(said.splitlines()[-self._lines :]) if self._lines else ""


def _write(number: int, chunk: bytes) -> None:
    while chunk:
        chunk = chunk[os.write(number, chunk) :]
