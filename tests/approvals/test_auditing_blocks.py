"""Blocks and their anchors: whatever is done to either, the audit says where."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from approvals.anchoring import anchor
from approvals.auditing import AnchorCheck, BlockCheck, KeptBlock, Sealed
from approvals.codec import instant
from approvals.events import GENESIS
from approvals.sealing import Block, Head, sealed
from tests.building import START

#: After all blocks are old enough for an anchor.
LATER = instant(START + timedelta(days=1))


def kept(block: Block, heads: Sequence[Head]) -> KeptBlock:
    """The block as a store has it."""
    rows = [Sealed(position=n, head=head, record=head.hash) for n, head in enumerate(heads, 1)]
    return KeptBlock(
        number=block.number,
        prev=block.prev,
        root=block.root,
        count=block.count,
        at=instant(block.at),
        hash=block.hash,
        heads=tuple(rows),
    )


def chain(n: int) -> list[KeptBlock]:
    """So many blocks of two heads, each on the one before."""
    made: list[KeptBlock] = []
    for number in range(1, n + 1):
        heads = [
            Head(escalation_id=f"esc_{i}", seq=number, hash=f"sha256:{number}{i}") for i in (1, 2)
        ]
        prev = made[-1].hash if made else GENESIS
        made.append(kept(sealed(heads, number=number, prev=prev, at=START), heads))
    return made


BLOCKS = chain(4)
SECOND = BLOCKS[1]
SIGNED = [anchor(block.block(), "key_1", f"sig{block.number}") for block in BLOCKS]
LINES = [made.line for made in SIGNED]


class Keys:
    """Knows what was signed."""

    def has_signed(self, kid: str, text: str, signature: str) -> bool:
        """Whether one of the lines says so."""
        return (kid, text, signature) in {(a.kid, a.signed, a.sig) for a in SIGNED}


def looked(blocks: Sequence[KeptBlock]) -> list[str]:
    """What is found in these blocks."""
    check = BlockCheck()
    return [str(finding) for block in blocks for finding in check.look(block)]


def anchored(
    lines: Sequence[str], blocks: Sequence[KeptBlock] = BLOCKS, by: str = LATER
) -> tuple[list[str], AnchorCheck]:
    """What is found in these lines, and the check."""
    check = AnchorCheck.of(lines, Keys(), by)
    found = [str(finding) for block in blocks for finding in check.look(block.block())]
    return [*found, *map(str, check.end(blocks[-1].number))], check


def test_blocks_and_anchors_left_alone_hold() -> None:
    assert looked(BLOCKS) == []
    found, check = anchored(LINES)
    assert (found, check.seen, check.torn, check.unanchored) == ([], 4, 0, 0)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"prev": GENESIS}, "block 2: it does not follow on the block before it"),
        ({"root": GENESIS}, "block 2: it was changed: its hash is another one"),
        ({"at": "yesterday"}, "block 2: it was changed: its hash is another one"),
        ({"at": 12}, "block 2: it was changed: its hash is another one"),
        ({"number": 5}, "block 5: block 2 should stand here"),
        ({"heads": SECOND.heads[:1]}, "block 2: it seals 2 heads, and 1 are there"),
        ({"heads": SECOND.heads[::-1]}, "block 2: its heads were changed: their root is another"),
        ({"heads": (), "count": 0}, "block 2: it was changed: its hash is another one"),
        (
            {"heads": (SECOND.heads[0], replace(SECOND.heads[1], record=None))},
            "escalation esc_2 record 2: it is missing (sealed in block 2)",
        ),
        (
            {"heads": (replace(SECOND.heads[0], record=GENESIS), SECOND.heads[1])},
            "escalation esc_1 record 2: it was changed after it was sealed (sealed in block 2)",
        ),
    ],
)
def test_the_bad_block_is_named(changes: dict[str, Any], says: str) -> None:
    found = looked([BLOCKS[0], replace(SECOND, **changes), *BLOCKS[2:]])
    assert any(line.startswith(says) for line in found), found


def test_a_block_that_is_gone_leaves_a_gap() -> None:
    assert looked([BLOCKS[0], *BLOCKS[2:]]) == ["block 3: block 2 should stand here"]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([LINES[0], *LINES[2:]], "block 2: it has no anchor"),
        (LINES[:3], "block 4: it has no anchor"),
        ([], "block 1: it has no anchor"),
        ([LINES[0], LINES[0], *LINES[1:]], "anchors line 2: it names block 1 once more"),
        ([LINES[1], LINES[0], *LINES[2:]], "block 1: it has no anchor"),
        ([*LINES[:2], "# well", *LINES[2:]], "anchors line 3: This is not the line of a block."),
        ([*LINES, "# well"], "anchors line 5: This is not the line of a block."),
        (
            [LINES[0], replace(SIGNED[1], count=9).line, *LINES[2:]],
            "anchors line 2: block 2 was another one when it was anchored",
        ),
        (
            [LINES[0], replace(SIGNED[1], sig="x").line, *LINES[2:]],
            "anchors line 2: its signature is not by a key given here",
        ),
        (
            [*LINES, replace(SIGNED[3], block=5).line],
            "anchors line 5: it names block 5, and the store ends at 4",
        ),
    ],
)
def test_the_bad_line_is_named(lines: list[str], says: str) -> None:
    assert anchored(lines)[0][0] == says


def test_anchors_of_blocks_that_never_were_are_found_at_the_end() -> None:
    assert anchored(LINES, BLOCKS[:3])[0] == [
        "anchors line 4: it names block 4, and the store ends at 3"
    ]
    assert anchored([LINES[0], LINES[3]], BLOCKS[:2])[0] == [
        "block 2: it has no anchor",
        "anchors line 2: it names block 4, and the store ends at 2",
    ]


@pytest.mark.parametrize("torn", [LINES[2][:9], LINES[2][:-1], "\0\0", ""])
def test_a_torn_line_before_the_whole_one_is_no_finding(torn: str) -> None:
    found, check = anchored([*LINES[:2], torn, *LINES[2:]])
    assert (found, check.torn) == ([], bool(torn))


def test_blocks_of_just_now_may_be_on_their_way_to_the_anchors() -> None:
    found, check = anchored(LINES[:2], by=instant(START))
    assert (found, check.unanchored) == ([], 0)


def test_only_the_first_block_without_an_anchor_is_named() -> None:
    found, check = anchored(LINES[:1])
    assert (found, check.unanchored) == (["block 2: it has no anchor"], 3)


def test_without_keys_signatures_are_taken_as_they_are() -> None:
    check = AnchorCheck.of([replace(SIGNED[0], sig="x").line], None, LATER)
    assert list(check.look(BLOCKS[0].block())) == []
