"""Remembering: tables, the one write path, reads, and the rows of owed work.

`database` opens the file and guards it, `writer` is the only path that changes an escalation,
`reads`, `work` and `services` are the ports of `approvals.ports` over SQL, and `memory` is all of
them over dictionaries, for tests.
"""

from storage.errors import (
    AlreadyRunningError,
    CopyError,
    DamagedDatabaseError,
    NewerDatabaseError,
)
from storage.store import Store, open_store

__all__ = [
    "AlreadyRunningError",
    "CopyError",
    "DamagedDatabaseError",
    "NewerDatabaseError",
    "Store",
    "open_store",
]
