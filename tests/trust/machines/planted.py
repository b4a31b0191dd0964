"""Bugs to plant in a replica's process: each is found by one of these proofs, or it proves nothing.

The first is no bug but a shorter lease, where a proof has no half minute to wait for one.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import storage.work
import storage.writer
from storage.batch import Batch, Pending
from storage.postgres import connecting, database, hearing, link, wording
from storage.postgres.reasons import FAILURES
from storage.writer import GroupCommitWriter

#: How long a lease is for a proof in a hurry.
SHORT = timedelta(seconds=4)


def short_leases() -> None:
    """What was taken comes free sooner."""
    storage.work.LEASE = SHORT


def answer_before_commit() -> None:
    """201 as soon as there is something to write."""
    written = storage.writer.written

    def early(batch: Batch, *given: Any) -> Any:
        batch.answer()
        return written(batch, *given)

    storage.writer.written = early  # type: ignore[assignment]


def lost_answer_taken_for_stored() -> None:
    """A COMMIT was sent, so it will have been carried out."""
    committed = link._commit

    async def hopeful(connection: Any, changed: Sequence[str]) -> None:
        with suppress(*FAILURES):
            await committed(connection, changed)

    link._commit = hopeful


def lost_answer_taken_for_not_stored() -> None:
    """The COMMIT failed, so nothing was stored: nobody asks the log."""

    async def nothing(writer: GroupCommitWriter, batch: list[Pending]) -> set[str]:
        return set()

    GroupCommitWriter._stored = nothing  # type: ignore[method-assign]


def connection_before_left_alone() -> None:
    """The writer takes another connection, whatever the one before may still do."""

    async def connected(url: str, lock: int) -> Any:
        return await connecting.connect(url)

    database._connect_alone = connected


def nothing_looked_for_again() -> None:
    """What other replicas said while the connection was away is missed for good."""
    tell = hearing.Hearing._tell

    def only_what_is_said(self: hearing.Hearing, ids: list[str] | None) -> None:
        if ids is not None:
            tell(self, ids)

    hearing.Hearing._tell = only_what_is_said  # type: ignore[method-assign]


def told_without_having_the_row() -> None:
    """Who asks again is told what is there. Nobody has its row, so that is a transaction which only
    read, and waits for no standby.
    """
    wording._AMONG_WRITERS = re.compile(r"/\*among writers: (?:FOR UPDATE(?=\*/))?(.*?)\*/")


def silence_is_waited_for() -> None:
    """A server that says nothing is busy, and will answer."""
    connecting._SILENT.clear()


def leases_kept_by_the_silent() -> None:
    """The server waits for the silent as long as its system does."""
    for name in [name for name in connecting._SETTINGS if name.startswith("tcp_")]:
        del connecting._SETTINGS[name]


def notes_keep_the_silent() -> None:
    """The server asks the silent whether they live, unless it has something else to tell them."""
    del connecting._SETTINGS["tcp_user_timeout"]


#: By name, for a process that is told which.
BUGS: dict[str, Callable[[], None]] = {
    bug.__name__: bug
    for bug in (
        short_leases,
        answer_before_commit,
        lost_answer_taken_for_stored,
        lost_answer_taken_for_not_stored,
        connection_before_left_alone,
        nothing_looked_for_again,
        told_without_having_the_row,
        silence_is_waited_for,
        leases_kept_by_the_silent,
        notes_keep_the_silent,
    )
}
