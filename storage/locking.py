"""Who waits for whom where several replicas write: the same everywhere, so that they never cross.

::

    BEGIN, rows of the ledger in the order of their names -> escalations in the order of their ids
    -> read, fold, write -> COMMIT

A row of the ledger may not be there yet, and then no lock on rows would keep two replicas from
inserting it at once. So it is named here, and had by its name.
"""

from collections.abc import Iterable, Iterator

from approvals.commands import Open
from approvals.people import People
from approvals.sums import move_of
from storage.batch import flow_row, group_row, key_row
from storage.links import among_writers

#: Ends a read of escalations that are about to change.
IN_TURN = f" ORDER BY id {among_writers('FOR UPDATE')}"

#: One replica at a time makes the next block.
SEALER = "sealer"

#: One replica at a time remembers, and nobody erases meanwhile.
MEMORY = "memory"


def ledger_rows(opens: Iterable[Open], people: People) -> Iterator[str]:
    """Every row of the ledger that these opens read and may write."""
    for command in opens:
        yield f"key:{key_row(command)}"
        yield f"flow:{flow_row(command)}"
        if group := group_row(command):  # what the breaker of an automation looks back on, too
            yield f"group:{group}"
        if command.join_key:
            yield f"twin:{command.join_key}"
        if command.most_pending is not None:
            yield f"waiting:{command.service}"
        if move := move_of(command, people):
            yield from (f"money:{key}" for _, key in move.keys)
