"""A history with something of everything in it, in a file; and how it is told from another."""

import asyncio
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import asyncpg

from bot.anchors import AnchorFile
from bot.background.sealer import Sealer
from bot.signing import KeyRing
from storage import open_store
from storage.derived import DERIVED, WORDS
from storage.links import Row
from storage.postgres.connecting import dsn_of
from tests.building import START, Clock, FileFacts, a_claim, a_vote, an_automation, an_open
from tests.storage.contract.test_absences import away
from tests.storage.contract.test_money import transfer
from tests.storage.stand import TWO_PEOPLE
from tests.trust.past import MIA, PRIYA, SAM, Past, Teller

#: Rows of each table, in the order of their keys.
Everything = dict[str, list[Row]]


def a_rich_history(folder: Path) -> Past:
    """All sorts of lives, and whatever a server keeps besides."""
    past = Past(folder)
    asyncio.run(_lived(past))
    with closing(sqlite3.connect(past.database)) as link, link:
        # Earlier versions kept what Slack answered as it came.
        link.execute(
            "UPDATE cards SET error = 'bad ' || char(0) || ' answer' WHERE id = ?", _one(link)
        )
    return past


def _one(link: sqlite3.Connection) -> Row:
    return tuple(link.execute("SELECT min(id) FROM cards").fetchone())


async def _lived(past: Past) -> None:
    clock, keys = Clock(), KeyRing(past.keys)
    around: dict[str, Any] = {"facts": FileFacts(TWO_PEOPLE), "signer": keys, "clock": clock}
    async with open_store(
        f"sqlite:///{past.database}", **around, committed=lambda changed: None, server=True
    ) as store:
        sealer = Sealer(store.seals, AnchorFile(past.anchors, keys), clock, lambda lag: None)
        teller = Teller(store, clock, sealer, Random(1))
        for hosts in ((), ("sync.example",)):
            await store.services.add("data-sync", owners=("ines",), callback_hosts=hosts)
        await store.services.secret("data-sync")
        await store.services.revoke("data-sync", keep_newest=True)
        for person, substitute in (("ravi", "ines"), ("dana", "ines"), ("ravi", "dana")):
            await store.absences.set(away(person, substitute), f"person:{person}", START)
        await store.signatures.first_time("v0=abc", START)
        await teller.tell(8)
        for n in range(7):  # a storm
            await store.writer.submit(an_open(f"storm{n}"))
        released = an_open("released", title="Überweisung 🏦 «100 %»", dedup_key="d")
        waiting = transfer("money", 1 << 40, title="Pay the supplier", reference="CHG-1")
        for command in (
            waiting, an_automation("auto"), released,
            a_vote(waiting.escalation_id, "UNOBODY"),
            a_vote(released.escalation_id, SAM), a_vote(released.escalation_id, PRIYA),
            a_vote(released.escalation_id, MIA), a_claim(released.escalation_id),
        ):  # fmt: skip
            await teller.submit(command)
        await store.cards.due(clock.now, 2)  # leased to nobody who is there later
        await sealer.finish()
        await store.writer.submit(a_vote(waiting.escalation_id, SAM))  # in no block yet


def copied(past: Past, folder: Path) -> Past:
    """The same in another folder."""
    shutil.copytree(past.folder, folder, dirs_exist_ok=True)
    return Past(folder)


def everything_in_file(path: Path) -> Everything:
    """All rows of a file that a move carries."""
    with closing(sqlite3.connect(path)) as link:
        names = link.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'"
        ).fetchall()
        return {
            name: _sorted(link.execute(f'SELECT {_columns(link, name)} FROM "{name}"').fetchall())
            for (name,) in names
            if is_carried(name)
        }


def is_carried(table: str) -> bool:
    """Whether a move carries its rows; others are made again where it ends."""
    return table not in DERIVED and not table.startswith(WORDS)


def _columns(link: sqlite3.Connection, table: str) -> str:
    columns = link.execute(f'PRAGMA table_info("{table}")').fetchall()
    return ", ".join(sorted(f'"{column[1]}"' for column in columns))


async def everything_on_server(url: str) -> Everything:
    """The same rows of a database on a server."""
    link = await asyncpg.connect(dsn_of(url))
    found = await link.fetch(
        "SELECT table_name, string_agg('\"' || column_name || '\"', ', ' "
        'ORDER BY column_name COLLATE "C") FROM information_schema.columns '
        "WHERE table_schema = 'public' AND table_name <> 'alembic_version' GROUP BY table_name"
    )
    rows = {
        n: _sorted(await link.fetch(f'SELECT {columns} FROM "{n}"'))
        for n, columns in found
        if is_carried(n)
    }
    await link.close(timeout=2)
    return rows


def _sorted(rows: Sequence[Row]) -> list[Row]:
    return sorted((tuple(row) for row in rows), key=repr)
