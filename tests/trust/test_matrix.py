"""Who × state × verb: every door demands the same verdict, and it is the one the documents owe."""

import asyncio
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from approvals.ports import ServiceKey
from bot.api.door import caller
from bot.slack.clicks import of_button, of_modal
from tests.trust.lane import FULL
from tests.trust.matrix.rules import (
    CALLS,
    KEYS,
    STATES,
    VERBS,
    YES,
    State,
    Who,
    answered,
    owed,
)
from tests.trust.matrix.services import Services, services_of
from tests.trust.matrix.world import DOORS, PEOPLE, Andon, standing

Figure = Callable[[str, str], None]

#: First those for which time has to pass: nothing else waits yet.
IN_ORDER = sorted(STATES.values(), key=lambda s: s.name not in ("expired", "lapsed"))

#: Doors at which everybody presses everything in the short lane, too.
WHOLE = frozenset({"channel", "window sent off"})


def pressing(door: str, state: State, verb: str) -> dict[str, Who]:
    """Who presses it there: everybody, or in the short lane a third of them in turn."""
    turn = IN_ORDER.index(state) + VERBS.index(verb)
    return {
        name: who
        for n, (name, who) in enumerate(PEOPLE.items())
        if FULL or door in WHOLE or (n + turn) % 3 == 0
    }


async def differing(andon: Andon, door: str, state: State, verb: str) -> list[str]:
    """What that door answers otherwise than it should, to all who press it at once."""
    people = pressing(door, state, verb)
    due = {name: owed(who, state, verb) for name, who in people.items()}
    # What is refused changes nothing, so all who are refused may share one.
    about = {
        name: await (andon.fresh(state) if said == YES else andon.any(state))
        for name, said in due.items()
    }

    async def one(name: str, who: Who) -> str:
        said = await andon.act(door, who, about[name], verb)
        if said == due[name]:
            return ""
        return f"{door}: {name}, {state.name}, {verb}: {said}, not {due[name]}"

    found = await asyncio.gather(*(one(name, who) for name, who in people.items()))
    return [each for each in found if each]


@pytest.mark.parametrize("door", DOORS)
async def test_every_door_gives_the_verdict_that_is_owed(
    door: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    async with standing(tmp_path, monkeypatch) as andon:
        for state in IN_ORDER:
            await andon.any(state)
        wrong = [
            each
            for state in IN_ORDER
            for verb in VERBS
            for each in await differing(andon, door, state, verb)
        ]
    assert wrong == []
    cells = sum(len(pressing(door, state, verb)) for state in IN_ORDER for verb in VERBS)
    every = f"{len(PEOPLE)} people × {len(STATES)} states × {len(VERBS)} verbs"
    figure("matrix", f"{door}: {cells:,} cells of {every}")


async def api_differing(services: Services, state: State) -> list[str]:
    """What the API answers otherwise than it should, for every key and call in that state."""
    wrong = []
    for key in KEYS:
        for call in CALLS:
            due = answered(key, state, call)
            taken = due[0] == 200 and services.changes(key, state, call)
            about = await (services.andon.fresh(state) if taken else services.andon.any(state))
            said = await services.call(key, about, call)
            if said != due:
                wrong.append(f"API: {key}, {state.name}, {call}: {said}, not {due}")
    return wrong


async def test_the_api_gives_every_key_the_verdict_that_is_owed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    async with standing(tmp_path, monkeypatch) as andon:
        services = await services_of(andon)
        for state in IN_ORDER:
            await andon.any(state)
        wrong = [each for state in IN_ORDER for each in await api_differing(services, state)]
    assert wrong == []
    every = f"{len(KEYS)} keys × {len(STATES)} states × {len(CALLS)} calls"
    figure("matrix", f"API: {len(KEYS) * len(STATES) * len(CALLS):,} cells of {every}")


# -- it can fail ----------------------------------------------------------------------------------


def as_member(door: Any) -> Any:
    """A door that forgets that somebody is not of the workspace."""
    return lambda payload, foreign: door(payload, foreign=False)


async def any_key(request: web.Request, scope: str) -> ServiceKey:
    """A door that takes a key for every scope it knows of."""
    return await caller(request, "read")


PLANTED: dict[str, tuple[str, str, Any, str]] = {
    "windows sent off forget who is foreign": (
        "bot.slack.surface", "of_modal", as_member(of_modal), "window sent off"
    ),
    "buttons forget who is foreign": (
        "bot.slack.surface", "of_button", as_member(of_button), "channel"
    ),
    "the requester may stop it": (
        "approvals.decide.who", "is_requester", lambda *about: False, "details"
    ),
    "any key claims": ("bot.api.taking", "caller", any_key, "API"),
}  # fmt: skip


@pytest.mark.parametrize("bug", PLANTED)
async def test_a_planted_bug_is_found(
    bug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    module, name, instead, door = PLANTED[bug]
    async with standing(tmp_path, monkeypatch) as andon:
        monkeypatch.setattr(import_module(module), name, instead)
        wrong: list[str] = []
        for state in (STATES["approved"], STATES["pending"]):
            if door == "API":
                wrong += await api_differing(await services_of(andon), state)
            else:
                for verb in ("vote:stop", "stop"):
                    wrong += await differing(andon, door, state, verb)
    assert wrong
    figure("planted bugs", f"matrix: {bug}: {len(wrong)} cells differ")
