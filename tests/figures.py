"""Figures of the proofs: what each did, told at the end of the run."""

from collections.abc import Callable

import pytest

#: Under which name a test's report carries its figures.
FIGURE = "figure"


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`figure("kill -9", "40 cycles, 1,322 acknowledged, 0 lost")`: a line of the report."""

    def told(proof: str, said: str) -> None:
        request.node.user_properties.append((FIGURE, (proof, said)))

    return told


def tell(reporter: pytest.TerminalReporter, folder: str, what: str, *, full: bool) -> None:
    """All figures of that folder's proofs, also of one that failed.

    The workers of a parallel run send them here.
    """
    reports = (
        report
        for outcome in ("passed", "failed")
        for report in reporter.stats.get(outcome, ())
        if report.nodeid.startswith(folder)
    )
    lines = sorted(
        f"{proof:<28} {said}  ({report.duration:.0f} s)"
        for report in reports
        for name, (proof, said) in getattr(report, "user_properties", ())
        if name == FIGURE
    )
    if lines:
        reporter.section(f"{what} ({'full' if full else 'short'} lane)")
        reporter.write_line("\n".join(lines))
