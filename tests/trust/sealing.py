"""A store whose chains are sealed and anchored, as a server leaves it, without waiting for one."""

import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from approvals.codec import instant, parse_instant
from approvals.events import GENESIS, canonical_text
from approvals.sealing import Block, Head, sealed

#: Chains a block seals.
TOGETHER = 5


def seal(path: Path, key: Path, anchors: Path) -> None:
    """Seal every chain that grew, a few to a block, and anchor the blocks."""
    with closing(sqlite3.connect(path)) as link, anchors.open("a", encoding="utf-8") as file:
        for block, heads in _blocks(link):
            seals = [
                (block.number, n, h.escalation_id, h.seq, h.hash) for n, h in enumerate(heads, 1)
            ]
            link.executemany("INSERT INTO seals VALUES (?, ?, ?, ?, ?)", seals)
            at = instant(block.at)
            row = (block.number, block.prev, block.root, block.count, at, block.hash)
            link.execute("INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?)", row)
            file.write(_anchor(block, json.loads(key.read_text())) + "\n")
        link.execute("DELETE FROM unsealed")
        link.commit()


def _blocks(link: sqlite3.Connection) -> Iterator[tuple[Block, list[Head]]]:
    last = link.execute("SELECT number, hash FROM blocks ORDER BY number DESC").fetchone()
    number, prev = last or (0, GENESIS)
    sql = (
        "SELECT escalation_id, MAX(seq), hash, at FROM events WHERE escalation_id IN "
        "(SELECT escalation_id FROM unsealed) GROUP BY escalation_id ORDER BY escalation_id"
    )
    rows = link.execute(sql).fetchall()
    for n in range(0, len(rows), TOGETHER):
        part = rows[n : n + TOGETHER]
        heads = [Head(escalation_id=id_, seq=seq, hash=hash_) for id_, seq, hash_, _ in part]
        at = parse_instant(max(row[3] for row in part))
        number += 1
        block = sealed(heads, number=number, prev=prev, at=at)
        prev = block.hash
        yield block, heads


def _anchor(block: Block, jwk: dict[str, str]) -> str:
    named = {"at": instant(block.at), "block": block.number, "hash": block.hash}
    key = Ed25519PrivateKey.from_private_bytes(_bytes(jwk["d"]))
    signature = key.sign(canonical_text(named).encode())
    text = base64.urlsafe_b64encode(signature).decode().rstrip("=")
    return canonical_text({**named, "count": block.count, "kid": jwk["kid"], "sig": text})


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
