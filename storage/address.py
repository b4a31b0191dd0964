"""The address of a database, as ANDON_DATABASE_URL names it."""

from pathlib import Path

#: How an address of a PostgreSQL server begins; SQLAlchemy's own way is welcome.
_SERVERS = ("postgresql://", "postgres://", "postgresql+asyncpg://")


def is_of_a_server(url: str) -> bool:
    """Whether it names a database on a PostgreSQL server."""
    return url.startswith(_SERVERS)


def file_of(url: str) -> Path:
    """The file of a `sqlite:///…` address. Raises ValueError for any other."""
    scheme, found, path = url.partition(":///")
    if is_of_a_server(url):
        raise ValueError(
            "ANDON_DATABASE_URL names a PostgreSQL server: there is no file to copy or put back. "
            "Use pg_dump and pg_restore; docs/operating.md says how."
        )
    if not found or not scheme.startswith("sqlite") or not path:
        shown = url if "@" not in url else f"{url.partition(':')[0]}:…"  # no password is told
        raise ValueError(
            f"ANDON_DATABASE_URL={shown} is neither sqlite:///FILE nor postgresql://HOST/DATABASE."
        )
    return Path(path)


def refuse_unknown(url: str) -> None:
    """Raise ValueError for an address of neither."""
    if not is_of_a_server(url):
        file_of(url)
