"""Amounts on SQLite: what they cost, and that none is too large."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from storage import Store
from storage.links import Many, Query, Statement
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

    async def noting(*given: Statement) -> list[list[Sequence[Any]]]:
        ran.extend(one.sql for one in given if isinstance(one, Query | Many))
        return await real(*given)

    monkeypatch.setattr(link, "together", noting)
    await store.writer.submit(an_open(operation=operation))
    assert sum("money_moves" in sql for sql in ran) == statements


async def test_the_largest_amounts_add_up_without_an_error(store: Store) -> None:
    """More than fits into 64 bits would keep every later transfer from being opened."""
    huge = {**OPERATION, "money": {**MONEY, "amount_minor": 2**53 - 1}}
    opens = (an_open(f"k{n}", operation=huge) for n in range(1100))
    await asyncio.gather(*map(store.writer.submit, opens))
    settled = await store.writer.submit(an_open("last", operation=huge))
    assert settled.escalation is not None
    first = (await store.reads.records(settled.escalation.id))[0]
    assert first.facts["asked"]["sums"]["account"] >= 2**62
