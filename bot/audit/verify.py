"""`andon-server audit verify`: whether all that the store holds follows from its records."""

import sqlite3

import typer

from approvals.auditing import check_chain
from bot.exits import FINDING, fail
from bot.settings import SettingsError, read_settings
from storage.evidence import open_evidence
from storage.store import file_of


def verify() -> None:
    """Check every chain of records, and name the first that is wrong."""
    escalations, records, wrong = 0, 0, 0
    try:
        path = file_of(read_settings(ANDON_SLACK_MODE="off").database_url)
        with open_evidence(path) as evidence:
            for _, entries in evidence.chains():
                escalations, records = escalations + 1, records + len(entries)
                for finding in check_chain(entries):
                    wrong += 1
                    typer.echo(str(finding))
    except (SettingsError, OSError, ValueError) as error:
        raise fail(str(error)) from None
    except sqlite3.Error as error:
        raise fail(f"The database cannot be read ({error}). `doctor` looks at it.") from None
    typer.echo(f"{escalations:,} escalations, {records:,} records.")
    if wrong:
        raise typer.Exit(FINDING)
