"""Whether what waits is what was recorded, looked at before a server starts on it.

SQLite keeps no sums of its pages: a byte that flipped inside a text passes every check of its own.
So what people could still be shown, and services could still take, is folded anew from its records,
whose hashes say whether they are whole.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from approvals.auditing.chain import check_chain
from approvals.auditing.state import UnfoldableError, check_state, refold
from storage.errors import DamagedDatabaseError
from storage.evidence import columns_of, open_evidence

#: Escalations looked at, those that are due first: a start must not take long. `audit verify`
#: looks at all of them.
MOST = 300

#: What rows lead to that hold something else than we wrote.
_UNREADABLE = (UnfoldableError, TypeError, ValueError, AttributeError, KeyError, IndexError)


def refuse_untrue(path: Path) -> None:
    """Raise DamagedDatabaseError where something that waits does not follow from its records."""
    try:
        found = next(_untrue(path), None)
    except (sqlite3.DatabaseError, *_UNREADABLE) as error:
        found = str(error)
    if found is not None:
        raise DamagedDatabaseError(
            f"{path} is damaged: {found}. Nothing starts on it. `andon-server audit verify` names "
            "all that is wrong; restore a backup: `andon-server restore FILE`."
        )


def _untrue(path: Path) -> Iterator[str]:
    with open_evidence(path) as evidence:
        for kept in evidence.waiting(MOST):
            broken = list(check_chain(kept.entries))
            yield from map(str, broken or check_state(kept, refold(kept.entries).now, columns_of))
