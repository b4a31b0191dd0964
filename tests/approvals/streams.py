"""Openings one after the other, as a store folds them: each sees the flow of those before."""

from dataclasses import dataclass, field
from typing import Any

from approvals.escalation import Escalation
from approvals.flows import Flow
from approvals.ledger import Ledger
from approvals.owes import Work
from approvals.step import Step
from tests.approvals.scene import POLICY, Scene

CHANNEL = "C0DEPLOYS"

#: The policy of the scenes, with a channel for what is deployed, and another for one operation.
IN_CHANNELS = POLICY.replace(
    '[[rules]]\nname = "one"\n',
    f'''
[channels]
deploys = {{ id = "{CHANNEL}" }}
other = {{ id = "C0OTHER" }}

[[rules]]
name = "elsewhere"
match = {{ category = "deployment", operation = "other" }}
channel = "other"
requirements = [{{ group = "dba", needed = 1 }}]

[[rules]]
name = "one"
channel = "deploys"
''',
)


@dataclass
class Stream:
    """One service that asks again and again."""

    scene: Scene = field(default_factory=lambda: Scene(policy=IN_CHANNELS))
    flow: Flow = field(default_factory=Flow)
    opened: list[Escalation] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)  #: of each opening

    def open(self, **changes: Any) -> Step:
        """The next opening; `changes` are of the request."""
        n, before = len(self.opened) + 1, dict(self.scene.body)
        self.scene.body |= changes
        done = self.scene.try_to_open(
            ledger=Ledger(flow=self.flow), escalation_id=f"esc_{n}", idempotency_key=f"k{n}"
        )
        self.scene.body = before
        assert done.refusal is None, done.refusal
        self.flow = done.ledger.flow
        self.opened.append(self.scene.e)
        self.steps.append(done)
        return done

    def fill(self, n: int, every_s: float = 1, **changes: Any) -> list[Step]:
        """So many, so far apart."""
        done = []
        for _ in range(n):
            done.append(self.open(**changes))
            self.scene.pass_(every_s)
        return done

    @property
    def storms(self) -> list[tuple[str | None, int]]:
        """Storm and place of each."""
        return [(e.storm_id, e.storm_place) for e in self.opened]


def of_kind(done: Step, kind: type[Work]) -> list[Any]:
    """What is owed of that sort."""
    return [work for work in done.work if isinstance(work, kind)]
