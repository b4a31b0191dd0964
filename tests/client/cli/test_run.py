"""`andon run`: COMMAND runs exactly when people released it, and what it says where it does not."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from andon.testing import FakeAndon

from tests.client.cli.conftest import Andon, Starting, held, result_of
from tests.client.serving import Served

#: Leaves a trace where it runs.
LEAVES = ("sh", "-c", 'echo ran >> ran; echo "$0 $*"; exit 7', "deploy")


def runs(here: Path) -> int:
    """How often COMMAND ran."""
    return (here / "ran").read_text().count("ran") if (here / "ran").exists() else 0


@pytest.fixture
def result(here: Path) -> Path:
    """Where the result goes; something of an earlier run lies there."""
    file = here / "result.json"
    file.write_text('{"ran": true, "exit_code": 0}')
    return file


def test_it_runs_what_people_released_and_says_what_came_of_it(
    lasting: Served, andon: Andon, here: Path, result: Path
) -> None:
    started = andon("run", "--result-file", str(result), "--tail", "5", "--", *LEAVES, "v42", "a b")
    id_ = held(started)
    assert not result.exists()
    lasting.approve(id_, why="the tests are green")
    assert started.ends() == 7
    assert (runs(here), started.output) == (1, "deploy v42 a b\n")
    assert "andon: Released. " in started.said
    assert "chose Approve: «the tests are green»." in started.said
    told = result_of(result)
    assert (told["ran"], told["command_exit_code"], told["exit_code"]) == (True, 7, 7)
    assert (told["id"], told["option"], told["reported"]) == (id_, "approve", True)
    outcome = lasting.read(id_).outcome
    assert outcome is not None
    assert (outcome.result, outcome.detail) == ("failed", f"{told_detail(outcome)}\ndeploy v42 a b")


def told_detail(outcome: Any) -> str:
    """The first line of what was reported."""
    first = str(outcome.detail).splitlines()[0]
    assert first.startswith("exit code 7 after ")
    return first


def test_people_are_shown_exactly_what_would_run(lasting: Served, andon: Andon, here: Path) -> None:
    words = ("--env", "REGION", "--title", "Ship it", "--category", "deployment")
    more = ("--reference", "CHG-7", "--context", "rollback=./deploy v41", "--target", "web")
    started = andon("run", *words, *more, "--", *LEAVES, REGION="eu", UNRELATED="x")
    e = lasting.read(held(started))
    assert e.operation is not None
    assert e.operation.arguments == {
        "argv": list(LEAVES), "cwd": str(here), "env": {"REGION": "eu"}
    }  # fmt: skip
    assert (e.title, e.category, e.reference) == ("Ship it", "deployment", "CHG-7")
    assert (e.environment, e.operation.target) == ("production", "web")
    assert e.context["rollback"] == "./deploy v41"
    assert set(e.context["system_state"]) <= {"host", "user"}


def test_the_command_has_the_environment_it_would_have_had(
    lasting: Served, andon: Andon, here: Path
) -> None:
    started = andon("run", "--", "sh", "-c", "pwd; echo $REGION $ANDON_URL", REGION="eu")
    lasting.approve(held(started))
    assert started.ends() == 0
    assert started.output == f"{here}\neu {lasting.url}\n"


@pytest.mark.parametrize(
    ("options", "chosen", "said"),
    [
        ((), "reject", "chose Reject: «not tonight»."),
        (("--option", "no=Leave it:abort"), "no", "chose Leave it: «not tonight»."),
    ],
)
def test_a_no_is_said_with_who_and_why_and_not_to_retry(
    lasting: Served,
    andon: Andon,
    here: Path,
    result: Path,
    options: tuple[str, ...],
    chosen: str,
    said: str,
) -> None:
    started = andon("run", *options, "--result-file", str(result), "--", *LEAVES)
    id_ = held(started)
    lasting.reject(id_, why="not tonight")
    assert started.ends() == 121
    assert runs(here) == 0
    last = started.said.splitlines()[-1]
    assert last.startswith("andon: Not run. ")
    assert last.endswith(f"{said} A person said no. Do not retry.")
    told = result_of(result)
    assert (told["ran"], told["reason"], told["option"]) == (False, "rejected", chosen)
    assert (told["rationale"], told["retry"], told["id"]) == ("not tonight", False, id_)


def test_what_people_did_not_release_is_not_claimed(starting: Starting, tmp_path: Path) -> None:
    """The server would put the refused claim on the record."""
    with FakeAndon("reject") as fake:
        words = ("-m", "andon", "run", "--", *LEAVES)
        started = starting(sys.executable, *words, **fake.environment(tmp_path))
        assert started.ends() == 121
        assert "claim" not in {asked.action for asked in fake.asked}


def test_one_that_nobody_decides_expires(lasting: Served, andon: Andon, here: Path) -> None:
    started = andon("run", "--decide-within", "1s", "--", *LEAVES)
    held(started)
    assert started.ends() == 124
    assert runs(here) == 0
    assert "in time" in started.said.splitlines()[-1]


def test_one_that_is_taken_back_exits_122(
    lasting: Served, andon: Andon, here: Path, result: Path
) -> None:
    started = andon("run", "--result-file", str(result), "--", *LEAVES)
    done = andon("withdraw", held(started), "--reason", "wrong branch")
    assert (done.ends(), started.ends()) == (0, 122)
    assert runs(here) == 0
    assert result_of(result)["reason"] == "withdrawn"


def test_of_two_equal_runs_one_takes_it_and_the_other_says_so(
    lasting: Served, andon: Andon, here: Path, result: Path
) -> None:
    first = andon("run", "--", *LEAVES)
    id_ = held(first)
    second = andon("run", "--result-file", str(result), "--title", "Again", "--", *LEAVES)
    assert held(second) == id_
    assert "joins it" in second.said
    lasting.approve(id_)
    codes = {first.ends(), second.ends()}
    assert codes == {7, 123}
    assert runs(here) == 1
    loser = first if first.process.returncode == 123 else second
    last = loser.said.splitlines()[-1]
    assert "(data-sync) took the release" in last
    assert "Do not retry" in last


def test_another_directory_or_argument_is_another_question(
    lasting: Served, andon: Andon, here: Path
) -> None:
    first, second = andon("run", "--", *LEAVES, "a"), andon("run", "--", *LEAVES, "b")
    assert held(first) != held(second)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_takes_the_question_back(
    lasting: Served, andon: Andon, here: Path, result: Path, number: int, code: int
) -> None:
    started = andon("run", "--result-file", str(result), "--", *LEAVES)
    id_ = held(started)
    started.signal(number)
    assert started.ends() == code
    assert lasting.read(id_).status == "withdrawn"
    assert runs(here) == 0
    assert "The question is withdrawn." in started.said
    assert result_of(result)["signal"] == signal.Signals(number).name


def test_who_joined_takes_nothing_back(lasting: Served, andon: Andon, here: Path) -> None:
    """The first one still waits for the answer."""
    first = andon("run", "--", *LEAVES)
    id_ = held(first)
    second = andon("run", "--", *LEAVES)
    held(second)
    second.signal(signal.SIGINT)
    assert second.ends() == 130
    lasting.approve(id_)
    assert first.ends() == 7
    assert runs(here) == 1


@pytest.mark.parametrize("decided", ["before", "after"])
def test_killed_while_waiting_nothing_runs_and_the_next_run_takes_it_up(
    lasting: Served, andon: Andon, here: Path, decided: str
) -> None:
    """People are not asked twice, also where they had agreed meanwhile."""
    first = andon("run", "--", *LEAVES)
    id_ = held(first)
    first.signal(signal.SIGKILL)
    assert first.ends() == -signal.SIGKILL
    if decided == "before":
        lasting.approve(id_)
    second = andon("run", "--title", "Again", "--", *LEAVES)
    assert id_ in second.says("An earlier run of this asked already")
    if decided == "after":
        lasting.approve(id_)
    assert second.ends() == 7
    assert runs(here) == 1
    third = andon("run", "--", *LEAVES)
    assert held(third) != id_


def test_who_took_a_question_up_takes_it_back(lasting: Served, andon: Andon, here: Path) -> None:
    """The run that asked is dead: nobody else waits."""
    first = andon("run", "--", *LEAVES)
    id_ = held(first)
    first.signal(signal.SIGKILL)
    first.ends()
    second = andon("run", "--", *LEAVES)
    held(second)
    second.signal(signal.SIGINT)
    assert second.ends() == 130
    assert lasting.read(id_).status == "withdrawn"


def test_killed_while_it_ran_people_are_asked_anew(
    lasting: Served, andon: Andon, here: Path
) -> None:
    """Nobody knows how far COMMAND came, so the release is not used again."""
    script = ("sh", "-c", "echo ran >> ran; echo up >&2; sleep 30")
    first = andon("run", "--", *script)
    id_ = held(first)
    lasting.approve(id_)
    first.says("up")
    first.signal(signal.SIGKILL)
    first.process.wait()
    second = andon("run", "--", *script)
    second.says("An earlier run of this asked already")
    assert held(second) != id_
    assert runs(here) == 1


@pytest.mark.parametrize(
    ("words", "code"), [(("no-such-command",), 127), (("./text",), 126), (("/",), 126)]
)
def test_nobody_is_asked_for_what_cannot_be_started(
    lasting: Served, andon: Andon, here: Path, result: Path, words: tuple[str, ...], code: int
) -> None:
    (here / "text").write_text("no program")
    started = andon("run", "--result-file", str(result), "--", *words)
    assert started.ends() == code
    assert started.said.endswith("Nobody was asked.\n")
    assert result_of(result)["reason"] == {126: "not-startable", 127: "not-found"}[code]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"ANDON_URL": ""}, "Set ANDON_URL"),
        ({"ANDON_KEY": ""}, "Set ANDON_KEY"),
        ({"ANDON_KEY": "andon_wrong"}, "401"),
        ({"ANDON_STATE": "/proc/nothing"}, "ANDON_STATE"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said(
    andon: Andon, here: Path, result: Path, environment: dict[str, str], said: str,
    lasting: Served,
) -> None:  # fmt: skip
    started = andon("run", "--result-file", str(result), "--", *LEAVES, **environment)
    assert started.ends() == 125
    assert said in started.said
    assert runs(here) == 0
    assert result_of(result)["ran"] is False


def test_what_the_server_refuses_is_said_by_its_place(andon: Andon, here: Path) -> None:
    started = andon("run", "--category", "Deployment", "--", *LEAVES)
    assert started.ends() == 125
    assert "/category: Write it in lower case" in started.said


def test_a_moved_directory_is_another_operation(
    lasting: Served, andon: Andon, here: Path, result: Path
) -> None:
    """Digested again before running: what people released was for another place."""
    started = andon("run", "--result-file", str(result.parent.parent / "r"), "--", *LEAVES)
    id_ = held(started)
    here.rename(here.with_name("there"))
    lasting.approve(id_)
    assert started.ends() == 125
    assert "has changed since people were asked" in started.said
    assert runs(here.with_name("there")) == 0
    assert lasting.read(id_).claim is None


def test_a_command_that_is_gone_uses_no_release_up(
    lasting: Served, andon: Andon, here: Path
) -> None:
    (here / "it").write_text("#!/bin/sh\n")
    (here / "it").chmod(0o755)
    started = andon("run", "--", "./it")
    id_ = held(started)
    (here / "it").unlink()
    lasting.approve(id_)
    assert started.ends() == 125
    assert lasting.read(id_).claim is None


def test_a_signal_while_it_runs_is_the_commands(lasting: Served, andon: Andon, here: Path) -> None:
    script = "trap 'echo stopping; exit 5' TERM; echo up >&2; while :; do sleep 0.05; done"
    started = andon("run", "--", "sh", "-c", script)
    id_ = held(started)
    lasting.approve(id_)
    started.says("up")
    started.signal(signal.SIGTERM)
    assert started.ends() == 5
    assert started.output == "stopping\n"
    outcome = lasting.read(id_).outcome
    assert outcome is not None
    assert outcome.result == "failed"


def test_json_lines_tell_programs_the_same(lasting: Served, andon: Andon, here: Path) -> None:
    started = andon("run", "--json", "--", *LEAVES)
    first = json.loads(started.says('"held"'))
    lasting.approve(first["escalation"]["id"])
    assert started.ends() == 7
    told = [json.loads(line) for line in started.said.splitlines()]
    assert {one["event"] for one in told} <= {"held", "changed", "said", "ended"}
    assert (told[-1]["event"], told[-1]["ran"], told[-1]["exit_code"]) == ("ended", True, 7)


def test_how_far_it_has_come_is_a_line_each(lasting: Served, andon: Andon, here: Path) -> None:
    started = andon("run", "--", *LEAVES)
    id_ = held(started)
    lasting.ask(id_, "Is it \x1b[31mtested?")
    assert "asks: Is it" in started.says("asks: ")
    lasting.approve(id_)
    assert started.ends() == 7
    assert "\x1b" not in started.said


def test_ask_by_day_and_run_at_night(lasting: Served, andon: Andon, here: Path) -> None:
    started = andon("run", "--claim-within", "12h", "--", *LEAVES)
    e = lasting.read(held(started))
    assert e.plan.claim_within_s == 12 * 3600


def test_nobody_reading_what_it_says_changes_nothing(
    lasting: Served, andon: Andon, here: Path
) -> None:
    """Not even the exit code."""
    started = andon("run", "--", *LEAVES)
    id_ = held(started)
    assert started.process.stderr is not None
    started.process.stderr.close()
    lasting.approve(id_)
    assert started.process.wait(30) == 7
    assert runs(here) == 1
