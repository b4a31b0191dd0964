"""What a migration locks, in plain sentences, by Squawk where its command is installed."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from andon.migrating.catalogue import Table
from andon.migrating.statements import touched

#: What is said where nothing could be looked at: never a silent gap.
NOT_INSTALLED = "Locks were not looked at: install squawk-cli beside the migrations."
NOT_READ = "Locks were not looked at: squawk could not read the SQL."

_PATIENCE_S = 20
_LOCK = re.compile(r"Statement requires: (?P<mode>[A-Z ]+) lock; blocking: (?P<blocked>[a-z, ]+)\.")
#: Rules of taste, and rules about how to write it, say nothing about what it does.
_OF_TASTE = ("prefer-", "require-", "ban-char", "ban-concurrent", "transaction-nesting")


def command() -> str | None:
    """Where Squawk is: on the path, or beside this Python."""
    return shutil.which("squawk") or shutil.which("squawk", path=str(Path(sys.executable).parent))


def looked_at(dialect: str, statements: Sequence[str], tables: Mapping[str, Table]) -> list[str]:
    """What the statements lock; nothing is said of a database that Squawk does not know."""
    return sentences(statements, tables, squawk=command()) if dialect == "postgresql" else []


def sentences(
    statements: Sequence[str], tables: Mapping[str, Table], *, squawk: str | None
) -> list[str]:
    """What is locked and what else is known to hurt. Tables that do not exist yet bother nobody."""
    if squawk is None:
        return [NOT_INSTALLED]
    try:
        findings = _ask(squawk, statements)
    except (OSError, subprocess.SubprocessError, ValueError):
        return [NOT_READ]
    told = [
        sentence
        for statement, found in zip(statements, findings, strict=True)
        for sentence in _told(statement, found, tables)
    ]
    return list(dict.fromkeys(told)) or ["Locks no table that exists."]


def _ask(squawk: str, statements: Sequence[str]) -> list[list[dict[str, Any]]]:
    """What Squawk says of each statement alone: of a whole file it names only the first lock."""
    if not statements:
        return []
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{number:06}.sql" for number in range(len(statements))]
        for name, statement in zip(names, statements, strict=True):
            Path(folder, name).write_text(statement, encoding="utf-8")
        said = subprocess.run(  # noqa: S603 - a list of arguments, none from outside
            [squawk, "--reporter", "json", *names],
            cwd=folder,  # no project's settings may silence a lock
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    findings: list[dict[str, Any]] = json.loads(said.stdout)
    return [[f for f in findings if Path(f["file"]).name == name] for name in names]


def _told(
    statement: str, findings: Sequence[Mapping[str, Any]], tables: Mapping[str, Table]
) -> list[str]:
    there = [tables[name] for name in touched(statement) if name in tables]
    if not there:
        return []
    lock = next(filter(None, (_LOCK.search(f.get("help") or "") for f in findings)), None)
    locks = [_lock(lock, table) for table in there] if lock is not None else []
    remarks = [
        f["message"].replace("`", "").strip()
        for f in findings
        if not f["rule_name"].startswith(_OF_TASTE)
    ]
    return [*locks, *remarks]


def _lock(lock: re.Match[str], table: Table) -> str:
    blocked = lock["blocked"].split(", ")
    users = " and ".join(word for word in blocked if word in ("reads", "writes"))
    return f"{lock['mode']} on {table.described()}; blocks {users or 'other schema changes only'}"
