"""Databases and projects for the gates."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.client.gates.postgres import Database, Server, running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for all tests of a run.

    It runs as a user of its own, and pytest closes its folders to others whenever it starts.
    """
    with TemporaryDirectory(prefix="gates-") as folder, running(Path(folder) / "pg") as server:
        yield server


@pytest.fixture
def shop(postgres: Server) -> Database:
    """A shop's database at revision a1."""
    return postgres.database()
