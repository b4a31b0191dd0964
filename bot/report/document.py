"""The report as one JSON document: every number, and the ids of the newest behind each count."""

from collections.abc import Mapping
from typing import Any

from approvals.codec import instant
from approvals.memory.observing import Fact, Wait
from approvals.memory.oversight import Count, Figures, Load, Oversight


def document(oversight: Oversight) -> dict[str, Any]:
    """All of it. What is not there is zero; times are seconds."""
    return {
        "since": instant(oversight.since),
        "until": instant(oversight.now),
        "zone": oversight.zone,
        "all": figures(oversight.all),
        "rules": _each(oversight.rules),
        "groups": _each(oversight.groups),
        "severities": _each(oversight.severities),
        "days": {
            day.isoformat(): {fact.value: count.n for fact, count in sorted(found.counts.items())}
            for day, found in sorted(oversight.days.items())
        },
        "hours": [
            {"weekday": day, "hour": hour, **_count(count)}
            for (day, hour), count in sorted(oversight.hours.items())
        ],
        "load": {person: _load(load) for person, load in sorted(oversight.people.items())},
        "runbooks": {
            name: {"worked": found.yes, "did_not": _count(found.no)}
            for name, found in sorted(oversight.runbooks.items())
        },
        "automate_or_fix": [rule for rule, _ in oversight.automate_or_fix],
    }


def _each(found: Mapping[Any, Figures]) -> dict[str, Any]:
    return {str(name): figures(one) for name, one in sorted(found.items())}


def figures(found: Figures) -> dict[str, Any]:
    """The counts and times of one rule, group or severity."""
    counts = {fact.value: _count(found.of(fact)) for fact in Fact if found.n(fact)}
    return {"counts": counts, "times": {w.value: _times(found, w) for w in Wait}}


def _times(found: Figures, wait: Wait) -> dict[str, Any]:
    took = found.spread(wait)
    return {
        "known": took.n,
        "median_s": took.median,
        "p90_s": took.p90,
        "longest_s": took.longest,
        "not_known": _count(found.without(wait)),
    }


def _count(count: Count) -> dict[str, Any]:
    return {"n": count.n, "newest": [one.id for one in reversed(count.newest)]}


def _load(load: Load) -> dict[str, Any]:
    return {
        "decided": _count(load.decided),
        "called": _count(load.called),
        "pages": load.pages,
    }
