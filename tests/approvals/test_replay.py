"""Whatever happened in whatever order: under the policy it happened under, nothing is different.

tests/trust replays what its state machine comes upon; here it is the stored examples.
"""

import pytest

from tests.approvals import examples
from tests.approvals.machine import Machine
from tests.approvals.replaying import replayed


@pytest.mark.parametrize("bug", [b for b in examples.BUGS if examples.machine_for(b) is Machine])
def test_under_the_same_policy_nothing_would_have_been_different(bug: str) -> None:
    examples.play(replayed(Machine), examples.stored()[bug])
