"""Tokens of known shapes: one look tells whether any detector has to be asked."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.redaction import shapes

PATTERNS = [pattern for detector in shapes._DETECTORS for pattern in detector.denylist]


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.pattern[:24])
def test_the_one_look_passes_over_nothing_that_a_detector_finds(pattern: re.Pattern[str]) -> None:
    @settings(max_examples=15, deadline=None, derandomize=True, database=None)
    @given(st.from_regex(pattern))
    def finds(text: str) -> None:
        assert shapes._MAYBE.search(text)

    finds()


def test_what_is_no_token_is_left_to_no_detector() -> None:
    """Else all of them would be asked about nearly every text."""
    for text in ("retries_exhausted", "https://runbooks.example.com/orders/sync-failure?step=3"):
        assert not shapes._MAYBE.search(text)
