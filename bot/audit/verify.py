"""`andon-server audit verify`: whether all that the store holds follows from its records."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.anchors import anchors_of
from bot.audit.checking import Report, check
from bot.audit.given import anchor_lines, keys_of
from bot.counted import counted, listed
from bot.exits import FINDING, fail
from bot.settings import Settings, SettingsError, read_settings
from bot.steady import utc_now
from storage.errors import UnreachableError
from storage.evidence import open_evidence

#: Findings that are told one by one where people read them.
TOLD = 50


def verify(
    anchors: Annotated[
        Path | None, typer.Option(help="The anchors, best a copy kept elsewhere. Default: ours.")
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(help="Public keys: a JWKS file or a directory. Default: ANDON_SIGNING_KEYS."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Check every record, state, block and anchor, and name the first that is wrong.

    Reads beside a running server, or the file of a stopped one, and changes nothing. Exit code 0
    when all holds, 1 when something does not, 3 when it cannot be read.
    """
    try:
        settings = read_settings(ANDON_SLACK_MODE="off")
        told = partial(typer.echo, err=True)
        report, notes = verified(settings, settings.database_url, anchors, keys, utc_now(), told)
    except sqlite3.Error as error:
        raise fail(f"The database cannot be read ({error}). `doctor` looks at it.") from None
    except OSError as error:
        raise fail(f"{error.filename} cannot be read: {error.strerror}.") from None
    except (SettingsError, UnreachableError, ValueError) as error:
        raise fail(str(error)) from None
    typer.echo(json.dumps(_document(report, notes), indent=2) if as_json else _text(report, notes))
    if report.wrong:
        raise typer.Exit(FINDING)


def verified(
    settings: Settings,
    address: str,
    anchors: Path | None,
    keys: Path | None,
    now: datetime,
    told: Callable[[str], None],
) -> tuple[Report, list[str]]:
    """What was found, and what an auditor should know of how it was looked for."""
    notes: list[str] = []
    with anchor_lines(settings, anchors) as lines, open_evidence(address) as evidence:
        if lines is None:
            missing = f"There is no file {anchors_of(settings)}"
            notes.append(f"{missing}, so no anchor was checked; give --anchors.")
        known = keys_of(settings, keys, evidence.known_keys)
        if known is None:
            missing = f"There are no keys in {settings.signing_keys}"
            notes.insert(0, f"{missing}, so no signature was checked; give --keys.")
        report = check(evidence, lines or (), known, now, told)
    if report.torn:
        torn = counted(report.torn, "line")
        notes.append(f"{torn} of the anchors cut off by a loss of power; no loss.")
    return report, notes


def _text(report: Report, notes: list[str]) -> str:
    return "\n".join(_lines_of(report, notes))


def _lines_of(report: Report, notes: list[str]) -> Iterator[str]:
    yield from (printable(str(finding)) for finding in report.findings[:TOLD])
    if report.wrong > TOLD:
        yield f"… and {report.wrong - TOLD:,} more"
    yield from notes
    seen = listed(
        (report.escalations, "escalation"),
        (report.records, "record"),
        (report.blocks, "block"),
        (report.anchors, "anchor"),
    )
    yield f"{seen}: all hold." if not report.wrong else f"{seen}: {report.wrong:,} wrong."


def printable(text: str) -> str:
    """What was written into the store by a stranger moves no cursor."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _document(report: Report, notes: list[str]) -> dict[str, Any]:
    return {
        "ok": not report.wrong,
        "escalations": report.escalations,
        "records": report.records,
        "blocks": report.blocks,
        "anchors": report.anchors,
        "unanchored": report.unanchored,
        "wrong": report.wrong,
        "findings": [{"where": f.where, "what": f.what} for f in report.findings],
        "notes": notes,
    }
