"""The command line: what can be said, and what each word means."""

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn, TypeVar

from andon.cli import values
from andon.cli.command import UnusableError

T = TypeVar("T")

#: Seconds that Andon may not answer before it counts as unavailable: a restart fits in.
PATIENCE_S = 120

RUN = """\
Hold COMMAND until people released it, then run exactly that, and report what came of it.

It runs in no case but a verified grant. What people approve is COMMAND's arguments, the working
directory and the variables named with --env; a second run of the same joins the first, whatever
its title and times. A shell's line is held as: andon run -- sh -c 'make clean && make deploy'"""

EXITS = """\
exit codes: COMMAND's own where it ran; 2 the command line is wrong, 121 rejected, stopped or void,
122 withdrawn, 123 another caller runs it, 124 nobody decided in time, 125 Andon could not be asked
(away, a setting is missing, the request is refused) or the grant did not verify, 126 and 127 as a
shell does, 130 Ctrl-C, 143 SIGTERM. COMMAND may exit with any of them itself; --result-file says
without doubt which it was."""

SETTINGS = """\
ANDON_URL says where Andon is, ANDON_KEY or ANDON_KEY_FILE who is calling; ANDON_JWKS_FILE pins the
server's keys. `andon COMMAND --help` says more about each."""


class UsageError(UnusableError):
    """The command line makes no sense; the message says what to write."""


class Parser(argparse.ArgumentParser):
    """Raises UsageError where others exit."""

    def error(self, message: str, of: str = "") -> NoReturn:
        """What is wrong, and where help is: at the command it is said `of`."""
        prog = f"{self.prog} {of}".strip()
        raise UsageError(f"{message}; `{prog} --help` says what can be written")


def parser() -> Parser:
    """The whole command."""
    whole = Parser(
        prog="andon",
        description="Ask people before something dangerous runs.",
        epilog=SETTINGS,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="store_true", help="say which version this is")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND")
    for add in (_run, _open, _wait, _list, _show, _answer, _withdraw, _verify):
        add(commands)
    return whole


if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Parser]


def _command(commands: "Commands", name: str, what: str, more: str = "", end: str = "") -> Parser:
    made = commands.add_parser(
        name,
        help=what,
        description=more or f"{what[0].upper()}{what[1:]}.",
        epilog=end or None,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--json", action="store_true", help="say it as JSON")
    made.add_argument(
        "--patience",
        type=_typed(values.seconds),
        default=PATIENCE_S,
        metavar="TIME",
        help="how long Andon may not answer (default: 2m)",
    )
    return made


def _run(commands: "Commands") -> None:
    made = _command(commands, "run", "hold a command until people released it", RUN, EXITS)
    made.usage = "andon run [OPTION …] -- COMMAND …"
    _about(made)
    _deciding(made)
    made.add_argument(
        "--env", action="append", default=[], metavar="NAME", help="a variable that is approved too"
    )
    made.add_argument(
        "--env-digest", action="append", default=[], metavar="NAME",
        help="the same; people see a digest of its value",
    )  # fmt: skip
    made.add_argument("--result-file", metavar="FILE", help="write what became of it, as JSON")
    made.add_argument(
        "--tail", type=_typed(values.lines), default=0, metavar="N",
        help="report the last N lines of output; it then goes through a pipe",
    )  # fmt: skip


def _about(made: Parser) -> None:
    """What people read."""
    made.add_argument("--title", help="what people read first (default: COMMAND)")
    made.add_argument("--summary", help="more for people to read")
    made.add_argument("--category", default="other", help="such as deployment (default: other)")
    made.add_argument(
        "--environment", help="where it acts (default: ANDON_ENVIRONMENT, else production)"
    )
    made.add_argument("--target", help="what it touches; typed by people where it matters most")
    made.add_argument("--reference", help="ticket, commit or deploy it belongs to")
    made.add_argument(
        "--severity", choices=("low", "medium", "high", "critical"), help="at least so severe"
    )
    made.add_argument("--requested-by", metavar="WHO", help="on whose behalf, by e-mail address")
    made.add_argument(
        "--context", action="append", default=[], type=_typed(values.context), metavar="NAME=TEXT",
        help="what people need to judge it: " + ", ".join(values.CONTEXT),
    )  # fmt: skip


def _deciding(made: Parser) -> None:
    """Who decides, what, and by when."""
    made.add_argument(
        "--option", action="append", default=[], type=_typed(values.option),
        metavar="KEY=LABEL[:EFFECT]",
        help="a button; EFFECT is release (default) or abort, and one option releases",
    )  # fmt: skip
    made.add_argument("--irreversible", action="store_true", help="what it does cannot be undone")
    made.add_argument(
        "--approver", action="append", default=[], metavar="GROUP",
        help="a group that has to agree, besides those of the policy",
    )  # fmt: skip
    for name, what in (
        ("--decide-within", "how long people may take"),
        ("--claim-within", "how long a release may wait to be used: ask by day, run at night"),
    ):
        made.add_argument(
            name, type=_typed(values.seconds), metavar="TIME", help=f"{what}: 15m, 12h"
        )


def _open(commands: "Commands") -> None:
    made = _command(commands, "open", "ask with a request written as JSON, and print its id")
    made.add_argument("file", metavar="FILE", help="the body of POST /v1/escalations; - reads it")
    made.add_argument(
        "--key", help="idempotency key: the same key asks the same question (default: a new one)"
    )


def _wait(commands: "Commands") -> None:
    made = _command(
        commands, "wait", "wait until people decided", end="It exits 0 where it was approved or "
        "resolved,\nelse with the codes of `andon run`; 1 if --timeout is over.",
    )  # fmt: skip
    made.add_argument("id", metavar="ID")
    made.add_argument(
        "--until", choices=("decided", "ended"), default="decided",
        help="ended waits for the outcome, too",
    )  # fmt: skip
    made.add_argument(
        "--timeout", type=_typed(values.seconds), metavar="TIME", help="wait no longer than that"
    )


def _list(commands: "Commands") -> None:
    made = _command(commands, "list", "list escalations of this service")
    for name, what in (
        ("status", "pending, approved, rejected, expired, withdrawn or resolved"),
        ("kind", "approval, incident or automation"),
        ("severity", "low, medium, high or critical"),
        ("category", "such as deployment"),
        ("reference", "ticket, commit or deploy it belongs to"),
        ("dedup-key", "what it joins by"),
    ):
        made.add_argument(f"--{name}", metavar="WORD", help=what)
    made.add_argument("-q", "--search", dest="q", metavar="WORDS", help="words of the title")
    made.add_argument(
        "--limit", type=_typed(values.count), default=50, metavar="N", help="at most (default: 50)"
    )


def _show(commands: "Commands") -> None:
    made = _command(commands, "show", "show one escalation; with --json all of it")
    made.add_argument("what", metavar="ID|REFERENCE", help="all that carry the reference")


def _answer(commands: "Commands") -> None:
    made = _command(commands, "answer", "answer what people asked")
    made.add_argument("id", metavar="ID")
    made.add_argument("text", metavar="TEXT", help="for people to read")


def _withdraw(commands: "Commands") -> None:
    made = _command(commands, "withdraw", "take a question back")
    made.add_argument("id", metavar="ID")
    made.add_argument("--reason", required=True, help="for people to read")


def _verify(commands: "Commands") -> None:
    made = _command(
        commands, "verify", "verify a grant without the server",
        end="It exits 0 where the grant holds, else 125. The keys are those of --jwks, of\n"
        "ANDON_JWKS_FILE, or are fetched from ANDON_URL, which takes a key (ANDON_KEY) as well.",
    )  # fmt: skip
    made.add_argument("grant", metavar="GRANT", help="the token; - reads it")
    made.add_argument("--jwks", metavar="FILE", help="the server's keys, pinned")
    for name, what in (
        ("--id", "escalation it has to be of"),
        ("--digest", "digest it has to be for"),
        ("--nonce", "nonce it has to carry"),
        ("--service", "service it has to be given to"),
    ):
        made.add_argument(name, help=what)


def _typed(read: Callable[[str], T]) -> Callable[[str], T]:
    """For argparse, which wants its own error to show the message."""

    def reading(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return reading


def parse(words: Sequence[str], command: Sequence[str]) -> argparse.Namespace:
    """What is asked. Raises UsageError; exits with 0 for help."""
    whole = parser()
    asked, left = whole.parse_known_args(words)
    if asked.version:
        from andon import __version__

        whole.exit(0, f"andon {__version__}\n")
    if asked.command is None:
        whole.error("name a command: run, open, wait, list, show, answer, withdraw or verify")
    if left:
        whole.error(_odd(asked.command, left), of=asked.command)
    if asked.command == "run" and not command:
        whole.error("name the command to hold, after --: andon run -- make deploy", of="run")
    return asked


def value_of(words: Sequence[str], name: str) -> str | None:
    """What an option says on a command line that makes no sense otherwise."""
    found = None
    for n, word in enumerate(words):
        if word == name and n + 1 < len(words):
            found = words[n + 1]
        elif word.startswith(f"{name}="):
            found = word.partition("=")[2]
    return found


def _odd(command: str, left: Sequence[str]) -> str:
    """What to say of words that mean nothing."""
    if command == "run" and not left[0].startswith("-"):
        return f"write -- before the command: andon run … -- {' '.join(left)}"
    return f"{left[0]} means nothing here"


def split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Andon's own words, and COMMAND's: what follows the first `--` is left alone."""
    words = list(argv)
    if "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]
