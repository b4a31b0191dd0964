"""A page of a list is read from its first row to its last, whatever is stored beside it."""

import pytest

from approvals.ports import Wanted
from storage import Store
from storage.reads import page_query
from tests.building import an_open


@pytest.mark.parametrize("goes_on", [False, True])
@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(status="pending"),
        Wanted(status="approved"),
        Wanted(service="data-sync"),
        Wanted(service="data-sync", kind="approval", severity="high"),
    ],
    ids=str,
)
async def test_nothing_is_sorted_for_a_page(store: Store, wanted: Wanted, goes_on: bool) -> None:
    for key in "ab":
        await store.writer.submit(an_open(key))
    first = await store.reads.page(Wanted(status=wanted.status and "pending"), None, 1)
    sql, values = page_query(wanted, first.next_cursor if goes_on else None, 50)
    plan = await store.database.reader.rows(f"EXPLAIN QUERY PLAN {sql}", values)
    assert not [step for *_, step in plan if "TEMP B-TREE" in step]


@pytest.mark.parametrize("few", ["reference", "dedup_key"])
async def test_what_few_share_is_found_by_that(store: Store, few: str) -> None:
    sql, values = page_query(Wanted(service="data-sync", **{few: "CHG-1042"}), None, 50)
    plan = await store.database.reader.rows(f"EXPLAIN QUERY PLAN {sql}", values)
    assert f"({'service=? AND ' * (few == 'dedup_key')}{few}=?)" in plan[0][3]
