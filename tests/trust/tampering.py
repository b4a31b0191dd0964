"""What somebody with the database file may do to the past, each in one of its many places.

Here are the plain ones; the careful ones, who reckon hashes anew, are in `rewriting`.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from approvals.events import canonical_text
from tests.trust import rewriting
from tests.trust.scene import (
    FORGED,
    WHOLE,
    Scene,
    Tampering,
    add_records,
    chain_of,
    linked,
    some_chain,
    write_chain,
)

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
        return 0 if value == 1 and scene.random.random() < 0.5 else value + 1000
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
    rewriting.cut_to(scene, id_, 0)


def delete_anchor(scene: Scene) -> None:
    """A line in the middle of the anchors is gone."""
    lines = scene.lines
    n = scene.random.randrange(len(lines) - 1)
    scene.lines = [*lines[:n], *lines[n + 1 :]]


# -- swap -------------------------------------------------------------------------------------


def swap_records(scene: Scene) -> None:
    """Two neighbours of a chain change places."""
    id_, seq = scene.one(
        f"SELECT escalation_id, seq FROM events WHERE seq > 1 AND escalation_id IN {WHOLE}"
    )
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


def insert_record(scene: Scene) -> None:
    """A record of another chain is put into this one, at its end or in its middle."""
    id_, chain = some_chain(scene)
    stranger = scene.random.choice(some_chain(scene)[1])
    chain.insert(scene.random.randrange(1, len(chain) + 1), replace(stranger, escalation_id=id_))
    write_chain(scene, id_, [replace(entry, seq=seq) for seq, entry in enumerate(chain, 1)])


def insert_vote(scene: Scene) -> None:
    """A vote that nobody cast."""
    (id_,) = scene.one("SELECT id FROM escalations")
    at = "2026-11-12T21:30:00.000000Z"
    scene.run("INSERT INTO votes VALUES (?, 99, 'lena', 'retry', ?, ?)", id_,
              scene.random.choice((0, 1)), at)  # fmt: skip


def insert_escalation(scene: Scene) -> None:
    """An escalation that nobody opened, without or with a record of its own."""
    (id_,) = scene.one(f"SELECT id FROM escalations WHERE id IN {WHOLE}")
    made = f"esc_{scene.random.getrandbits(128):032x}"
    columns = [row[1] for row in scene.rows("PRAGMA table_info(escalations)")][1:]
    names = ", ".join(columns)
    sql = f"INSERT INTO escalations (id, {names}) SELECT ?, {names} FROM escalations WHERE id = ?"
    scene.run(sql, made, id_)
    if scene.random.random() < 0.5:
        moved = [replace(entry, escalation_id=made) for entry in chain_of(scene, id_)]
        add_records(scene, linked(moved))


def insert_anchor(scene: Scene) -> None:
    """A line is there twice, or is of somebody else."""
    lines = scene.lines
    n = scene.random.randrange(len(lines))
    more = scene.random.choice((lines[n], "# looked at, all well", lines[-1][:-9]))
    at = n if more != lines[-1][:-9] else scene.random.randrange(len(lines) - 1)
    scene.lines = [*lines[:at], more, *lines[at:]]


#: By the sort the issue names; each sort gets as many tries as another.
SORTS: dict[str, tuple[Tampering, ...]] = {
    "edit": (edit, edit, edit, edit_anchor, rewriting.edit_state, rewriting.forge_grant),
    "delete": (delete, delete, delete_escalation, delete_anchor, rewriting.delete_state),
    "swap": (swap_records, swap_bodies, swap_states, swap_heads, swap_blocks, swap_anchors),
    "insert": (
        insert_record,
        insert_vote,
        insert_escalation,
        insert_anchor,
        rewriting.decide_twice,
    ),
    "fork": (
        rewriting.fork,
        rewriting.fork_here,
        rewriting.rewrite_all,
        rewriting.fork_quietly,
        rewriting.rewrite_quietly,
    ),
    "cut": (
        rewriting.cut_chain,
        rewriting.cut_blocks,
        rewriting.cut_anchors,
        rewriting.cut_everything,
        rewriting.cut_cleanly,
    ),
}
