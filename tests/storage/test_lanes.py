"""What a batch takes: urgent commands first, and no more than a commit should carry."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from approvals.commands import Command
from storage.batch import Pending
from storage.writer import MOST_BYTES, MOST_COMMANDS, Lanes
from tests.building import a_claim, a_vote, an_open


def batches(commands: Sequence[Command]) -> list[list[str]]:
    """The ids of each batch, until all are taken."""
    lanes = Lanes()
    for command in commands:
        lanes.add(Pending(command, asyncio.get_running_loop().create_future()))
    taken: list[list[str]] = []
    while len(lanes):
        taken.append([pending.command.id for pending in lanes.take()])
    assert lanes.weight == 0
    return taken


async def test_votes_and_claims_go_first_each_in_their_order() -> None:
    opens = [an_open("k1"), an_open("k2")]
    urgent = [a_vote("esc_1"), a_claim("esc_2")]
    mixed = [opens[0], urgent[0], opens[1], urgent[1]]
    assert batches(mixed) == [[command.id for command in (*urgent, *opens)]]


async def test_a_batch_takes_so_many_commands_and_no_more() -> None:
    commands = [a_vote(f"esc_{n}") for n in range(MOST_COMMANDS + 1)]
    assert [len(batch) for batch in batches(commands)] == [MOST_COMMANDS, 1]


async def test_a_batch_ends_with_the_command_that_fills_it() -> None:
    """Two of half the limit fill one; the next begins another."""
    half = [replace(an_open(f"k{n}"), weight=MOST_BYTES // 2) for n in range(3)]
    assert [len(batch) for batch in batches(half)] == [2, 1]


async def test_a_command_of_any_weight_is_taken() -> None:
    heavy = replace(an_open("k"), weight=MOST_BYTES * 2)
    assert [len(batch) for batch in batches([heavy, an_open("k2")])] == [1, 1]
