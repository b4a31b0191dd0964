"""What amounts cost on SQLite: an open without money runs no statement more."""

from collections.abc import Sequence
from typing import Any

import pytest

from storage import Store
from storage.database import Many, Query
from tests.building import OPERATION, an_open

MONEY = {"amount_minor": 1, "currency": "EUR"}


@pytest.mark.parametrize(
    ("operation", "statements"), [(OPERATION, 0), ({**OPERATION, "money": MONEY}, 2)]
)
async def test_only_an_open_with_money_looks_amounts_up(
    store: Store, operation: Any, statements: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One statement to read and one to write, in the hops there are anyway."""
    ran: list[str] = []
    link = store.database.writer
    real = link.together

    async def noting(*given: Query | Many) -> list[list[Sequence[Any]]]:
        ran.extend(one.sql for one in given)
        return await real(*given)

    monkeypatch.setattr(link, "together", noting)
    await store.writer.submit(an_open(operation=operation))
    assert sum("money_moves" in sql for sql in ran) == statements
