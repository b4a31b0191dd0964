"""What the client's tests share: the real server, clients of it, and a scrubbed environment."""

from collections.abc import AsyncIterator, Iterator

import pytest
import structlog
from andon import AsyncClient, Client
from andon.testing.plugin import andon_fake

from tests.client.serving import Served

__all__ = ["andon_fake"]


@pytest.fixture(autouse=True)
def scrubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own settings reaches a test."""
    for name in ("URL", "KEY", "KEY_FILE", "JWKS_FILE", "STATE", "ENVIRONMENT"):
        monkeypatch.delenv(f"ANDON_{name}", raising=False)


@pytest.fixture(scope="session")
def quiet_logs() -> None:
    """The server says what it does to nobody."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())


@pytest.fixture(scope="module")
def lasting(quiet_logs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for the tests of a module, where none stops it."""
    made = Served(tmp_path_factory.mktemp("served"))
    yield made
    made.close()


@pytest.fixture
def served(quiet_logs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of this test alone."""
    made = Served(tmp_path_factory.mktemp("served"))
    yield made
    made.close()


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    """A service's client of the server."""
    with Client(served.url, served.key, state=served.folder / "state", clock=served.clock) as made:
        yield made


@pytest.fixture
async def aclient(served: Served) -> AsyncIterator[AsyncClient]:
    """The same, awaited."""
    async with AsyncClient(
        served.url, served.key, state=served.folder / "state", clock=served.clock
    ) as made:
        yield made
