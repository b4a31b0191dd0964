"""What has to be installed for a database on a server, and nobody else needs."""

from collections.abc import Iterator
from contextlib import contextmanager

from storage.errors import UnreachableError


@contextmanager
def needs_asyncpg() -> Iterator[None]:
    """Imports of `storage.postgres`. Raises UnreachableError, which says what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UnreachableError(
            "PostgreSQL needs asyncpg, which is not installed: `make postgres`, or "
            "pip install --require-hashes -r requirements-postgres.lock"
        ) from error
