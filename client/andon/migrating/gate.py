"""The one way a migration is released: ask, wait, look again, claim, run, report.

    look -> approved() waits for people -> running() { lock, look again, claim(), run } -> report

A tool's door (`andon.alembic`, `andon.django`) says what is pending and runs it; what holds it is
here. When what is pending is no longer what was approved, nothing is claimed and people are asked
again.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Protocol, Self, cast

from andon.client import Client
from andon.errors import AndonError
from andon.flow import endings, releasing
from andon.flow.request import Request, body_of
from andon.migrating.pending import Facts, Pending
from andon.models import Escalation
from andon.operation import Operation, Option

#: What is offered; part of the digest.
OPTIONS = (
    Option("migrate", "Run it"),
    Option("leave", "Leave the database as it is", effect="abort"),
)

#: Between two looks at a lock that another transaction holds.
LOCK_PAUSE_S = 0.5

#: No longer detail is reported.
_LONGEST_DETAIL = 2_000


class BusyError(Exception):
    """Another transaction holds the place where a database's state is kept."""


class Door(Protocol):
    """What a tool knows of its database."""

    def facts(self, pending: Pending) -> Facts:
        """What helps to judge it. Nothing stays open afterwards: people may take hours."""

    def is_idle(self, pending: Pending) -> bool:
        """Whether nobody migrates this database just now."""


def to_stderr(text: str) -> None:
    """Beside a tool's own output."""
    print(f"andon: {text}", file=sys.stderr, flush=True)


class Gate:
    """Holds the migrations of one command. `asking`: what else `Client.open` takes."""

    def __init__(
        self,
        *,
        client: Client | None = None,
        say: Callable[[str], None] = to_stderr,
        pause: Callable[[float], Any] = time.sleep,
        **asking: Any,
    ) -> None:
        self._given = client
        self._say, self._pause, self._asking = say, pause, asking
        self._made: Client | None = None
        self._told = ""
        self._approved: tuple[Pending, Escalation] | None = None

    @property
    def _client(self) -> Client:
        """Made when somebody has to be asked: with nothing pending, no settings are needed."""
        if self._given is None and self._made is None:
            self._made = Client()
        return self._given or cast(Client, self._made)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._made is not None:
            self._made.close()

    def approved(self, pending: Pending, door: Door) -> Escalation:
        """The escalation that released exactly this. Raises what andon.errors lists."""
        if self._approved is not None:
            known, escalation = self._approved
            if known == pending:
                self._pause(LOCK_PAUSE_S)
                _raise_unless_released(self._client.get(escalation.id))
                return escalation
            self._say("What is pending is no longer what was approved. Nothing ran; asking again.")
        self._approved = pending, self._ask(pending, door)
        return self._approved[1]

    def _ask(self, pending: Pending, door: Door) -> Escalation:
        opened = self._opened(pending, door)
        self._say(f"{pending.command} on {pending.database} waits for people: {opened.id}")
        try:
            decided = self._client.wait(opened, on_change=self._tell)
        except (KeyboardInterrupt, SystemExit):
            self._withdraw(opened, f"{pending.command} was interrupted.")
            raise
        _raise_unless_released(decided)
        return decided

    def _withdraw(self, escalation: Escalation, reason: str) -> None:
        try:
            self._client.withdraw(escalation.id, reason)
        except AndonError as error:
            self._say(f"It could not be withdrawn: {error}")

    def _opened(self, pending: Pending, door: Door) -> Escalation:
        """Asked, or found again after a crash: whoever approved it need not do so twice."""
        request = self._request(pending, door.facts(pending))
        found = self._client.open(**request, resume=True)
        if endings.not_released(found) is not None:  # a no of another day
            said = {name: value for name, value in request.items() if name != "title"}
            body = body_of(request["title"], "approval", cast(Request, said))
            releasing.forget(body, self._client.holding())
            return self._client.open(**request, resume=True)
        if found.claim is None:
            return found
        if not door.is_idle(pending):
            raise endings.taken(found)
        where = ", ".join(pending.applied) or "nothing"
        self._client.report(
            found.id, "failed", f"What ran it died. The database still stands at {where}."
        )
        return self._client.open(**request, resume=True)

    def _request(self, pending: Pending, facts: Facts) -> dict[str, Any]:
        more = {name: value for name, value in self._asking.items() if name != "context"}
        return {
            "category": "schema_migration",
            "title": pending.title(),
            "dedup_key": f"migration of {pending.database}"[:300],
            **more,
            "context": facts.context() | dict(self._asking.get("context") or {}),
            "operation": operation(pending),
            "options": OPTIONS,
        }

    def _tell(self, escalation: Escalation) -> None:
        """One line per change that a person waiting for it wants to know."""
        looking = escalation.progress.acknowledged_by
        counts = "; ".join(
            f"{sum(r.have.values())} of {r.needed} of {r.group}" for r in escalation.requirements
        )
        line = f"{escalation.status}{f', {looking} is looking' if looking else ''}: {counts}"
        if line != self._told:
            self._told = line
            self._say(line)

    @contextmanager
    def running(self, escalation: Escalation) -> Iterator["Running"]:
        """Around the transaction: what became of it is reported once it is over."""
        run = Running(self._client, escalation)
        try:
            yield run
        except BaseException as error:
            self._report(run, "failed", f"{type(error).__name__}: {error}"[:_LONGEST_DETAIL])
            raise
        self._report(run, "succeeded", None)

    def _report(self, run: "Running", result: str, detail: str | None) -> None:
        if not run.is_claimed:
            return
        self._approved = None
        try:
            self._client.report(run.escalation.id, result, detail)
        except AndonError as error:
            self._say(f"It {result}, but that could not be reported: {error}")

    def locked_out(self, escalation: Escalation) -> None:
        """Another transaction was there first. Raises TakenError if it took this release."""
        found = self._client.get(escalation.id)
        _raise_unless_released(found)
        if found.claim is not None:
            raise endings.taken(found)

    def nothing_pending(self) -> None:
        """Say who ran it, where somebody else did while this command waited."""
        if self._approved is None:
            return
        claim = self._client.get(self._approved[1].id).claim
        if claim is not None:
            self._say(f"Nothing is left to run: {claim.by} took it at {claim.at:%H:%M:%S} UTC.")


class Running:
    """One transaction that may run what was approved."""

    def __init__(self, client: Client, escalation: Escalation) -> None:
        self._client = client
        self.escalation = escalation
        self.is_claimed = False

    def claim(self, pending: Pending) -> None:
        """Take the release, verified; only after this may anything run."""
        self._client.claim(self.escalation, operation(pending), options=OPTIONS)
        self.is_claimed = True


def operation(pending: Pending) -> Operation:
    """What is held, and digested."""
    return Operation(pending.command, pending.arguments(), pending.target())


def _raise_unless_released(found: Escalation) -> None:
    ended = endings.not_released(found)
    if ended is not None:
        raise ended
