"""Whatever happened in whatever order: under the policy it happened under, nothing is different."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from approvals.replay import Past, replay
from tests.approvals.machine import Machine
from tests.approvals.test_properties import SEARCH
from tests.approvals.world import WRITTEN, World


class Replayed(Machine):
    """The same votes, claims, people and clocks; at the end all of it is replayed."""

    def teardown(self) -> None:
        """Every escalation of every world."""
        for world in (value for value in vars(self).values() if isinstance(value, World)):
            for id_, escalation in world.escalations.items():
                records = tuple(world.books[id_].records)
                past = Past(escalation=escalation, records=records, policy=WRITTEN)
                now = max(world.now, escalation.updated_at or world.now)
                found = replay(past, WRITTEN, now)
                assert (found.differences, found.untold) == ((), None)


def test_under_the_same_policy_nothing_would_have_been_different() -> None:
    run_state_machine_as_test(Replayed, settings=settings(SEARCH, max_examples=25))
