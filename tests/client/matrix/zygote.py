"""Callers, quickly: each line of standard input is what a caller does. See tests/forging.py."""

import os
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from tests.client.matrix.disks import spoil
from tests.client.matrix.entries import ENTRIES, hurry, warm_up
from tests.client.matrix.planted import BUGS
from tests.client.matrix.recoveries import RECOVERIES
from tests.forging import fork_for_each_line, settle_in


def main() -> None:
    """Fork a caller for each line, until there are no more."""
    warm_up()
    fork_for_each_line(_call)


def _call(job: dict[str, Any]) -> NoReturn:
    """Become the caller; how it ended stands in the file `exit`."""
    code: Any = "raised"
    try:
        _settle_in(job)
        code = {**ENTRIES, **RECOVERIES}[job["entry"]](job)
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
    settle_in(job["folder"], job["said"], job["environment"])
    hurry(job["patience_s"], job["timeout_s"], job["clock_off_s"])
    if job["bug"]:
        BUGS[job["bug"]]()
    spoil(job["disk"], Path(job["environment"]["ANDON_STATE"]))


if __name__ == "__main__":
    main()
