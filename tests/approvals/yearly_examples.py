"""Which year shows which planted bug: the seed of its dice, and with how few escalations."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from approvals import hours
from tests.approvals.invariants import InvariantError
from tests.approvals.planted_year import YEARLY
from tests.approvals.year import Year

STORED = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Shown:
    """A year in which something is wrong."""

    seed: int
    escalations: int


def play(year: Shown) -> None:
    """Let it go by; what is remembered of opening hours is that year's alone."""
    hours._opening.cache_clear()
    try:
        Year(year.seed, year.escalations).run()
    finally:
        hours._opening.cache_clear()


def shows(bug: str, year: Shown) -> bool:
    """Whether that very thing is found wrong; the bug is planted."""
    try:
        play(year)
    except InvariantError as error:
        return str(error).startswith(YEARLY[bug].breaks)
    return False


def search(bug: str) -> Shown | None:
    """The smallest of many years that shows it."""
    years = (Shown(seed, n) for n in (3, 10, 30, 100, 400) for seed in range(2026, 2036))
    return next((year for year in years if shows(bug, year)), None)


def stored() -> dict[str, Shown]:
    """The example of each bug."""
    return {bug: Shown(**year) for bug, year in json.loads(STORED.read_text()).items()}


def store(examples: dict[str, Shown]) -> None:
    """A line a bug."""
    lines = [f'  "{bug}": {json.dumps(asdict(year))}' for bug, year in sorted(examples.items())]
    STORED.write_text("{\n" + ",\n".join(lines) + "\n}\n")
