"""Signals: while people are asked they end the asking, while COMMAND runs they are COMMAND's."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: What ends the asking.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: What is passed on to COMMAND.
PASSED = (*ENDING, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)

#: Linux says of a signal that a terminal sent it: the whole foreground group has it already.
_FROM_KERNEL = 0x80


#: Seconds until the child is looked at without having been told of: a thread that does not defer
#: SIGCHLD may have been given it, and dropped it.
_LOOK_S = 1.0


class Interrupted(BaseException):
    """Somebody asked us to end: `number` is the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def ending_asks() -> Iterator[None]:
    """Within the block each of ENDING raises Interrupted; what was ignored before stays ignored."""
    ours = [one for one in ENDING if signal.getsignal(one) is not signal.SIG_IGN]
    before = {one: signal.signal(one, _interrupt) for one in ours}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted(number)


@contextmanager
def deferred() -> Iterator[set[signal.Signals]]:
    """Within the block they stay pending; gives those that COMMAND is to have blocked."""
    # SIGCHLD may have been ignored by who started us: then no exit code could be waited for.
    children = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {*PASSED, signal.SIGCHLD})
    try:
        yield {signal.Signals(one) for one in before}
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGCHLD, children)


def raise_pending() -> None:
    """Raise Interrupted where one of ENDING has arrived and is not ignored."""
    for number in sorted(signal.sigpending() & set(ENDING)):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.sigwait({number})
            raise Interrupted(number)


def passed_on_until_ended(pid: int) -> int:
    """Pass signals on to a child until it has ended; its status. They have to be deferred."""
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        came = _next()
        if came is None:
            continue
        number, from_terminal = came
        if number != signal.SIGCHLD and not from_terminal:
            os.kill(pid, number)  # not reaped yet, so the number is still this child's


if sys.platform == "darwin":

    def _next() -> tuple[int, bool] | None:
        number = signal.sigwait({*PASSED, signal.SIGCHLD})
        return number, number in (signal.SIGINT, signal.SIGQUIT) and os.isatty(0)

else:

    def _next() -> tuple[int, bool] | None:
        """The next signal, and whether the terminal has given it to the child too; None after a
        while without any.
        """
        told = signal.sigtimedwait({*PASSED, signal.SIGCHLD}, _LOOK_S)
        return None if told is None else (told.si_signo, told.si_code == _FROM_KERNEL)
