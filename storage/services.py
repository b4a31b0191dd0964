"""Who may call: services, their keys (hashed), their secrets for callbacks; and Slack requests
taken already.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, takewhile

from approvals.codec import instant, parse_instant
from approvals.ports import Clock, ServiceKey, ServiceSecrets, StoreError
from storage.links import Database, Many, Row
from storage.writer import GroupCommitWriter

#: What a key may be allowed to do.
SCOPES = ("open", "read", "claim", "audit", "admin")

#: What a new key may do unless said otherwise.
USUAL = ("open", "read", "claim")

#: What a signature allows: opening, nothing else.
SIGNED = frozenset({"open"})

#: How long a taken Slack request is remembered; Slack repeats within five minutes.
REMEMBER = timedelta(minutes=10)


def key_hash(key: str) -> str:
    """What is stored of a key. Keys are 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_key() -> str:
    """A service's key; shown once, never stored."""
    return f"andon_{secrets.token_urlsafe(32)}"


def new_secret() -> str:
    """A secret for callbacks, as Standard Webhooks writes them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A service as `service list` shows it."""

    name: str
    owners: tuple[str, ...]
    callback_hosts: tuple[str, ...]
    keys: int  #: live ones
    opens_per_minute: int | None = None  #: None: as the settings say
    most_pending: int | None = None


#: A service's columns, of `services s`.
_SERVICE = "s.name, s.owners, s.callback_hosts, s.opens_per_minute, s.most_pending"

_ADD = (
    "INSERT INTO services (name, owners, callback_hosts, opens_per_minute, most_pending, "
    "created_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
    "owners = CASE WHEN excluded.owners = '[]' THEN services.owners ELSE excluded.owners END, "
    "callback_hosts = CASE WHEN excluded.callback_hosts = '[]' THEN services.callback_hosts "
    "ELSE excluded.callback_hosts END, "
    "opens_per_minute = COALESCE(excluded.opens_per_minute, services.opens_per_minute), "
    "most_pending = COALESCE(excluded.most_pending, services.most_pending)"
)


class SqlServices:
    """Implements `approvals.ports.Services`, and what the commands need."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def by_key_hash(self, hashed: str) -> ServiceKey | None:
        """The service of a live key."""
        rows = await self._database.reader.rows(
            f"SELECT k.scopes, {_SERVICE} FROM service_keys k "  # noqa: S608
            "JOIN services s ON s.name = k.service WHERE k.hash = ? AND k.revoked_at IS NULL",
            (hashed,),
        )
        return _key(rows[0][1:], frozenset(json.loads(rows[0][0]))) if rows else None

    async def signing(self, service: str | None = None) -> tuple[ServiceSecrets, ...]:
        """That service, or all, with live secrets, newest first."""
        rows = await self._database.reader.rows(
            f"SELECT x.secret, {_SERVICE} FROM service_secrets x "  # noqa: S608
            "JOIN services s ON s.name = x.service "
            "WHERE x.revoked_at IS NULL AND (CAST(? AS TEXT) IS NULL OR s.name = ?) "
            "ORDER BY s.name, x.created_at DESC",
            (service, service),
        )
        return tuple(
            ServiceSecrets(service=_key(of, SIGNED), secrets=tuple(row[0] for row in its))
            for of, its in groupby(rows, key=lambda row: row[1:])
        )

    async def callbacks_waiting(self, service: str) -> int:
        """How many callbacks are owed to the service."""
        rows = await self._database.reader.rows(
            "SELECT COUNT(*) FROM deliveries d JOIN escalations e ON e.id = d.escalation_id "
            "WHERE d.due_at IS NOT NULL AND d.kind = 'callback' AND e.service = ?",
            (service,),
        )
        return int(rows[0][0])

    async def callback_hosts(self, service: str) -> tuple[str, ...]:
        """Where the service may be called back."""
        sql = "SELECT callback_hosts FROM services WHERE name = ?"
        rows = await self._database.reader.rows(sql, (service,))
        return tuple(json.loads(rows[0][0])) if rows else ()

    async def callback_secrets(self, service: str) -> tuple[str, ...]:
        """Live `whsec_` secrets, newest first."""
        rows = await self._database.reader.rows(
            "SELECT secret FROM service_secrets WHERE service = ? AND revoked_at IS NULL "
            "ORDER BY created_at DESC",
            (service,),
        )
        return tuple(row[0] for row in rows)

    async def add(
        self,
        name: str,
        *,
        owners: Sequence[str] = (),
        scopes: Sequence[str] = USUAL,
        callback_hosts: Sequence[str] = (),
        opens_per_minute: int | None = None,
        most_pending: int | None = None,
    ) -> str:
        """Add a service, or another key to one; gives the key, which is shown once.

        What is left out stays as it was.
        """
        key, at = new_key(), instant(self._clock())
        async with self._database.beside() as link:
            await link.run(
                _ADD,
                (name, *map(_json, (owners, callback_hosts)), opens_per_minute, most_pending, at),
            )
            await link.run(
                "INSERT INTO service_keys (hash, service, scopes, created_at) VALUES (?, ?, ?, ?)",
                (key_hash(key), name, json.dumps(list(scopes)), at),
            )
        return key

    async def secret(self, name: str) -> str | None:
        """A new `whsec_` secret; None for an unknown service."""
        if name not in {s.name for s in await self.listed()}:
            return None
        made = new_secret()
        async with self._database.beside() as link:
            await link.run(
                "INSERT INTO service_secrets (secret, service, created_at) VALUES (?, ?, ?)",
                (made, name, instant(self._clock())),
            )
        return made

    async def revoke(self, name: str, *, keep_newest: bool = False, secrets: bool = False) -> int:
        """Revoke a service's keys, or its secrets; all, or all but the newest. How many."""
        table, key = ("service_secrets", "secret") if secrets else ("service_keys", "hash")
        live = "service = ? AND revoked_at IS NULL"
        newest = (
            f"AND {key} NOT IN (SELECT {key} FROM {table} WHERE {live} "  # noqa: S608
            "ORDER BY created_at DESC LIMIT 1)"
        )
        values = (instant(self._clock()), name, *((name,) if keep_newest else ()))
        async with self._database.beside() as link:
            return await link.run(
                f"UPDATE {table} SET revoked_at = ? WHERE {live} "  # noqa: S608
                f"{newest if keep_newest else ''}",
                values,
            )

    async def listed(self) -> tuple[Listed, ...]:
        """All services."""
        rows = await self._database.reader.rows(
            f"SELECT (SELECT count(*) FROM service_keys k WHERE k.service = s.name "  # noqa: S608
            f"AND k.revoked_at IS NULL), {_SERVICE} FROM services s ORDER BY s.name"
        )
        return tuple(_listed(keys, _key(of, frozenset())) for keys, *of in rows)


def _json(values: Sequence[str]) -> str:
    return json.dumps(list(values))


def _key(of: Row, scopes: frozenset[str]) -> ServiceKey:
    name, owners, hosts, opens_per_minute, most_pending = of
    return ServiceKey(
        service=name,
        scopes=scopes,
        owners=tuple(json.loads(owners)),
        callback_hosts=tuple(json.loads(hosts)),
        opens_per_minute=opens_per_minute,
        most_pending=most_pending,
    )


def _listed(keys: int, of: ServiceKey) -> Listed:
    return Listed(
        name=of.service,
        owners=of.owners,
        callback_hosts=of.callback_hosts,
        keys=keys,
        opens_per_minute=of.opens_per_minute,
        most_pending=of.most_pending,
    )


_SIGNATURE = (
    "INSERT INTO signatures (signature, seen_at) VALUES (?, ?) ON CONFLICT (signature) DO NOTHING"
)
_FORGOTTEN = "DELETE FROM signatures WHERE seen_at < ?"


class SqlSignatures:
    """Implements `approvals.ports.SeenSignatures`.

    Known in memory, and written in the commit of the very click that came with it, so that a
    server killed meanwhile knows it too. At the first question the file tells what was seen before;
    where several write, each question asks for what another has seen. Two that come at the same
    moment to two of them are one click, and that is carried out once (`storage.clicks`).
    """

    def __init__(self, database: Database, writer: GroupCommitWriter) -> None:
        self._database, self._writer = database, writer
        self._seen: dict[str, datetime] | None = None  #: oldest first

    async def first_time(self, signature: str, now: datetime) -> bool:
        """Whether it is new; remembers it, and forgets old ones."""
        if self._seen is None:
            self._seen = await self._known(now)
        self._forget(self._seen, now)
        if signature in self._seen:
            return False
        self._seen[signature] = now
        try:
            if not self._database.alone and await self._elsewhere(signature):
                return False
        except StoreError:
            del self._seen[signature]  # it was not taken, and may come again
            raise
        self._writer.alongside(Many(_SIGNATURE, [(signature, instant(now))]))
        return True

    async def _elsewhere(self, signature: str) -> bool:
        """Whether another replica has noted it."""
        sql = "SELECT 1 FROM signatures WHERE signature = ?"
        return bool(await self._database.reader.rows(sql, (signature,)))

    async def _known(self, now: datetime) -> dict[str, datetime]:
        rows = await self._database.reader.rows(
            "SELECT signature, seen_at FROM signatures WHERE seen_at >= ? ORDER BY seen_at",
            (instant(now - REMEMBER),),
        )
        return {signature: parse_instant(at) for signature, at in rows}

    def _forget(self, seen: dict[str, datetime], now: datetime) -> None:
        old = list(takewhile(lambda one: now - seen[one] > REMEMBER, seen))
        for signature in old:
            del seen[signature]
        if old:
            self._writer.alongside(Many(_FORGOTTEN, [(instant(now - REMEMBER),)]))
