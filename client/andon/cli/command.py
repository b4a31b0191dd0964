"""COMMAND as an operation: what people are shown and what is digested; and can it be started?"""

import hashlib
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from andon.cli.exits import Exit

#: Characters of a name and of a title that the server takes.
LONGEST_NAME, LONGEST_TITLE = 300, 150

#: How a file begins that a kernel starts without a `#!` line.
_PROGRAMS = (b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"MZ")


class UnusableError(ValueError):
    """The command line cannot be asked about; the message says what to change."""


class CannotStartError(Exception):
    """COMMAND could not be started, as a shell would say it: `exit_code` is 126 or 127."""

    def __init__(self, exit_code: Exit, why: str) -> None:
        super().__init__(why)
        self.exit_code = exit_code


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Which environment variables belong to the operation, by how they are shown."""

    shown: Sequence[str] = ()  #: with their values
    hashed: Sequence[str] = ()  #: with a digest of their values


def arguments_of(
    argv: Sequence[str], chosen: Chosen, environ: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The operation's arguments, read anew from this process. Raises UnusableError."""
    environ = os.environ if environ is None else environ
    arguments: dict[str, Any] = {"argv": list(argv), "cwd": _here()}
    env = {name: _set(name, environ) for name in chosen.shown}
    env |= {name: _digest(_set(name, environ)) for name in chosen.hashed}
    if env:
        arguments["env"] = env
    _only_text(arguments)
    return arguments


def name_of(argv: Sequence[str]) -> str:
    """The command as one would type it, on one line."""
    return _short(" ".join(shlex.join(argv).split()), LONGEST_NAME)


def title_of(argv: Sequence[str]) -> str:
    """What the card is called where no title was given."""
    return _short(f"Run {name_of(argv)}", LONGEST_TITLE)


def _short(text: str, most: int) -> str:
    plain = "".join(c if c.isprintable() else "?" for c in text)
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def _here() -> str:
    try:
        return str(Path.cwd())
    except OSError as error:
        raise UnusableError(
            "the working directory is gone; change to one that exists and run it again"
        ) from error


def _set(name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise UnusableError(f"--env: {name} is not set; set it, or leave it out")
    return environ[name]


def _digest(value: str) -> str:
    return f"sha256:{hashlib.sha256(os.fsencode(value)).hexdigest()}"


def _only_text(arguments: Mapping[str, Any]) -> None:
    """People read it, so it has to be text."""
    named = [("the working directory", arguments["cwd"])]
    named += [(f"argument {n}", said) for n, said in enumerate(arguments["argv"])]
    named += [(f"--env {name}", said) for name, said in arguments.get("env", {}).items()]
    for where, said in named:
        try:
            said.encode()
        except UnicodeEncodeError:
            raise UnusableError(f"{where} is not UTF-8, so nobody could be shown it") from None


def startable(argv: Sequence[str]) -> None:
    """Look whether COMMAND could be started, before anybody is asked. Raises CannotStartError."""
    name = argv[0]
    found = name if "/" in name else shutil.which(name)
    if found is None and (named := shutil.which(name, os.F_OK)) is not None:
        raise CannotStartError(Exit.UNSTARTABLE, f"{named} is not executable; chmod +x it")
    if found is None or not os.path.lexists(found):
        where = "no such file" if "/" in name else "not found in PATH"
        shell = f"; a shell's line is held as sh -c {shlex.quote(name)}" if " " in name else ""
        raise CannotStartError(Exit.NOT_FOUND, f"{name}: {where}{shell}")
    if Path(found).is_dir():
        raise CannotStartError(Exit.UNSTARTABLE, f"{found} is a directory")
    if not os.access(found, os.X_OK):
        raise CannotStartError(Exit.UNSTARTABLE, f"{found} is not executable; chmod +x it")
    _begins_well(found)


def _begins_well(file: str) -> None:
    """A script without `#!`, or with one that names nothing, would fail once it is released."""
    try:
        with Path(file).open("rb") as opened:
            head = opened.read(256)
    except OSError:
        return  # may be started without being readable
    if head.startswith(b"#!"):
        words = head[2:].split(b"\n")[0].split()
        if not words or not os.access(words[0], os.X_OK):
            named = os.fsdecode(words[0]) if words else "nothing"
            raise CannotStartError(
                Exit.UNSTARTABLE, f"{file}: its #! line names {named}, which cannot be started"
            )
    elif not head.startswith(_PROGRAMS) and b"\0" not in head:
        raise CannotStartError(
            Exit.UNSTARTABLE, f"{file} is a script without a #! line; give it one"
        )
