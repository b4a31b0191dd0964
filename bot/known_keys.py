"""Keys among several servers on one database: all serve the keys of all, and a new one waits.

::

    in a directory -> published -> served by every server -> known to every cache -> it signs

Caches keep what was served for `CACHE_S`. A server that has not looked for `BELIEVED_S` lets nobody
keep what it serves. So `WAIT` after it was published every copy that lacks a key is gone, and no
grant is signed by a key that somebody cannot know. A server that is alone serves what lies in its
directory, at once.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from approvals.codec import instant
from approvals.ports import Clock
from approvals.sharing import KnownKey, KnownKeys
from bot.signing import KeyRing, Shared

log = structlog.get_logger(__name__)

#: Seconds anybody may keep the keys that were served.
CACHE_S = 300

#: Seconds a look at the database is good for.
BELIEVED_S = 30

#: Until a key that was published is known everywhere; half a minute of it is for a slow commit.
WAIT = timedelta(seconds=CACHE_S + BELIEVED_S + 30)


class ServedKeys:
    """Keeps a server's ring of keys and what all servers know of keys in step."""

    def __init__(self, ring: KeyRing, keys: KnownKeys, clock: Clock) -> None:
        self._ring, self._keys, self._clock = ring, keys, clock
        self._looked: datetime | None = None
        self._waits: dict[str, datetime] = {}  # ours, and from when they sign
        self._seen: set[str] = set()  # names, at the last look
        self._said: tuple[object, ...] = ()
        ring.share(Shared())  # until the first look nobody could know what was signed

    async def once(self) -> bool:
        """Publish what is new in the directory, and take over what others published."""
        now, halves = self._clock(), self._ring.halves()
        known = await self._keys.known()
        if halves.keys() - {key.kid for key in known}:
            known = await self._keys.publish(_texts(halves), now, WAIT)
        self._take({key.kid: key for key in known}, halves, now)
        self._looked = now
        return False

    def _take(
        self, known: Mapping[str, KnownKey], halves: Mapping[str, Mapping[str, Any]], now: datetime
    ) -> None:
        served = {kid: json.loads(key.jwk) for kid, key in known.items() if not key.retired_at}
        taken = {
            kid
            for kid, half in halves.items()
            if kid in known and json.loads(known[kid].jwk)["x"] != half["x"]
        }
        self._ring.share(
            Shared(
                served=tuple(served.values()),
                ripe=frozenset(kid for kid in served.keys() - taken if known[kid].signs_at <= now),
                retired=frozenset((known.keys() - served.keys()) | taken),
            )
        )
        ours = halves.keys() & served.keys() - taken
        self._waits = {kid: known[kid].signs_at for kid in ours if known[kid].signs_at > now}
        self._tell(sorted(taken))
        if self._looked is not None:  # at the first look all are new to us
            for kid in served.keys() - self._seen - halves.keys():
                log.warning("key-appeared", kid=kid, jwk=known[kid].jwk)
        self._seen = {*known}

    def _tell(self, taken: list[str]) -> None:
        """Say what is another than at the last look."""
        signs = self._ring.kid if self._ring.may_sign else None
        said = signs, tuple(self._waits), taken
        if said == self._said:
            return
        self._said = said
        for kid in taken:
            log.error("key-name-taken", kid=kid, do="Another key has this name; give it its own.")
        for kid, signs_at in self._waits.items():
            log.info("key-waits", kid=kid, signs_at=instant(signs_at))
        log.info("key-signs", kid=signs) if signs else log.error(
            "no-key-signs", do=_do(self._waits)
        )

    def max_age_s(self) -> int:
        """How long anybody may keep the keys that are served now; 0: not at all."""
        return CACHE_S if self._is_believed else 0

    @property
    def _is_believed(self) -> bool:
        """Whether we looked lately."""
        believed = timedelta(seconds=BELIEVED_S)
        return self._looked is not None and self._clock() - self._looked <= believed

    def health(self) -> dict[str, Any]:
        """For readiness: whether a key of ours signs, and if not from when, or what to do."""
        if not self._is_believed:
            return {"ok": False, "do": "The database cannot be looked at: see `store`, or the log."}
        if self._ring.may_sign:
            return {"ok": True, "kid": self._ring.kid}
        told: dict[str, Any] = {"ok": False, "do": _do(self._waits)}
        if self._waits:
            told["signs_at"] = instant(min(self._waits.values()))
        return told


def _texts(halves: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {kid: json.dumps(half, sort_keys=True) for kid, half in halves.items()}


def _do(waits: Mapping[str, datetime]) -> str:
    if waits:
        return "Wait: its key signs once every cache may know it. Others sign meanwhile."
    return "Every key here is retired or has another's name: put a new one into ANDON_SIGNING_KEYS."
