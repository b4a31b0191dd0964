"""A held block runs exactly when a verified grant exists, and once."""

import logging
from pathlib import Path
from typing import Any

import pytest
from andon import (
    AndonError,
    Client,
    ExpiredError,
    GrantError,
    Operation,
    Option,
    RejectedError,
    TakenError,
    UnavailableError,
    WithdrawnError,
    ahold,
    hold,
)
from andon.testing import FakeAndon

from tests.client.faked import aclient_of, client_of, last
from tests.client.serving import Served

DROP = Operation("alembic upgrade head", {"sql": "ALTER TABLE …"}, target="legacy_code")
ENDS: dict[str, type[AndonError]] = {
    "reject": RejectedError,
    "expire": ExpiredError,
    "withdraw": WithdrawnError,
    "stop": RejectedError,
    "void": RejectedError,
}


def run(client: Client, **more: Any) -> list[str]:
    """What ran."""
    ran = []
    with hold("Drop column", client=client, operation=DROP, **more) as held:
        ran.append(held.option)
    return ran


def test_a_released_block_runs_and_its_end_is_told(tmp_path: Path) -> None:
    """On the record: released, then succeeded."""
    fake = FakeAndon()
    assert run(client_of(fake, tmp_path)) == ["approve"]
    assert last(fake)["outcome"]["result"] == "succeeded"


def test_whoever_waits_says_so_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Or it would look like a hang."""
    fake = FakeAndon()
    with caplog.at_level(logging.INFO, "andon"):
        run(client_of(fake, tmp_path))
    id_ = last(fake)["id"]
    assert caplog.messages == [
        f"“Drop column” is held in production as {id_}.",
        f"“Drop column” is released: approve ({id_}).",
    ]


async def test_the_twin_does_the_same(tmp_path: Path) -> None:
    """Awaited."""
    fake = FakeAndon()
    async with (
        aclient_of(fake, tmp_path) as client,
        ahold("Drop column", client=client, operation=DROP) as held,
    ):
        held.detail, held.undo = "3 rows", "alembic downgrade -1"
    told = last(fake)["outcome"]
    assert (told["result"], told["detail"], told["undo"]) == (
        "succeeded",
        "3 rows",
        "alembic downgrade -1",
    )


@pytest.mark.parametrize(("saying", "error"), ENDS.items())
def test_whatever_is_no_release_runs_nothing(
    tmp_path: Path, saying: Any, error: type[AndonError]
) -> None:
    """Each end is an error of its own, with id and why."""
    fake = FakeAndon(saying)
    with pytest.raises(error) as raised:
        run(client_of(fake, tmp_path))
    assert raised.value.id == last(fake)["id"]
    assert last(fake)["outcome"] is None


@pytest.mark.parametrize(("saying", "error"), ENDS.items())
async def test_awaited_it_runs_nothing_either(
    tmp_path: Path, saying: Any, error: type[AndonError]
) -> None:
    """The twin."""
    fake, ran = FakeAndon(saying), []
    async with aclient_of(fake, tmp_path) as client:
        with pytest.raises(error):
            async with ahold("Drop column", client=client, operation=DROP):
                ran.append(1)
    assert ran == []


def test_the_chosen_option_is_handed_on(tmp_path: Path) -> None:
    """With custom ones."""
    options = (
        Option("migrate", "Migrate", arguments={"argv": ["a"]}),
        Option("recreate", "Recreate", arguments={"argv": ["b"]}, irreversible=True),
        Option("manual", "By hand", effect="abort"),
    )
    fake = FakeAndon()
    fake.say("approve", option="recreate")
    assert run(client_of(fake, tmp_path), options=options) == ["recreate"]


def test_a_block_that_fails_is_told_as_failed(tmp_path: Path) -> None:
    """And its error goes on."""
    fake = FakeAndon()
    with (
        pytest.raises(ZeroDivisionError),
        hold("Drop", client=client_of(fake, tmp_path), operation=DROP),
    ):
        1 / 0  # noqa: B018
    told = last(fake)["outcome"]
    assert (told["result"], told["detail"]) == ("failed", "ZeroDivisionError: division by zero")


def test_a_block_that_is_interrupted_may_have_done_anything(tmp_path: Path) -> None:
    """So nobody is told that it failed."""
    fake = FakeAndon()
    with (
        pytest.raises(KeyboardInterrupt),
        hold("Drop", client=client_of(fake, tmp_path), operation=DROP),
    ):
        raise KeyboardInterrupt
    assert last(fake)["outcome"]["result"] == "unknown"


def test_trouble_with_telling_is_logged_and_never_stands_for_the_block(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What ran, ran."""
    fake = FakeAndon()
    with (
        caplog.at_level(logging.WARNING, "andon"),
        hold("Drop", client=client_of(fake, tmp_path), operation=DROP),
    ):
        fake.go_away()
    assert "is not told" in caplog.text


def test_an_interrupted_wait_is_found_again(tmp_path: Path) -> None:
    """The same question, after a restart, is the same escalation."""
    fake = FakeAndon("silent")

    def gone(found: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(client_of(fake, tmp_path), on_change=gone)
    fake.approve(last(fake)["id"])
    assert run(client_of(fake, tmp_path)) == ["approve"]
    assert len(fake.escalations) == 1


def test_a_no_that_nobody_heard_still_stands(tmp_path: Path) -> None:
    """Rejected while the caller was away: it does not ask again behind their back."""
    fake = FakeAndon("silent")

    def gone(found: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(client_of(fake, tmp_path), on_change=gone)
    fake.reject(last(fake)["id"], reason="not tonight")
    with pytest.raises(RejectedError, match="not tonight"):
        run(client_of(fake, tmp_path))
    assert len(fake.escalations) == 1


def test_what_is_over_is_a_new_question(tmp_path: Path) -> None:
    """Run twice, asked twice."""
    fake = FakeAndon()
    for _ in range(2):
        run(client_of(fake, tmp_path))
    assert len(fake.escalations) == 2


def test_another_operation_is_another_question(tmp_path: Path) -> None:
    """One approval never covers another digest."""
    fake = FakeAndon("silent")
    client = client_of(fake, tmp_path)
    first = client.open("Drop", operation=DROP, resume=True)
    other = client.open("Drop", operation=Operation("drop", {"sql": "DROP"}), resume=True)
    assert first.id != other.id
    assert client.open("Drop it!", operation=DROP, resume=True).id == first.id


def test_a_claim_whose_answer_was_lost_heals(tmp_path: Path) -> None:
    """The same key gives the same grant: taken once, run once."""
    fake = FakeAndon()
    fake.go_away("lost", on="claim")
    with pytest.raises(UnavailableError):
        run(client_of(fake, tmp_path, patience_s=1))
    fake.come_back()
    assert run(client_of(fake, tmp_path)) == ["approve"]
    assert len(fake.escalations) == 1


def test_what_may_have_begun_is_never_begun_again(tmp_path: Path) -> None:
    """Killed in the middle of the block: the restarted caller is told, once; then it asks anew."""
    fake = FakeAndon()
    made = hold("Drop", client=client_of(fake, tmp_path), operation=DROP)
    made.__enter__()  # and no __exit__: the process dies here
    with pytest.raises(TakenError, match="taken here before"):
        run(client_of(fake, tmp_path))
    assert run(client_of(fake, tmp_path)) == ["approve"]
    assert len(fake.escalations) == 2


def test_an_operation_that_changes_while_it_waits_does_not_run(tmp_path: Path) -> None:
    """Digested before asking, and again at the claim."""
    fake, sql = FakeAndon(), {"sql": "ALTER TABLE a"}

    def swap(found: Any) -> None:
        sql["sql"] = "DROP TABLE a"

    operation = Operation("migrate", sql)
    with (
        pytest.raises(GrantError, match="not the operation"),
        hold("M", client=client_of(fake, tmp_path), operation=operation, on_change=swap),
    ):
        pytest.fail("it ran")
    assert last(fake)["operation"]["arguments"] == {"sql": "ALTER TABLE a"}
    assert last(fake)["claim"] is None


def test_keys_that_are_not_the_servers_release_nothing(tmp_path: Path) -> None:
    """A pinned copy of other keys."""
    fake = FakeAndon()
    client = Client(
        fake.url,
        fake.key,
        jwks=FakeAndon().jwks,
        transport=fake.transport,
        state=tmp_path,
        sleep=lambda s: None,
    )
    with pytest.raises(GrantError, match="not among"):
        run(client)


def test_what_would_run_must_be_said(tmp_path: Path) -> None:
    """Nothing is asked without it."""
    with pytest.raises(TypeError, match="operation="):
        hold("Drop", client=client_of(FakeAndon(), tmp_path))


def test_a_server_that_restarts_while_people_think_is_waited_out(
    served: Served, client: Client
) -> None:
    """The real one, on the same port and files."""

    def restart(id_: str) -> None:
        served.stop()
        served.start()
        served.approve(id_)

    restarting = served.when_asked(restart)
    assert run(client, category="retries_exhausted") == ["approve"]
    restarting.join()


def test_of_two_callers_at_once_one_runs(served: Served) -> None:
    """They share folder, key and escalation; one claim wins."""
    first = Client(served.url, served.key, state=served.folder / "state", clock=served.clock)
    second = Client(served.url, served.key, state=served.folder / "state", clock=served.clock)
    made = first.open("Drop", operation=DROP, category="retries_exhausted", resume=True)
    served.approve(made.id)
    ran: list[str] = []
    with hold("Drop", client=first, operation=DROP, category="retries_exhausted"):
        ran.append("first")
        with pytest.raises(TakenError):
            run(second, category="retries_exhausted")
    assert ran == ["first"]
    first.close()
    second.close()
