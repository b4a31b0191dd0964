"""How fast the error budget of an SLO is spent: windows in pairs, after the SRE Workbook.

A pair fires while both its windows burn faster than its factor: the long one says it matters, the
short one that it still goes on. Two alarms at most: a page, and a ticket where no page is open.
While a service is young, its long windows hold what there was: pages come at once nevertheless,
tickets once their short window has passed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from andon.watching.alarms import Seen
from andon.watching.rings import Ring
from andon.watching.rising import STEP_S, Turn

#: Each window is a ring of so many buckets, and so exact to a thirtieth of its length.
_BUCKETS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two windows, and how many times too fast the budget may be spent in them."""

    factor: float
    long_s: int
    short_s: int
    page: bool


#: A page within the hour or within six; a ticket within the day or within three.
PAIRS = (
    Pair(factor=14.4, long_s=3600, short_s=300, page=True),
    Pair(factor=6, long_s=21_600, short_s=1800, page=True),
    Pair(factor=3, long_s=86_400, short_s=7200, page=False),
    Pair(factor=1, long_s=259_200, short_s=21_600, page=False),
)


class Window:
    """Counts of the newest so many seconds."""

    def __init__(self, width_s: int) -> None:
        self.width_s = width_s
        self._every = width_s // (STEP_S * _BUCKETS)
        self._ring = Ring(_BUCKETS, 2)

    def add(self, count: float, errors: float) -> None:
        """Count what happens now."""
        self._ring.add(count, errors)

    def pass_(self, before: int, after: int) -> None:
        """Let steps pass."""
        turns = after // self._every - before // self._every
        for _ in range(min(turns, _BUCKETS)):
            self._ring.turn()

    def seen(self, budget: float) -> Seen:
        """What was counted, beside what the SLO allows."""
        count, errors = self._ring.sums()
        return Seen(window_s=self.width_s, count=int(count), errors=int(errors), baseline=budget)


class Latch:
    """One alarm from its beginning until it has been quiet for long enough."""

    def __init__(self, *, page: bool, quiet_s: int) -> None:
        self.page = page
        self.on = False
        self._said = False
        self._quiet_for_s = quiet_s
        self._quiet_s = 0

    def turn(
        self, at_s: float, burning: Seen | None, calm: Seen, *, covered: bool = False
    ) -> Iterator[Turn]:
        """What the state of a step means; nothing is said of what another alarm covers."""
        if burning is not None:
            self._quiet_s = 0
            if not self.on:
                self.on, self._said = True, not covered
                yield from self._turned(True, at_s, burning)
        elif self.on and calm.count:
            self._quiet_s += STEP_S
            if self._quiet_s >= self._quiet_for_s:
                self.on = False
                yield from self._turned(False, at_s, calm)

    def _turned(self, began: bool, at_s: float, seen: Seen) -> Iterator[Turn]:
        if self._said:
            yield Turn(began=began, at_s=at_s, since_s=at_s, seen=seen, page=self.page)


class Burn:
    """Judges every ten seconds how fast the budget is spent."""

    def __init__(
        self,
        slo: float,
        *,
        least: int = 10,
        quiet_s: int = 600,
        pairs: tuple[Pair, ...] = PAIRS,
    ) -> None:
        if not 0 < slo < 1:
            raise ValueError("`slo` is the part that has to go well, between 0 and 1: 0.999.")
        self._budget = round(1 - slo, 12)
        self._least = least
        self._pairs = pairs
        widths = sorted({w for pair in pairs for w in (pair.long_s, pair.short_s)})
        self._windows = {width: Window(width) for width in widths}
        self._shortest = self._windows[widths[0]]
        self._page = Latch(page=True, quiet_s=quiet_s)
        self._ticket = Latch(page=False, quiet_s=quiet_s)
        self._pending = [0.0, 0.0]
        self._step = 0

    @property
    def firing(self) -> bool:
        """Whether there is a page."""
        return self._page.on

    def seen(self) -> Seen:
        """The counts of the shortest window."""
        return self._shortest.seen(self._budget)

    def add(self, count: float, errors: float) -> None:
        """Count what happens now."""
        self._pending[0] += count
        self._pending[1] += errors

    def advance(self, now_s: float) -> Iterator[Turn]:
        """Judge at each step that has passed; of a long gap, at its beginning."""
        target = int(now_s // STEP_S)
        for step in range(self._step + 1, min(target, self._step + _BUCKETS + 1) + 1):
            self._count()
            yield from self._judged(step)
            self._pass(step)
        self._pass(max(target, self._step))

    def _count(self) -> None:
        for window in self._windows.values():
            window.add(*self._pending)
        self._pending = [0.0, 0.0]

    def _pass(self, step: int) -> None:
        for window in self._windows.values():
            window.pass_(self._step, step)
        self._step = step

    def _judged(self, step: int) -> Iterator[Turn]:
        at_s = float(step * STEP_S)
        calm = self.seen()
        yield from self._page.turn(at_s, self._burning(page=True), calm)
        burning = self._burning(page=False)
        yield from self._ticket.turn(at_s, burning, calm, covered=self._page.on)

    def _burning(self, *, page: bool) -> Seen | None:
        for pair in self._pairs:
            if pair.page is page and (page or self._step * STEP_S >= pair.short_s):
                long = self._windows[pair.long_s].seen(self._budget)
                short = self._windows[pair.short_s].seen(self._budget)
                fast = min(long.ratio, short.ratio) / self._budget >= pair.factor
                if fast and long.errors >= self._least:
                    return long
        return None
