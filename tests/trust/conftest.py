"""Figures of the proofs: what each did, told at the end of the run."""

import os

import pytest

from tests.figures import figure, tell
from tests.trust.exported import bundle, copy, house
from tests.trust.lane import FULL

__all__ = ["bundle", "copy", "figure", "house"]

#: Dozens of servers start here: each would spend a second on compiling everything anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

#: What takes longest begins first, so that nobody waits for it at the end.
LONGEST = ("test_soak", "test_kills", "power", "test_rotation", "test_races", "test_machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first; all else as it stands in the files."""

    def place(item: pytest.Item) -> int:
        named = (n for n, name in enumerate(LONGEST) if name in item.nodeid)
        return next(named, len(LONGEST))

    items.sort(key=place)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the proofs did."""
    tell(terminalreporter, "tests/trust/", "what was proved", full=FULL)
