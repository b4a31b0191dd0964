"""Sealing what was committed: heads of the chains that grew go into the next block.

The write path leaves a row in `unsealed` in the commit that makes a chain grow, so nothing is
forgotten over a crash; a block takes such rows with it, in one short transaction beside that path.
"""

from collections.abc import AsyncIterator
from datetime import datetime

from approvals.codec import instant, parse_instant
from approvals.events import GENESIS
from approvals.ports import MOST_HEADS
from approvals.sealing import Block, Head, sealed
from storage.among import among
from storage.links import Database, Many, Query, Row, among_writers
from storage.locking import SEALER

#: Chains that grew. Those that grow just now are passed over, and those that are taken wait for the
#: block: so their heads are read afterwards, and no record is forgotten with its row.
_GREW = (
    "SELECT escalation_id FROM unsealed ORDER BY escalation_id LIMIT ? "  # noqa: S608
    + among_writers("FOR UPDATE SKIP LOCKED")
)
#: Their last records; one that is sealed already would be refused again.
_HEADS = (
    "SELECT e.escalation_id, e.seq, e.hash FROM events e WHERE e.seq = "
    "(SELECT MAX(seq) FROM events WHERE escalation_id = e.escalation_id) AND NOT EXISTS "
    "(SELECT 1 FROM seals WHERE escalation_id = e.escalation_id AND seq = e.seq) "
    "AND e.escalation_id"
)
#: The columns of a block, as `block_of` reads them.
BLOCKS = "SELECT number, prev, root, count, at, hash FROM blocks"
_LAST = f"{BLOCKS} ORDER BY number DESC LIMIT 1"
_SEAL = "INSERT INTO seals (block, position, escalation_id, seq, hash) VALUES (?, ?, ?, ?, ?)"
_BLOCK = "INSERT INTO blocks (number, prev, root, count, at, hash) VALUES (?, ?, ?, ?, ?, ?)"
_SEALED = "DELETE FROM unsealed WHERE escalation_id = ?"

#: Escalations looked at in one go when a server starts: others get their turn in between.
AT_ONCE = 1000

# A copy that was put back, or a hand in the file, may have parted what is written together.
_NEXT = (
    "SELECT MAX(id), COUNT(*) FROM (SELECT id FROM escalations WHERE id > ? ORDER BY id LIMIT ?) x"
)
_FORGOTTEN = (
    "SELECT id FROM escalations x WHERE id > ? AND id <= ? "
    "AND NOT EXISTS (SELECT 1 FROM unsealed WHERE escalation_id = x.id) AND "
    "(SELECT MAX(seq) FROM events WHERE escalation_id = x.id) > "
    "COALESCE((SELECT MAX(seq) FROM seals WHERE escalation_id = x.id), 0)"
)
_SEALED_ALREADY = (
    "FROM unsealed WHERE "
    "COALESCE((SELECT MAX(seq) FROM events WHERE escalation_id = unsealed.escalation_id), 0) <= "
    "COALESCE((SELECT MAX(seq) FROM seals WHERE escalation_id = unsealed.escalation_id), 0)"
)
_ALL_WAITING = "SELECT 1 FROM unsealed ORDER BY escalation_id " + among_writers("FOR UPDATE")  # noqa: S608
_UNSEALED = (
    "INSERT INTO unsealed (escalation_id, since) VALUES (?, ?) "
    "ON CONFLICT (escalation_id) DO NOTHING"
)


class SqlSeals:
    """Implements `approvals.ports.Seals`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seal(self, now: datetime, limit: int = MOST_HEADS) -> Block | None:
        """The next block; None when nothing waits for one."""
        async with self._database.beside(SEALER) as link:
            found, grew = await link.together(Query(_LAST), Query(_GREW, (limit,)))
            (rows,) = await link.together(
                among(_HEADS, (id_ for (id_,) in grew), " ORDER BY e.escalation_id")
            )
            if not rows:
                return None
            heads = [Head(escalation_id=id_, seq=seq, hash=hash_) for id_, seq, hash_ in rows]
            last = block_of(found[0]) if found else None
            number, prev = (last.number + 1, last.hash) if last else (1, GENESIS)
            at = max(now, last.at) if last else now
            block = sealed(heads, number=number, prev=prev, at=at)
            await link.together(
                Many(_SEAL, [_seal(number, n, head) for n, head in enumerate(heads, 1)]),
                Query(_BLOCK, _row(block)),
                Many(_SEALED, [(head.escalation_id,) for head in heads]),
            )
        return block

    async def block(self, number: int) -> Block | None:
        """The block of that number."""
        rows = await self._database.reader.rows(f"{BLOCKS} WHERE number = ?", (number,))
        return block_of(rows[0]) if rows else None

    async def after(self, number: int, limit: int = MOST_HEADS) -> tuple[Block, ...]:
        """The blocks after that one, in order."""
        sql = f"{BLOCKS} WHERE number > ? ORDER BY number LIMIT ?"
        return tuple(map(block_of, await self._database.reader.rows(sql, (number, limit))))

    async def unsealed_since(self) -> datetime | None:
        """Since when the longest waiting record is in no block; None when all are."""
        ((since,),) = await self._database.reader.rows("SELECT MIN(since) FROM unsealed")
        return parse_instant(since) if since else None

    async def heal(self, now: datetime) -> int:
        """Let every chain that goes beyond its last seal wait for a block, and no other."""
        forgotten = [row async for row in self._forgotten()]
        stale = await self._database.reader.rows(f"SELECT 1 {_SEALED_ALREADY} LIMIT 1")
        if forgotten or stale:
            async with self._database.beside(SEALER) as link:
                await link.together(
                    Query(_ALL_WAITING),
                    Many(_UNSEALED, [(id_, instant(now)) for (id_,) in forgotten]),
                    Query(f"DELETE {_SEALED_ALREADY}"),
                )
        return len(forgotten)

    async def _forgotten(self) -> AsyncIterator[Row]:
        """Ids of those that go beyond their last seal and wait for no block."""
        after, reader = "", self._database.reader
        while True:
            ((last, count),) = await reader.rows(_NEXT, (after, AT_ONCE))
            if not count:
                return
            for row in await reader.rows(_FORGOTTEN, (after, last)):
                yield row
            after = last


def _seal(number: int, position: int, head: Head) -> Row:
    return number, position, head.escalation_id, head.seq, head.hash


def _row(block: Block) -> Row:
    return block.number, block.prev, block.root, block.count, instant(block.at), block.hash


def block_of(row: Row) -> Block:
    """The block of a row."""
    number, prev, root, count, at, hash_ = row
    return Block(number=number, prev=prev, root=root, count=count, at=parse_instant(at), hash=hash_)
