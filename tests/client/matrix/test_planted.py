"""The matrix can fail: each planted bug of the client is found by the failure meant for it."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.client.matrix import failures, records
from tests.client.matrix.planted import PLANTED
from tests.client.matrix.records import RecordCell
from tests.client.matrix.recoveries import WAYS
from tests.client.matrix.world import AT_ONCE, Cell, Ended, World


def cell(world: World, bug: str) -> Cell:
    """The cell that has to find it."""
    _, failure, entry = PLANTED[bug]
    if entry in WAYS:
        return RecordCell(world, records.named(failure), entry, bug=bug)
    return Cell(world, failures.named(failure), entry, bug=bug)


@pytest.fixture(scope="module")
def found(world: World) -> Mapping[str, Ended]:
    """What came of each bug: all at once, for each waits for a caller's patience."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ended = pool.map(lambda bug: cell(world, bug).end(), PLANTED)
        return dict(zip(PLANTED, ended, strict=True))


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(found: Mapping[str, Ended], bug: str) -> None:
    ended = found[bug]
    assert ended.wrong, f"{ended.codes} {ended.said}"
    assert ended.wrong != "it hung"
