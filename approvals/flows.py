"""Flows: what a storm is noticed by.

One row a service, category and environment holds the latest openings of each *lane* (what people
see as one stream: one kind, one severity, one channel, so that nothing worse hides in something
milder) and how often each sort of question came lately::

    1  2  3      keep their cards, whatever comes
    4  5         are gathered once the sixth has come, so far as their cards are not posted yet
    6 …          are gathered, until nothing has come for a minute or there are a thousand; then the
                 next are another storm
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from approvals.codec import instant, parse_instant
from approvals.escalation import Json
from approvals.joining import normalised
from approvals.words import Severity

#: More than so many openings within so long are a storm; the first few keep their cards.
MOST, WITHIN, KEPT = 5, timedelta(seconds=60), 3

#: So many gather on one card: it is read and drawn whole, and one click decides no more.
MOST_GATHERED = 1000

#: A question of the same sort counts as the next of its kind for so long after the last one.
SAME_FOR = timedelta(hours=1)

#: Sorts remembered in one flow; beyond that the oldest is forgotten.
MOST_SORTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The latest openings people see as one stream, oldest first, and the storm they make."""

    recent: tuple[tuple[str, datetime], ...] = ()  #: (escalation, when); in a storm the last alone
    storm: str | None = None
    places: int = 0  #: places given in the storm

    def at(self, now: datetime) -> "Lane":
        """What of it still counts."""
        kept = tuple(one for one in self.recent if now - one[1] <= WITHIN)
        if len(kept) == len(self.recent):
            return self
        return replace(self, recent=kept) if kept else Lane()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """How often one sort of question has come, since when and until when."""

    times: int
    since: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The row of a service, category and environment."""

    lanes: Mapping[str, Lane] = field(default_factory=dict)
    sorts: Mapping[str, Sort] = field(default_factory=dict)  #: by `sort_of`, oldest first

    @property
    def nearly(self) -> tuple[str, ...]:
        """Who would gather in a storm that the next openings may begin."""
        lanes = (lane for lane in self.lanes.values() if lane.storm is None)
        return tuple(id_ for lane in lanes for id_ in _late(lane))


def sort_of(fields: Mapping[str, Json]) -> str:
    """What makes two questions of a flow one sort: the caller's `dedup_key`; else what it would
    run and what went wrong. Only for display: an approval never covers another digest.
    """
    if fields.get("dedup_key"):
        return _sort("", str(fields["dedup_key"]))
    error = (fields.get("context") or {}).get("error") or {}
    said = ": ".join(filter(None, map(error.get, ("type", "message"))))
    operation = fields.get("operation") or {}
    return _sort(operation.get("name", ""), said or str(fields["title"]))


@lru_cache(maxsize=256)
def _sort(operation: str, said: str) -> str:
    words = f"{operation}\x1f{normalised(said)}"
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def noticed(flow: Flow, fields: Mapping[str, Json], now: datetime) -> dict[str, Json]:
    """What a new escalation's fields say of its storm and of those like it; often nothing."""
    found: dict[str, Json] = {}
    same = _alike(flow, sort_of(fields), now)
    if same is not None:
        found["alike"] = {"nth": same.times + 1, "since": instant(same.since)}
    lane = flow.lanes.get(_lane(fields), Lane()).at(now)
    if fields["severity"] == Severity.LOW:
        return found  # no card and no ring: it waits for the digest
    if lane.storm is not None and lane.places < MOST_GATHERED:
        return found | {"storm_id": lane.storm, "storm_place": lane.places + 1}
    if lane.storm is not None or len(lane.recent) >= MOST:
        storm = f"stm_{str(fields['id']).partition('_')[2]}"
        return found | {"storm_id": storm, "storm_place": len(_late(lane)) + 1}
    return found


def flowed(flow: Flow, fields: Mapping[str, Json], now: datetime) -> tuple[Flow, tuple[str, ...]]:
    """The flow after an opening; and who is gathered into the storm that this one begins."""
    name = _lane(fields)
    lane = flow.lanes.get(name, Lane()).at(now)
    here, storm = (str(fields["id"]), now), fields.get("storm_id")
    gathers: tuple[str, ...] = ()
    if storm is None:
        after = Lane(recent=(*lane.recent, here)[-MOST:])
    else:
        gathers = _late(lane) if storm != lane.storm else ()
        after = Lane(recent=(here,), storm=str(storm), places=int(fields["storm_place"]))
    lanes = {key: one for key, one in flow.lanes.items() if now - one.recent[-1][1] <= WITHIN}
    return Flow(lanes=lanes | {name: after}, sorts=_sorted(flow, sort_of(fields), now)), gathers


def _late(lane: Lane) -> tuple[str, ...]:
    """Those who came when it was nearly one, and gather with it."""
    return tuple(id_ for id_, _ in lane.recent[KEPT:])


def _lane(fields: Mapping[str, Json]) -> str:
    return "|".join((fields["kind"], fields["severity"], fields["plan"].get("channel") or ""))


def _alike(flow: Flow, name: str, now: datetime) -> Sort | None:
    found = flow.sorts.get(name)
    return found if found is not None and now - found.last <= SAME_FOR else None


def _sorted(flow: Flow, name: str, now: datetime) -> Mapping[str, Sort]:
    before = _alike(flow, name, now)
    since, times = (before.since, before.times) if before else (now, 0)
    kept = {k: s for k, s in flow.sorts.items() if k != name and now - s.last <= SAME_FOR}
    for _ in range(len(kept) - MOST_SORTS + 1):
        del kept[next(iter(kept))]
    return kept | {name: Sort(times=times + 1, since=since, last=now)}


def dump_flow(flow: Flow) -> str:
    """The flow as text: what a store keeps."""
    lanes = {
        name: [lane.storm, lane.places, [[id_, instant(at)] for id_, at in lane.recent]]
        for name, lane in flow.lanes.items()
    }
    sorts = {k: [s.times, instant(s.since), instant(s.last)] for k, s in flow.sorts.items()}
    return json.dumps({"lanes": lanes, "sorts": sorts}, separators=(",", ":"))


def load_flow(text: str) -> Flow:
    """The flow from `dump_flow`."""
    said = json.loads(text)
    return Flow(
        lanes={name: _read_lane(*lane) for name, lane in said["lanes"].items()},
        sorts={
            name: Sort(times=times, since=parse_instant(since), last=parse_instant(last))
            for name, (times, since, last) in said["sorts"].items()
        },
    )


def _read_lane(storm: str | None, places: int, recent: list[Any]) -> Lane:
    openings = tuple((id_, parse_instant(at)) for id_, at in recent)
    return Lane(recent=openings, storm=storm, places=places)
