"""Services, their keys and secrets, and taken Slack requests, in memory."""

from collections.abc import Sequence
from datetime import datetime

from approvals.ports import ServiceKey, ServiceSecrets
from storage.memory.rows import Memory, ServiceRow
from storage.services import REMEMBER, SIGNED, USUAL, Listed, key_hash, new_key, new_secret


class MemoryServices:
    """Implements `approvals.ports.Services`, and what the commands need."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def by_key_hash(self, hashed: str) -> ServiceKey | None:
        """The service of a live key."""
        for name, row in self._memory.rows.services.items():
            if hashed in row.keys:
                return _key(name, row, row.keys[hashed])
        return None

    async def signing(self, service: str | None = None) -> tuple[ServiceSecrets, ...]:
        """That service, or all, with live secrets, newest first."""
        return tuple(
            ServiceSecrets(service=_key(name, row, SIGNED), secrets=tuple(reversed(row.secrets)))
            for name, row in sorted(self._memory.rows.services.items())
            if row.secrets and service in (None, name)
        )

    async def callbacks_waiting(self, service: str) -> int:
        """How many callbacks are owed to the service."""
        rows = self._memory.rows
        owed = (row.delivery for row in rows.deliveries.values() if row.due_at is not None)
        mine = (rows.escalations[d.escalation_id] for d in owed if d.kind == "callback")
        return sum(e.service == service for e in mine)

    async def callback_hosts(self, service: str) -> tuple[str, ...]:
        """Where the service may be called back."""
        row = self._memory.rows.services.get(service)
        return row.callback_hosts if row else ()

    async def callback_secrets(self, service: str) -> tuple[str, ...]:
        """Live `whsec_` secrets, newest first."""
        row = self._memory.rows.services.get(service)
        return tuple(reversed(row.secrets)) if row else ()

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
        """Add a service, or another key to one; gives the key, which is shown once."""
        key = new_key()
        row = self._memory.rows.services.setdefault(name, ServiceRow())
        row.owners = tuple(owners) or row.owners
        row.callback_hosts = tuple(callback_hosts) or row.callback_hosts
        row.opens_per_minute = opens_per_minute or row.opens_per_minute
        row.most_pending = most_pending or row.most_pending
        row.keys[key_hash(key)] = frozenset(scopes)
        return key

    async def secret(self, name: str) -> str | None:
        """A new `whsec_` secret; None for an unknown service."""
        row = self._memory.rows.services.get(name)
        if row is None:
            return None
        row.secrets.append(new_secret())
        return row.secrets[-1]

    async def revoke(self, name: str) -> int:
        """Revoke all keys of a service; how many."""
        row = self._memory.rows.services.get(name, ServiceRow())
        revoked = len(row.keys)
        row.keys.clear()
        return revoked

    async def listed(self) -> tuple[Listed, ...]:
        """All services."""
        return tuple(
            Listed(
                name=name,
                owners=row.owners,
                callback_hosts=row.callback_hosts,
                keys=len(row.keys),
                opens_per_minute=row.opens_per_minute,
                most_pending=row.most_pending,
            )
            for name, row in sorted(self._memory.rows.services.items())
        )


def _key(name: str, row: ServiceRow, scopes: frozenset[str]) -> ServiceKey:
    return ServiceKey(
        service=name,
        scopes=scopes,
        owners=row.owners,
        callback_hosts=row.callback_hosts,
        opens_per_minute=row.opens_per_minute,
        most_pending=row.most_pending,
    )


class MemorySignatures:
    """Implements `approvals.ports.SeenSignatures`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def first_time(self, signature: str, now: datetime) -> bool:
        """Whether it is new; remembers it, and forgets old ones."""
        seen = self._memory.rows.signatures
        for old in [s for s, at in seen.items() if at < now - REMEMBER]:
            del seen[old]
        if signature in seen:
            return False
        seen[signature] = now
        return True
