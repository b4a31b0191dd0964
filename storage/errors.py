"""Why a store cannot be opened.

::

    RuntimeError
    +-- AlreadyRunningError   another server has it
    +-- NewerDatabaseError    a newer version wrote it
"""


class AlreadyRunningError(RuntimeError):
    """Another server uses this database. Stop it first, or give this one a database of its own."""


class NewerDatabaseError(RuntimeError):
    """The database was written by a newer version. Start that version, or restore a backup."""
