"""Two replicas that meet: every invariant holds, and without a lock a test says so."""

import re
from collections.abc import Awaitable, Callable

import pytest

from storage.postgres import link, wording
from tests.storage.postgres.races import RACES, Replicas

NAMES = [getattr(race, "__name__", "") for race, _, _ in RACES]

Race = Callable[[Replicas], Awaitable[object]]


@pytest.mark.parametrize(("race", "comes"), [(r, c) for r, c, _ in RACES], ids=NAMES)
async def test_whoever_is_first_the_other_sees_it(
    replicas: Replicas, race: Race, comes: object
) -> None:
    assert await race(replicas) == comes


def nothing_had_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that forgets its advisory locks."""
    monkeypatch.setattr(link, "_begin", lambda rows: "BEGIN")


def nothing_had_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that forgets FOR UPDATE, and all that follows it."""
    monkeypatch.setattr(wording, "_AMONG_WRITERS", re.compile(r"/\*among writers: (?:.*?)()\*/"))


PLANTED = {"names": nothing_had_by_name, "rows": nothing_had_by_row}


@pytest.mark.usefixtures("other_wording")
@pytest.mark.parametrize(("race", "comes", "kept_by"), RACES, ids=NAMES)
async def test_without_its_lock_the_race_is_lost(
    replicas: Replicas,
    monkeypatch: pytest.MonkeyPatch,
    race: Race,
    comes: object,
    kept_by: str,
) -> None:
    PLANTED[kept_by](monkeypatch)
    replicas.meetings.patience_s = 20  # nothing keeps the other one from coming
    assert await race(replicas) != comes
