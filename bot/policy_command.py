"""The commands about the policy file: `policy check`, `policy explain`, `policy schema`.

They change nothing and need no server.
"""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from approvals.canonical import DEFAULT_OPTIONS, NotStrictJson, parse_strict
from approvals.policy.asking import Ask, ask_of
from approvals.policy.entries import SUMS
from approvals.policy.explain import Part, explain
from approvals.policy.load import PolicyError, parse_policy
from approvals.policy.model import Policy
from approvals.policy.schema import schema_text
from approvals.refusals import FieldError
from bot.exits import FINDING, USAGE, fail
from bot.garbage import loading
from bot.runbook_folder import missing, read_folder
from bot.settings import SettingsError, read_settings

policy = typer.Typer(help="The policy file.", no_args_is_help=True)

#: Where a request is read from standard input.
STDIN = "-"

PolicyFile = Annotated[Path | None, typer.Option("--policy", help="Default: ANDON_POLICY.")]


def policy_from(file: Path | None) -> tuple[Path, Policy]:
    """The policy of the file, or of the settings. Raises typer.Exit with what is wrong."""
    try:
        path = file or Path(read_settings(ANDON_SLACK_MODE="off").policy)
        return path, parse_policy(path.read_text(encoding="utf-8"), path.name)
    except SettingsError as error:
        raise fail(str(error)) from None
    except PolicyError as error:
        raise fail(str(error), FINDING) from None
    except FileNotFoundError:
        raise fail(f"There is no policy file {path}.") from None
    except UnicodeDecodeError as error:
        raise fail(f"{path}: {error}") from None
    except OSError as error:
        raise fail(f"{path} cannot be read: {error.strerror}.") from None


@policy.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="Default: ANDON_POLICY.")] = None,
) -> None:
    """Read the policy file and name every mistake with its line."""
    path, read = policy_from(file)
    _check_runbooks(path, read)
    typer.echo(f"{path}: {len(read.rules)} rules, {len(read.people)} people, {read.version}")


def _check_runbooks(path: Path, read: Policy) -> None:
    """Where the folder is known: what is wrong with pages, or with their names. Raises
    typer.Exit.
    """
    try:
        root = read_settings(ANDON_SLACK_MODE="off").runbooks
    except SettingsError as error:
        raise fail(str(error)) from None
    if root:
        folder = read_folder(Path(root))
        wrong = [*folder.wrong, *missing(read, folder, path.name)]
        if wrong:
            raise fail("\n".join(map(str, wrong)), FINDING)


@policy.command()
def schema() -> None:
    """Print the JSON Schema of the policy file."""
    typer.echo(schema_text(), nl=False)


@policy.command(name="explain")
def explain_(
    file: Annotated[str, typer.Argument(help="A request's body as JSON; - is standard input.")],
    service: Annotated[str, typer.Option(help="The service that asks.")] = "a-service",
    owner: Annotated[
        list[str] | None, typer.Option(help="A person registered as the service's owner.")
    ] = None,
    moved: Annotated[
        list[str] | None,
        typer.Option(help="Minor units moved in the 24 h before, such as account=4000000."),
    ] = None,
    at: Annotated[str | None, typer.Option(help="When it comes, RFC 3339. Default: now.")] = None,
    policy_file: PolicyFile = None,
) -> None:
    """Say what the policy makes of a request: which rule and why, who, when, how hard."""
    now = _moment(at)
    sums = tuple(_sum(text) for text in moved or ())
    _, read = policy_from(policy_file)
    body, errors = _body(_text(file))
    if errors:
        _refused(errors)
    ask = ask_of(body, service=service, owners=tuple(owner or ()), sums=sums)
    found = explain(read, ask, read.file_people(now), now)
    typer.echo("\n".join(_lines(ask, found.parts)))
    if found.errors:
        typer.echo()
        _refused(found.errors)


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise fail(f"--at {text} is no time; write one like 2026-11-12T22:30:00Z.", USAGE) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _sum(text: str) -> tuple[str, int]:
    key, _, amount = text.partition("=")
    if key not in SUMS or not amount.isdecimal():
        known = ", ".join(SUMS)
        raise fail(f"--moved {text}: write one of {known}, = and minor units.", USAGE)
    return key, int(amount)


def _text(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
    except OSError as error:
        raise fail(f"{file} cannot be read: {error.strerror}.") from None


def _body(raw: bytes) -> tuple[dict[str, Any], tuple[FieldError, ...]]:
    """The request as the server would take it, or what it would say of its fields."""
    with loading():  # all of the API, which few commands need
        from bot.api.models import OpenIn
        from bot.api.wording import sentence

    try:
        value = parse_strict(raw)
        asked = OpenIn.model_validate(value)
    except NotStrictJson as error:
        raise fail(f"This is not strict JSON: {error}", FINDING) from None
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return {}, tuple(FieldError(pointer=_pointer(e["loc"]), detail=sentence(e)) for e in found)
    options = value.get("options") or list(DEFAULT_OPTIONS)
    return {**value, "kind": asked.kind, "options": options}, ()


def _pointer(place: Iterable[str | int]) -> str:
    return "".join(f"/{part}" for part in place)


def _refused(errors: Iterable[FieldError]) -> None:
    """Say what the server would answer. Raises typer.Exit."""
    typer.echo("Refused (422)")
    for error in errors:
        typer.echo(f"  {error.pointer or '/'}: {error.detail}")
    raise typer.Exit(FINDING)


def _lines(ask: Ask, parts: Iterable[Part]) -> Iterable[str]:
    """Headings in a column on the left, what stands below each on the right."""
    yield f"{ask.kind} of {ask.category} in {ask.environment}, from {ask.service}"
    for heading, said in parts:
        for n, line in enumerate(said):
            yield f"  {heading if n == 0 else '':<12}{line}"
