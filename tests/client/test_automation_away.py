"""What runs by itself without Andon: nothing; unless it is harmless, asked to, and kept."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from andon import Automation, Client, ManualError, UnavailableError
from andon.recoveries import CATEGORY_OF, HARMLESS
from andon.testing import FakeAndon

from tests.building import Clock
from tests.client.serving import Served
from tests.client.test_automation import RESTART, records


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
def nowhere(tmp_path: Path) -> Iterator[Callable[..., Automation]]:
    """Makes automations for which there is no Andon at all."""
    with Client(
        "http://127.0.0.1:1", "key", state=tmp_path, patience_s=0.1, sleep=lambda seconds: None
    ) as client:
        yield lambda **more: Automation(client, patience_s=0.1, **more)


# -- what people decide ---------------------------------------------------------------------

DECIDED = ("schema_migration", "api_change", "deployment", "security", "architecture", "unheard_of")


@pytest.mark.parametrize("category", DECIDED)
def test_what_people_decide_never_runs_by_itself(
    nowhere: Callable[..., Automation], category: str
) -> None:
    """Andon is not even asked."""
    automation = nowhere(when_manual="raise", when_away="run")
    with (
        pytest.raises(ManualError, match="People decide about"),
        automation.running("cache", category=category, **RESTART),
    ):
        pytest.fail("it ran")


@pytest.mark.parametrize("recovery", ["migration", "deploy", ""])
def test_nothing_of_unknown_kind_does(nowhere: Callable[..., Automation], recovery: str) -> None:
    automation = nowhere(when_manual="raise")
    with (
        pytest.raises(ManualError, match="may run by themselves"),
        automation.running(recovery, **RESTART),
    ):
        pytest.fail("it ran")


# -- while Andon is away --------------------------------------------------------------------


@pytest.mark.parametrize("recovery", list(CATEGORY_OF))
def test_while_andon_is_away_nothing_runs(
    nowhere: Callable[..., Automation], recovery: str
) -> None:
    with pytest.raises(UnavailableError), nowhere().running(recovery, **RESTART):
        pytest.fail("it ran")


@pytest.mark.parametrize("recovery", sorted(set(CATEGORY_OF) - HARMLESS))
def test_what_may_do_harm_cannot_be_asked_to_run_then(
    nowhere: Callable[..., Automation], recovery: str
) -> None:
    """Nor does it by a default for all."""
    with pytest.raises(ValueError, match="does not run while Andon is away"):
        nowhere().running(recovery, when_away="run", **RESTART)
    with (
        pytest.raises(UnavailableError),
        nowhere(when_away="run").running(recovery, **RESTART),
    ):
        pytest.fail("it ran")


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


def test_one_that_outlives_being_taken_for_dead_ends_all_the_same(
    served: Served, impatient: Callable[..., Automation]
) -> None:
    """It was told as unknown meanwhile, and that stands; nothing is left that no one can tell."""
    automation = impatient(when_away="run")
    served.stop()
    with automation.running("cache", **RESTART):
        served.start()
        served.pass_(900)
        assert automation.catch_up() == 1
    assert len(kept(served)) == 1
    assert (automation.catch_up(), kept(served)) == (1, [])
    assert [e.state for e in records(served)] == ["unknown"]


def test_a_record_of_which_only_the_answer_was_lost_gets_its_end(tmp_path: Path) -> None:
    """Told later, it is the same record: Andon had it before it ran."""
    fake = FakeAndon()
    with Client(
        fake.url,
        fake.key,
        jwks=fake.jwks,
        state=tmp_path,
        sleep=lambda seconds: None,
        transport=fake.transport,
    ) as client:
        automation = Automation(client, when_away="run", patience_s=0.5)
        fake.go_away("lost")
        with automation.running("cache", **RESTART) as running:
            assert running.escalation is None
        fake.come_back()
        assert (automation.catch_up(), automation.catch_up()) == (1, 0)
    assert [e["operation"]["state"] for e in fake.escalations] == ["succeeded"]


def test_a_record_whose_time_is_over_when_its_answer_arrives_lets_nothing_run(
    tmp_path: Path,
) -> None:
    """Nobody told its end within 15 minutes, for the machine slept: people decide by now."""
    clock = Clock()
    fake = FakeAndon(clock=clock)
    settings: dict[str, Any] = {"jwks": fake.jwks, "state": tmp_path, "transport": fake.transport}

    def sleep(seconds: float) -> None:
        clock.pass_(900)
        (known,) = fake.escalations
        operation = somebody.get(known["id"]).operation
        assert operation is not None
        assert operation.state == "unknown"

    with (
        Client(fake.url, fake.key, **settings) as somebody,
        Client(fake.url, fake.key, clock=clock, sleep=sleep, **settings) as client,
    ):
        fake.go_away("lost", times=1)
        with (
            pytest.raises(UnavailableError, match="is on record, and over by now"),
            Automation(client).running("restart", **RESTART),
        ):
            pytest.fail("it ran")


@pytest.mark.parametrize("lie", [{"kind": "approval"}, {"digest": "sha256:" + "0" * 64}])
def test_an_answer_about_another_is_no_record_of_this(tmp_path: Path, lie: dict[str, str]) -> None:
    fake = FakeAndon()
    fake.alter = lambda asked, answer: replace(
        answer, body=json.dumps({**json.loads(answer.body), **lie}).encode()
    )
    with (
        Client(
            fake.url, fake.key, jwks=fake.jwks, state=tmp_path, transport=fake.transport
        ) as client,
        pytest.raises(UnavailableError, match="it tells of another one"),
        Automation(client).running("restart", **RESTART),
    ):
        pytest.fail("it ran")


def test_what_cannot_be_read_of_those_before_is_no_failure_of_this_one(
    served: Served, impatient: Callable[..., Automation], caplog: pytest.LogCaptureFixture
) -> None:
    (served.folder / "state" / "late" / "unreadable.json").mkdir(parents=True)
    with impatient().running("cache", **RESTART):
        pass
    assert [e.state for e in records(served)] == ["succeeded"]
    assert "What ran before cannot be told" in caplog.text


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


def test_what_cannot_be_kept_does_not_run(
    nowhere: Callable[..., Automation], tmp_path: Path
) -> None:
    (tmp_path / "late").write_text("in the way")
    with (
        pytest.raises(UnavailableError, match="cannot be kept"),
        nowhere(when_away="run").running("cache", **RESTART),
    ):
        pytest.fail("it ran")
