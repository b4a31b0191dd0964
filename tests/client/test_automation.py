"""What runs by itself, against the real server: on the record before it runs, else not at all."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from andon import AsyncClient, Client, RejectedError, UnavailableError
from andon.automation import Automation, ManualError, VerificationError
from andon.recoveries import CATEGORY_OF, HARMLESS

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
    page = served.run(served._running.store.reads.page(Wanted(**wanted), None, 100))
    return sorted(page.items, key=lambda e: e.id)


@pytest.fixture
def impatient(served: Served) -> Iterator[Callable[..., Automation]]:
    """Makes automations that soon take Andon for away."""
    state, clients = served.folder / "state", ExitStack()

    def made(**more: Any) -> Automation:
        client = Client(
            served.url,
            served.key,
            state=state,
            clock=served.clock,
            patience_s=0.5,
            sleep=lambda seconds: None,
        )
        return Automation(clients.enter_context(client), patience_s=0.5, **more)

    with clients:
        yield made


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
    assert [e.state for e in records(served)] == ["unknown"]


# -- people decide ------------------------------------------------------------------------------

DECIDED = ("schema_migration", "api_change", "deployment", "security", "architecture", "unheard_of")


@pytest.mark.parametrize("category", DECIDED)
def test_what_people_decide_never_runs_by_itself(
    served: Served, automation: Automation, category: str
) -> None:
    ran = []
    with (
        pytest.raises(ManualError, match="People decide about"),
        automation.running("restart", category=category, when_manual="raise", **RESTART),
    ):
        ran.append(category)
    assert (ran, records(served)) == ([], [])


@pytest.mark.parametrize("recovery", ["migration", "deploy", ""])
def test_nothing_of_unknown_kind_does(automation: Automation, recovery: str) -> None:
    with (
        pytest.raises(ManualError, match="may run by themselves"),
        automation.running(recovery, when_manual="raise", **RESTART),
    ):
        pytest.fail("it ran")


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


# -- while Andon is away ------------------------------------------------------------------------


@pytest.mark.parametrize("recovery", list(CATEGORY_OF))
def test_while_andon_is_away_nothing_runs(
    served: Served, impatient: Callable[..., Automation], recovery: str
) -> None:
    automation = impatient()
    served.stop()
    with pytest.raises(UnavailableError), automation.running(recovery, **RESTART):
        pytest.fail("it ran")
    served.start()
    assert records(served) == []


@pytest.mark.parametrize("recovery", sorted(set(CATEGORY_OF) - HARMLESS))
def test_what_may_do_harm_cannot_be_asked_to_run_then(
    automation: Automation, recovery: str
) -> None:
    with pytest.raises(ValueError, match="does not run while Andon is away"):
        automation.running(recovery, when_away="run", **RESTART)


def test_nor_does_it_by_a_default_for_all(
    served: Served, impatient: Callable[..., Automation]
) -> None:
    automation = impatient(when_away="run")
    served.stop()
    with pytest.raises(UnavailableError), automation.running("restart", **RESTART):
        pytest.fail("it ran")
    served.start()


def kept(served: Served) -> list[Path]:
    """What is to be told later."""
    return sorted((served.folder / "state" / "late").glob("*.json"))


def test_what_is_harmless_runs_if_asked_to_and_is_told_later(
    served: Served, impatient: Callable[..., Automation]
) -> None:
    """It is on disk before it runs."""
    automation = impatient(when_away="run")
    served.stop()
    with automation.running("cache", **RESTART) as running:
        assert (running.escalation, len(kept(served))) == (None, 1)
    served.start()
    assert (automation.catch_up(), kept(served)) == (1, [])
    (told,) = records(served)
    assert (told.kind, told.state) == ("automation", "succeeded")
    assert told.context["attempts"][0]["action"] == (
        "It ran by itself while Andon was away; told later."
    )
    assert automation.catch_up() == 0


def test_the_next_recovery_tells_of_those_before(
    served: Served, impatient: Callable[..., Automation]
) -> None:
    automation = impatient(when_away="run")
    served.stop()
    with automation.running("cache", **RESTART):
        pass
    served.start()
    with automation.running("cache", **RESTART):
        pass
    assert len(records(served)) == 2
    assert kept(served) == []


def test_of_what_died_while_it_ran_people_hear_that_nobody_knows(
    served: Served, impatient: Callable[..., Automation]
) -> None:
    automation = impatient(when_away="run")
    served.stop()
    automation.running("cache", **RESTART).__enter__()  # and its process dies
    served.start()
    assert automation.catch_up() == 0
    served.pass_(900)
    assert automation.catch_up() == 1
    assert [e.state for e in records(served)] == ["unknown"]


def test_an_end_that_cannot_be_told_is_told_later(
    served: Served, impatient: Callable[..., Automation]
) -> None:
    automation = impatient()
    with automation.running("restart", **RESTART):
        served.stop()
    served.start()
    assert automation.catch_up() == 1
    assert [e.state for e in records(served)] == ["succeeded"]


def test_what_ran_and_would_have_been_manual_is_an_incident(
    served: Served, impatient: Callable[..., Automation]
) -> None:
    automation = impatient(when_away="run")
    with pytest.raises(ConnectionError), impatient().running("cache", **RESTART):
        raise ConnectionError
    served.stop()
    with automation.running("cache", **RESTART):
        pass
    served.start()
    assert automation.catch_up() == 1
    incident = records(served)[-1]
    assert incident.kind == "incident"
    assert incident.summary is not None
    assert incident.summary.startswith("It ran by itself while Andon was away, and ended succeeded")


@pytest.fixture
def full(served: Served) -> Path:
    """A state folder in which nothing can be kept."""
    (served.folder / "state").mkdir(exist_ok=True)
    late = served.folder / "state" / "late"
    late.write_text("in the way")
    return late


def test_what_cannot_be_kept_does_not_run(
    served: Served, impatient: Callable[..., Automation], full: Path
) -> None:
    automation = impatient(when_away="run")
    served.stop()
    with (
        pytest.raises(UnavailableError, match="cannot be kept"),
        automation.running("cache", **RESTART),
    ):
        pytest.fail("it ran")
    served.start()


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
