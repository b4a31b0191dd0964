"""How commands that look back are told how far, and say why they cannot."""

import re
import sqlite3
from datetime import UTC, datetime, timedelta

from bot.exits import USAGE, fail

_AGO = re.compile(r"(\d{1,5})([dh])")


def begin_of(since: str, now: datetime) -> datetime:
    """The moment meant by `30d`, `12h` or `2026-01-31`. Ends the command where none is."""
    ago = _AGO.fullmatch(since)
    if ago:
        hours = int(ago[1]) * (24 if ago[2] == "d" else 1)
        return now - timedelta(hours=hours)
    try:
        found = datetime.fromisoformat(since)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except ValueError:
        message = f"--since {since}: write how far back (30d, 12h), or a day (2026-01-31)."
        raise fail(message, USAGE) from None


def unreadable(error: Exception) -> str:
    """Why the past cannot be read."""
    if isinstance(error, sqlite3.Error):
        return f"The database cannot be read ({error}). `doctor` looks at it."
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename} cannot be read: {error.strerror}."
    return str(error)
