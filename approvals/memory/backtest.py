"""What a rule would have decided, had it been there: of past escalations, and how those ended."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from approvals.memory.accepted import Accepted
from approvals.memory.remembering import Remembered
from approvals.words import DecidedBy, Effect, Kind, Result

#: Lines of the proposal that name one escalation each; the rest is counted.
MOST_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """Of the approvals that ended in so many days, what the rule would have decided."""

    days: int
    of: int  #: how many ended then
    option: str
    found: tuple[Remembered, ...]  #: what it would have decided, newest first

    @property
    def denied(self) -> int:
        """How often people said no."""
        by_people = (one for one in self.found if one.by is DecidedBy.VOTES)
        return sum(one.effect is Effect.ABORT for one in by_people)

    @property
    def otherwise(self) -> int:
        """How often people released it another way."""
        return sum(one.effect is Effect.RELEASE and one.option != self.option for one in self.found)

    @property
    def failed(self) -> int:
        """How often it failed, or nobody knows."""
        return sum(one.outcome in (Result.FAILED, Result.UNKNOWN) for one in self.found)

    @property
    def undone(self) -> int:
        """How often it was taken back, before or after it ran."""
        return sum(one.is_reversed for one in self.found)

    @property
    def summary(self) -> str:
        """All of it in a line."""
        rest = [f"{n:,} {what}" for n, what in ((self.otherwise, "decided otherwise"),) if n]
        share = f"{len(self.found):,} of {self.of:,} approvals"
        said = [
            f"In {self.days} days it would have decided {share}",
            f"{self.denied:,} denied by people",
            *rest,
            f"{self.failed:,} failed",
            f"{self.undone:,} taken back",
        ]
        return "; ".join(said)

    @property
    def ids(self) -> tuple[str, ...]:
        """Which, newest first."""
        return tuple(one.id for one in self.found)


def backtest(rule: Accepted, history: Iterable[Remembered], now: datetime, days: int) -> Backtest:
    """What the rule would have decided of what ended in the last `days` days.

    By its fingerprint alone: what its daily cap and its breaker would have left to people is in it.
    """
    since = now - timedelta(days=days)
    ended = [e for e in history if e.kind is Kind.APPROVAL and since < e.ended_at <= now]
    like = [e for e in ended if e.fingerprint and rule.knows(e.fingerprint)]
    like.sort(key=lambda one: (one.ended_at, one.id), reverse=True)
    return Backtest(days=days, of=len(ended), option=rule.option, found=tuple(like))


def told(tests: Sequence[Backtest], names: Mapping[str, str]) -> str:
    """The backtests as approvers read them: a line each, those that say the same once, by the
    longest; then one for every escalation of that. `names` are people's, by id.
    """
    longest = max(tests, key=lambda test: test.days)
    says = {(test.of, test.ids): test.summary for test in sorted(tests, key=lambda test: test.days)}
    lines = [*says.values(), *(_line(one, names) for one in longest.found[:MOST_LINES])]
    more = len(longest.found) - MOST_LINES
    return "\n".join([*lines, *([f"and {more:,} more"] if more > 0 else [])])


def _line(one: Remembered, names: Mapping[str, str]) -> str:
    """`7f3a9c 2026-11-12 22:41 migrate by Ravi: succeeded`: what `/escalations show` takes."""
    at = one.ended_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    who = f" by {', '.join(names.get(p, p) for p in one.people)}" if one.people else ""
    after = one.outcome.value if one.outcome else "stopped" if one.stopped else "nothing reported"
    ended = f": {after}" if one.effect is Effect.RELEASE else ""
    undone = ", taken back" if one.undone is not None else ""
    return f"{one.id[-6:]} {at} {one.option or one.status.value}{who}{ended}{undone}"
