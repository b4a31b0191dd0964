"""Automate this? What people decide alike again and again, and what they keep doing by hand.

::

    what ended in 30 days, by exact fingerprint, place and kind
      --> a rule, where every line holds:      5 decisions by people, 95 % for the same release
                                               two of them at least
                                               none failed, unknown, taken back, void, overridden
                                               no kind that is reserved for people
      --> work, where 5 ended by hand

It suggests; nothing is decided here. Source of the numbers: escalation-practice section 7.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from approvals.memory.remembering import Remembered
from approvals.memory.values import Fingerprint
from approvals.words import DecidedBy, Effect, Result

#: How far back is looked, and how often people must have decided in that time.
WITHIN, FEWEST = timedelta(days=30), 5

#: Of a hundred decisions so many are for the same release.
ALIKE_OF_100 = 95

#: So many different people, at least, decided so: one person's habit is not a rule.
FEWEST_PEOPLE = 2

#: Outcomes that nobody would have wished for.
_BAD = (Result.FAILED, Result.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """People decide this alike: a rule could."""

    fingerprint: Fingerprint
    option: str  #: key of the release they choose
    decided: tuple[Remembered, ...]  #: what people decided for it, oldest first
    otherwise: tuple[Remembered, ...] = ()  #: what they decided otherwise

    @property
    def newest(self) -> Remembered:
        """The last of them: whatever a rule says about the like of it is read off this one."""
        return self.decided[-1]

    @property
    def people(self) -> tuple[str, ...]:
        """Who decided so, each once."""
        return _people(self.decided)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSuggestion:
    """People keep doing this by hand: it could be made."""

    fingerprint: Fingerprint
    done: tuple[Remembered, ...]  #: what ended by hand, oldest first

    @property
    def newest(self) -> Remembered:
        """The last of them."""
        return self.done[-1]

    @property
    def ids(self) -> tuple[str, ...]:
        """Which they were, oldest first."""
        return tuple(one.id for one in self.done)

    @property
    def median(self) -> timedelta:
        """How long one took from the question to its end, usually."""
        return timedelta(seconds=median(took.total_seconds() for took in _took(self.done)))

    @property
    def total(self) -> timedelta:
        """How long all of them took together."""
        return sum(_took(self.done), timedelta())

    @property
    def said(self) -> tuple[str, ...]:
        """What was done, in people's words, newest first, each once."""
        told = (one.by_hand or one.rationale or one.label for one in reversed(self.done))
        return tuple(dict.fromkeys(filter(None, told)))


def candidates(history: Iterable[Remembered], now: datetime) -> Iterator[Suggestion]:
    """The rules that what ended lately speaks for, by their last decision, oldest first."""
    found = [_suggested(group) for group in _grouped(_lately(history, now), _alike)]
    yield from sorted(filter(None, found), key=lambda one: (one.newest.ended_at, one.newest.id))


def work(history: Iterable[Remembered], now: datetime) -> Iterator[WorkSuggestion]:
    """What people did by hand so often that it should be made, oldest first.

    Those that are alike in everything make one suggestion; the rest, where they only differ in
    values, another.
    """
    by_hand = [one for one in _lately(history, now) if one.is_by_hand]
    exact = [g for g in _grouped(by_hand, _alike) if len(g) >= FEWEST]
    taken = {one.id for group in exact for one in group}
    left = [one for one in by_hand if one.id not in taken]
    like = [g for g in _grouped(left, _template) if len(g) >= FEWEST]
    for group in sorted((*exact, *like), key=lambda g: (g[-1].ended_at, g[-1].id)):
        yield WorkSuggestion(fingerprint=_print(group), done=group)


def _lately(history: Iterable[Remembered], now: datetime) -> list[Remembered]:
    """What ended in the time that counts, oldest first."""
    found = (one for one in history if now - WITHIN < one.ended_at <= now)
    return sorted(found, key=lambda one: (one.ended_at, one.id))


def _grouped(
    found: Iterable[Remembered], key: Callable[[Remembered], Hashable | None]
) -> list[tuple[Remembered, ...]]:
    groups: dict[Hashable, list[Remembered]] = {}
    for one in found:
        name = key(one)
        if name is not None:
            groups.setdefault(name, []).append(one)
    return [tuple(group) for group in groups.values()]


def _print(group: Iterable[Remembered]) -> Fingerprint:
    """The fingerprint of a group: of the first, and all are grouped by it."""
    return next(one.fingerprint for one in group if one.fingerprint is not None)


def _place(one: Remembered) -> tuple[str, ...]:
    """What is never alike for a rule, whatever a fingerprint makes of it."""
    return one.service, one.category, one.environment, one.kind


def _alike(one: Remembered) -> Hashable | None:
    known = one.fingerprint
    return (known.version, known.exact, *_place(one)) if known else None


def _template(one: Remembered) -> Hashable | None:
    known = one.fingerprint
    has_one = known is not None and known.template is not None
    return (known.version, known.template, *_place(one)) if known and has_one else None


def _suggested(group: Sequence[Remembered]) -> Suggestion | None:
    """What the group speaks for; None where a line of the list above does not hold."""
    voted = [one for one in group if one.by is DecidedBy.VOTES]
    option = _favourite(voted)
    if option is None or any(map(_speaks_against, group)):
        return None
    decided = tuple(one for one in voted if one.option == option)
    otherwise = tuple(one for one in voted if one.option != option)
    enough = len(voted) >= FEWEST and len(_people(decided)) >= FEWEST_PEOPLE
    if not enough or 100 * len(decided) < ALIKE_OF_100 * len(voted):
        return None
    if any(one.money or one.reserved for one in decided):
        return None
    return Suggestion(
        fingerprint=_print(group), option=option, decided=decided, otherwise=otherwise
    )


def _favourite(voted: Sequence[Remembered]) -> str | None:
    """The release that was chosen most; None where none was."""
    chosen = [one.option for one in voted if one.effect is Effect.RELEASE and one.option]
    return max(sorted(set(chosen)), key=chosen.count, default=None)


def _speaks_against(one: Remembered) -> bool:
    """Whether this one alone is enough that no rule is suggested.

    What a rule decided counts here as well: the like of it failed, whoever let it.
    """
    went_wrong = one.outcome in _BAD or one.is_reversed or one.void
    return went_wrong or one.by is DecidedBy.BREAK_GLASS


def _people(found: Iterable[Remembered]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(person for one in found for person in one.people))


def _took(done: Iterable[Remembered]) -> list[timedelta]:
    return [one.ended_at - one.created_at for one in done]
