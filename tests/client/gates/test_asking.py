"""The gate asks once, and finds again what it asked."""

from pathlib import Path

import pytest
from andon import Client, RejectedError
from andon.migrating.gate import Gate
from andon.migrating.pending import Facts, Pending
from andon.testing import FakeAndon

from tests.client.gates.test_pending import PENDING


class Door:
    """A database that nobody else migrates."""

    def facts(self, pending: Pending) -> Facts:
        return Facts()

    def is_idle(self, pending: Pending) -> bool:
        return True


def asked(fake: FakeAndon, state: Path) -> str:
    """A command asks, and dies before it takes the release; whose it would be."""
    with Client(
        fake.url, fake.key, jwks=fake.jwks, state=state, transport=fake.transport
    ) as client:
        return Gate(client=client, say=lambda text: None).approved(PENDING, Door()).id


def test_after_a_no_of_another_day_an_approval_is_found_again_too(tmp_path: Path) -> None:
    """Whoever approved it need not do so twice."""
    fake = FakeAndon("reject")
    with pytest.raises(RejectedError):
        asked(fake, tmp_path)
    fake.say("approve")
    assert asked(fake, tmp_path) == asked(fake, tmp_path)
    assert [e["status"] for e in fake.escalations] == ["rejected", "approved"]
