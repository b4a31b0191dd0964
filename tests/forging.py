"""Processes, quickly: one that has imported everything once forks a process for each line.

Importing takes seconds of processor time, and proofs start hundreds of processes. Each line of
standard input is a job as JSON; the answer is the pid of a process that does it as a program of its
own would: its settings come from its environment, its signals, files and sockets are its own, and
it can be killed. It dies with us.
"""

import ctypes
import gc
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

#: Not that of tests.building: what is forked may know nothing of the server.
ROOT = Path(__file__).parent.parent

#: prctl's PR_SET_PDEATHSIG: no process outlives the proof that started it.
DIE_WITH_PARENT = 1


class Forge:
    """Starts processes by forking one that has everything imported."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self._lock = process, threading.Lock()

    def start(self, **job: Any) -> int:
        """The pid of a new process that does this."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())


@contextmanager
def forge(module: str, environment: Mapping[str, str]) -> Iterator[Forge]:
    """A forge for as long as the block, by a module that calls `fork_for_each_line`."""
    with subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Forge(process)
        finally:
            process.kill()


def fork_for_each_line(become: Callable[[dict[str, Any]], NoReturn]) -> None:
    """Fork a process for each line, until there are no more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever ends is nobody's to wait for
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            become(json.loads(line))
        print(pid, flush=True)


def settle_in(folder: str, log: str, environment: Mapping[str, str]) -> None:
    """A forked process becomes a program of its own: here, with this environment, heard there."""
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(folder)
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for given, ours in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(given, ours)
    os.environ.clear()
    os.environ.update(environment)
