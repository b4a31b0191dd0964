"""Remembering: tables, the one write path, reads, and the rows of owed work.

`writer` is the only path that changes an escalation; `reads`, `work` and `services` are the ports
of `approvals.ports` over SQL. They know a database by `links` alone; `sqlite` is what only a file
has, and `postgres` what only a server has. `memory` is all of the ports over dictionaries.
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
