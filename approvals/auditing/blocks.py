"""The blocks, each on the one before, and their heads: each names a record that is there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from approvals.auditing.findings import Finding
from approvals.codec import parse_instant
from approvals.events import GENESIS
from approvals.sealing import Block, Head, block_hash, merkle_root


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A head as a block keeps it, and the hash of its record as it lies in the store."""

    position: int
    head: Head
    record: str | None  #: None where there is no such record


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBlock:
    """A block as it lies in the store, believed in nothing."""

    number: int
    prev: str
    root: str
    count: int
    at: str
    hash: str
    heads: tuple[Sealed, ...]

    @property
    def where(self) -> str:
        """How a finding names it."""
        return f"block {self.number}"

    def block(self) -> Block:
        """The block it claims to be. Raises ValueError for a moment that is none."""
        return Block(
            number=self.number,
            prev=self.prev,
            root=self.root,
            count=self.count,
            at=parse_instant(self.at),
            hash=self.hash,
        )


@dataclass
class BlockCheck:
    """Goes from block to block, in the order of their numbers."""

    number: int = 0  #: the last one seen
    prev: str = GENESIS  #: its hash
    heads: int = 0  #: heads seen so far

    def look(self, kept: KeptBlock) -> Iterator[Finding]:
        """What is wrong with the next block."""
        for what in self._wrong(kept):
            yield Finding(where=kept.where, what=what)
        for sealed in kept.heads:
            what = _wrong_head(sealed)
            if what:
                head = sealed.head
                where = f"escalation {head.escalation_id} record {head.seq}"
                yield Finding(where=where, what=f"{what} (sealed in block {kept.number})")
        self.number, self.prev, self.heads = kept.number, kept.hash, self.heads + len(kept.heads)

    def _wrong(self, kept: KeptBlock) -> Iterator[str]:
        if kept.number != self.number + 1:
            yield f"block {self.number + 1} should stand here"
        elif kept.prev != self.prev:
            yield "it does not follow on the block before it"
        if kept.hash != _hash_of(kept):
            yield "it was changed: its hash is another one"
        if kept.count != len(kept.heads):
            yield f"it seals {kept.count} heads, and {len(kept.heads)} are there"
        elif not _is_rooted(kept):
            yield "its heads were changed: their root is another one"


def _wrong_head(sealed: Sealed) -> str:
    if sealed.record is None:
        return "it is missing"
    return "" if sealed.record == sealed.head.hash else "it was changed after it was sealed"


def _is_rooted(kept: KeptBlock) -> bool:
    placed: Sequence[int] = [sealed.position for sealed in kept.heads]
    return (
        placed == list(range(1, kept.count + 1))
        and bool(placed)
        and (merkle_root([sealed.head for sealed in kept.heads]) == kept.root)
    )


def _hash_of(kept: KeptBlock) -> str | None:
    try:
        at = parse_instant(kept.at)
        return block_hash(
            number=kept.number, prev=kept.prev, root=kept.root, count=kept.count, at=at
        )
    except (TypeError, ValueError):
        return None
