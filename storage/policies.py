"""Versions of the policy by their hash, and which of them is active for all replicas."""

from datetime import datetime

from approvals.codec import instant, parse_instant
from approvals.sharing import ActivePolicy
from storage.keys import SINCE
from storage.links import Database, Link, Looking, Row

#: One activation at a time.
POLICY = "policy"

_VERSION = "SELECT version FROM policy_activations ORDER BY number DESC LIMIT 1"
_ACTIVE = (
    "SELECT a.version, p.text, a.set_at, a.set_by FROM policy_activations a "
    "JOIN policies p ON p.version = a.version ORDER BY a.number DESC LIMIT 1"
)
_STORED = "SELECT version, text FROM policies WHERE version LIKE ? ORDER BY version LIMIT 2"
_KEEP = (
    "INSERT INTO policies (version, text, first_used_at) VALUES (?, ?, ?) "
    "ON CONFLICT (version) DO NOTHING"
)
_LAST = "SELECT COALESCE(MAX(number), 0) FROM policy_activations"
_ACTIVATE = "INSERT INTO policy_activations (number, version, set_at, set_by) VALUES (?, ?, ?, ?)"

#: Who activates the policy of the first replica there ever was.
FIRST = "andon"


class SqlPolicies:
    """Implements `approvals.sharing.Policies`, and what the commands need."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def active_version(self) -> str | None:
        """Which is active; None before the first."""
        rows = await self._database.reader.rows(_VERSION)
        return rows[0][0] if rows else None

    async def active(self) -> ActivePolicy | None:
        """The same, with its text."""
        return _active(await self._database.reader.rows(_ACTIVE))

    async def begin(self, version: str, text: str, now: datetime) -> ActivePolicy:
        """The active one; this one where there was none yet."""
        async with self._database.beside(POLICY) as link:
            found = _active(await link.rows(_ACTIVE))
            if found is None:
                await _activate(link, version, text, now, FIRST)
                found = ActivePolicy(version=version, text=text, set_at=now, set_by=FIRST)
        return found

    async def activate(self, version: str, text: str, now: datetime, by: str) -> bool:
        """Let this one be the active one; whether it was not already."""
        async with self._database.beside(POLICY) as link:
            found = _active(await link.rows(_ACTIVE))
            changes = found is None or found.version != version
            if changes:
                await _activate(link, version, text, now, by)
        return changes

    async def stored(self, beginning: str) -> list[tuple[str, str]]:
        """Versions that begin like this, and their texts; of many the first two."""
        rows = await self._database.reader.rows(_STORED, (f"{beginning}%",))
        return [(version, text) for version, text in rows]


async def _activate(link: Link, version: str, text: str, now: datetime, by: str) -> None:
    at = instant(now)
    await link.run(_KEEP, (version, text, at))
    ((last,),) = await link.rows(_LAST)
    await link.run(_ACTIVATE, (last + 1, version, at, by))


def policy_active(link: Looking) -> ActivePolicy | None:
    """The active one, as a command sees it; None in a database from before there was any."""
    ((schema,),) = link.rows("SELECT version_num FROM alembic_version")
    return _active(link.rows(_ACTIVE)) if schema >= SINCE else None


def _active(rows: list[Row]) -> ActivePolicy | None:
    if not rows:
        return None
    version, text, set_at, set_by = rows[0]
    return ActivePolicy(version=version, text=text, set_at=parse_instant(set_at), set_by=set_by)
