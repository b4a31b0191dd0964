"""The commands besides `run`: what they share is how they fail."""

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from io import TextIOWrapper

from andon.cli import ends, reading, telling, verifying
from andon.cli.command import UnusableError
from andon.cli.printing import failed
from andon.cli.signals import Interrupted, ending_asks

_COMMANDS: Mapping[str, Callable[[Namespace], int]] = {
    "open": telling.open_,
    "answer": telling.answer,
    "withdraw": telling.withdraw,
    "wait": reading.wait,
    "list": reading.list_,
    "show": reading.show,
    "verify": verifying.verify,
}


def do(asked: Namespace) -> int:
    """One of them; what goes wrong is one sentence on standard error."""
    from andon.errors import AndonError

    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with ending_asks():
            return _COMMANDS[asked.command](asked)
    except UnusableError as error:
        return failed(ends.usage(error), as_json=asked.json)
    except AndonError as error:
        return failed(ends.of_error(error), as_json=asked.json)
    except Interrupted as interrupted:
        return 128 + interrupted.number
