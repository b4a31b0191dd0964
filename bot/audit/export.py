"""`andon-server audit export`: a bundle to check without our code, and counts by reference."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.anchors import anchors_of
from bot.audit.references import References, read_changes, reconciled
from bot.audit.writing import Wanted, Written, write_bundle
from bot.counted import counted
from bot.exits import CANNOT, FINDING, USAGE, fail, why
from bot.settings import Settings, read_settings
from bot.signing import public_keys
from bot.steady import utc_now
from storage.archive import Archive, open_archive

DAY = timedelta(days=1)


def export(
    first: Annotated[str, typer.Option("--from", help="The first day, such as 2026-01-01 (UTC).")],
    last: Annotated[str, typer.Option("--to", help="The last day, included.")],
    out: Annotated[
        Path | None, typer.Option(help="A directory that is not there yet, or empty.")
    ] = None,
    changes: Annotated[
        Path | None,
        typer.Option(help="What was changed elsewhere, one reference a line, to hold it against."),
    ] = None,
    anchors: Annotated[Path | None, typer.Option(help="The anchor file.")] = None,
) -> None:
    """Write out everything recorded of the escalations of some days, with a check of its own.

    Reads the store beside a running server. With --changes FILE it names every reference that is
    missing on either side, and ends with 1 where there is one; --out may then be left out.
    """
    since, until = _day(first, "--from"), _day(last, "--to") + DAY
    if until <= since:
        raise fail(f"--to {last} is before --from {first}.", USAGE)
    if out is None and changes is None:
        raise fail("Say where to with --out DIR, or what to hold it against with --changes.", USAGE)
    try:
        settings = read_settings(ANDON_SLACK_MODE="off")
        with open_archive(settings.database_url) as archive:
            references = _exported(archive, settings, since, until, out, anchors)
        listed = read_changes(changes) if changes else None
    except (*CANNOT, ValueError) as error:
        raise fail(why(error)) from None
    if listed is not None:
        found = reconciled(references, listed)
        typer.echo("\n".join(found.lines()))
        if found.differs:
            raise typer.Exit(FINDING)


def _exported(
    archive: Archive,
    settings: Settings,
    since: datetime,
    until: datetime,
    out: Path | None,
    anchors: Path | None,
) -> References:
    """Write the bundle where one is wanted; the references of those days."""
    if out is None:
        references = References()
        for told in archive.told(archive.touched(since, until)):
            references.add(told.escalation)
        return references
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OSError(f"{out} is there already and not empty; name another directory.")
    wanted = Wanted(
        since=since,
        until=until,
        at=utc_now(),
        keys=_keys(archive, Path(settings.signing_keys)),
        anchors=_anchor_lines(anchors or anchors_of(settings), asked=anchors is not None),
    )
    written = write_bundle(archive, wanted, out)
    typer.echo(_said(written, out), err=True)
    _warn(written, wanted.keys)
    return written.references


def _keys(archive: Archive, directory: Path) -> tuple[dict[str, Any], ...]:
    """The public halves in the directory, and those that only the database knows."""
    own = public_keys(directory)
    names = {str(key["kid"]) for key in own}
    return own + tuple(json.loads(key.jwk) for key in archive.known_keys() if key.kid not in names)


def _anchor_lines(path: Path, *, asked: bool) -> tuple[str, ...]:
    if not path.exists() and not asked:
        typer.echo(f"There is no anchor file {path}; --anchors names another.", err=True)
        return ()
    return tuple(path.read_text(encoding="utf-8").splitlines())


def _said(written: Written, out: Path) -> str:
    many = (
        counted(written.escalations, "escalation"),
        counted(written.records, "record"),
        counted(written.blocks, "block"),
        counted(written.grants, "grant"),
    )
    return f"{out}: {', '.join(many)}. README.txt says how to check them."


def _warn(written: Written, keys: Sequence[Mapping[str, Any]]) -> None:
    """A key that is gone leaves its grants to be believed: its public half is enough."""
    for kid in sorted(written.signers - {str(key["kid"]) for key in keys}):
        typer.echo(
            f"Some grants were signed by {kid}, which is not among the keys any more: put its "
            "public half back (the JWK without `d`), and export again.",
            err=True,
        )


def _day(text: str, option: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise fail(f"{option} {text} is no day; write one like 2026-01-31.", USAGE) from None
