"""Figures of the matrix, told at the end of the run."""

from collections.abc import Callable, Iterator

import pytest

from tests.client.matrix.lane import FIGURE, FULL
from tests.client.matrix.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Servers and callers, shared by all cells."""
    made = World(tmp_path_factory.mktemp("matrix"))
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`figure("client: failure matrix", "65 cells, wrong: 0")`: a line of the report."""

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
        lane = "full" if FULL else "short"
        terminalreporter.section(f"what was proved of the client ({lane} lane)")
        terminalreporter.write_line("\n".join(lines))
