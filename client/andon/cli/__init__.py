"""The `andon` command: `run`, `open`, `wait`, `list`, `show`, `answer`, `withdraw`, `verify`.

It starts fast: what is heavy is loaded by the command that needs it.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from andon.cli import arguments, ends
from andon.cli.command import UnusableError
from andon.cli.display import display
from andon.cli.exits import Exit
from andon.cli.result_file import ResultFile


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code."""
    words, command = arguments.split(sys.argv[1:] if argv is None else argv)
    try:
        return _did(words, command)
    except arguments.UsageError as error:
        return _meant(words, error)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        _nobody_reads()
        return Exit.DONE


def _did(words: Sequence[str], command: Sequence[str]) -> int:
    asked = arguments.parse(words, command)
    if asked.command == "run":
        from andon.cli.run import run

        return run(asked, command)
    from andon.cli.others import do

    code = do(asked)
    if sys.stdout is not None:
        sys.stdout.flush()
    return code


def _meant(words: Sequence[str], error: arguments.UsageError) -> int:
    """It makes no sense. The result file says so, too: COMMAND may itself exit with 2."""
    end = ends.usage(error).as_json()
    with suppress(OSError, UnusableError):
        is_run = list(words[:1]) == ["run"]
        ResultFile(arguments.value_of(words, "--result-file") if is_run else None).write(end)
    display(as_json="--json" in words).end(end)
    return Exit.USAGE


def _nobody_reads() -> None:
    """Whoever read our output has gone; let the interpreter's last flush go nowhere."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
