"""Blocks: the same heads give the same root, any other give another one."""

import hashlib
from datetime import timedelta

import pytest

from approvals.events import GENESIS, canonical_text
from approvals.sealing import Head, merkle_root, sealed
from tests.building import START


def heads(n: int) -> list[Head]:
    """So many heads of different chains."""
    return [Head(escalation_id=f"esc_{i}", seq=i + 1, hash=f"sha256:{i:064x}") for i in range(n)]


def leaf(head: Head) -> bytes:
    """A leaf by its definition, written out anew."""
    text = canonical_text({"escalation": head.escalation_id, "hash": head.hash, "seq": head.seq})
    return hashlib.sha256(b"\x00" + text.encode()).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def test_the_root_of_one_head_is_its_leaf() -> None:
    (one,) = heads(1)
    assert merkle_root([one]) == f"sha256:{leaf(one).hex()}"


def test_the_root_of_five_is_a_tree_of_four_and_one() -> None:
    """As RFC 6962 draws it: no leaf stands twice to fill up."""
    a, b, c, d, e = map(leaf, heads(5))
    wanted = node(node(node(a, b), node(c, d)), e)
    assert merkle_root(heads(5)) == f"sha256:{wanted.hex()}"


@pytest.mark.parametrize("n", [2, 3, 8, 9])
def test_any_other_heads_give_another_root(n: int) -> None:
    usual, root = heads(n), merkle_root(heads(n))
    swapped = [usual[1], usual[0], *usual[2:]]
    longer, shorter = [*usual, usual[-1]], usual[:-1]
    assert root not in {merkle_root(other) for other in (swapped, longer, shorter)}


def test_a_block_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        sealed([], number=1, prev=GENESIS, at=START)


def test_a_block_names_the_one_before_and_its_moment() -> None:
    block = sealed(heads(2), number=1, prev=GENESIS, at=START)
    others = (
        sealed(heads(2), number=2, prev=GENESIS, at=START),
        sealed(heads(2), number=1, prev=block.hash, at=START),
        sealed(heads(2), number=1, prev=GENESIS, at=START + timedelta(microseconds=1)),
        sealed(heads(3), number=1, prev=GENESIS, at=START),
    )
    assert block.hash not in {other.hash for other in others}
    assert block == sealed(heads(2), number=1, prev=GENESIS, at=START)
