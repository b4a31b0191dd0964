"""A state machine at whose end everything is replayed under the policy it happened under."""

from hypothesis.stateful import RuleBasedStateMachine

from approvals.replay import Past, replay
from tests.approvals.world import WRITTEN, World


def replayed(machine: type[RuleBasedStateMachine]) -> type[RuleBasedStateMachine]:
    """The same rules; nothing may turn out differently."""

    def teardown(self: RuleBasedStateMachine) -> None:
        machine.teardown(self)
        world: World = self.world  # type: ignore[attr-defined]
        for id_, escalation in world.escalations.items():
            records = tuple(world.books[id_].records)
            past = Past(escalation=escalation, records=records, policy=WRITTEN)
            now = max(world.now, escalation.updated_at or world.now)
            found = replay(past, WRITTEN, now)
            assert (found.differences, found.untold) == ((), None)

    return type("Replayed", (machine,), {"teardown": teardown})
