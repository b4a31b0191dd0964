"""How far it has come on its way to people, as the waiting service reads it."""

from typing import Any

import pytest

from approvals import commands
from approvals.commands import Actor
from bot.ids import new_id
from tests.bot.api.conftest import World


async def send(world: World, verb: type[commands.Command], id_: str, **given: Any) -> Any:
    """One command about an escalation, as Slack or the clock would send it."""
    return await world.store.writer.submit(verb(id=new_id("cmd"), escalation_id=id_, **given))


async def test_at_first_nobody_has_looked_and_the_next_stage_has_a_time(world: World) -> None:
    made = await world.open()
    assert made["progress"] == {
        "delivered_at": None,
        "looked_at": None,
        "acknowledged_by": None,
        "acknowledged_until": None,
        "step": 1,
        "next_step_at": "2026-11-12T22:30:00.000000Z",
        "missed": [],
        "usual_response_s": None,
    }


async def test_while_somebody_looks_the_chain_waits_for_them(world: World) -> None:
    made = await world.open()
    await send(world, commands.Acknowledge, made["id"], actor=Actor(account="USAM"))
    told = (await world.read(made["id"]))["progress"]
    assert (told["acknowledged_by"], told["acknowledged_until"], told["next_step_at"]) == (
        "sam",
        "2026-11-12T22:30:00.000000Z",
        None,
    )
    assert told["looked_at"] == "2026-11-12T21:30:00.000000Z"


async def test_a_stage_more_is_read_without_a_new_version(world: World) -> None:
    """A chain that goes on is nobody's news but whoever asks."""
    made = await world.open()
    world.clock.pass_(3600)
    told = await world.read(made["id"])
    assert (told["progress"]["step"], told["version"]) == (2, made["version"])


async def test_who_was_missed_is_named_with_the_reason(world: World) -> None:
    made = await world.open()
    to, why = "person:sam", "channel_not_found"
    await send(world, commands.Miss, made["id"], to=to, why=why)
    told = await world.read(made["id"])
    assert told["progress"]["missed"] == [
        {"to": to, "why": why, "at": "2026-11-12T21:30:00.000000Z"}
    ]


async def test_more_time_says_who_gave_it_and_what_it_was_before(world: World) -> None:
    made = await world.open()
    await send(world, commands.Extend, made["id"], actor=Actor(account="USAM"))
    told = await world.read(made["id"])
    assert told["extended"] == {
        "by": "sam",
        "at": "2026-11-12T21:30:00.000000Z",
        "was": made["deadline_at"],
    }
    assert told["deadline_at"] > made["deadline_at"]


@pytest.mark.parametrize("people", [1, 2])
async def test_an_override_is_told_and_what_two_released_is_claimed(
    world: World, people: int
) -> None:
    """By break-glass, outside the requirements; the grant is one like any other."""
    made = await world.open()
    for account in ("URAVI", "ULENA")[:people]:
        given = {"option": "retry", "digest": made["digest"], "reason": "the shop is down"}
        await send(world, commands.BreakGlass, made["id"], actor=Actor(account=account), **given)
    told = await world.read(made["id"])
    assert [o["person"] for o in told["overrides"]] == ["ravi", "lena"][:people]
    assert told["overrides"][0] == {
        "person": "ravi",
        "option": "retry",
        "reason": "the shop is down",
        "at": "2026-11-12T21:30:00.000000Z",
    }
    claimed = await world.claim(made["id"], made["digest"])
    if people == 1:
        assert (told["status"], claimed.status) == ("pending", 409)
    else:
        assert (told["status"], told["decision"]["by"], claimed.status) == (
            "approved",
            "break_glass",
            200,
        )
