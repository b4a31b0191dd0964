"""Databases and projects for the gates."""

from collections.abc import Iterator

import pytest

from tests.client.gates.postgres import Database, Server, running


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of a run."""
    with running(tmp_path_factory.mktemp("postgres") / "pg") as server:
        yield server


@pytest.fixture
def shop(postgres: Server) -> Database:
    """A shop's database at revision a1."""
    return postgres.database()
