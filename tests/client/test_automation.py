"""What runs by itself, against the real server: on the record before it runs, else not at all."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from andon import AsyncClient, Client, GrantError, RejectedError
from andon.automation import Automation, ManualError, VerificationError

from approvals.escalation import Escalation
from approvals.ports import Wanted
from tests.building import ROOT
from tests.client.serving import Served

RESTART: dict[str, Any] = {
    "title": "Restart web-3",
    "operation": {"name": "docker restart", "target": "web-3"},
}


def records(served: Served, **wanted: Any) -> list[Escalation]:
    """What the server has on record, oldest first."""
    page = served.run(served.server.store.reads.page(Wanted(**wanted), None, 100))
    return sorted(page.items, key=lambda e: e.id)


@pytest.fixture
def automation(served: Served, client: Client) -> Automation:
    """A service that recovers by itself."""
    return Automation(client)


# -- on the record ------------------------------------------------------------------------------


def test_it_is_on_the_record_before_it_runs_and_its_end_after(
    served: Served, automation: Automation
) -> None:
    with automation.running("restart", **RESTART) as running:
        (begun,) = records(served)
        assert (begun.kind, begun.state, begun.recovery) == ("automation", "released", "restart")
        assert running.escalation is not None
        assert running.escalation.id == begun.id
        assert running.grant is None
    (ended,) = records(served)
    assert ended.state == "succeeded"


def test_a_decorated_function_is_recorded_with_its_arguments(
    served: Served, automation: Automation
) -> None:
    @automation("cache", title=lambda name, **_: f"Clear {name}")
    def clear(name: str, *, deep: bool = True, lock: Any = None) -> str:
        return f"cleared {name}"

    assert clear("prices", lock=threading.Lock()) == "cleared prices"
    (ended,) = records(served)
    assert ended.operation is not None
    assert ended.title == "Clear prices"
    assert ended.operation.name.endswith("clear")
    assert ended.operation.arguments == {"name": "prices", "deep": True, "lock": "<lock>"}


async def test_awaited_twins_do_the_same(served: Served, aclient: AsyncClient) -> None:
    automation = Automation(aclient)

    async def healthy() -> bool:
        return True

    @automation("restart", title="Restart web-3", verify=healthy)
    async def restart(host: str) -> str:
        return host

    assert await restart("web-3") == "web-3"
    async with automation.running("retry", **RESTART):
        pass
    assert [e.state for e in records(served)] == ["succeeded", "succeeded"]


def test_what_it_raises_goes_on_and_stands_in_the_record(
    served: Served, automation: Automation
) -> None:
    with (
        pytest.raises(OSError, match="no such container"),
        automation.running("restart", **RESTART),
    ):
        raise OSError("no such container")
    (ended,) = records(served)
    assert ended.outcome is not None
    assert (ended.state, ended.outcome.detail) == ("failed", "OSError: no such container")


def test_of_what_was_interrupted_nobody_knows_the_end(
    served: Served, automation: Automation
) -> None:
    with pytest.raises(KeyboardInterrupt), automation.running("restart", **RESTART):
        raise KeyboardInterrupt
    assert [e.state for e in records(served)] == ["unknown"]


def broken() -> bool:
    """A check that cannot be made."""
    raise ConnectionError("web-3:443")


async def late() -> bool:
    """A check that wants to be awaited."""
    return True


@pytest.mark.parametrize(("code", "state"), [(0, "succeeded"), (None, "succeeded"), (3, "failed")])
def test_leaving_the_program_is_an_end_by_its_code(
    served: Served, automation: Automation, code: int | None, state: str
) -> None:
    with pytest.raises(SystemExit), automation.running("restart", **RESTART):
        sys.exit(code)
    assert [e.state for e in records(served)] == [state]


@pytest.mark.parametrize(
    ("verify", "says"),
    [
        (lambda: False, "“Restart web-3” ran, and did not help"),
        (broken, "“Restart web-3” ran, and did not help: ConnectionError: web-3:443"),
    ],
)
def test_a_recovery_that_did_not_help_has_failed(
    served: Served, automation: Automation, verify: Callable[[], Any], says: str
) -> None:
    with (
        pytest.raises(VerificationError) as raised,
        automation.running("restart", verify=verify, **RESTART),
    ):
        pass
    (ended,) = records(served)
    assert ended.outcome is not None
    assert (ended.state, ended.outcome.detail) == ("failed", says)
    assert raised.value.id == ended.id


DYING = """
import os
from andon.automation import Automation

with Automation().running("restart", title="Restart web-3", operation={"name": "restart"}):
    os._exit(9)
"""


def test_it_is_on_the_record_even_if_its_process_dies_of_it(served: Served) -> None:
    """And people decide about the next one, once silence has become unknown."""
    environment = {**os.environ, **served.environment, "PYTHONPATH": "client"}
    died = subprocess.run([sys.executable, "-c", DYING], env=environment, cwd=ROOT, check=False)
    assert died.returncode == 9
    assert [(e.kind, e.state) for e in records(served)] == [("automation", "released")]
    served.pass_(900)
    with Client(served.url, served.key, state=served.folder / "state", clock=served.clock) as again:
        automation = Automation(again, when_manual="raise")
        with pytest.raises(ManualError), automation.running("restart", **RESTART):
            pytest.fail("it ran")
        (known,) = again.list(kind="automation")
        operation = again.get(known.id).operation
    assert operation is not None
    assert operation.state == "unknown"


# -- people decide ------------------------------------------------------------------------------


def test_after_a_failure_people_release_it_and_then_it_is_automatic_again(
    served: Served, automation: Automation
) -> None:
    """The next one is held until somebody said yes; it runs by a verified grant."""
    with pytest.raises(ConnectionError), automation.running("restart", **RESTART):
        raise ConnectionError
    served.pass_(1)
    approving = served.when_asked(served.approve)
    with automation.running("restart", **RESTART) as running:
        assert running.grant is not None
        assert running.escalation is not None
        assert "The last one that ran by itself failed." in str(running.escalation.summary)
    approving.join()
    with automation.running("restart", **RESTART) as running:
        assert running.grant is None
    kinds = [(e.kind, e.state) for e in records(served)]
    assert kinds == [
        ("automation", "failed"),
        ("approval", "succeeded"),
        ("automation", "succeeded"),
    ]


def test_where_people_say_no_it_does_not_run(served: Served, automation: Automation) -> None:
    rejecting = served.when_asked(served.reject)
    with (
        pytest.raises(RejectedError),
        automation.running("idempotent", category="deployment", **RESTART),
    ):
        pytest.fail("it ran")
    rejecting.join()


def test_what_has_become_another_while_people_thought_does_not_run(
    served: Served, automation: Automation
) -> None:
    """What they released is what runs: the argument of a call counts as it is by then."""

    @automation("restart", category="deployment", title="Restart them")
    def restart(hosts: list[str]) -> None:
        pytest.fail("it ran")

    hosts = ["web-3"]

    def decide(id_: str) -> None:
        hosts.append("database")
        served.approve(id_)

    deciding = served.when_asked(decide)
    with pytest.raises(GrantError, match="not the operation that people were shown"):
        restart(hosts)
    deciding.join()


def test_where_people_said_no_they_are_asked_anew_the_next_time(
    served: Served, automation: Automation
) -> None:
    """A no is about this failure, not about all that may come."""
    for _ in range(2):
        rejecting = served.when_asked(served.reject)
        with (
            pytest.raises(RejectedError),
            automation.running("restart", category="security", **RESTART),
        ):
            pytest.fail("it ran")
        rejecting.join()
    assert [e.state for e in records(served)] == ["aborted", "aborted"]


def test_many_instances_share_the_breaker_of_the_server(served: Served, client: Client) -> None:
    """Each of them starts with a fresh one of its own."""
    for _ in range(5):
        with Automation(client).running("restart", **RESTART):
            pass
    with (
        pytest.raises(ManualError, match="too often"),
        Automation(client, when_manual="raise").running("restart", **RESTART),
    ):
        pytest.fail("it ran")


def test_a_process_may_be_stricter_than_the_server(served: Served, client: Client) -> None:
    automation = Automation(client, most=1, within_s=60, when_manual="raise")
    with automation.running("cache", **RESTART):
        pass
    with pytest.raises(ManualError, match="1 times lately"), automation.running("cache", **RESTART):
        pytest.fail("it ran")
    served.pass_(60)
    with automation.running("cache", **RESTART):
        pass
    assert len(records(served)) == 2


# -- clients ------------------------------------------------------------------------------------


def test_without_a_client_the_environment_says_where_andon_is(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    with Automation().running("cache", **RESTART):
        pass
    assert Automation().catch_up() == 0
    assert [e.state for e in records(served)] == ["succeeded"]


async def test_the_wrong_client_is_named(served: Served, aclient: AsyncClient) -> None:
    with pytest.raises(TypeError, match="use `async with`"):
        Automation(aclient).running("cache", **RESTART).__enter__()
    with pytest.raises(TypeError, match="await automation"):
        Automation(aclient).catch_up()
    assert await Automation(aclient).acatch_up() == 0
