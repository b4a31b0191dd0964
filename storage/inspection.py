"""Looking at a database without touching it: what `doctor` tells about the store."""

from collections.abc import Iterator
from datetime import datetime

from approvals.sharing import ActivePolicy, KnownKey
from storage.address import file_of, is_of_a_server
from storage.errors import UnreachableError
from storage.found import Found
from storage.keys import keys_known
from storage.looking import looking_at
from storage.needing import needs_asyncpg
from storage.policies import policy_active
from storage.sqlite.inspection import inspect_file


def inspect_store(url: str, now: datetime) -> Iterator[Found]:
    """Everything worth telling; never writes. Raises ValueError for an address it does not know."""
    if not is_of_a_server(url):
        yield from inspect_file(file_of(url), now)
        return
    try:
        with needs_asyncpg():
            from storage.postgres.inspection import inspect_server
        with looking_at(url) as link:
            yield from inspect_server(link, now)
    except UnreachableError as error:
        yield Found(said=str(error), do="Mend what is named.")


def hash_of_block(url: str, number: int) -> str | None:
    """The hash of the block of that number. Raises as `looking_at` does."""
    with looking_at(url) as link:
        rows = link.rows("SELECT hash FROM blocks WHERE number = ?", (number,))
        return str(rows[0][0]) if rows else None


def shared_of(url: str) -> tuple[ActivePolicy | None, tuple[KnownKey, ...]] | None:
    """What servers on one database have in common; None for a file, which has one server.

    Raises as `looking_at` does.
    """
    if not is_of_a_server(url):
        return None
    with looking_at(url) as link:
        return policy_active(link), keys_known(link)
