"""Figures of the proofs: what each did, told at the end of the run."""

import os
from collections.abc import Callable

import pytest

from tests.trust.exported import bundle, copy, house
from tests.trust.lane import FIGURE, FULL

__all__ = ["bundle", "copy", "house"]

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


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`figure("kill -9", "40 cycles, 1,322 acknowledged, 0 lost")`: a line of the report."""

    def told(proof: str, said: str) -> None:
        request.node.user_properties.append((FIGURE, (proof, said)))

    return told


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """All figures, also of a proof that failed; the workers of a parallel run send them here."""
    reports = (
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
    )
    lines = sorted(
        f"{proof:<28} {said}  ({report.duration:.0f} s)"
        for report in reports
        for name, (proof, said) in getattr(report, "user_properties", ())
        if name == FIGURE
    )
    if lines:
        terminalreporter.section(f"what was proved ({'full' if FULL else 'short'} lane)")
        terminalreporter.write_line("\n".join(lines))
