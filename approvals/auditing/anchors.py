"""The anchors against the blocks: a line a block, signed. A past cut or rewritten shows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from approvals.anchoring import Anchor, is_torn, parse_anchor
from approvals.auditing.findings import Finding
from approvals.auditing.kept import Keys
from approvals.codec import instant
from approvals.sealing import Block


@dataclass
class AnchorCheck:
    """Reads the lines alongside the blocks, so that neither is ever held whole."""

    lines: Iterator[str]
    keys: Keys | None
    anchored_by: str  #: blocks of before this instant must be anchored
    seen: int = 0  #: anchors that name their block
    torn: int = 0  #: lines that a loss of power cut off, written again after it
    unanchored: int = 0  #: blocks without one, old enough to have it
    _line: int = 0
    _ahead: Anchor | None = None

    @classmethod
    def of(cls, lines: Iterable[str], keys: Keys | None, anchored_by: str) -> "AnchorCheck":
        """A check of these lines, without their ends."""
        return cls(lines=iter(lines), keys=keys, anchored_by=anchored_by)

    def look(self, block: Block) -> Iterator[Finding]:
        """What is wrong with the anchor of the next block."""
        while self._ahead is None or self._ahead.block < block.number:
            if self._ahead is not None:
                yield self._finding(f"it names block {self._ahead.block} once more")
                self._ahead = None
            line = next(self.lines, None)
            if line is None:
                yield from self._missing(block)
                return
            self._line += 1
            yield from self._read(line, block)
        if self._ahead.block > block.number:
            yield from self._missing(block)
            return
        yield from self._wrong(self._ahead, block)
        self._ahead = None

    def end(self, last: int) -> Iterator[Finding]:
        """What is left when there is no further block."""
        found = self._ahead
        if found is None:
            line = next(self.lines, None)
            if line is None:
                return
            self._line += 1
            try:
                found = parse_anchor(line)
            except ValueError as error:
                yield self._finding(str(error))
                return
        yield self._finding(f"it names block {found.block}, and the store ends at {last}")

    def _read(self, line: str, block: Block) -> Iterator[Finding]:
        try:
            self._ahead = parse_anchor(line)
        except ValueError as error:
            if line == "" or is_torn(line, block):
                self.torn += bool(line)
            else:
                yield self._finding(str(error))

    def _wrong(self, found: Anchor, block: Block) -> Iterator[Finding]:
        if not found.names(block):
            yield self._finding(f"block {block.number} was another one when it was anchored")
        elif self.keys is not None and not self.keys.has_signed(found.kid, found.signed, found.sig):
            yield self._finding("its signature is not by a key given here")
        else:
            self.seen += 1

    def _missing(self, block: Block) -> Iterator[Finding]:
        if instant(block.at) < self.anchored_by:
            self.unanchored += 1
            if self.unanchored == 1:
                yield Finding(where=f"block {block.number}", what="it has no anchor")

    def _finding(self, what: str) -> Finding:
        return Finding(where=f"anchors line {self._line}", what=what)
