"""`andon run` on a terminal: one line is redrawn, and Ctrl-C reaches COMMAND once."""

import fcntl
import os
import pty
import re
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from andon import Client, Operation

from tests.building import ROOT
from tests.client.serving import Served

CTRL_C = b"\x03"


@dataclass
class Terminal:
    """A terminal with one command in it."""

    master: int
    process: "subprocess.Popen[bytes]"
    seen: str = ""

    def until(self, words: str) -> str:
        """Read until it shows that."""
        while words not in self.seen:
            self.seen += os.read(self.master, 4096).decode()
        return self.seen

    def types(self, keys: bytes) -> None:
        """Somebody types."""
        os.write(self.master, keys)

    def ends(self) -> int:
        """Its exit code, everything read."""
        with suppress(OSError):
            while chunk := os.read(self.master, 4096):
                self.seen += chunk.decode()
        return self.process.wait(30)


Typing = Callable[..., Terminal]


@pytest.fixture
def typing(lasting: Served, tmp_path: Path) -> Iterator[Typing]:
    """Opens a terminal and types `andon …` into it."""
    opened: list[Terminal] = []

    def start(*words: str) -> Terminal:
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "andon", *words],
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT / "client"),
                "COLUMNS": "200",
                **lasting.environment,
            },
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_takes_the_terminal,
        )
        os.close(slave)
        opened.append(Terminal(master, process))
        return opened[-1]

    yield start
    for one in opened:
        one.process.kill()
        one.process.wait()
        os.close(one.master)


def _takes_the_terminal() -> None:
    """So that Ctrl-C is a signal to the whole group in front of it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def held(terminal: Terminal) -> str:
    """The id of what it asked."""
    found = re.search(r"esc_[0-9a-f]{10,}", terminal.until("decide by"))
    assert found is not None
    return found[0]


def test_one_line_says_how_it_stands_until_it_is_released(lasting: Served, typing: Typing) -> None:
    terminal = typing("run", "--", "printf", "shipped\n100 %%")
    lasting.approve(held(terminal))
    assert terminal.ends() == 0
    before, _, after = terminal.seen.partition("andon: Released. ")
    assert "\nwaiting · " in before
    assert before.endswith("\r\x1b[K")
    assert "\r\nshipped\r\n100 %andon: COMMAND ran: exit code 0 after " in after


def test_ctrl_c_while_waiting_withdraws(lasting: Served, typing: Typing, tmp_path: Path) -> None:
    terminal = typing("run", "--", "touch", "ran")
    id_ = held(terminal)
    terminal.types(CTRL_C)
    assert terminal.ends() == 130
    assert lasting.read(id_).status == "withdrawn"
    assert not (tmp_path / "ran").exists()


def test_ctrl_c_leaves_nothing_drawn_and_the_question_to_others(
    lasting: Served, typing: Typing
) -> None:
    with Client(lasting.url, lasting.key, state=lasting.folder / "state") as client:
        asked = client.open("Ship it", operation=Operation("ship"))
    terminal = typing("wait", asked.id)
    terminal.until("waiting · ")
    terminal.types(CTRL_C)
    assert terminal.ends() == 130
    assert terminal.seen.endswith("\r\x1b[K")
    assert lasting.read(asked.id).status == "pending"


def test_ctrl_c_while_it_runs_reaches_the_command_once(lasting: Served, typing: Typing) -> None:
    """The terminal gives it to the whole group; passed on besides, it would come twice."""
    code = (
        "import signal, time\n"
        "got = []\n"
        "signal.signal(signal.SIGINT, lambda *_: got.append(1))\n"
        "print('up', flush=True)\n"
        "while not got: time.sleep(0.01)\n"
        "time.sleep(0.3)\n"
        "print('got', len(got), flush=True)\n"
    )
    terminal = typing("run", "--", sys.executable, "-c", code)
    lasting.approve(held(terminal))
    terminal.until("\nup\r\n")
    terminal.types(CTRL_C)
    assert terminal.ends() == 0
    assert "got 1\r\n" in terminal.seen
