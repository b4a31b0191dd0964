"""The rule written down plainly: everything is kept, and counted anew at every step."""

from dataclasses import dataclass, field
from math import exp, fsum, lgamma, log

from andon.watching.rising import Rule

STEP_S = 10
WINDOW = 30


@dataclass
class Plain:
    """What `Rise` has to say, without rings: slow, and short enough to be read."""

    rule: Rule
    came: dict[int, tuple[int, int]] = field(default_factory=dict)
    learned: list[tuple[int, int]] = field(default_factory=list)
    firing: bool = False
    suspicious_since: int | None = None
    quiet_s: int = 0
    told: list[tuple[bool, int]] = field(default_factory=list)

    def add(self, step: int, count: int, errors: int) -> None:
        before = self.came.get(step, (0, 0))
        self.came[step] = (before[0] + count, before[1] + errors)

    def judge(self, step: int) -> None:
        """Judge at the beginning of a step."""
        b = self.baseline()
        n, errors = self.counted(step, WINDOW)
        top = min(10 * b, 0.5)
        strange = min(3 * b, (b + (top if top > b else 1)) / 2)
        suspicious = errors >= 3 and errors / n >= strange
        if not self.firing and not suspicious:
            self.suspicious_since = None
        elif self.suspicious_since is None:
            self.suspicious_since = step - 1
        if self.firing and n:
            self.quiet_s = 0 if suspicious else self.quiet_s + STEP_S
            if self.quiet_s >= 600:
                self.firing, self.suspicious_since = False, None
                self.told.append((False, step * STEP_S))
        elif not self.firing and (self.fires(step, 30, b) or self.fires(step, 12, b)):
            self.firing, self.quiet_s = True, 0
            self.told.append((True, step * STEP_S))
            if self.suspicious_since is None:
                self.suspicious_since = step - 1
        if not self.frozen(step):
            self.learned.append(self.came.get(step - WINDOW, (0, 0)))

    def baseline(self) -> float:
        """Over the buckets of five minutes that are not older than a day."""
        newest = len(self.learned) // 30
        oldest = newest - self.rule.day_s // 300 + 1
        kept = self.learned[max(oldest, 0) * 30 :]
        n, errors = sum(n for n, _ in kept), sum(e for _, e in kept)
        weight = max(self.rule.weight, 5 / self.rule.expected)
        return (errors + self.rule.expected * weight) / (n + weight)

    def counted(self, step: int, steps: int) -> tuple[int, int]:
        """Before a step."""
        found = [self.came.get(s, (0, 0)) for s in range(step - steps, step)]
        return sum(f[0] for f in found), sum(f[1] for f in found)

    def fires(self, step: int, steps: int, b: float) -> bool:
        n, errors = self.counted(step, steps)
        if errors < 10 or errors / n < min(10 * b, 0.5):
            return False
        less = fsum(exp(i * log(b * n) - b * n - lgamma(i + 1)) for i in range(errors))
        return 1 - less < 1e-6

    def frozen(self, step: int) -> bool:
        since = self.suspicious_since
        return self.firing or (since is not None and (step - since) * STEP_S <= self.rule.doubt_s)
