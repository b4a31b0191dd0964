"""Erasing on SQLite: the bytes themselves go from the file."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tests.building import Clock, a_claim, a_report, a_vote, an_erasure, an_open, store_at

#: Words that stand nowhere else, long enough to spill over a page of the file.
TOLD = "Lena Vogel's order 4711 "


def test_no_byte_of_what_was_written_is_left_in_the_file(tmp_path: Path) -> None:
    asyncio.run(written_and_erased(tmp_path))
    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert left.count(TOLD.encode()) == 0


async def written_and_erased(tmp_path: Path) -> None:
    """An escalation that says it everywhere, and is over."""
    path = tmp_path / "andon.db"
    async with store_at(path, Clock()) as store:
        asked = an_open(title=f"{TOLD}title", summary=TOLD * 400, context={"rollback": TOLD * 40})
        await store.writer.submit(replace(asked, body_hash="sha256:b1"))
        id_ = asked.escalation_id
        await store.writer.submit(a_vote(id_, rationale=f"{TOLD}reason"))
        await store.writer.submit(a_claim(id_))
        await store.writer.submit(a_report(id_, detail=f"{TOLD}detail"))
    with closing(sqlite3.connect(path)) as link:
        assert link.execute("SELECT instr(body, ?) > 0 FROM escalations", (TOLD,)).fetchone() == (
            1,
        )
    async with store_at(path, Clock()) as store:
        await store.writer.submit(an_erasure(id_))


async def test_the_title_beside_the_document_goes_too(tmp_path: Path) -> None:
    path = tmp_path / "andon.db"
    async with store_at(path, Clock()) as store:
        asked = an_open()
        await store.writer.submit(asked)
        await store.writer.submit(a_vote(asked.escalation_id, option="leave"))
        await store.writer.submit(an_erasure(asked.escalation_id))
    with closing(sqlite3.connect(path)) as link:
        found = link.execute("SELECT title, json_extract(body, '$.title') FROM escalations")
        assert found.fetchall() == [("[erased]", "[erased]")]
        bodies = link.execute("SELECT seq FROM event_bodies").fetchall()
        events = link.execute("SELECT MAX(seq) FROM events").fetchall()
    assert bodies == events
