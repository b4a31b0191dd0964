"""`pipelines/shell/hold.sh`, by the strictest shell there is."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.building import ROOT
from tests.client.cli.conftest import Started, Starting, held
from tests.client.serving import Served

HOLD = ROOT / "pipelines" / "shell" / "hold.sh"
SHELL = shutil.which("dash") or "/bin/sh"


@pytest.fixture
def deploying(lasting: Served, starting: Starting, here: Path, bin_: Path) -> Started:
    """A pipeline's run of it, which waits for people."""
    (here / "deploy.sh").write_text('#!/bin/sh\necho "deploying $1"\nexit 3\n')
    (here / "deploy.sh").chmod(0o755)
    return starting(SHELL, str(HOLD), "v42", of=lasting, PATH=f"{bin_}:/usr/bin:/bin")


def test_the_deploy_runs_once_people_agreed(lasting: Served, deploying: Started) -> None:
    id_ = held(deploying)
    assert lasting.read(id_).title == "Deploy v42"
    lasting.approve(id_)
    assert deploying.ends() == 3
    assert deploying.output == "deploying v42\n"
    assert deploying.said.endswith("hold.sh: the deploy ran and exited with 3\n")
    outcome = lasting.read(id_).outcome
    assert outcome is not None
    assert str(outcome.detail).endswith("\ndeploying v42")


def test_a_no_ends_the_pipeline(lasting: Served, deploying: Started) -> None:
    lasting.reject(held(deploying))
    assert deploying.ends() == 121
    assert deploying.output == ""
    assert deploying.said.endswith("hold.sh: people said no; do not run this pipeline again\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_cancelled_pipeline_withdraws_its_question(
    lasting: Served, deploying: Started, number: int
) -> None:
    """The signal reaches the script alone; nothing stays behind that would still deploy."""
    id_ = held(deploying)
    deploying.signal(number)
    assert deploying.ends() == 143
    assert deploying.output == ""
    assert deploying.said.endswith("hold.sh: it was cancelled\n")
    assert lasting.read(id_).status == "withdrawn"


def test_a_cancelled_deploy_ends_before_the_script_does(
    lasting: Served, deploying: Started, here: Path
) -> None:
    """What was released is stopped as it stops, and its exit code is told."""
    (here / "deploy.sh").write_text("#!/bin/sh\ntrap 'exit 9' TERM\necho up >&2\nsleep 60 & wait\n")
    lasting.approve(held(deploying))
    deploying.says("up")
    deploying.signal(signal.SIGTERM)
    assert deploying.ends() == 9
    assert deploying.said.endswith("hold.sh: the deploy ran and exited with 9\n")


def test_it_says_how_it_is_called() -> None:
    done = subprocess.run([SHELL, str(HOLD)], capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage: hold.sh VERSION" in done.stderr


def test_shellcheck_finds_nothing() -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([shellcheck, str(HOLD)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
