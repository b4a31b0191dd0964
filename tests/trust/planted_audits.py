"""Auditors that are blind in one eye: each misses what only that eye sees.

A bug is planted in the place where the real check stands; the tampering beside it is one that
nothing else would find.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from approvals.auditing import AnchorCheck, blocks, chain, escalations, rows
from bot.audit import checking
from storage.evidence import Evidence
from tests.trust import rewriting, tampering
from tests.trust.tampering import Tampering

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Blind:
    """Which eye is shut, how, and what goes unseen then."""

    eye: str
    shut: Callable[[Patch], None]
    unseen: Tampering


def _nothing(*args: Any, **more: Any) -> Iterator[Any]:
    return iter(())


def _of(owner: Any, name: str, value: Any) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(owner, name, value)


def _without(what: str) -> Callable[[Patch], None]:
    """The chain's own check, but for one of the things it says."""

    def shut(patch: Patch) -> None:
        real = chain._wrong

        def blind(*args: Any, **more: Any) -> Iterator[str]:
            return (said for said in real(*args, **more) if what not in said)

        patch.setattr(chain, "_wrong", blind)

    return shut


def _keyless(patch: Patch) -> None:
    """Every signature is taken for good."""
    patch.setattr("bot.audit.keys.PublicKeys.has_signed", lambda *args: True)


def _anchorless(patch: Patch) -> None:
    """No line of the anchors is read."""
    patch.setattr(AnchorCheck, "look", _nothing)
    patch.setattr(AnchorCheck, "end", _nothing)


BLIND = (
    Blind("the fold", _of(escalations, "check_state", _nothing), rewriting.edit_state),
    Blind("prev", _without("does not follow on the record"), rewriting.fork_here),
    Blind("a body's hash", _without("its body was changed"), rewriting.edit_facts),
    Blind("a record's hash", _without("it was changed"), rewriting.edit_core),
    Blind("the anchors", _anchorless, rewriting.rewrite_quietly),
    Blind("their end", _of(AnchorCheck, "end", _nothing), rewriting.cut_cleanly),
    Blind("a block's root", _of(blocks, "_is_rooted", lambda kept: True), tampering.swap_heads),
    Blind("a block's heads", _of(blocks, "_wrong_head", lambda head: ""), rewriting.fork_quietly),
    Blind("the table of votes", _of(rows, "_votes", _nothing), rewriting.edit_vote),
    Blind("the grant", _of(rows, "_grant", _nothing), rewriting.forge_grant),
    Blind("signatures", _keyless, rewriting.forge_anchor),
    Blind("the laws of a life", _of(escalations, "check_sane", _nothing), rewriting.decide_twice),
    Blind("strays", _of(Evidence, "strays", _nothing), rewriting.delete_state),
    Blind("the policy's text", _of(checking, "_policies", _nothing), rewriting.edit_policy),
)
