"""What was looked up before a command is decided. An unknown or too old fact counts against
release.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from approvals.memory.accepted import Accepted
from approvals.memory.runbooks import Page
from approvals.people import People
from approvals.policy.asking import Ask
from approvals.policy.model import Policy
from approvals.policy.plan import Planned, plan
from approvals.refusals import FieldError

#: What is remembered with one set of facts; beyond that it is forgotten and found anew.
MOST_REMEMBERED = 4096

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything `decide` may rely on besides the escalation itself."""

    people: People
    policy: Policy
    runbooks: tuple[Page, ...] = ()  #: pages of the folder, in the order of their names
    #: By fingerprint, the proposal and the rule accepted by it. It may lack the newest and hold one
    #: that is no more: what counts is loaded with the question it would decide.
    rules: Mapping[str, tuple[str, Accepted]] = field(default_factory=dict)
    _known: dict[Hashable, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def at(self, now: datetime) -> "Facts":
        """These facts with who is away at that moment; the same ones where that changes nothing."""
        people = self.people.at(now)
        return self if people is self.people else replace(self, people=people)

    def plan(self, ask: Ask) -> Planned | tuple[FieldError, ...]:
        """What the request needs, or why it cannot be asked like that."""
        return self.remembered(ask, lambda: plan(self.policy, ask, self.people))

    def remembered(self, question: Hashable, find: Callable[[], Found]) -> Found:
        """What was found before on the same question: services ask the same again and again.

        The question says everything that the answer rests on besides these facts, and there always
        is one.
        """
        found: Found | None = self._known.get(question)
        if found is None:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            found = self._known[question] = find()
        return found
