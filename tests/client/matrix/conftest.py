"""Figures of the matrix, told at the end of the run."""

from collections.abc import Iterator

import pytest

from tests.client.lane import FULL
from tests.client.matrix.servers import plain_environment
from tests.client.matrix.world import World
from tests.figures import figure, tell
from tests.forging import forge

__all__ = ["figure"]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Servers and callers, shared by all cells."""
    environment = plain_environment()
    with (
        forge("tests.client.matrix.zygote", environment) as callers,
        forge("tests.client.matrix.server", environment) as serving,
    ):
        made = World(tmp_path_factory.mktemp("matrix"), callers, serving)
        try:
            yield made
        finally:
            made.stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the proofs did."""
    tell(terminalreporter, "tests/client/matrix/", "what was proved of the client", full=FULL)
