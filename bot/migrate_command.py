"""`andon-server migrate`: a whole history out of a file into PostgreSQL, and checked there."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot.audit.checking import Report
from bot.audit.verify import printable, verified
from bot.counted import listed
from bot.exits import CANNOT, FINDING, USAGE, fail, why
from bot.observing import configure_logging
from bot.redaction import redact_text
from bot.settings import Settings, read_settings
from bot.steady import utc_now
from storage.address import file_of, is_of_a_server
from storage.moving import Move, open_move

T = TypeVar("T")

#: Seconds between two words about the way so far: to a terminal, and to anything else.
SHOWN_EVERY_S, TOLD_EVERY_S = 0.2, 10.0


def migrate(
    source: Annotated[
        str, typer.Option("--from", metavar="FILE", help="The SQLite file of a stopped server.")
    ],
    target: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="URL",
            help="postgresql://HOST/DATABASE, an empty one. Default: ANDON_DATABASE_URL.",
        ),
    ] = "",
) -> None:
    """Move a whole history from a SQLite file into PostgreSQL, and check that all of it came.

    The file is only read. Cut short, the same command goes on where it was; until it is done no
    server starts on the target. Exit code 1 where a record is wrong or came otherwise, 3 where
    nothing can be moved.
    """
    configure_logging(redact_text)
    try:
        settings = read_settings(ANDON_SLACK_MODE="off")
        target = target or settings.database_url
        if not is_of_a_server(target):
            raise fail(
                "Where to? Give --to postgresql://HOST/DATABASE, or set ANDON_DATABASE_URL.", USAGE
            )
        path = file_of(source) if "://" in source else Path(source)
        of_the_file = settings.model_copy(update={"database_url": f"sqlite:///{path}"})
        wrong = _moved(path, target, of_the_file)
    except KeyboardInterrupt:
        raise fail("Cut short. The same command goes on where it was.") from None
    except (*CANNOT, ValueError) as error:
        raise fail(why(error)) from None
    if wrong:
        raise fail(wrong, FINDING)
    typer.echo(
        f"Set ANDON_DATABASE_URL and start `serve`. Put {path} away, as it is: no server may go "
        "on with it.",
        err=True,
    )


def _moved(path: Path, target: str, settings: Settings) -> str:
    """Move, and say what was moved; what is wrong, if anything. The target then stays closed.

    What came is held against the keys and the anchors of the file.
    """
    with (
        Progress().shown() as progress,
        asyncio.Runner() as runner,
        _begun(runner, open_move(path, target, progress.told)) as move,
    ):
        if different := runner.run(move.copy()) or runner.run(move.compare()):
            return _left_closed(str(different))
        # As of the moment at which the file was left: what was not sealed then is no finding.
        now = move.latest or utc_now()
        report, notes = verified(settings, target, None, None, now, progress.line)
        if not report.wrong:
            runner.run(move.finish())
    for note in notes:
        typer.echo(note.replace("; give --", "; `audit verify` takes --"), err=True)
    if report.wrong:
        return _left_closed(_wrong(report))
    typer.echo(_said(move, report))
    return ""


@contextmanager
def _begun(runner: asyncio.Runner, opening: AbstractAsyncContextManager[Move]) -> Iterator[Move]:
    """The move, taken step by step: an audit between two steps drives a loop of its own, and who
    ends the command waits for no thread.
    """
    move = runner.run(_called(opening.__aenter__()))
    try:
        yield move
    except BaseException as error:
        given = type(error), error, error.__traceback__
        if not runner.run(_called(opening.__aexit__(*given))):
            raise
    else:
        runner.run(_called(opening.__aexit__(None, None, None)))


async def _called(call: Awaitable[T]) -> T:
    return await call


def _wrong(report: Report) -> str:
    more = f", and {report.wrong - 1:,} more" if report.wrong > 1 else ""
    return f"{report.findings[0]}{more}; so it is in the file: `audit verify` names all of it"


def _left_closed(found: str) -> str:
    return (
        f"{printable(found)}. No server starts on the target database, and the file is as it was."
    )


def _said(move: Move, report: Report) -> str:
    what = listed(
        (report.escalations, "escalation"),
        (report.records, "record"),
        (report.blocks, "block"),
        (move.rows, "row"),
    )
    done = "were there already" if move.was_done else "moved and compared"
    return f"{what} {done}: all hold."


class Progress:
    """Tells on standard error how far a long move is; nothing of a short one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._told_at = clock, clock()
        self._is_shown = sys.stderr.isatty()
        self._doing, self._began_at, self._first = "", 0.0, 0

    def told(self, doing: str, done: int, total: int) -> None:
        """So many of so many rows."""
        now = self._clock()
        if doing != self._doing:
            self._doing, self._began_at, self._first = doing, now, done
        elif now - self._told_at >= (SHOWN_EVERY_S if self._is_shown else TOLD_EVERY_S):
            self._told_at = now
            rate = (done - self._first) / max(now - self._began_at, 0.001)
            share = done / max(1, total)
            self.line(f"{doing} {done:,} of {total:,} rows ({share:.0%}), {rate:,.0f} a second")

    def line(self, said: str) -> None:
        """A line; on a terminal it takes the place of the one before."""
        begin, end = ("\r\x1b[K", "") if self._is_shown else ("", "\n")
        print(f"{begin}{said}", end=end, file=sys.stderr, flush=True)

    @contextmanager
    def shown(self) -> Iterator["Progress"]:
        """On a terminal what was shown last makes room for what follows."""
        try:
            yield self
        finally:
            if self._is_shown:
                self.line("")
