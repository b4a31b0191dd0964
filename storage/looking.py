"""Looking at a database beside whoever writes to it, of a file or of a server alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.address import file_of, is_of_a_server
from storage.links import Looking
from storage.needing import needs_asyncpg
from storage.sqlite.looking import FileLooking
from storage.sqlite.looking import looking_at as looking_at_file


@contextmanager
def looking_at(address: str | Path, *, lenient: bool = False) -> Iterator[Looking]:
    """A connection that reads: to a file, or to what an address names.

    `lenient` reads what is no text as far as it goes. Raises UnreachableError for a server, OSError
    where there is no file, sqlite3.Error otherwise.
    """
    if isinstance(address, str) and is_of_a_server(address):
        with needs_asyncpg():
            from storage.postgres.looking import looking_at as looking_at_server
        with looking_at_server(address) as found:
            yield found
        return
    with looking_at_file(file_of(address) if isinstance(address, str) else address) as link:
        yield FileLooking(link, lenient=lenient)
