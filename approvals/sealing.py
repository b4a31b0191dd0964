"""Sealing: what happened in all escalations together goes into numbered blocks, each naming the
one before.

An escalation's own chain shows that nothing within it was changed, but not that its end was cut off
or that a whole chain was written anew. So about once a second every chain that grew gives its head
to a block, and the block's hash goes to where the owner of the database cannot reach: into the
anchors. A head names every record before it, so a leaf a chain is enough::

    leaf  = sha256(0x00 || {"escalation","hash","seq"})
    node  = sha256(0x01 || left || right)             the Merkle tree of RFC 6962, section 2.1
    block = sha256({"at","count","number","prev","root"})

Texts are canonical (`events.canonical_text`), hashes read `sha256:` and 64 hex digits. The two
prefixes keep a node from passing for a leaf.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from approvals.codec import instant
from approvals.events import GENESIS, canonical_text, sha256

__all__ = ["GENESIS", "SETTLED", "Block", "Head", "merkle_root", "sealed"]

#: While a server runs, a record is in a block and the block anchored long before; what is older
#: than this and is not, is worth somebody's attention.
SETTLED = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How far an escalation's chain had come: the leaf of a block."""

    escalation_id: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Heads sealed together. `prev` is the hash of block `number - 1`, GENESIS for the first."""

    number: int  #: 1, 2, 3 … without a gap
    prev: str
    root: str
    count: int  #: heads in it, at least one
    at: datetime
    hash: str


def sealed(heads: Sequence[Head], *, number: int, prev: str, at: datetime) -> Block:
    """The block of these heads, in their order. Raises ValueError where there are none."""
    root = merkle_root(heads)
    return Block(
        number=number,
        prev=prev,
        root=root,
        count=len(heads),
        at=at,
        hash=block_hash(number=number, prev=prev, root=root, count=len(heads), at=at),
    )


def block_hash(*, number: int, prev: str, root: str, count: int, at: datetime) -> str:
    """The hash of a block, by which the next one and the anchors name it."""
    named = {"at": instant(at), "count": count, "number": number, "prev": prev, "root": root}
    return sha256(canonical_text(named))


def merkle_root(heads: Sequence[Head]) -> str:
    """The tree's root over the heads. Raises ValueError where there are none."""
    if not heads:
        raise ValueError("A block seals at least one head.")
    return "sha256:" + _root([_leaf(head) for head in heads]).hex()


def _leaf(head: Head) -> bytes:
    named = {"escalation": head.escalation_id, "hash": head.hash, "seq": head.seq}
    return hashlib.sha256(b"\x00" + canonical_text(named).encode()).digest()


def _root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962: the left half is the largest power of two below the number of leaves."""
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + _root(leaves[:left]) + _root(leaves[left:])).digest()
