"""Why a store cannot be opened, copied or restored.

::

    RuntimeError
    +-- AlreadyRunningError    another server has it
    +-- NewerDatabaseError     a newer version wrote it
    +-- OlderDatabaseError     a server has to bring its schema first
    +-- UnreachableError       there is no way to its server, or no room there
    +-- DamagedDatabaseError   its bytes are not those that were written
    +-- CopyError              a copy cannot be made, or is none of ours
    +-- MoveError              a history cannot be moved, or only half of it is there
    +-- MovedError             the file we write to is no longer the one of its name
"""


class AlreadyRunningError(RuntimeError):
    """Another server uses this database. Stop it first, or give this one a database of its own."""


class NewerDatabaseError(RuntimeError):
    """The database was written by a newer version. Start that version, or restore a backup."""


class OlderDatabaseError(RuntimeError):
    """The database has an older schema. Start a server of this version: it brings the newest."""


class UnreachableError(RuntimeError):
    """The database server cannot be used. Look whether it runs, and at ANDON_DATABASE_URL."""


class DamagedDatabaseError(RuntimeError):
    """The database is damaged. Stop the server and restore a backup."""


class CopyError(RuntimeError):
    """No copy was made. Mend what is named and try again."""


class MoveError(RuntimeError):
    """The history was not moved. Mend what is named and move again."""


class MovedError(RuntimeError):
    """The database file is no longer where it was opened. Put it back, or start the server anew."""
