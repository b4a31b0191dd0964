"""`python -m bench.remembered [HOW_MANY]`: looking for precedents among so many that ended.

On a file of its own, then on a PostgreSQL server of its own. What ended is put together from the
texts of the labelled set of the tests and from words that are rarer the more there are, of some 400
services; each look asks for another one.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from approvals.escalation import Decision, Escalation, Operation
from approvals.memory.fingerprint import known_by
from approvals.snapshot import Plan
from approvals.words import DecidedBy, Effect, Kind, Severity, Status
from bench.servers import ROOT
from storage.known import Entry, entry_of
from storage.links import Database
from storage.locking import MEMORY
from storage.precedents import SqlMemory
from storage.remembering import taken_up, terms
from storage.store import open_database
from tests.postgres import started as postgres

STORED, LOOKS, AT_ONCE = 100_000, 300, 2_000

TEXTS = ROOT / "tests" / "approvals" / "memory" / "situations.txt"

#: So many words beside those of the texts; the nth of them is said every n times.
WORDS = 50_000

PLAN = Plan(rule="r", policy_version="v", policy_text="", requirements=(), members={})
START = datetime(2026, 1, 1, tzinfo=UTC)


class Texts:
    """Escalations without end, each of other words."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        lines = TEXTS.read_text(encoding="utf-8").splitlines()
        self._parts = [tuple(map(str.strip, x.split("|"))) for x in lines[1:] if "|" in x]

    def pending(self, n: int) -> Escalation:
        """One that waits."""
        pick = self._random.choice
        service, category, name, title, _, _ = pick(self._parts)
        e = Escalation(
            id=f"esc_{n:032}",
            group_id="grp_1",
            service=f"{service}-{self._random.randrange(10)}",
            kind=Kind.APPROVAL,
            category=category,
            title=f"{title} {self._word()}",
            summary=f"{pick(self._parts)[4]} {self._word()} {self._word()}",
            severity=Severity.MEDIUM,
            environment=pick(("production", "staging")),
            options=(),
            digest="",
            plan=PLAN,
            created_at=START + timedelta(seconds=n * 60),
            deadline_at=START,
            operation=Operation(name=name, arguments={"argv": [name, self._word()]}),
            context={"error": {"message": pick(self._parts)[5]}},
        )
        return replace(e, fingerprint=known_by(e))

    def entry(self, n: int) -> Entry:
        """One that ended."""
        at = START + timedelta(seconds=n * 60 + 30)
        made = Decision(option=None, effect=Effect.ABORT, by=DecidedBy.EXPIRY, at=at)
        found = entry_of(replace(self.pending(n), status=Status.EXPIRED, decision=made))
        assert found is not None
        return found

    def _word(self) -> str:
        """A word of letters; a few are said often, most hardly ever."""
        n = int(WORDS ** self._random.random())
        return "".join(chr(97 + int(digit)) * 2 for digit in str(n))


async def fill(database: Database, count: int) -> None:
    """Remember so many."""
    texts = Texts(1)
    for first in range(1, count + 1, AT_ONCE):
        entries = [(n, texts.entry(n)) for n in range(first, min(count + 1, first + AT_ONCE))]
        async with database.beside(MEMORY) as link:
            await link.together(*taken_up(entries), *terms((), [entry for _, entry in entries]))


async def _timed(looks: Iterator[Callable[[], Awaitable[Any]]]) -> str:
    took = []
    for look in looks:
        began = time.perf_counter()
        await look()
        took.append((time.perf_counter() - began) * 1e3)
    took.sort()
    p99 = took[int(0.99 * len(took))]
    return f"p50 {statistics.median(took):.1f} ms, p99 {p99:.1f} ms, most {took[-1]:.1f} ms"


async def measure(url: str, count: int) -> None:
    """Fill it, look, and print what each kind of look takes."""
    async with open_database(url, server=True) as database:
        began = time.perf_counter()
        await fill(database, count)
        name = "a file" if database.alone else "PostgreSQL"
        print(f"{name}: {count:,} remembered in {time.perf_counter() - began:.0f} s")
        if not database.alone:
            await database.reader.rows("ANALYZE")
        memory, texts = SqlMemory(database), Texts(2)
        asked = [texts.pending(10**9 + n) for n in range(LOOKS)]
        for _ in range(2):  # what is read for the first time is not measured
            like = await _timed(lambda e=e: memory.like(e) for e in asked)  # type: ignore[misc]
            words = [" ".join(e.title.split()[-3:]) for e in asked]
            said = await _timed(lambda w=w: memory.search(w) for w in words)  # type: ignore[misc]
        print(f"  like one that waits: {like}; three words: {said}; bar 20 ms")


def main() -> None:
    """On a file, then on a server of its own."""
    count = int(sys.argv[1]) if sys.argv[1:] else STORED
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(f"sqlite:///{Path(folder) / 'andon.db'}", count))
    with tempfile.TemporaryDirectory(prefix="andon-") as name:
        Path(name).chmod(0o755)  # PostgreSQL runs as a user of its own
        with postgres(Path(name) / "pg") as server:
            server.run("postgres", "CREATE DATABASE andon")
            asyncio.run(measure(server.url("andon"), count))


if __name__ == "__main__":
    main()
