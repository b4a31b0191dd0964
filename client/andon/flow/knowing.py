"""Which errors are known: what the server says of them, kept for a while.

::

    asked lately ----------------------------> what was said then
    else asked once +-- 200, 304 ------------> what it says
                    +-- away, or out of order -> what was said then, for an hour; then nothing
                    +-- it knows no such thing -> nothing (an older server, a key that may not)
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from andon.errors import UnavailableError
from andon.flow.persisting import read
from andon.flow.steps import Answer, Call, Flow, Lost
from andon.likeness import messages_of, types_of
from andon.models import KnownError, KnownErrorList

log = logging.getLogger("andon")

PATH = "/v1/known-errors"

#: How long an answer counts, and how long while there is no newer one.
KEPT, KEPT_AWAY = timedelta(seconds=60), timedelta(hours=1)

#: Seconds an answer may take: whoever asks is about to recover.
WITHIN_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the server said last, and when."""

    items: Sequence[KnownError] = ()
    tag: str | None = None  #: its ETag
    asked_at: datetime | None = None
    said_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether to ask again. A clock that was set back is no reason to wait."""
        return self.asked_at is None or not timedelta(0) <= now - self.asked_at < KEPT

    def of(self, error: BaseException) -> KnownError | None:
        """What is known of this error; of its very type before that of any type."""
        if not self.items:
            return None
        types, messages = types_of(error), messages_of(error)
        said = [one for one in self.items if one.message in messages]
        for kind in (*types, None):
            found = next((one for one in said if one.error_type == kind), None)
            if found is not None:
                return found
        return None


def renewed(known: Known, now: datetime) -> Flow[Known]:
    """What is known now. Asks once, and raises nothing: a recovery does not wait for this."""
    headers = {"If-None-Match": f'"{known.tag}"'} if known.tag else {}
    came: Answer | Lost = yield Call(method="GET", path=PATH, headers=headers, timeout_s=WITHIN_S)
    if isinstance(came, Answer):
        if came.status == 304 and known.tag:
            return replace(known, asked_at=now, said_at=now)
        if came.status == 200:
            try:
                items = tuple(read(came, KnownErrorList).items)
            except UnavailableError as error:
                log.warning("Known errors cannot be read: %s", error)
            else:
                tag = came.headers.get("etag", "").removeprefix("W/").strip('"') or None
                return Known(items=items, tag=tag, asked_at=now, said_at=now)
        elif 400 <= came.status < 500 and came.status not in (408, 425, 429):
            return Known(asked_at=now)
    if known.said_at is None or now - known.said_at >= KEPT_AWAY:
        return Known(asked_at=now)
    return replace(known, asked_at=now)
