"""What somebody with the database file may do to the past, each in one of its many places.

They open the file with their own SQLite: triggers dropped, foreign keys off. The careful ones
reckon hashes anew, of a chain, or of everything; what they have not is the signing key.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from approvals.auditing import Entry
from approvals.codec import dump_text, parse_instant
from approvals.events import GENESIS, canonical_text, record_hash, sha256
from approvals.evolve import evolve
from approvals.sealing import Head, sealed
from storage.evidence import columns_of
from tests.trust.past import Past

#: A hash that nothing has.
FORGED = "sha256:" + "f0" * 32


@dataclass
class Scene:
    """A copy of a past, open to whoever holds the file."""

    link: sqlite3.Connection
    anchors: Path
    random: Random

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.link.execute(sql, values).fetchall()

    def run(self, sql: str, *values: Any) -> None:
        assert self.link.execute(sql, values).rowcount > 0, sql

    def one(self, sql: str, *values: Any) -> tuple[Any, ...]:
        """One row of chance. Raises IndexError where there is none."""
        return self.random.choice(self.rows(sql, *values))

    @property
    def lines(self) -> list[str]:
        """The anchors, line by line."""
        return self.anchors.read_text().splitlines()

    @lines.setter
    def lines(self, lines: Sequence[str]) -> None:
        self.anchors.write_text("".join(f"{line}\n" for line in lines))


Tampering = Callable[[Scene], None]


@contextmanager
def opened(past: Past, random: Random) -> Iterator[Scene]:
    """The files, in the hands of somebody else."""
    link = sqlite3.connect(past.database, isolation_level=None)
    link.execute("PRAGMA foreign_keys=OFF")
    link.execute("PRAGMA synchronous=OFF")
    link.execute("BEGIN")
    for (name,) in link.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        link.execute(f"DROP TRIGGER {name}")
    try:
        yield Scene(link, past.anchors, random)
        link.execute("COMMIT")
    finally:
        link.close()


# -- edit -------------------------------------------------------------------------------------

#: Where a value is changed, and how its row is named.
_COLUMNS = {
    "events": "kind at by core prev hash body_hash command_id",
    "event_bodies": "text",
    "escalations": "suffix service group_id kind category severity environment title status state "
    "version created_at deadline_at decided_at body",
    "votes": "person option effective at",
    "decisions": "seq status option by at",
    "grants": "id kid jws",
    "blocks": "prev root count at hash",
    "seals": "escalation_id seq hash",
    "policies": "text",
}


def edit(scene: Scene) -> None:
    """A value of a column becomes another one."""
    table = scene.random.choice(list(_COLUMNS))
    column = scene.random.choice(_COLUMNS[table].split())
    keys = [row[1] for row in scene.rows(f"PRAGMA table_info({table})") if row[5]]
    names = ", ".join(f'"{name}"' for name in (*keys, column))
    *key, value = scene.one(f'SELECT {names} FROM {table} WHERE "{column}" IS NOT NULL')
    where = " AND ".join(f'"{name}" = ?' for name in keys)
    scene.run(f'UPDATE {table} SET "{column}" = ? WHERE {where}', other(scene, value), *key)


def other(scene: Scene, value: Any) -> Any:
    """Another value of the same sort: a careful hand leaves JSON that still parses."""
    if isinstance(value, int):
        return 0 if value == 1 and scene.random.random() < 0.5 else value + 1
    if value.startswith("{"):
        said = json.loads(value)
        change_a_leaf(said, scene.random)
        return json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    if value.startswith("sha256:"):
        return FORGED
    digits = [n for n, c in enumerate(value) if c.isalnum()]
    at = scene.random.choice(digits)
    return value[:at] + ("7" if value[at] != "7" else "8") + value[at + 1 :]


def change_a_leaf(value: Any, random: Random) -> None:
    """Somewhere within, a text, number or flag becomes another one."""
    places = list(_leaves(value))
    holder, key = random.choice(places)
    leaf = holder[key]
    if isinstance(leaf, bool):
        holder[key] = not leaf
    elif isinstance(leaf, int | float):
        holder[key] = leaf + 1
    else:
        holder[key] = f"{leaf}x"


def _leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, dict | list):
            yield from _leaves(item)
        elif item is not None:
            yield value, key


def edit_anchor(scene: Scene) -> None:
    """A line of the anchors says something else."""
    lines = scene.lines
    n = scene.random.randrange(len(lines))
    said = json.loads(lines[n])
    name = scene.random.choice(sorted(said))
    said[name] = other(scene, said[name])
    scene.lines = [*lines[:n], canonical_text(said), *lines[n + 1 :]]


# -- delete -----------------------------------------------------------------------------------


def delete(scene: Scene) -> None:
    """A row is gone."""
    table = scene.random.choice([*_COLUMNS])
    keys = [row[1] for row in scene.rows(f"PRAGMA table_info({table})") if row[5]]
    key = scene.one(f"SELECT {', '.join(keys)} FROM {table}")
    scene.run(f"DELETE FROM {table} WHERE {' AND '.join(f'{k} = ?' for k in keys)}", *key)


def delete_escalation(scene: Scene) -> None:
    """An escalation is gone with everything that names it, seals too."""
    (id_,) = scene.one("SELECT id FROM escalations")
    for table in ("events", "event_bodies", "votes", "decisions", "grants", "seals", "cards",
                  "deliveries", "refusals", "idempotency"):  # fmt: skip
        scene.link.execute(f"DELETE FROM {table} WHERE escalation_id = ?", (id_,))
    scene.run("DELETE FROM escalations WHERE id = ?", id_)


def delete_anchor(scene: Scene) -> None:
    """A line in the middle of the anchors is gone."""
    lines = scene.lines
    n = scene.random.randrange(len(lines) - 1)
    scene.lines = [*lines[:n], *lines[n + 1 :]]


# -- swap -------------------------------------------------------------------------------------


def swap_records(scene: Scene) -> None:
    """Two neighbours of a chain change places."""
    id_, seq = scene.one("SELECT escalation_id, seq FROM events WHERE seq > 1")
    for table in ("events", "event_bodies"):
        for to, of in ((-1, seq), (seq, seq - 1), (seq - 1, -1)):
            where = "WHERE escalation_id = ? AND seq = ?"
            scene.run(f"UPDATE {table} SET seq = ? {where}", to, id_, of)


def swap_bodies(scene: Scene) -> None:
    """Two records change what they say."""
    of = scene.random.sample(scene.rows("SELECT escalation_id, seq, text FROM event_bodies"), 2)
    for (id_, seq, _), (_, _, text) in zip(of, reversed(of), strict=True):
        where = "WHERE escalation_id = ? AND seq = ?"
        scene.run(f"UPDATE event_bodies SET text = ? {where}", text, id_, seq)


def swap_states(scene: Scene) -> None:
    """Two escalations change their states."""
    of = scene.random.sample(scene.rows("SELECT id, body FROM escalations"), 2)
    for (id_, _), (_, body) in zip(of, reversed(of), strict=True):
        scene.run("UPDATE escalations SET body = ? WHERE id = ?", body, id_)


def swap_heads(scene: Scene) -> None:
    """Two heads of a block change places."""
    (block,) = scene.one("SELECT block FROM seals GROUP BY block HAVING count(*) > 1")
    for to, of in ((-1, 1), (1, 2), (2, -1)):
        scene.run("UPDATE seals SET position = ? WHERE block = ? AND position = ?", to, block, of)


def swap_blocks(scene: Scene) -> None:
    """Two blocks change places, with their heads."""
    (number,) = scene.one("SELECT number FROM blocks WHERE number > 1")
    for table, column in (("blocks", "number"), ("seals", "block")):
        for to, of in ((-1, number), (number, number - 1), (number - 1, -1)):
            scene.run(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", to, of)


def swap_anchors(scene: Scene) -> None:
    """Two lines change places."""
    lines = scene.lines
    n = scene.random.randrange(len(lines) - 1)
    scene.lines = [*lines[:n], lines[n + 1], lines[n], *lines[n + 2 :]]


# -- insert -----------------------------------------------------------------------------------


def chain_of(scene: Scene, id_: str) -> list[Entry]:
    """The records of a chain as they lie there."""
    rows = scene.rows(
        'SELECT e.escalation_id, e.seq, e.kind, e.at, e."by", e.core, e.prev, e.hash, e.body_hash, '
        "e.command_id, b.text FROM events e JOIN event_bodies b ON b.escalation_id = "
        "e.escalation_id AND b.seq = e.seq WHERE e.escalation_id = ? ORDER BY e.seq",
        id_,
    )
    return [Entry(**dict(zip(Entry.__dataclass_fields__, row, strict=True))) for row in rows]


def linked(entries: Sequence[Entry]) -> list[Entry]:
    """The records counted, linked and hashed anew, as a careful hand does it."""
    made: list[Entry] = []
    for seq, entry in enumerate(entries, 1):
        prev, body = made[-1].hash if made else GENESIS, sha256(entry.text or "")
        id_, kind, at, by = entry.escalation_id, entry.kind, parse_instant(entry.at), entry.by
        hash_ = record_hash(id_, seq, kind, at, by, entry.core, prev, body)
        made.append(replace(entry, seq=seq, prev=prev, body_hash=body, hash=hash_))
    return made


def write_chain(scene: Scene, id_: str, entries: Sequence[Entry]) -> None:
    """Put these records in the place of those that were there."""
    for table in ("events", "event_bodies"):
        scene.run(f"DELETE FROM {table} WHERE escalation_id = ?", id_)
    add_records(scene, entries)


def add_records(scene: Scene, entries: Sequence[Entry]) -> None:
    """Put these records where there are none."""
    for entry in entries:
        *columns, text = astuple(entry)
        scene.run("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *columns)
        scene.run("INSERT INTO event_bodies VALUES (?, ?, ?)", entry.escalation_id, entry.seq, text)


def some_chain(scene: Scene, least: int = 2) -> tuple[str, list[Entry]]:
    """A chain of chance that is so long."""
    (id_,) = scene.one(
        f"SELECT escalation_id FROM events GROUP BY escalation_id HAVING count(*) >= {least}"
    )
    return id_, chain_of(scene, id_)


def insert_record(scene: Scene) -> None:
    """A record of another chain is put into this one, at its end or in its middle."""
    id_, chain = some_chain(scene)
    stranger = scene.random.choice(some_chain(scene)[1])
    at = scene.random.randrange(1, len(chain) + 1)
    chain.insert(at, replace(stranger, escalation_id=id_))
    write_chain(scene, id_, [replace(entry, seq=seq) for seq, entry in enumerate(chain, 1)])


def insert_vote(scene: Scene) -> None:
    """A vote that nobody cast."""
    (id_,) = scene.one("SELECT id FROM escalations")
    at = "2026-11-12T21:30:00.000000Z"
    scene.run("INSERT INTO votes VALUES (?, 99, 'lena', 'retry', ?, ?)", id_,
              scene.random.choice((0, 1)), at)  # fmt: skip


def insert_escalation(scene: Scene) -> None:
    """An escalation that nobody opened, without or with a record of its own."""
    (id_,) = scene.one("SELECT id FROM escalations")
    made = f"esc_{scene.random.getrandbits(128):032x}"
    columns = [row[1] for row in scene.rows("PRAGMA table_info(escalations)")][1:]
    names = ", ".join(columns)
    sql = f"INSERT INTO escalations (id, {names}) SELECT ?, {names} FROM escalations WHERE id = ?"
    scene.run(sql, made, id_)
    if scene.random.random() < 0.5:
        moved = [
            Entry(
                **{n: getattr(e, n) for n in Entry.__dataclass_fields__} | {"escalation_id": made}
            )
            for e in chain_of(scene, id_)
        ]
        add_records(scene, linked(moved))


def insert_anchor(scene: Scene) -> None:
    """A line is there twice, or is of somebody else."""
    lines = scene.lines
    n = scene.random.randrange(len(lines))
    more = scene.random.choice((lines[n], "# looked at, all well", lines[-1][:-9]))
    at = n if more != lines[-1][:-9] else scene.random.randrange(len(lines) - 1)
    scene.lines = [*lines[:at], more, *lines[at:]]


# -- fork, and rewrite ------------------------------------------------------------------------


def rewritten(scene: Scene) -> tuple[str, list[Entry]]:
    """A chain in which somebody else said something else, hashed anew from there on."""
    id_, chain = some_chain(scene)
    n = scene.random.randrange(1, len(chain))
    said = json.loads(chain[n].text or "{}")
    said["facts"] = {**said["facts"], "account": "UMALLORY"}
    changed = replace(chain[n], text=canonical_text(said))
    return id_, linked([*chain[:n], changed, *chain[n + 1 :]])


def fork(scene: Scene) -> None:
    """The chain goes another way from one record on, and its state with it."""
    id_, chain = rewritten(scene)
    write_chain(scene, id_, chain)
    write_state(scene, id_, chain)


def write_state(scene: Scene, id_: str, chain: Sequence[Entry]) -> None:
    """The state that follows from these records, and its columns."""
    now = None
    for entry in chain:
        now = evolve(now, entry.record())
    assert now is not None
    columns = {**columns_of(now), "body": dump_text(now)}
    names = ", ".join(f"{name} = ?" for name in columns)
    scene.run(f"UPDATE escalations SET {names} WHERE id = ?", *columns.values(), id_)


def rewrite_all(scene: Scene) -> None:
    """The chain goes another way, and all blocks are made anew: only the anchors still know."""
    fork(scene)
    seal_anew(scene)


def seal_anew(scene: Scene) -> None:
    """All blocks over the heads as they now are, with the same moments."""
    prev = GENESIS
    for number, at in scene.rows("SELECT number, at FROM blocks ORDER BY number"):
        scene.run(
            "UPDATE seals SET hash = (SELECT hash FROM events e WHERE "
            "e.escalation_id = seals.escalation_id AND e.seq = seals.seq) WHERE block = ?",
            number,
        )
        found = scene.rows(
            "SELECT escalation_id, seq, hash FROM seals WHERE block = ? ORDER BY position", number
        )
        heads = [Head(escalation_id=i, seq=s, hash=h) for i, s, h in found]
        block = sealed(heads, number=number, prev=prev, at=parse_instant(at))
        sql = "UPDATE blocks SET prev = ?, root = ?, hash = ? WHERE number = ?"
        scene.run(sql, block.prev, block.root, block.hash, number)
        prev = block.hash


# -- cut the tail -----------------------------------------------------------------------------


def cut_chain(scene: Scene) -> None:
    """The last records of a chain never were: its state is the one before them."""
    id_, chain = some_chain(scene)
    left = chain[: scene.random.randrange(1, len(chain))]
    write_chain(scene, id_, left)
    write_state(scene, id_, left)
    gone = (id_, len(left))
    for table in ("votes", "decisions"):
        sql = f"DELETE FROM {table} WHERE escalation_id = ? AND seq > ?"
        scene.link.execute(sql, gone)
    if not any(e.kind == "operation:claimed" for e in left):
        scene.link.execute("DELETE FROM grants WHERE escalation_id = ?", (id_,))
    if scene.random.random() < 0.5:
        scene.link.execute("DELETE FROM seals WHERE escalation_id = ? AND seq > ?", gone)


def cut_blocks(scene: Scene) -> None:
    """The last blocks never were, and what they seal waits for one."""
    (number,) = scene.one("SELECT number FROM blocks")
    scene.run("DELETE FROM blocks WHERE number >= ?", number)
    scene.run("DELETE FROM seals WHERE block >= ?", number)


def cut_anchors(scene: Scene) -> None:
    """The last lines never were."""
    lines = scene.lines
    scene.lines = lines[: scene.random.randrange(len(lines))]


def cut_everything(scene: Scene) -> None:
    """The last blocks never were, nor any escalation that began in them, nor what came in them."""
    (number,) = scene.one("SELECT number FROM blocks WHERE number > 1")
    later = scene.rows("SELECT DISTINCT escalation_id FROM seals WHERE block >= ?", number)
    scene.run("DELETE FROM blocks WHERE number >= ?", number)
    scene.run("DELETE FROM seals WHERE block >= ?", number)
    for (id_,) in later:
        for table in ("events", "event_bodies", "votes", "decisions", "grants", "seals", "cards",
                      "deliveries", "refusals", "idempotency"):  # fmt: skip
            scene.link.execute(f"DELETE FROM {table} WHERE escalation_id = ?", (id_,))
        scene.run("DELETE FROM escalations WHERE id = ?", id_)
    seal_what_is_left(scene)


def seal_what_is_left(scene: Scene) -> None:
    """Blocks of what is still there, numbered and hashed anew."""
    places = scene.rows("SELECT block, at FROM seals JOIN blocks ON number = block GROUP BY block")
    scene.run("UPDATE blocks SET number = -number, prev = number, hash = number")
    prev = GENESIS
    for new, (old, at) in enumerate(places, 1):
        found = scene.rows(
            "SELECT escalation_id, seq, hash FROM seals WHERE block = ? ORDER BY position", old
        )
        heads = [Head(escalation_id=i, seq=s, hash=h) for i, s, h in found]
        b = sealed(heads, number=new, prev=prev, at=parse_instant(at))
        scene.run("DELETE FROM seals WHERE block = ?", old)
        for n, head in enumerate(heads, 1):
            sql = "INSERT INTO seals VALUES (?, ?, ?, ?, ?)"
            scene.run(sql, -new, n, head.escalation_id, head.seq, head.hash)
        sql = "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?)"
        scene.run(sql, new, b.prev, b.root, b.count, at, b.hash)
        prev = b.hash
    scene.link.execute("UPDATE seals SET block = -block")
    scene.link.execute("DELETE FROM blocks WHERE number < 1")


#: By the sort the issue names; each sort gets as many tries as another.
SORTS: dict[str, tuple[Tampering, ...]] = {
    "edit": (edit, edit, edit, edit_anchor),
    "delete": (delete, delete, delete_escalation, delete_anchor),
    "swap": (swap_records, swap_bodies, swap_states, swap_heads, swap_blocks, swap_anchors),
    "insert": (insert_record, insert_vote, insert_escalation, insert_anchor),
    "fork": (fork, rewrite_all),
    "cut": (cut_chain, cut_blocks, cut_anchors, cut_everything),
}
