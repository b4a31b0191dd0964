"""Whether one rule takes all that another is for. Only certainty counts."""

from fnmatch import fnmatchcase

from approvals.policy.match import GLOBS, Match
from approvals.severities import severity_floor
from approvals.words import Kind, Severity


def covers(before: Match, later: Match) -> bool:
    """Whether all that `later` matches is matched by `before`."""
    return _covers_but_for_money(before, later) and _covers_money(before, later)


def is_milder_tier(before: Match, later: Match) -> bool:
    """Whether amounts of a tier are taken by a lower one above it."""
    low, high = before.money, later.money
    if low is None or high is None or low.currency != high.currency:
        return False
    return low.above_minor <= high.above_minor and _covers_but_for_money(before, later)


def least(match: Match) -> Severity:
    """The mildest that anything it matches can be before its rule speaks."""
    kinds = (match.kind,) if match.kind else tuple(Kind)
    known = [slug for slug in match.category if not _globs(slug)]
    slugs = known if known and len(known) == len(match.category) else ["other"]
    floors = (severity_floor(slug, kind=kind) for slug in slugs for kind in kinds)
    return Severity.worst(match.severity, min(floors, key=lambda floor: floor.rank))


def _covers_but_for_money(before: Match, later: Match) -> bool:
    if before.severity is not None and least(later).rank < before.severity.rank:
        return False
    if before.kind is not None and before.kind is not later.kind:
        return False
    return all(_covers_globs(getattr(before, key), getattr(later, key)) for key in GLOBS)


def _covers_globs(wide: tuple[str, ...], narrow: tuple[str, ...]) -> bool:
    return not wide or (bool(narrow) and all(any(_wider(w, n) for w in wide) for n in narrow))


def _covers_money(before: Match, later: Match) -> bool:
    """A bound without a sum may let pass what a higher one with a sum catches."""
    if before.money is None:
        return True
    return (
        is_milder_tier(before, later)
        and later.money is not None
        and (set(later.money.sum_24h) <= set(before.money.sum_24h))
    )


def _wider(wide: str, narrow: str) -> bool:
    """Whether one glob surely takes all that another does; `?` and `[` are compared as written."""
    plain = "?" not in wide and "[" not in wide
    return wide == narrow or ((plain or not _globs(narrow)) and fnmatchcase(narrow, wide))


def _globs(text: str) -> bool:
    return any(c in text for c in "*?[")
