"""What several servers on one database have in common: the keys of all, and the one policy that is
active. A server that is alone has a directory and a file that say both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """The public half of a key that signs grants. Its private one never leaves its directory."""

    kid: str
    jwk: str  #: as JSON
    known_at: datetime
    signs_at: datetime  #: from then on every cache may know it
    retired_at: datetime | None = None


class KnownKeys(Protocol):
    """Public halves, of all servers there are and were."""

    async def known(self) -> tuple[KnownKey, ...]:
        """All of them, those that are retired too, oldest first."""

    async def publish(
        self, halves: Mapping[str, str], now: datetime, wait: timedelta
    ) -> tuple[KnownKey, ...]:
        """Let everybody know these, by the name of the key; all keys then.

        The first ones ever sign at once, since nobody keeps an older set, and so does the one that
        signed before there was any record of keys; any other after `wait`. A name that is
        known already stays as it is.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivePolicy:
    """The version of the policy that is in force, for everybody."""

    version: str
    text: str
    set_at: datetime
    set_by: str


class Policies(Protocol):
    """Versions of the policy, by the hash of their text, and which of them is active."""

    async def active_version(self) -> str | None:
        """Which is active; None before the first."""

    async def active(self) -> ActivePolicy | None:
        """The same, with its text."""

    async def begin(self, version: str, text: str, now: datetime) -> ActivePolicy:
        """The active one; this one where there was none yet."""
