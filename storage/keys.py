"""Public halves of the keys that sign grants: each once, for good, and served by every replica."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from approvals.codec import instant, parse_instant
from approvals.sharing import KnownKey
from storage.links import Database, Looking, Row

#: One replica at a time makes a key known, so that only one can be the first.
KEYS = "keys"

#: The schema that brought the table.
SINCE = "0006"

_KNOWN = "SELECT kid, jwk, known_at, signs_at, retired_at FROM signing_keys ORDER BY known_at, kid"
_PUBLISH = "INSERT INTO signing_keys (kid, jwk, known_at, signs_at) VALUES (?, ?, ?, ?)"
#: Ids of grants are ordered by time.
_LAST_SIGNER = "SELECT kid FROM grants ORDER BY id DESC LIMIT 1"
_RETIRE = "UPDATE signing_keys SET retired_at = ? WHERE kid = ? AND retired_at IS NULL"


class SqlKeys:
    """Implements `approvals.sharing.KnownKeys`, and what the commands need."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self) -> tuple[KnownKey, ...]:
        """All of them, those that are retired too, oldest first."""
        return tuple(map(_read, await self._database.reader.rows(_KNOWN)))

    async def publish(
        self, halves: Mapping[str, str], now: datetime, wait: timedelta
    ) -> tuple[KnownKey, ...]:
        """Let everybody know these; the first ones ever sign at once, any other after `wait`.

        Servers of before there was a table have served the key that signed last: it need not wait.
        """
        async with self._database.beside(KEYS) as link:
            known = {key.kid for key in map(_read, await link.rows(_KNOWN))}
            served = {kid for (kid,) in await link.rows(_LAST_SIGNER)} or halves.keys()
            for kid in halves.keys() - known:
                signs_at = now if not known and kid in served else now + wait
                await link.run(_PUBLISH, (kid, halves[kid], instant(now), instant(signs_at)))
            return tuple(map(_read, await link.rows(_KNOWN)))

    async def retire(self, kid: str, now: datetime) -> bool:
        """Let the key neither sign nor verify any more; whether it did until now."""
        async with self._database.beside(KEYS) as link:
            return await link.run(_RETIRE, (instant(now), kid)) > 0


def keys_known(link: Looking) -> tuple[KnownKey, ...]:
    """All of them, as a command sees them; none in a database from before there were any."""
    ((schema,),) = link.rows("SELECT version_num FROM alembic_version")
    return tuple(map(_read, link.rows(_KNOWN))) if schema >= SINCE else ()


def _read(row: Row) -> KnownKey:
    kid, jwk, known_at, signs_at, retired_at = row
    return KnownKey(
        kid=kid,
        jwk=jwk,
        known_at=parse_instant(known_at),
        signs_at=parse_instant(signs_at),
        retired_at=parse_instant(retired_at) if retired_at else None,
    )
