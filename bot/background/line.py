"""The line to Slack, shared by all who speak: paced, and shut for everyone when Slack says so.

A method that is rate limited waits for the whole workspace; while Slack is away or does not know
us any more, everything waits. Nothing is lost: what waits is owed in durable rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog

from approvals.ports import Clock
from bot.background.budget import OPENING, Ask, Budgets, WaitError
from bot.messaging import SlackAwayError, SlackBusyError, SlackRefusedError, SlackUnsureError

log = structlog.get_logger(__name__)

#: Seconds until Slack is tried again while it is away: by times in a row, then the last.
AWAY_S = (1, 2, 5, 15, 30, 60)

#: Absences in a row from which on health says so.
FAILING = 3

#: A wait that Slack asks for is at least and at most so many seconds.
SHORTEST_S, LONGEST_S = 1.0, 3600.0


class Line:
    """Who may call now, and what the last answers say about the next."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._budgets = Budgets()
        self._shut: dict[str, datetime] = {}  # by method
        self._away_until: datetime | None = None
        self.times_away = 0  #: in a row; 0 while Slack answers
        self.times_unclear = 0  #: calls in a row without a clear answer
        self._unclear_until: datetime | None = None

    @property
    def works(self) -> bool:
        """Whether Slack answers; one absence is no news, the next call heals it."""
        return max(self.times_away, self.times_unclear) < FAILING

    def left(self, ask: Ask) -> int:
        """How many calls like this one may be made now."""
        now = self._clock()
        shut = (self._away_until, *map(self._shut.get, ask.methods))
        if any(until is not None and now < until for until in shut):
            return 0
        return self._budgets.of(ask).left(now, urgent=ask.urgent)

    def take(self, ask: Ask) -> None:
        """Take one call from the budget. Raises WaitError, which parks the work."""
        if not self.left(ask):
            raise WaitError(ask)
        self._budgets.of(ask).take(self._clock())

    @contextmanager
    def call(self, ask: Ask) -> Iterator[None]:
        """Around the call itself: learns from how it ends."""
        try:
            yield
        except SlackBusyError as error:
            method = OPENING if error.opening else ask.method
            log.warning("slack-busy", method=method, retry_after=error.retry_after)
            self._shut[method] = self._clock() + wait_of(error.retry_after)
            raise
        except SlackAwayError as error:
            self._away(error)
            raise
        except SlackUnsureError as error:
            self._unclear(error)
            raise
        except SlackRefusedError:
            self._back()
            raise
        else:
            self._back()

    def _away(self, error: SlackAwayError) -> None:
        if self._away_until is not None and self._clock() < self._away_until:
            return  # it was under way when another call found out
        if not self.times_away:
            log.error("slack-away", code=error.code)
        seconds = AWAY_S[min(self.times_away, len(AWAY_S) - 1)]
        self._away_until = self._clock() + timedelta(seconds=seconds)
        self.times_away += 1

    def _unclear(self, error: SlackUnsureError) -> None:
        """It may be one message that goes wrong: nothing is shut. Many in a row are an outage."""
        now = self._clock()
        if self._unclear_until is not None and now < self._unclear_until:
            return  # calls that were under way together are one
        self._unclear_until = now + timedelta(seconds=AWAY_S[0])
        self.times_unclear += 1
        if self.times_unclear == FAILING:
            log.error("slack-away", code=error.code)

    def _back(self) -> None:
        if self.times_away or self.times_unclear >= FAILING:
            log.info("slack-back", after=max(self.times_away, self.times_unclear))
        self.times_away, self._away_until = 0, None
        self.times_unclear, self._unclear_until = 0, None


def wait_of(seconds: float) -> timedelta:
    """What Slack asked us to wait, kept within reason (it may be anything a header can hold)."""
    return timedelta(seconds=min(max(SHORTEST_S, seconds), LONGEST_S))
