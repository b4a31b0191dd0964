"""Stores with a history, on SQLite.

What is over was lived through by eight escalations, whose rows are copied under other ids and in
other hours, so that a million is a matter of minutes. Copies keep the hashes of their originals:
`audit verify` would find them out, and nothing that is measured looks at those. What still waits
was opened one by one, and holds true.
"""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from approvals.canonical import DEFAULT_OPTIONS, operation_digest
from approvals.codec import instant
from approvals.commands import Actor, Claim, Command, Open, Report, Tick, Vote
from approvals.ports import MOST_HEADS
from approvals.words import Result
from bench.opens import BODY
from bench.servers import POLICY, ROOT
from bot.app import read_policy
from bot.ids import new_id
from bot.people import KnownPeople
from storage import Store, open_store
from storage.migrate import newest
from storage.sqlite.bringing_up import upgrade

#: Where stores are kept from run to run, out of git.
KEPT = ROOT / "bench" / "results"

#: Stands in the ids of the originals for all but the last of their digits; so does the hour.
MARK, HOUR = "0" * 31, "2001-01-01T00:"

#: What became of the eight originals.
ENDS = ("approve",) * 5 + ("reject",) * 2 + ("nothing",)

APPROVER, SERVICE = Actor(account="URAVI"), "data-sync"
DIGEST = operation_digest(BODY["operation"], list(DEFAULT_OPTIONS))

#: Opened at once.
AT_ONCE = 200

#: Those that wait come of so many places, so that none makes a storm.
PLACES = 2000

#: Tables whose rows are copied, each with the columns that are no copies.
COPIED: dict[str, dict[str, str]] = {
    # The review of what expired is nobody's: only what was opened one by one has anything due.
    "escalations": {"suffix": f"substr(replace(t.id, '{MARK}', c.mark), -6)", "due_at": "NULL"},
    "events": {},
    "event_bodies": {},
    "votes": {},
    "decisions": {},
    "grants": {},
    "idempotency": {"id": "'data-sync:' || lower(hex(randomblob(32)))"},
    "cards": {"due_at": "NULL", "channel": "'C0'", "ts": "c.mark", "drawn": "'drawn'"},
    "deliveries": {"due_at": "NULL", "state": "'delivered'"},
}

_COPIES = """
CREATE TEMP TABLE copies AS
WITH RECURSIVE each(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM each WHERE n + 1 < ?)
SELECT printf('%012x', (? + n * 3600) * 1000) || '7' || lower(hex(randomblob(9))) AS mark,
strftime('%Y-%m-%dT%H:', ? + n * 3600, 'unixepoch') AS hour FROM each
"""
_SEALS = """
INSERT INTO seals (block, position, escalation_id, seq, hash)
SELECT 1 + n / {most}, 1 + n % {most}, escalation_id, seq, hash FROM (
SELECT row_number() OVER (ORDER BY escalation_id) - 1 AS n, escalation_id, MAX(seq) AS seq, hash
FROM events GROUP BY escalation_id)
"""
_BLOCKS = """
INSERT INTO blocks (number, prev, root, count, at, hash)
SELECT block, printf('sha256:%064x', block - 1), printf('sha256:%064x', block), COUNT(*),
'{at}', printf('sha256:%064x', block) FROM seals GROUP BY block
"""


@dataclass
class Hands:
    """A clock that is moved by hand, and what signs with nothing but a name."""

    now: datetime
    kid: str = field(default="bench", init=False)

    def __call__(self) -> datetime:
        """What time it is."""
        return self.now

    def sign(self, claims: Any) -> str:
        """About as long as a grant."""
        return f"{claims['jti']} {'.' * 700}"


@asynccontextmanager
async def opened(path: Path, clock: Hands) -> AsyncIterator[Store]:
    """The store in a file, as a server opens it."""
    people = KnownPeople(read_policy(POLICY), from_file=True)
    async with open_store(
        f"sqlite:///{path}",
        facts=people,
        signer=clock,
        clock=clock,
        committed=lambda escalations: None,
        server=True,
    ) as store:
        yield store


def an_open(id_: str, **changes: Any) -> Open:
    """A new escalation, as the door makes it."""
    request = {**BODY, "options": list(DEFAULT_OPTIONS), **changes}
    return Open(
        id=f"cmd_{id_}o",
        escalation_id=f"esc_{id_}",
        group_id=f"grp_{id_}",
        weight=600,
        service=SERVICE,
        idempotency_key=id_,
        body_hash=id_,
        digest=DIGEST,
        request=request,
    )


def lived(id_: str, end: str) -> Iterator[tuple[int, Command]]:
    """What happens to one of the originals, each with the minute it happens in."""
    esc = f"esc_{id_}"
    yield 0, an_open(id_, decide_within_s=900)
    if end == "nothing":
        yield 16, Tick(id=f"cmd_{id_}t", escalation_id=esc)
        return
    vote: dict[str, Any] = {"option": end, "shown": 0, "digest": DIGEST}
    yield 2, Vote(id=f"cmd_{id_}v", escalation_id=esc, actor=APPROVER, **vote)
    if end == "approve":
        taken: dict[str, Any] = {"key": id_, "digest": DIGEST, "nonce": id_}
        claim = Claim(id=f"cmd_{id_}c", escalation_id=esc, service=SERVICE, **taken, grant_id=id_)
        yield 3, claim
        it_ran: dict[str, Any] = {"service": SERVICE, "result": Result("succeeded")}
        yield 5, Report(id=f"cmd_{id_}r", escalation_id=esc, **it_ran)


async def live(path: Path) -> None:
    """Make the originals, within an hour."""
    clock = Hands(datetime.fromisoformat(f"{HOUR}00:00Z"))
    began = clock.now
    async with opened(path, clock) as store:
        for n, end in enumerate(ENDS):
            for minutes, command in lived(f"{MARK}{n:x}", end):
                clock.now = began + timedelta(minutes=6 * n + minutes)
                settled = await store.writer.submit(command)
                assert settled.refusal is None, settled.refusal


def copy(originals: Path, path: Path, times: int) -> None:
    """Fill a new store with copies of the originals: rows first, then indexes and fences."""
    upgrade(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as link:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-500000"):
            link.execute(f"PRAGMA {pragma}")
        link.execute("ATTACH ? AS originals", (str(originals),))
        began = int(time.time()) - times * 3600 - 7200
        link.execute(_COPIES, (times, began, began))
        link.execute("BEGIN")
        again = _without_indexes(link)
        for table, special in COPIED.items():
            link.execute(_copying(link, table, special))
        link.execute("INSERT INTO policies SELECT * FROM originals.policies")
        link.execute(_SEALS.format(most=MOST_HEADS))
        at = datetime.now(UTC) - timedelta(hours=1)
        link.execute(_BLOCKS.format(at=instant(at)))
        for sql in again:
            link.execute(sql)
        link.execute("COMMIT")


def _without_indexes(link: sqlite3.Connection) -> list[str]:
    """Drop indexes and fences, which would be asked for every row; how they are made again."""
    found = link.execute(
        "SELECT type, name, sql FROM main.sqlite_master WHERE type IN ('index', 'trigger') "
        "AND sql IS NOT NULL ORDER BY type"
    ).fetchall()
    for type_, name, _ in found:
        link.execute(f"DROP {type_} main.{name}")
    return [sql for _, _, sql in found]


def _copying(link: sqlite3.Connection, table: str, special: dict[str, str]) -> str:
    """The statement that copies a table's rows, each copy after the other."""
    known = link.execute(f"PRAGMA main.table_info({table})").fetchall()
    text = f"replace(replace(t.{{}}, '{MARK}', c.mark), '{HOUR}', c.hour)"
    made = [
        special.get(
            name, (text if "CHAR" in type_ or type_ == "TEXT" else "t.{}").format(f'"{name}"')
        )
        for _, name, type_, *_ in known
    ]
    keys = ", ".join(f'"{name}"' for _, name, *_, key in known if key)
    return (
        f"INSERT INTO main.{table} SELECT {', '.join(made)} FROM copies c "  # noqa: S608
        f"CROSS JOIN (SELECT * FROM originals.{table} ORDER BY {keys}) t"
    )


async def pending(path: Path, wanted: int) -> None:
    """See to it that so many wait for people; each comes of a place of its own."""
    clock = Hands(datetime.now(UTC))
    async with opened(path, clock) as store:
        rows = await store.database.reader.rows(
            "SELECT COUNT(*) FROM escalations WHERE status = 'pending'"
        )
        await fill(store, wanted - rows[0][0])


async def fill(store: Store, count: int, **changes: Any) -> None:
    """Open so many, through the write path."""
    for n in range(0, count, AT_ONCE):
        commands = (
            an_open(new_id("esc")[4:], environment=f"place-{k % PLACES}", **changes)
            for k in range(n, min(n + AT_ONCE, count))
        )
        await asyncio.gather(*map(store.writer.submit, commands))


def stored(count: int) -> Path:
    """A store with about so many escalations that are over; made once, then kept."""
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"stored-{newest()}-{count}.db"
    if not path.exists():
        began = time.perf_counter()
        with tempfile.TemporaryDirectory(dir=KEPT) as folder:
            originals, made = Path(folder) / "originals.db", Path(folder) / "made.db"
            asyncio.run(live(originals))
            copy(originals, made, -(-count // len(ENDS)))
            made.rename(path)
        size, took = path.stat().st_size / 1e9, time.perf_counter() - began
        print(f"  {count:,} stored in {took:.0f} s, {size:.1f} GB: {path}")
    return path
