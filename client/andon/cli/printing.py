"""What goes to standard output: lines for people, or JSON for programs. Failures go beside it."""

import json
from collections.abc import Sequence
from typing import Any

from andon.cli.display import display
from andon.cli.ends import End


def print_json(value: Any) -> None:
    """As one document; what is not ASCII is escaped, so that it passes everywhere."""
    print(json.dumps(value, indent=2))


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """In columns; the last one as long as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def failed(end: End, *, as_json: bool) -> int:
    """Say why, on standard error; the exit code. Nothing was to run here, so that is left out."""
    said = end.message.removeprefix("Not run. ")
    display(as_json=as_json).end({**end.as_json(), "message": said})
    return end.exit_code
