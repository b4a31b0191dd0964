"""`andon-server audit show`: the page an auditor samples, of one escalation or of one reference."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from approvals.codec import dump, instant
from approvals.events import Record
from approvals.showing import visible
from bot.audit.checked import Checking
from bot.audit.drawn import page, text
from bot.audit.given import anchors_in, keys_of
from bot.audit.sheet import Check, sheet
from bot.exits import CANNOT, FINDING, fail, why
from bot.settings import read_settings
from bot.steady import utc_now
from storage.archive import Archive, Told, open_archive
from storage.evidence import open_evidence


def show(
    word: Annotated[
        str, typer.Argument(help="An id, its last six characters, or a reference.", metavar="ID")
    ],
    html: Annotated[bool, typer.Option("--html", help="One HTML file, for paper too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    anchors: Annotated[
        Path | None, typer.Option(help="The anchors, best a copy kept elsewhere. Default: ours.")
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(help="Public keys: a JWKS file or a directory. Default: ANDON_SIGNING_KEYS."),
    ] = None,
) -> None:
    """Show who asked, who decided with which right and why, what ran, and what was checked of it.

    Reads the store beside a running server. A reference shows every escalation that names it. Exit
    code 1 where something that was checked does not hold.
    """
    try:
        settings = read_settings(ANDON_SLACK_MODE="off")
        url = settings.database_url
        anchored = anchors_in(settings, anchors)
        with open_archive(url) as archive, open_evidence(url) as evidence:
            found = list(archive.told(archive.named(word)))
            if not found:
                raise fail(
                    f"There is no escalation {visible(word)}: no such id, end of one, or reference."
                )
            known = keys_of(settings, keys, archive.known_keys)
            checking = Checking(evidence, archive, known, anchored, utc_now())
            checked = [(told, checking.of(told)) for told in found]
            typer.echo(_shown(archive, checked, html=html, as_json=as_json), nl=not html)
    except (*CANNOT, ValueError) as error:
        raise fail(why(error)) from None
    if any(check.holds is False for _, checks in checked for check in checks):
        raise typer.Exit(FINDING)


def _shown(
    archive: Archive,
    checked: Sequence[tuple[Told, Sequence[Check]]],
    *,
    html: bool,
    as_json: bool,
) -> str:
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
