"""Who × state × verb: every door demands the same verdict, and it is the one the documents owe."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.trust.matrix.rules import STATES, VERBS, YES, State, Who, owed
from tests.trust.matrix.world import DOORS, PEOPLE, Andon, standing

Figure = Callable[[str, str], None]


async def differing(andon: Andon, door: str, state: State, verb: str) -> list[str]:
    """What that door answers otherwise than it should, for everybody at once."""
    due = {name: owed(who, state, verb) for name, who in PEOPLE.items()}
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

    found = await asyncio.gather(*(one(name, who) for name, who in PEOPLE.items()))
    return [each for each in found if each]


@pytest.mark.parametrize("door", DOORS)
async def test_every_door_gives_the_verdict_that_is_owed(
    door: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    async with standing(tmp_path, monkeypatch) as andon:
        # First those for which time has to pass: nothing else waits yet.
        states = sorted(STATES.values(), key=lambda s: s.name not in ("expired", "lapsed"))
        for state in states:
            await andon.any(state)
        wrong = [
            each
            for state in states
            for verb in VERBS
            for each in await differing(andon, door, state, verb)
        ]
    assert wrong == []
    cells = len(PEOPLE) * len(STATES) * len(VERBS)
    figure("matrix", f"{door}: {cells:,} cells ({len(PEOPLE)} × {len(STATES)} × {len(VERBS)})")
