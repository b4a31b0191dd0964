"""`andon-server audit show`: the page an auditor samples, of one escalation or of one reference."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from approvals.codec import dump, instant
from approvals.events import Record
from approvals.showing import visible
from bot.audit.drawn import page, text
from bot.audit.sheet import Check, sheet
from bot.exits import fail
from bot.settings import SettingsError, read_settings
from storage.archive import Archive, Told, open_archive
from storage.store import file_of


def show(
    word: Annotated[
        str, typer.Argument(help="An id, its last six characters, or a reference.", metavar="ID")
    ],
    html: Annotated[bool, typer.Option("--html", help="One HTML file, for paper too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Show who asked, who decided with which right and why, what ran, and what was checked of it.

    Reads the store beside a running server. A reference shows every escalation that names it.
    """
    try:
        settings = read_settings(ANDON_SLACK_MODE="off")
        with open_archive(file_of(settings.database_url)) as archive:
            found = list(archive.told(archive.named(word)))
            if not found:
                raise fail(f"There is no escalation {visible(word)}: no id, end of one, reference.")
            typer.echo(_shown(archive, found, html=html, as_json=as_json), nl=not html)
    except (SettingsError, OSError, ValueError) as error:
        raise fail(str(error)) from None
    except sqlite3.Error as error:
        raise fail(f"The database cannot be read ({error}). `doctor` looks at it.") from None


def _shown(archive: Archive, found: Sequence[Told], *, html: bool, as_json: bool) -> str:
    checked = [(told, tuple[Check, ...]()) for told in found]
    if as_json:
        documents = [_document(archive, told, checks) for told, checks in checked]
        return json.dumps(documents, indent=2, ensure_ascii=False)
    sheets = (
        sheet(told, archive.policy(told.escalation.plan.policy_version), checks, with_policy=html)
        for told, checks in checked
    )
    return page(sheets) if html else text(sheets)


def _document(archive: Archive, told: Told, checks: Sequence[Check]) -> dict[str, Any]:
    e = told.escalation
    return {
        "escalation": dump(e),
        "records": list(_records(told.records)),
        "grant": told.grant and {"kid": told.grant.kid, "jws": told.grant.jws},
        "policy": archive.policy(e.plan.policy_version),
        "checks": [{"what": c.what, "holds": c.holds, "said": c.said} for c in checks],
    }


def _records(records: Sequence[Record]) -> Iterator[dict[str, Any]]:
    for record in records:
        yield {
            "seq": record.seq,
            "kind": record.kind,
            "at": instant(record.at),
            "by": record.by,
            "hash": record.hash,
            "body": record.body if record.text else None,
            "facts": record.facts if record.text else None,
        }
