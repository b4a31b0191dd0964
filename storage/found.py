"""What a look at a database finds, whichever database it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from storage.links import Looking
from storage.migrate import Schema, may_work_with
from storage.statements import LATEST_SEEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found, and what to do where it is wrong."""

    said: str
    do: str = ""  #: empty where all is well


def newer(schema: Schema) -> Found:
    """A later version brought it: this one may go on beside it, or not."""
    said = f"its schema is {schema.revision}, newer than this program"
    if may_work_with(schema):
        return Found(said=f"{said}, which may work with it until it is upgraded, too")
    return Found(said=said, do="Start the newer one.")


def clock(link: Looking, now: datetime) -> Iterator[Found]:
    """A clock behind what was seen before revives nothing, but it stands still until then."""
    rows = link.rows(LATEST_SEEN)
    ahead = (datetime.fromisoformat(rows[0][0]) - now).total_seconds() if rows else 0.0
    if ahead > 60:
        yield Found(
            said=f"it has seen a time {ahead:,.0f} s from now: the clock was set back",
            do="Set the clock right.",
        )
