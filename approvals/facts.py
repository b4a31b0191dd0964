"""What was looked up before a command is decided. An unknown or too old fact counts against
release.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from approvals.people import People
from approvals.policy.asking import Ask
from approvals.policy.model import Policy
from approvals.policy.plan import Planned, plan
from approvals.refusals import FieldError

#: Plans remembered for one set of facts; beyond that they are forgotten and made anew.
MOST_PLANS = 4096

Plans = dict[Ask, Planned | tuple[FieldError, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything `decide` may rely on besides the escalation itself."""

    people: People
    policy: Policy
    _plans: Plans = field(default_factory=dict, init=False, compare=False, repr=False)

    def at(self, now: datetime) -> "Facts":
        """These facts with who is away at that moment; the same ones where that changes nothing."""
        people = self.people.at(now)
        return self if people is self.people else replace(self, people=people)

    def plan(self, ask: Ask) -> Planned | tuple[FieldError, ...]:
        """What the request needs, or why it cannot be asked like that.

        Remembered with the facts it rests on: services ask the same again and again.
        """
        found = self._plans.get(ask)
        if found is None:
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            found = self._plans[ask] = plan(self.policy, ask, self.people)
        return found
