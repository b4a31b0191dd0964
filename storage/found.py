"""What a look at a database finds, whichever database it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from storage.links import Looking
from storage.statements import LATEST_SEEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found, and what to do where it is wrong."""

    said: str
    do: str = ""  #: empty where all is well


def clock(link: Looking, now: datetime) -> Iterator[Found]:
    """A clock behind what was seen before revives nothing, but it stands still until then."""
    rows = link.rows(LATEST_SEEN)
    ahead = (datetime.fromisoformat(rows[0][0]) - now).total_seconds() if rows else 0.0
    if ahead > 60:
        yield Found(
            said=f"it has seen a time {ahead:,.0f} s from now: the clock was set back",
            do="Set the clock right.",
        )
