"""Anchors: the hash of each block, signed, in a file the owner of the database need not own.

One line a block, in the order of their numbers, as canonical text::

    {"at":"…Z","block":12,"count":3,"hash":"sha256:…","kid":"key_…","sig":"…"}

`sig` is Ed25519, base64url without padding, over the canonical text of {"at","block","hash"}. A
line of a grant's signature begins otherwise, so that neither can pass for the other.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime

from approvals.codec import instant, parse_instant
from approvals.events import canonical_text
from approvals.sealing import Block

_HASH = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A line of the file."""

    block: int
    at: datetime
    count: int
    hash: str
    kid: str  #: which key signed it
    sig: str

    @property
    def signed(self) -> str:
        """The text under the signature."""
        return signed_text(self.block, self.at, self.hash)

    @property
    def line(self) -> str:
        """As it stands in the file, without the end of the line."""
        return canonical_text(
            {
                "at": instant(self.at),
                "block": self.block,
                "count": self.count,
                "hash": self.hash,
                "kid": self.kid,
                "sig": self.sig,
            }
        )

    def names(self, block: Block) -> bool:
        """Whether it is that block's."""
        return (self.block, self.at, self.count, self.hash) == (
            block.number,
            block.at,
            block.count,
            block.hash,
        )


def signed_text(number: int, at: datetime, hash_: str) -> str:
    """The text a block is signed as."""
    return canonical_text({"at": instant(at), "block": number, "hash": hash_})


def anchor(block: Block, kid: str, sig: str) -> Anchor:
    """The anchor of a block, signed."""
    return Anchor(
        block=block.number, at=block.at, count=block.count, hash=block.hash, kid=kid, sig=sig
    )


def parse_anchor(line: str) -> Anchor:
    """The anchor of a line. Raises ValueError for any line this program would not write."""
    try:
        said = json.loads(line)
        found = Anchor(
            block=said["block"],
            at=parse_instant(said["at"]),
            count=said["count"],
            hash=said["hash"],
            kid=said["kid"],
            sig=said["sig"],
        )
        if found.line == line and _HASH.fullmatch(found.hash) and isinstance(found.block, int):
            return found
    except (KeyError, TypeError, ValueError, RecursionError):
        pass
    raise ValueError("This is not the line of a block.")


def is_torn(line: str, block: Block) -> bool:
    """Whether it is the beginning of that block's line, cut off: what a loss of power leaves."""
    whole = anchor(block, "", "").line
    begun = whole[: whole.index('"kid":"') + len('"kid":"')]
    text = line.rstrip("\0")
    return begun.startswith(text) or (text.startswith(begun) and not text.endswith("}"))
