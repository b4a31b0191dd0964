"""Whether what waits is what was recorded, looked at before a server starts on it.

SQLite keeps no sums of its pages, and a server need not: a byte that flipped inside a text passes
every check of theirs. So what people could still be shown, and services could still take, is folded
anew from its records, whose hashes say whether they are whole.
"""

import sqlite3
from collections.abc import Iterator

from approvals.auditing.chain import check_chain
from approvals.auditing.state import UnfoldableError, check_state, refold
from storage.address import file_of, is_of_a_server
from storage.errors import DamagedDatabaseError
from storage.evidence import columns_of, open_evidence

#: Escalations looked at, those that are due first: a start must not take long. `audit verify`
#: looks at all of them.
MOST = 300

#: What rows lead to that hold something else than we wrote.
_UNREADABLE = (UnfoldableError, TypeError, ValueError, AttributeError, KeyError, IndexError)


def refuse_untrue(url: str) -> None:
    """Raise DamagedDatabaseError where something that waits does not follow from its records."""
    try:
        found = next(_untrue(url), None)
    except (sqlite3.DatabaseError, *_UNREADABLE) as error:
        found = str(error)
    if found is not None:
        is_file = not is_of_a_server(url)
        named = file_of(url) if is_file else "The database"
        way = "`andon-server restore FILE`" if is_file else "docs/operating.md says how"
        raise DamagedDatabaseError(
            f"{named} is damaged: {found}. Nothing starts on it. `andon-server audit verify` names "
            f"all that is wrong; restore a backup: {way}."
        )


def _untrue(url: str) -> Iterator[str]:
    with open_evidence(url) as evidence:
        for kept in evidence.waiting(MOST):
            broken = list(check_chain(kept.entries))
            yield from map(str, broken or check_state(kept, refold(kept.entries).now, columns_of))
