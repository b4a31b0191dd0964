"""A service's gates, tested with the fake: what the client does with each thing people may say."""

from pathlib import Path
from typing import Any

import andon
import pytest
from andon import AsyncClient, Client
from andon.testing import FakeAndon
from andon.testing.verdicts import Saying

ENDS: list[tuple[Saying, type[Exception]]] = [
    ("reject", andon.RejectedError),
    ("stop", andon.RejectedError),
    ("void", andon.RejectedError),
    ("expire", andon.ExpiredError),
    ("lapse", andon.ExpiredError),
    ("withdraw", andon.WithdrawnError),
    ("taken", andon.TakenError),
]

ASKED: dict[str, Any] = {
    "category": "deployment",
    "environment": "production",
    "operation": {"name": "ship", "arguments": {"argv": ["ship", "1.2"]}},
}


def test_what_is_approved_runs_once_and_is_reported(andon_fake: FakeAndon) -> None:
    ran = []
    with andon.hold("Ship 1.2", **ASKED) as held:
        ran.append(held.option)
    assert ran == ["approve"]
    assert andon_fake.escalations[0]["outcome"]["result"] == "succeeded"


@pytest.mark.parametrize(("saying", "error"), ENDS)
def test_whatever_else_people_say_nothing_runs(
    andon_fake: FakeAndon, saying: Saying, error: type[Exception]
) -> None:
    andon_fake.say(saying)
    with pytest.raises(error), andon.hold("Ship 1.2", **ASKED):
        pytest.fail("it ran")
    assert andon_fake.escalations[0]["outcome"] is None


def test_the_reason_of_a_no_is_told(andon_fake: FakeAndon) -> None:
    andon_fake.say("reject", reason="not on a Friday", by="mia")
    with pytest.raises(andon.RejectedError, match=r"mia said no .* not on a Friday"):
        andon.hold("Ship 1.2", **ASKED).__enter__()


def test_the_sync_twin_without_a_network(tmp_path: Path) -> None:
    fake = FakeAndon()
    given: dict[str, Any] = {"transport": fake.transport, "jwks": fake.jwks, "state": tmp_path}
    with Client(fake.url, fake.key, **given) as client:
        found = client.wait(client.open("Ship 1.2", **ASKED))
        grant = client.claim(found, ASKED["operation"])
        client.report(found.id, "succeeded")
    assert (grant.option, grant.approvers) == ("approve", ("sam",))
    assert [asked.action for asked in fake.asked] == ["open", "read", "claim", "outcome"]


async def test_the_async_twin_without_a_network(tmp_path: Path) -> None:
    fake = FakeAndon("reject")
    given: dict[str, Any] = {"transport": fake.transport, "jwks": fake.jwks, "state": tmp_path}
    async with AsyncClient(fake.url, fake.key, **given) as client:
        found = await client.wait(await client.open("Ship 1.2", **ASKED))
        with pytest.raises(andon.RejectedError):
            await client.claim(found, ASKED["operation"])


def test_away_it_is_unavailable_and_nothing_runs(tmp_path: Path) -> None:
    fake = FakeAndon("away")
    given: dict[str, Any] = {"transport": fake.transport, "jwks": fake.jwks, "state": tmp_path}
    with (
        Client(fake.url, fake.key, patience_s=0, **given) as client,
        pytest.raises(andon.UnavailableError),
    ):
        client.open("Ship 1.2", **ASKED)
