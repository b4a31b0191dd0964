"""Mutants of what decides: mutmut makes them, the core's own tests have to notice each.

`make mutants` (hours). mutmut starts a test run a mutant; here the tests are collected once, and a
fork runs them until the first failure: several times as fast. Results lie where mutmut keeps its
own, so `mutmut results` and `mutmut show NAME` tell of them. Run it again and it goes on: what
changed is tried anew, and with `--again` so is what survived.

    python -m tests.mutating [--again] [approvals.tally* …]
"""

import fnmatch
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.utils.format_utils import mangled_name_from_mutant_name

ROOT = Path(__file__).parents[1]

#: Any mutant: asked for one, mutmut makes all and learns which test goes through which function.
_ANY = "approvals.verdict.x_accept__mutmut_1"

#: What ends in a loop is noticed after so many seconds of computing.
_PATIENCE_S = 30

#: Tests that take longer are left out: what they notice, quicker ones have noticed before.
SLOW_S = 0.3

#: Which mutants are meant: patterns, and whether survivors are tried again.
_WANTED = "ANDON_MUTANTS"


def main(arguments: Sequence[str]) -> int:
    """Make what is missing, then try what has no result."""
    subprocess.run(["mutmut", "run", "--max-children", "1", _ANY], cwd=ROOT, check=True)
    wanted = os.environ | {_WANTED: json.dumps(list(arguments))}
    run = [sys.executable, "-m", "pytest", "-q", "-p", "tests.mutating", *_options()]
    return subprocess.run(run, cwd=ROOT / "mutants", env=wanted).returncode


def _options() -> list[str]:
    import tomllib

    set_up = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
    return [*set_up["pytest_add_cli_args_test_selection"], *set_up["pytest_add_cli_args"]]


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Instead of the tests themselves: one fork a mutant, each with the tests that see it."""
    if _WANTED not in os.environ:
        return None
    os.chdir("..")
    known = json.loads(Path("mutants/mutmut-stats.json").read_text())
    took = known["duration_by_test"]
    items = {i.nodeid: i for i in session.items if took.get(i.nodeid, 0.0) < SLOW_S}
    killed = tried = 0
    for found, name in _wanted(json.loads(os.environ[_WANTED])):
        seen = known["tests_by_mangled_function_name"].get(mangled_name_from_mutant_name(name), ())
        mine = sorted((n for n in seen if n in items), key=lambda n: _place(n, name, took[n]))
        code = _fate(name, [items[n] for n in mine]) if mine else 33
        found.exit_code_by_key[name] = code
        found.save()
        tried, killed = tried + 1, killed + (code not in (0, 33))
        print(f"{killed}/{tried} {'survived' if code in (0, 33) else 'killed'} {name}", flush=True)
    return True


def _place(nodeid: str, mutant: str, took: float) -> tuple[int, float]:
    """First what notices most: whole stories word for word, then the tests of that file."""
    file = mutant.split(".x")[0].rpartition(".")[2]
    likely = 0 if "/test_told.py" in nodeid else 1 if f"/test_{file}" in nodeid else 2
    return likely, took


def _wanted(arguments: list[str]) -> Iterator[tuple[SourceFileMutationData, str]]:
    undecided = {None, 0, 33} if "--again" in arguments else {None}
    patterns = [a for a in arguments if not a.startswith("-")] or ["*"]
    for meta in sorted(Path("mutants/approvals").rglob("*.meta")):
        found = SourceFileMutationData(path=meta.relative_to("mutants").with_suffix(""))
        found.load()
        for name, code in list(found.exit_code_by_key.items()):
            if code in undecided and any(fnmatch.fnmatch(name, p) for p in patterns):
                yield found, name


def _fate(name: str, items: Sequence[pytest.Item]) -> int:
    """0 if no test noticed; 1 if one did; another if it ended in a loop or a crash."""
    child = os.fork()
    if child == 0:
        os._exit(_noticed(name, items))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _noticed(name: str, items: Sequence[pytest.Item]) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (_PATIENCE_S, _PATIENCE_S + 1))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    os.chdir("mutants")
    set_mutant_under_test(name)
    for item, after in zip(items, [*items[1:], None], strict=True):
        if any(report.failed for report in runtestprotocol(item, nextitem=after, log=False)):
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
