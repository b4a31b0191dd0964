"""Which lane of the proofs runs."""

import os

#: The full lane takes hours; the short one is for every push.
FULL = os.environ.get("ANDON_TRUST_LANE", "short") == "full"


def rounds(*, short: int, full: int) -> int:
    """How often, or for how many seconds, a proof runs in this lane."""
    return full if FULL else short
