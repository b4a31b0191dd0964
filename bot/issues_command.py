"""`andon-server issues export`: what stayed unresolved and what was learned, as Markdown."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from approvals.escalation import Escalation
from approvals.memory.values import IssueState
from bot.counted import counted
from bot.exits import CANNOT, FINDING, fail, why
from bot.issues_page import MARK, name_of, page
from bot.settings import read_settings
from bot.since import begin_of
from bot.steady import utc_now
from storage.archive import Told, open_archive

issues = typer.Typer(help="What stayed unresolved, and what was learned.", no_args_is_help=True)


_STATES = "|".join(IssueState)


def _state(text: str) -> IssueState:
    try:
        return IssueState(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(IssueState)}.") from None


@issues.callback()
def _group() -> None:
    """A group, though it has one command: others may join it."""


@issues.command()
def export(
    folder: Annotated[
        str, typer.Argument(help="Where to; `-` writes to standard output.", metavar="[FOLDER|-]")
    ] = "-",
    state: Annotated[
        IssueState | None,
        typer.Option(
            help="Only issues that stand so; no reviews alone.", parser=_state, metavar=_STATES
        ),
    ] = None,
    since: Annotated[
        str, typer.Option(help="Those of which anything is on record since: 90d, 12h, 2026-01-31.")
    ] = "90d",
) -> None:
    """Write each issue and each review to a Markdown file of its own.

    Reads the store beside a running server. A file of that name that this command did not write is
    left as it is, and the exit code is then 1.
    """
    now = utc_now()
    begin = begin_of(since, now)
    try:
        settings = read_settings(ANDON_SLACK_MODE="off")
        with open_archive(settings.database_url) as archive:
            found = archive.told(archive.touched(begin, now))
            kept = _exported((told for told in found if _wanted(told.escalation, state)), folder)
    except (*CANNOT, ValueError) as error:
        raise fail(why(error)) from None
    for path in kept:
        typer.echo(f"{path} is not ours and was left as it is.", err=True)
    if kept:
        raise typer.Exit(FINDING)


def _wanted(e: Escalation, state: IssueState | None) -> bool:
    """What is erased has nothing left to export."""
    if e.erased is not None:
        return False
    if state is not None:
        return e.issue is not None and e.issue.state is state
    return e.issue is not None or e.review is not None


def _exported(found: Iterator[Told], folder: str) -> list[Path]:
    """Write them all; the files that are not ours."""
    if folder == "-":
        typer.echo("\n".join(page(told.escalation, told.records) for told in found), nl=False)
        return []
    place, kept, written = Path(folder), [], 0
    place.mkdir(parents=True, exist_ok=True)
    for told in found:
        path = place / name_of(told.escalation)
        if path.exists() and not _is_ours(path):
            kept.append(path)
            continue
        path.write_text(page(told.escalation, told.records), encoding="utf-8")
        written += 1
    typer.echo(f"{counted(written, 'page')} in {place}", err=True)
    return kept


def _is_ours(path: Path) -> bool:
    """Whether it begins as all pages of ours do."""
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK.encode()
