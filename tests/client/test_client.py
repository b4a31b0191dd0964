"""Both twins against the real server."""

import pytest
from andon import AsyncClient, Client, Operation, Option, RejectedError, TakenError

from tests.client.serving import Served

SYNC = Operation("sync_data", {"argv": ["sync", "--batch", "8813"]})
OPTIONS = (
    Option("retry", "Try 3 more times"),
    Option("leave", "Leave it", effect="abort"),
)


def asked(client: Client, **more: object):  # type: ignore[no-untyped-def]
    return client.open(
        "Data sync failed 3 times",
        category="retries_exhausted",
        operation=SYNC,
        options=OPTIONS,
        **more,  # type: ignore[arg-type]
    )


def test_from_question_to_outcome(served: Served, client: Client) -> None:
    """Open, wait, claim, report: what the whole client is for."""
    made = asked(client)
    voting = served.meanwhile(lambda: served.approve(made.id))
    decided = client.wait(made, timeout_s=20)
    voting.join()
    grant = client.claim(decided, SYNC, options=OPTIONS)
    told = client.report(made.id, "succeeded", detail="3 batches")
    assert (grant.option, grant.escalation_id) == ("retry", made.id)
    assert told.outcome is not None
    assert (told.outcome.result, told.outcome.detail) == ("succeeded", "3 batches")


async def test_from_question_to_outcome_awaited(served: Served, aclient: AsyncClient) -> None:
    """The twin goes the same way."""
    made = await aclient.open("Sync", category="retries_exhausted", operation=SYNC)
    voting = served.meanwhile(lambda: served.approve(made.id))
    decided = await aclient.wait(made, timeout_s=20)
    voting.join()
    grant = await aclient.claim(decided, SYNC)
    told = await aclient.report(made.id, "succeeded")
    assert grant.option == "approve"
    assert told.is_ended


def test_a_release_is_handed_out_once(served: Served, client: Client) -> None:
    """A second claim from the same folder is told that it was taken."""
    made = asked(client)
    served.approve(made.id)
    client.claim(made.id, SYNC, options=OPTIONS)
    with pytest.raises(TakenError) as raised:
        client.claim(made.id, SYNC, options=OPTIONS)
    assert raised.value.id == made.id


def test_a_no_names_who_and_why(served: Served, client: Client) -> None:
    """What the person said is handed on word for word."""
    made = asked(client)
    served.reject(made.id, "the firewall rule is wrong")
    with pytest.raises(RejectedError) as raised:
        client.claim(made.id, SYNC, options=OPTIONS)
    error = raised.value
    assert (error.who, error.rationale, error.retry) == (
        "priya",
        "the firewall rule is wrong",
        False,
    )
    assert str(error).endswith("Do not retry.")
