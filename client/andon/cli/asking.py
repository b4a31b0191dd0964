"""What `andon run` asks with: the client, and the question that the command line makes."""

import getpass
import socket
import time
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from andon.cli import command, values
from andon.cli.command import Chosen, UnusableError
from andon.cli.display import Display
from andon.operation import Operation, Option, digest_of

if TYPE_CHECKING:
    from andon.client import Client


#: Seconds between two remarks that it does not answer.
_AGAIN_S = 60.0


def client(display: Display, patience_s: float) -> "Client":
    """The client that the environment describes. Raises SettingsError."""
    from andon.client import Client

    return Client(patience_s=patience_s, sleep=Patiently(display))


class Patiently:
    """Sleeps between two tries, and says so from time to time: silence would look like a hang."""

    def __init__(self, display: Display) -> None:
        self._display, self._said_at = display, -_AGAIN_S

    def __call__(self, seconds: float) -> None:
        """Let them pass."""
        if time.monotonic() - self._said_at >= _AGAIN_S:
            self._said_at = time.monotonic()
            self._display.say("Andon does not answer; trying again.")
        time.sleep(seconds)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What people release: COMMAND here and now, and the choices they get."""

    operation: Operation
    options: Sequence[Option] | None  #: None for Approve and Reject

    @classmethod
    def of(cls, asked: Namespace, argv: Sequence[str]) -> "Question":
        """Read anew from this process. Raises UnusableError."""
        chosen = Chosen(shown=asked.env, hashed=asked.env_digest)
        held = Operation(
            name=command.name_of(argv),
            arguments=command.arguments_of(argv, chosen),
            target=asked.target,
        )
        return cls(operation=held, options=_options(asked))

    @property
    def digest(self) -> str:
        """What votes and grants bind to."""
        return digest_of(self.operation, self.options)

    def request(self, asked: Namespace) -> dict[str, Any]:
        """How it is opened. An equal run that overlaps joins it by its `dedup_key`."""
        return {
            "title": asked.title or command.title_of(self.operation.arguments["argv"]),
            "category": asked.category,
            "environment": asked.environment,
            "operation": self.operation,
            "options": self.options,
            "summary": asked.summary,
            "severity": asked.severity,
            "reference": asked.reference,
            "requested_by": asked.requested_by,
            "approvers": asked.approver or None,
            "context": {**dict(asked.context), "system_state": _where()},
            "dedup_key": f"andon run {self.digest}",
            "decide_within_s": asked.decide_within,
            "claim_within_s": asked.claim_within,
        }


def _options(asked: Namespace) -> list[Option] | None:
    if not asked.option and not asked.irreversible:
        return None
    try:
        offered = values.options(asked.option)
    except ValueError as error:
        raise UnusableError(str(error)) from error
    return [
        replace(one, irreversible=asked.irreversible and one.effect == "release") for one in offered
    ]


def _where() -> dict[str, str]:
    """From where it is asked: told, not approved."""
    where = {"host": socket.gethostname()}
    with suppress(KeyError, OSError):
        where["user"] = getpass.getuser()
    return where
