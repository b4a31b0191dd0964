"""Callers, quickly: a process that has imported the client once, and forks a caller for each line.

Importing takes a second of processor time, and the matrix starts hundreds of callers. Each line of
standard input is a job as JSON; the answer is the pid of a process that does it as a program of its
own would: its settings come from its environment, its signals, files and sockets are its own, and
it can be killed. It dies with us.
"""

import ctypes
import gc
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from tests.client.matrix.disks import spoil
from tests.client.matrix.entries import ENTRIES, hurry, warm_up
from tests.client.matrix.planted import BUGS

#: prctl's PR_SET_PDEATHSIG: no caller outlives the matrix.
DIE_WITH_PARENT = 1


def main() -> None:
    """Fork a caller for each line, until there are no more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever ends is nobody's to wait for
    warm_up()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _call(json.loads(line))
        print(pid, flush=True)


def _call(job: dict[str, Any]) -> NoReturn:
    """Become the caller; how it ended stands in the file `exit`."""
    code: Any = "raised"
    try:
        _settle_in(job)
        code = ENTRIES[job["entry"]](job)
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        Path(job["exit"]).write_text(str(code))
        os._exit(0)


def _settle_in(job: dict[str, Any]) -> None:
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(job["folder"])
    said = os.open(job["said"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for given, ours in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(given, ours)
    os.environ.clear()
    os.environ.update(job["environment"])
    hurry(job["patience_s"], job["timeout_s"], job["clock_off_s"])
    if job["bug"]:
        BUGS[job["bug"]]()
    spoil(job["disk"], Path(job["environment"]["ANDON_STATE"]))


if __name__ == "__main__":
    main()
