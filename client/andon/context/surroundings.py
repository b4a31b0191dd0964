"""Where it happened: named variables, versions, recent commits, the host. Only reads."""

import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from andon.context.failure import chained


def variables(names: Iterable[str]) -> dict[str, str]:
    """The variables of the environment that were named, and no others."""
    return {name: os.environ.get(name, "(not set)") for name in names}


def versions(packages: Sequence[str] | None, error: BaseException | None) -> dict[str, str]:
    """Of Python and of the packages; where none are named, of those the error came through."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for name in _came_through(error) if packages is None else packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "(not installed)"
    return found


def _came_through(error: BaseException | None) -> list[str]:
    """Distributions whose code stands in the tracebacks."""
    if error is None:
        return []
    from importlib.metadata import packages_distributions

    modules = {name.partition(".")[0] for one in chained(error) for name in _modules(one)}
    known = packages_distributions()
    return sorted({d for module in modules for d in known.get(module, ())})


def _modules(error: BaseException) -> Iterable[str]:
    step = error.__traceback__
    while step is not None:
        yield str(step.tb_frame.f_globals.get("__name__", ""))
        step = step.tb_next


def checkout(start: str | os.PathLike[str] | None = None) -> Path | None:
    """The folder of the git checkout around, if there is one."""
    here = Path(start or os.curdir).resolve()
    return next((up for up in (here, *here.parents) if (up / ".git").exists()), None)


def commits(folder: Path, most: int, within_s: float) -> list[str]:
    """The last commits: `3f78685 2026-11-12T21:30:00Z Drop legacy code (Priya)`."""
    git = shutil.which("git")
    if git is None:
        raise OSError("git is not installed")
    ran = subprocess.run(  # noqa: S603
        [git, "-C", str(folder), "-c", "core.fsmonitor=false", "log", f"-{most}", "--no-color",
         "--no-show-signature", "--format=%h %cI %s (%an)"],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=within_s, check=False,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
    )  # fmt: skip
    if ran.returncode:
        raise OSError(ran.stderr.decode(errors="replace").strip()[:300])
    return ran.stdout.decode(errors="replace").splitlines()


def host() -> dict[str, str]:
    """Name, load, memory and room of the machine, and what this process is."""
    facts: dict[str, Callable[[], str]] = {
        "host": lambda: f"{socket.gethostname()}, {platform.system()} {platform.release()}",
        "load": lambda: _load(*os.getloadavg()),
        "memory": _memory,
        "disk": _disk,
        "process": lambda: f"pid {os.getpid()}, {Path(sys.argv[0]).name or 'python'}",
    }
    return {name: said for name, fact in facts.items() if (said := _unless_unknown(fact))}


def _unless_unknown(fact: Callable[[], Any]) -> str:
    try:
        return str(fact())
    except (OSError, AttributeError, ValueError, KeyError):  # not every system tells everything
        return ""


def _load(one: float, five: float, fifteen: float) -> str:
    return f"{one:.1f} {five:.1f} {fifteen:.1f} on {os.cpu_count()} processors"


def _memory() -> str:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    kilobytes = {name: int(rest.split()[0]) for name, _, rest in (x.partition(":") for x in lines)}
    free, total = kilobytes["MemAvailable"], kilobytes["MemTotal"]
    return f"{free / 2**20:.1f} of {total / 2**20:.1f} GB available"


def _disk() -> str:
    room = shutil.disk_usage(os.curdir)
    return f"{room.free / 2**30:.1f} of {room.total / 2**30:.1f} GB free in {Path.cwd()}"
