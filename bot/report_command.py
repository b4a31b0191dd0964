"""`andon-server report`: whether people really decide, from what happened, as text or as a page."""

import json
import os
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from approvals.memory.observing import observed
from approvals.memory.oversight import Oversight
from bot.counted import counted
from bot.exits import fail
from bot.policy_file import read_policy
from bot.report.document import document
from bot.report.page import page
from bot.report.plain import plain
from bot.settings import SettingsError, read_settings
from bot.since import begin_of, unreadable
from bot.steady import utc_now
from storage.errors import UnreachableError
from storage.history import History, open_history

#: How often the way so far is told.
TOLD_EVERY = 1000


def report(
    since: Annotated[
        str, typer.Option(help="How far back: 30d, 12h, or a day such as 2026-01-31.")
    ] = "30d",
    html: Annotated[
        Path | None,
        typer.Option(help="Write the page with its plots here; a file of that name is replaced."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Say whether the oversight is real: waiting times, rejections, failures, load, by rule.

    Reads the store beside a running server and changes nothing there. Rules whose questions are
    always approved at once are named; people are counted for their load alone.
    """
    now = utc_now()
    begin = begin_of(since, now)
    try:
        settings = read_settings(ANDON_SLACK_MODE="off")
        policy = read_policy(Path(settings.policy))
        with open_history(settings.database_url) as history:
            found = _added(history, Oversight(since=begin, now=now, zone=policy.zone), begin, now)
    except (SettingsError, UnreachableError, OSError, ValueError, sqlite3.Error) as error:
        raise fail(unreadable(error)) from None
    names = {id_: known.name for id_, known in policy.people.items()}
    if html is not None:
        _written(html, page(found, names))
    typer.echo(json.dumps(document(found), indent=2) if as_json else plain(found, names))


def _added(history: History, found: Oversight, since: datetime, now: datetime) -> Oversight:
    """All of them, one after the other; the way so far goes to standard error."""
    for n, past in enumerate(history.overseen(since), 1):
        found.add(observed(past.escalation, now, arrived=past.arrived, records=past.records))
        if n % TOLD_EVERY == 0:
            typer.echo(f"{counted(n, 'escalation')} read", err=True)
    return found


def _written(path: Path, text: str) -> None:
    """Write it; the file is there whole, or as it was before."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            with beside.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise fail(f"{path} cannot be written: {error.strerror}.") from None
