"""Which lane runs, and what a proof tells of itself."""

import os

#: The full lane takes hours; the short one is for every push.
FULL = os.environ.get("ANDON_TRUST_LANE", "short") == "full"

#: Under which name a test's report carries its figures.
FIGURE = "figure"


def rounds(*, short: int, full: int) -> int:
    """How often, or for how many seconds, a proof runs in this lane."""
    return full if FULL else short
