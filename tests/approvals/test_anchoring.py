"""Anchors: a line a block, that nobody but this program writes so."""

import json

import pytest

from approvals.anchoring import Anchor, anchor, is_torn, parse_anchor
from approvals.sealing import Block, Head, sealed
from tests.building import START

BLOCK = sealed(
    [Head(escalation_id="esc_1", seq=1, hash="sha256:1")], number=12, prev="sha256:0", at=START
)
ANCHOR = anchor(BLOCK, "key_1", "c2ln")


def test_a_line_reads_as_it_was_written() -> None:
    assert parse_anchor(ANCHOR.line) == ANCHOR
    assert ANCHOR.names(BLOCK)


def test_its_text_is_fixed_for_whoever_checks_it_elsewhere() -> None:
    assert ANCHOR.line == (
        '{"at":"2026-11-12T21:30:00.000000Z","block":12,"count":1,'
        f'"hash":"{BLOCK.hash}","kid":"key_1","sig":"c2ln"}}'
    )
    assert ANCHOR.signed == (
        f'{{"at":"2026-11-12T21:30:00.000000Z","block":12,"hash":"{BLOCK.hash}"}}'
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "12",
        "null",
        "[]",
        "{}",
        "\0\0",
        ANCHOR.line[:-1],
        f" {ANCHOR.line}",
        json.dumps(json.loads(ANCHOR.line)),
        ANCHOR.line.replace("12", '"12"'),
        ANCHOR.line.replace("sha256:", "sha512:"),
        ANCHOR.line.replace("2026-11-12T21:30:00.000000Z", "today"),
        ANCHOR.line.replace("}", ',"x":1}'),
        "[" * 100_000,
    ],
)
def test_any_other_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not the line of a block"):
        parse_anchor(line)


@pytest.mark.parametrize("length", [0, 1, 20, 100, len(ANCHOR.line) - 1])
def test_the_beginning_of_a_line_is_torn(length: int) -> None:
    assert is_torn(ANCHOR.line[:length], BLOCK)
    assert is_torn(ANCHOR.line[:length] + "\0\0\0", BLOCK)


def another(**changes: object) -> Block:
    given = {"number": 12, "prev": "sha256:0", "at": START, **changes}
    return sealed([Head(escalation_id="esc_2", seq=1, hash="sha256:2")], **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("line", [ANCHOR.line, "x", ANCHOR.line[1:50], "# a comment"])
def test_what_is_no_beginning_of_that_line_is_not_torn(line: str) -> None:
    assert not is_torn(line, BLOCK)


def test_the_beginning_of_another_blocks_line_is_not_torn() -> None:
    assert not is_torn(ANCHOR.line[:-5], another())
    assert not Anchor.names(ANCHOR, another())
