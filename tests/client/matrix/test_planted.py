"""The matrix can fail: each planted bug of the client is found by the failure meant for it."""

import pytest

from tests.client.matrix.failures import named
from tests.client.matrix.planted import PLANTED
from tests.client.matrix.world import Cell, World


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(world: World, bug: str) -> None:
    _, failure, entry = PLANTED[bug]
    ended = Cell(world, named(failure), entry, bug=bug).end()
    assert ended.wrong, f"{ended.codes} {ended.said}"
    assert ended.wrong != "it hung"
