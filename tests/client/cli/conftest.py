"""`andon` as a process of its own beside the real server."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.building import ROOT
from tests.client.serving import Served

#: Seconds after which a command of a test is given up.
PATIENCE_S = 60


@dataclass
class Started:
    """A command that runs."""

    process: "subprocess.Popen[str]"
    errors: list[str] = field(default_factory=list)

    def says(self, words: str) -> str:
        """Read standard error until a line says that."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.errors.append(line)
            if words in line:
                return line
        raise AssertionError(f"It ended with {self.process.wait()} and said {self.errors}")

    def ends(self) -> int:
        """Its exit code, everything read."""
        output, errors = self.process.communicate(timeout=PATIENCE_S)
        self.output = output
        self.errors.append(errors)
        return self.process.returncode

    @property
    def said(self) -> str:
        """All that it said on standard error."""
        return "".join(self.errors)

    def signal(self, number: int) -> None:
        """Send it a signal, and nobody else."""
        self.process.send_signal(number)


class Andon(Protocol):
    """Starts `andon …` in a folder."""

    def __call__(self, *words: str, **environment: str) -> Started: ...


class Starting(Protocol):
    """Starts anything there, with nothing of our environment."""

    def __call__(self, *argv: str, of: Served | None = None, **environment: str) -> Started: ...


def held(started: Started) -> str:
    """The id of what it asked, once it waits."""
    found = re.search(r"esc_[0-9a-f]+", started.says(" is held in "))
    assert found is not None
    return found[0]


@pytest.fixture(autouse=True, scope="session")
def as_on_a_terminal() -> None:
    """Whoever runs the tests in the background, or under nohup, has them ignore what a terminal
    sends, and a shell takes no signal that was ignored when it began.
    """
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Where commands run."""
    made = tmp_path / "here"
    made.mkdir()
    return made


@pytest.fixture
def starting(here: Path) -> Iterator[Starting]:
    """Starts processes; all are gone when the test is over."""
    started: list[Started] = []

    def start(*argv: str, of: Served | None = None, **environment: str) -> Started:
        given = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "client"),
            "HOME": str(here),
            **(of.environment if of else {}),
            **environment,
        }
        process = subprocess.Popen(
            argv,
            cwd=here,
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(Started(process))
        return started[-1]

    yield start
    for one in started:
        with suppress(ProcessLookupError):
            os.killpg(one.process.pid, signal.SIGKILL)
        one.process.wait()
        for stream in (one.process.stdout, one.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def andon(lasting: Served, starting: Starting) -> Andon:
    """`andon …` against the server of the module."""

    def start(*words: str, **environment: str) -> Started:
        return starting(sys.executable, "-m", "andon", *words, of=lasting, **environment)

    return start


def result_of(file: Path) -> Any:
    """What a result file says."""
    return json.loads(file.read_text(encoding="utf-8"))
