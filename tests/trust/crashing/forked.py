"""Real servers, quickly: each line of standard input is a server's `Start`, which is served as the
command line would. See tests/forging.py.
"""

import ctypes
import inspect
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import bot.app
import bot.cli
from bot.background.budget import Budget, Budgets
from storage.sqlite.bringing_up import upgrade
from tests.forging import fork_for_each_line, settle_in
from tests.trust.crashing.planted import BUGS


def main() -> None:
    """Fork a server for each line, until there are no more."""
    _warm_up()
    fork_for_each_line(_serve)


def _warm_up() -> None:
    """What every start would work out anew: the migrations, and what Bolt asks of the stack."""
    with TemporaryDirectory() as folder:
        upgrade(Path(folder) / "andon.db")
    inspect.stack()


def _serve(start: dict[str, Any]) -> NoReturn:
    """Become the server."""
    settle_in(start["folder"], start["log"], start["environment"])
    if start["shadow"]:
        _power_on(start["folder"], start["shadow"], deaf=start["deaf"])
    if start["ahead_s"]:
        later(timedelta(seconds=start["ahead_s"]))
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


def later(ahead: timedelta) -> None:
    """A server that starts when every lease of the one before is over."""
    given = bot.app.serving.__wrapped__.__kwdefaults__  # type: ignore[attr-defined]
    given["clock"] = lambda: datetime.now(UTC) + ahead


def _unpaced() -> None:
    """The workspace counts no calls, so neither do we: hundreds of cards settle in seconds."""
    Budgets.of = lambda self, ask: Budget(10_000, 1)  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
