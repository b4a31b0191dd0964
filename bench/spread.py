"""How ratios are told: the median, and how far they were apart."""

import statistics
from collections.abc import Sequence


def told(ratios: Sequence[float], digits: int = 2) -> str:
    """The median of the rounds, and the least and the most of them."""
    middle, least, most = statistics.median(ratios), min(ratios), max(ratios)
    return f"{middle:.{digits}f} (of {len(ratios)} rounds, {least:.{digits}f} to {most:.{digits}f})"
