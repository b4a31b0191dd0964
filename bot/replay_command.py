"""`andon-server policy replay`: what another policy would have made of what happened."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from approvals.codec import instant
from approvals.policy.load import PolicyError, parse_policy
from approvals.policy.model import Policy
from approvals.replay import Difference, Past, Replayed, replay
from approvals.replay.compare import at
from bot.counted import counted
from bot.exits import FINDING, fail
from bot.policy_file import read_policy
from bot.settings import SettingsError, read_settings
from bot.since import begin_of, unreadable
from bot.steady import utc_now
from storage.errors import UnreachableError
from storage.history import History, open_history

#: How often the way so far is told.
TOLD_EVERY = 1000


@dataclass
class Report:
    """What was found so far: counts, and where it is wanted every escalation that differs."""

    policy: Policy
    since: datetime
    total: int = 0
    same: int = 0
    different: int = 0
    kinds: Counter[str] = field(default_factory=Counter)  #: how many differ in what
    untold: Counter[str] = field(default_factory=Counter)  #: how many cannot be told, and why
    named: list[dict[str, Any]] = field(default_factory=list)

    def add(self, found: Replayed) -> None:
        """Count one."""
        self.total += 1
        if found.untold:
            self.untold[found.untold] += 1
        elif found.differences:
            self.different += 1
            self.kinds.update(dict.fromkeys(map(_kind_of, found.differences), 1))
        else:
            self.same += 1


def _kind_of(difference: Difference) -> str:
    return "options" if difference.what.startswith("«") else difference.what


def policy_replay(
    since: Annotated[
        str, typer.Option(help="How far back: 30d, 12h, or a day such as 2026-01-31.")
    ] = "30d",
    policy: Annotated[
        Path | None, typer.Option(help="The policy to try. Default: ANDON_POLICY.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Name each past escalation that a policy would have decided, routed or timed differently.

    Reads the store beside a running server and changes nothing. Exit code 0 when nothing differs,
    1 when something does.
    """
    now = utc_now()
    begin = begin_of(since, now)
    try:
        settings = read_settings(ANDON_SLACK_MODE="off")
        tried = read_policy(policy or Path(settings.policy))
        with open_history(settings.database_url) as history:
            report = _replayed(history, tried, begin, now, as_json)
    except (SettingsError, UnreachableError, OSError, ValueError, sqlite3.Error) as error:
        raise fail(unreadable(error)) from None
    typer.echo(json.dumps(_document(report), indent=2) if as_json else _summary(report))
    if report.different:
        raise typer.Exit(FINDING)


def _replayed(
    history: History, policy: Policy, since: datetime, now: datetime, as_json: bool
) -> Report:
    """Replay all of them, one after the other; the way so far goes to standard error."""
    report, total = Report(policy, since), history.count(since)
    before = cache(_policies(history))
    for escalation, records in history.since(since):
        opened_under = before(escalation.plan.policy_version)
        past = Past(escalation=escalation, records=records, policy=opened_under)
        found = replay(past, policy, now)
        report.add(found)
        if as_json and (found.differences or found.untold):
            report.named.append(_named(found))
        elif found.differences:
            typer.echo("\n".join(_table(found)) + "\n")
        if report.total % TOLD_EVERY == 0:
            typer.echo(f"{report.total:,} of {total:,}", err=True)
    return report


def _policies(history: History) -> Callable[[str], Policy | None]:
    """Policies of the past; None for one that this version cannot read any more."""

    def before(version: str) -> Policy | None:
        text = history.policy(version)
        try:
            return parse_policy(text) if text is not None else None
        except PolicyError:
            return None

    return before


def _table(found: Replayed) -> Iterator[str]:
    """One escalation, and a line for each thing that differs."""
    was = found.escalation
    yield f"{was.id}  {was.title}  ({was.service}, {at(was.created_at)})"
    width = max(len(d.what) for d in found.differences)
    for difference in found.differences:
        yield f"  {difference.what:<{width}}  {difference.was} → {difference.would_be}"


def _summary(report: Report) -> str:
    kinds = ", ".join(f"{what} {n:,}" for what, n in report.kinds.most_common())
    lines = [
        f"{counted(report.total, 'escalation')} since {at(report.since)}, "
        f"under {report.policy.version[:19]}",
        f"  {report.same:,} the same",
        f"  {report.different:,} different" + (f": {kinds}" if kinds else ""),
    ]
    lines += [f"  {n:,} cannot be told: {why}" for why, n in report.untold.items()]
    return "\n".join(lines)


def _document(report: Report) -> dict[str, Any]:
    return {
        "policy": report.policy.version,
        "since": instant(report.since),
        "replayed": report.total,
        "same": report.same,
        "different": [one for one in report.named if one["differences"]],
        "untold": [one for one in report.named if one["untold"]],
    }


def _named(found: Replayed) -> dict[str, Any]:
    was = found.escalation
    return {
        "id": was.id,
        "title": was.title,
        "service": was.service,
        "created_at": instant(was.created_at),
        "differences": [asdict(one) for one in found.differences],
        "untold": found.untold,
    }
