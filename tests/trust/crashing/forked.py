"""Real servers, quickly: a process that has imported Andon once and forks a server for each line.

Importing takes seconds of processor time, and a proof starts hundreds of servers. Each line of
standard input is a `Start` as JSON; the answer is the pid of a process that runs `serve` as the
command line would: signals, files and sockets are its own. It dies with us.
"""

import ctypes
import gc
import inspect
import json
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import bot.app
import bot.cli
from bot.background.budget import Budget, Budgets
from storage.migrate import upgrade
from tests.trust.crashing.planted import BUGS

#: prctl's PR_SET_PDEATHSIG: no server outlives the proof that started it.
DIE_WITH_PARENT = 1


def main() -> None:
    """Fork a server for each line, until there are no more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever ends is nobody's to wait for
    _warm_up()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _serve(json.loads(line))
        print(pid, flush=True)


def _warm_up() -> None:
    """What every start would work out anew: the migrations, and what Bolt asks of the stack."""
    with TemporaryDirectory() as folder:
        upgrade(Path(folder) / "andon.db")
    inspect.stack()


def _serve(start: dict[str, Any]) -> NoReturn:
    """Become the server."""
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(start["folder"])
    log = os.open(start["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for given, ours in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(given, ours)
    os.environ.clear()
    os.environ.update(start["environment"])
    if start["shadow"]:
        _power_on(start["folder"], start["shadow"], deaf=start["deaf"])
    if start["ahead_s"]:
        _later(timedelta(seconds=start["ahead_s"]))
    if not start["paced"]:
        _unpaced()
    for bug in (start["bug"] or "").split():
        BUGS[bug]()
    try:
        bot.cli.app(["serve"], standalone_mode=False)
    finally:
        os._exit(0)


def _power_on(folder: str, shadow: str, *, deaf: bool) -> None:
    """From here on the shadow holds what a loss of power would leave. See power/kept.c."""
    switch = ctypes.CDLL(None).power_on
    switch.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int)
    if switch(folder.encode(), shadow.encode(), deaf):
        raise SystemExit("The shadow could not be begun.")


def _later(ahead: timedelta) -> None:
    """A server that starts when every lease of the one before is over."""
    given = bot.app.serving.__wrapped__.__kwdefaults__  # type: ignore[attr-defined]
    given["clock"] = lambda: datetime.now(UTC) + ahead


def _unpaced() -> None:
    """The workspace counts no calls, so neither do we: hundreds of cards settle in seconds."""
    Budgets.of = lambda self, ask: Budget(10_000, 1)  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
