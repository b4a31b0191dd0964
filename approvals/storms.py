"""A storm: many questions of one stream at once, which people see as one, and decide one by one or
by a frozen list.
"""

import base64
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from approvals.canonical import sha256_of
from approvals.escalation import Escalation
from approvals.words import OperationState, Status

#: So many are decided by one click at most.
MOST_AT_ONCE = 1000

#: A list's text is unpacked to at most so many bytes, eight places each.
MOST_BYTES = 16_384

_DECIDED = frozenset({Status.APPROVED, Status.REJECTED})
_RECOVERED = frozenset({Status.WITHDRAWN, Status.RESOLVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """A storm as it stands. Its members are in order of their places; there is always one."""

    id: str
    began_at: datetime
    version: int  #: rises with every change of a member
    members: tuple[Escalation, ...]

    @property
    def first(self) -> Escalation:
        """What all have in common is read off it: service, category, severity, channel."""
        return self.members[0]

    @property
    def for_all(self) -> Escalation:
        """One for all: the oldest that waits, else the first, at the storm's version."""
        return replace((self.waiting or self.members)[0], version=self.version)

    @property
    def waiting(self) -> tuple[Escalation, ...]:
        """Those that people may decide."""
        return tuple(e for e in self.members if e.status is Status.PENDING)

    @property
    def decided(self) -> int:
        """How many people decided."""
        return sum(e.status in _DECIDED for e in self.members)

    @property
    def recovered(self) -> int:
        """How many the service took back, or are resolved."""
        return sum(e.status in _RECOVERED for e in self.members)

    @property
    def expired(self) -> int:
        """How many nobody decided in time."""
        return sum(e.status is Status.EXPIRED for e in self.members)

    @property
    def states(self) -> Counter[OperationState]:
        """What became of those that were released."""
        return Counter(e.state for e in self.members if e.status is Status.APPROVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Exactly these members of a storm: what a button or window is about, whoever comes later."""

    storm: str
    members: tuple[Escalation, ...]

    @property
    def digest(self) -> str:
        """`sha256:` over the ids and digests, in order."""
        return sha256_of([[e.id, e.digest] for e in self.members])

    @property
    def judged(self) -> str:
        """The same over what is to be judged too: another one where an answer or context came."""
        return sha256_of([[e.id, e.digest, e.shown] for e in self.members])

    @property
    def places(self) -> str:
        """The members' places as short text, for a button to carry."""
        bits = bytearray(1 + max((e.storm_place for e in self.members), default=0) // 8)
        for e in self.members:
            bits[e.storm_place // 8] |= 1 << e.storm_place % 8
        return base64.urlsafe_b64encode(zlib.compress(bytes(bits), 9)).decode()


def listed(storm: Storm, members: Iterable[Escalation]) -> Listed:
    """The first of these members, as many as one click may decide."""
    return Listed(storm=storm.id, members=tuple(members)[:MOST_AT_ONCE])


def relisted(storm: Storm, places: str) -> Listed:
    """The list that a button carries, as its members are now. Raises ValueError for other text."""
    try:
        packed = base64.b64decode(places, b"-_", validate=True)
        bits = zlib.decompressobj().decompress(packed, MOST_BYTES)
    except (ValueError, zlib.error) as error:
        raise ValueError("These are no places of ours.") from error
    return listed(storm, (e for e in storm.members if _is_set(bits, e.storm_place)))


def _is_set(bits: Sequence[int], place: int) -> bool:
    return place // 8 < len(bits) and bool(bits[place // 8] & 1 << place % 8)
