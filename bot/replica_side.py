"""Composition of what a server has in common with others on its database: keys, and the policy.

A server that is alone on its file has both for itself: its directory and its file say all.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import structlog

from approvals.people import People
from approvals.policy.model import Policy
from approvals.ports import Clock, StoreError
from approvals.sharing import KnownKeys, Policies
from bot.agreed_policy import AgreedPolicy, in_force
from bot.api.door import Check
from bot.background.loop import Loop
from bot.known_keys import CACHE_S, ServedKeys
from bot.metrics import Metrics
from bot.page_side import warn_of_routes
from bot.people import KnownPeople
from bot.policy_file import Adopt, PolicyFile
from bot.settings import Settings
from bot.signing import KeyRing

log = structlog.get_logger(__name__)

#: Seconds between two looks of each loop when nothing wakes it.
POLICY_S, KEYS_S = 2.0, 2.0


class Common(Protocol):
    """What it needs of a store."""

    @property
    def keys(self) -> KnownKeys:
        """Public keys, of all servers."""

    @property
    def policies(self) -> Policies:
        """Versions of the policy, and which is active."""


class ReplicaSide:
    """The keys that are served and the policy in force, each with its loop and its health."""

    def __init__(
        self, store: Common, said: Policy, people: KnownPeople, clock: Clock, *, alone: bool
    ) -> None:
        self._store, self._people, self._clock, self._alone = store, people, clock, alone
        self._said = self.policy = said  #: by the file, and in force
        self._served: ServedKeys | None = None
        self.healths: dict[str, Callable[[], dict[str, Any]]] = {}

    async def begin(self, ring: KeyRing) -> None:
        """Before anything is asked: agree with the others. Raises SettingsError, StoreError."""
        if not self._alone:
            self.policy = await in_force(self._store.policies, self._said, self._clock)
            self._people.take(self.policy, People())  # nobody was looked up yet, under either
            self._served = ServedKeys(ring, self._store.keys, self._clock)
            await self._served.once()
        await warn_of_routes(self.policy)

    def watch(
        self, settings: Settings, adopt: Adopt, metrics: Metrics
    ) -> tuple[PolicyFile, list[Loop]]:
        """The policy file, and the loops that look at it and at the keys."""

        async def adopted(new: Policy) -> None:
            await adopt(new)
            await warn_of_routes(new)

        file = PolicyFile(
            Path(settings.policy),
            self._said,
            adopt=adopted if self._alone else None,
            clock=self._clock,
            registry=metrics.registry,
        )
        loops = [Loop("policy", file.once, POLICY_S)]
        self.healths["policy"] = file.health
        if self._served is not None:
            file.in_force = self.policy
            agreed = AgreedPolicy(file, self._store.policies, adopted, self._people.doubt)
            loops = [
                Loop("policy", _again("policy", agreed.once), POLICY_S),
                Loop("keys", _again("keys", self._served.once), KEYS_S),
            ]
            self.healths |= {"policy": agreed.health, "keys": self._served.health}
        file.wake = loops[0].wake
        return file, loops

    def jwks_age_s(self) -> int:
        """How long anybody may keep the public keys; 0: not at all."""
        return self._served.max_age_s() if self._served else CACHE_S

    @property
    def checks(self) -> tuple[Check, ...]:
        """For readiness and metrics: what can only be wrong among several."""
        return () if self._alone else tuple(partial(self._check, name) for name in self.healths)

    async def _check(self, name: str) -> tuple[str, bool]:
        return name, bool(self.healths[name]()["ok"])


def _again(name: str, once: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[bool]]:
    """The same, coming again as soon as ever where the database is away: it tells that itself."""
    is_away = False

    async def look() -> bool:
        nonlocal is_away
        try:
            more = await once()
        except StoreError as error:
            if not is_away:
                log.warning(f"{name}-not-looked-at", reason=str(error))
            is_away = True
            return False
        is_away = False
        return more

    return look
