"""What can be checked of one escalation alone: its records, its blocks, and their anchors."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from approvals.anchoring import Anchor
from approvals.auditing import Auditor, Finding
from approvals.codec import instant
from approvals.sealing import SETTLED, Block, sealed
from bot.audit.keys import PublicKeys
from bot.audit.sheet import Check
from storage.archive import Archive, Told
from storage.evidence import Evidence, columns_of


class Checking:
    """Checks escalations one by one, with the keys and anchors it was given."""

    def __init__(
        self,
        evidence: Evidence,
        archive: Archive,
        keys: PublicKeys | None,
        anchors: Mapping[int, Anchor] | None,
        now: datetime,
    ) -> None:
        self._evidence, self._archive = evidence, archive
        self._keys, self._anchors = keys, anchors
        self._auditor = Auditor(columns_of=columns_of, keys=keys, sealed_by=instant(now - SETTLED))

    def of(self, told: Told) -> tuple[Check, ...]:
        """Everything checked of it."""
        blocks = list(self._blocks(told))
        return (
            self._records(told),
            self._signature(told),
            self._sealed(told, blocks),
            self._anchored([block for block, _ in blocks]),
        )

    def _records(self, told: Told) -> Check:
        kept = self._evidence.escalation(told.escalation.id)
        found = list(self._auditor.look(kept)) if kept else []
        said = f"{len(told.records)} records, each on the one before; all else follows from them"
        return _check("Records", found, said)

    def _signature(self, told: Told) -> Check:
        """That it says what the records say is looked at with the records."""
        if told.grant is None:
            return Check(what="Grant", holds=None, said="none was given")
        if self._keys is None:
            return Check(what="Grant", holds=None, said="there are no keys to check it with")
        signed, _, signature = told.grant.jws.rpartition(".")
        holds = self._keys.has_signed(told.grant.kid, signed, signature)
        return Check(what="Grant", holds=holds, said=f"signed by {told.grant.kid}")

    def _blocks(self, told: Told) -> Iterator[tuple[Block, bool]]:
        """The blocks that seal it, and whether each is what its heads make it."""
        for number in dict.fromkeys(n for n, _ in self._archive.sealing(told.escalation.id)):
            block, heads = self._archive.block(number)
            if block is not None and heads:
                made = sealed(heads, number=block.number, prev=block.prev, at=block.at)
                yield block, made == block

    def _sealed(self, told: Told, blocks: Sequence[tuple[Block, bool]]) -> Check:
        """Each head in a block names a record of its own; how far they reach."""
        hashes = {record.seq: record.hash for record in told.records}
        heads = [
            (head.seq, head.hash)
            for block, _ in blocks
            for head in self._archive.block(block.number)[1]
            if head.escalation_id == told.escalation.id
        ]
        last, of = max((seq for seq, _ in heads), default=0), len(told.records)
        named = ", ".join(str(block.number) for block, _ in blocks) or "none yet"
        said = f"to record {last} of {of}, in blocks {named}"
        if not heads:
            return Check(what="Blocks", holds=None, said=said)
        holds = all(ok for _, ok in blocks) and all(hashes.get(seq) == h for seq, h in heads)
        return Check(what="Blocks", holds=holds, said=said)

    def _anchored(self, blocks: Sequence[Block]) -> Check:
        if self._anchors is None:
            return Check(what="Anchors", holds=None, said="there is no anchor file; give --anchors")
        found = [(block, self._anchors.get(block.number)) for block in blocks]
        named = [(block, anchor) for block, anchor in found if anchor is not None]
        said = f"{len(named)} of {len(blocks)} blocks are anchored"
        if not named:
            return Check(what="Anchors", holds=None, said=said)
        holds = all(anchor.names(block) and self._signed(anchor) for block, anchor in named)
        return Check(what="Anchors", holds=holds, said=said)

    def _signed(self, anchor: Anchor) -> bool:
        keys = self._keys
        return keys is None or keys.has_signed(anchor.kid, anchor.signed, anchor.sig)


def _check(what: str, found: Sequence[Finding], said: str) -> Check:
    wrong = "; ".join(map(str, found))
    return Check(what=what, holds=not found, said=wrong or said)
