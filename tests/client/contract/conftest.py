"""Whom the contract is asked of: each test runs against all."""

from collections.abc import Iterator

import pytest

from tests.client.contract.wires import Wire, fake_wire, real_wire
from tests.client.lane import FULL
from tests.client.serving import Served

#: Who is asked in this lane.
WIRES = ["fake", "fake on loopback", "real"] if FULL else ["fake", "real"]


@pytest.fixture(scope="session")
def real(quiet_logs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The real server."""
    made = Served(tmp_path_factory.mktemp("real"))
    yield made
    made.close()


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    """The fake in this process or on loopback, or the real server."""
    if request.param == "real":
        with real_wire(request.getfixturevalue("real")) as made:
            yield made
    else:
        with fake_wire(listening=request.param == "fake on loopback") as faked:
            yield faked
