"""How commands end: 0 fine, 1 a finding, 2 usage, 3 could not be done."""

import sqlite3

import typer

from bot.settings import SettingsError
from storage.errors import (
    AlreadyRunningError,
    CopyError,
    DamagedDatabaseError,
    MoveError,
    NewerDatabaseError,
    OlderDatabaseError,
    UnreachableError,
)
from storage.sqlite.reasons import reason

FINDING, USAGE, NOT_DONE = 1, 2, 3

#: What keeps a command from being done, other than a mistake of ours.
CANNOT = (
    SettingsError,
    AlreadyRunningError,
    NewerDatabaseError,
    OlderDatabaseError,
    DamagedDatabaseError,
    CopyError,
    MoveError,
    UnreachableError,
    OSError,
    sqlite3.Error,
)


def fail(message: str, code: int = NOT_DONE) -> typer.Exit:
    """Say why on standard error; gives the exit to raise."""
    typer.echo(message, err=True)
    return typer.Exit(code)


def why(error: Exception) -> str:
    """Why it cannot be done, in a sentence that says what to do."""
    if isinstance(error, sqlite3.Error):
        return reason(error)
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename} cannot be used: {error.strerror}. `doctor` looks at it."
    return str(error)
