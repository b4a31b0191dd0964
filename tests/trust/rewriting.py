"""The careful ones: they reckon hashes anew, of a chain, or of everything, and mend what follows.

What they have not is the signing key; where they have it, only the laws of a life are left.
"""

import base64
import json
from dataclasses import replace
from typing import Any

from approvals.anchoring import parse_anchor
from approvals.auditing import Entry
from approvals.codec import parse_instant
from approvals.events import DECIDED, GENESIS, Event, canonical_text, link
from approvals.sealing import Head, sealed
from tests.trust.scene import (
    FORGED,
    TABLES,
    WHOLE,
    Scene,
    chain_of,
    linked,
    seal_anew,
    some_chain,
    write_chain,
    write_state,
)


def fork(scene: Scene) -> None:
    """A chain goes another way from one record on, hashed anew, and its state with it."""
    id_, chain = some_chain(scene)
    n = scene.random.randrange(1, len(chain))
    entries = linked([*chain[:n], with_other_facts(chain[n]), *chain[n + 1 :]])
    write_chain(scene, id_, entries)
    write_state(scene, id_, entries)


def rewrite_all(scene: Scene) -> None:
    """The chain goes another way, and all blocks are made anew: only the anchors still know."""
    fork(scene)
    seal_anew(scene)


def cut_chain(scene: Scene) -> None:
    """The last records of a chain never were: its state is the one before them."""
    id_, chain = some_chain(scene)
    left = scene.random.randrange(1, len(chain))
    cut_to(scene, id_, left)
    if scene.random.random() < 0.5:
        scene.forget(id_, "seals", after=left)


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
        cut_to(scene, id_, 0)
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


# -- what only one eye of an auditor sees -------------------------------------------------------


def quiet_chain(scene: Scene) -> tuple[str, list[Entry]]:
    """A chain whose hashes nobody was told: no callback and no grant names one of them."""
    (id_,) = scene.one(
        "SELECT id FROM escalations WHERE id NOT IN (SELECT escalation_id FROM grants) AND id NOT "
        "IN (SELECT escalation_id FROM deliveries WHERE kind = 'callback') AND "
        f"(SELECT count(*) FROM events WHERE escalation_id = id) > 1 AND id IN {WHOLE}"
    )
    return id_, chain_of(scene, id_)


def with_other_facts(entry: Entry) -> Entry:
    """The record says that somebody else's account was used; no state follows from it."""
    said = json.loads(entry.text or "{}")
    said["facts"] = {**said["facts"], "account": "UMALLORY"}
    return replace(entry, text=canonical_text(said))


def fork_quietly(scene: Scene) -> None:
    """A chain that nobody was told of goes another way from a record on, and its state with it."""
    id_, chain = quiet_chain(scene)
    n = scene.random.randrange(len(chain))
    entries = linked([*chain[:n], with_other_facts(chain[n]), *chain[n + 1 :]])
    write_chain(scene, id_, entries)
    write_state(scene, id_, entries)


def rewrite_quietly(scene: Scene) -> None:
    """The same, and all blocks are made anew."""
    fork_quietly(scene)
    seal_anew(scene)


def fork_here(scene: Scene) -> None:
    """One record goes another way, hashed anew; those after it follow on what it was."""
    id_, seq = scene.one(
        "SELECT escalation_id, seq FROM events e WHERE kind IN ('vote:cast', 'context:added', "
        "'escalation:looked', 'refusal:recorded') AND seq < (SELECT MAX(seq) FROM events WHERE "
        "escalation_id = e.escalation_id) AND NOT EXISTS "
        "(SELECT 1 FROM seals WHERE escalation_id = e.escalation_id AND seq = e.seq) "
        f"AND escalation_id IN {WHOLE}"
    )
    chain = chain_of(scene, id_)
    changed = linked([*chain[: seq - 1], with_other_facts(chain[seq - 1])])[-1]
    write_chain(scene, id_, [*chain[: seq - 1], changed, *chain[seq:]])


def edit_facts(scene: Scene) -> None:
    """A record says something else, and its hash stays."""
    id_, chain = some_chain(scene)
    entry = with_other_facts(scene.random.choice(chain))
    where = "WHERE escalation_id = ? AND seq = ?"
    scene.run(f"UPDATE event_bodies SET text = ? {where}", entry.text, id_, entry.seq)


def edit_core(scene: Scene) -> None:
    """Another version of the core is said to have decided."""
    id_, seq = scene.one("SELECT escalation_id, seq FROM events")
    scene.run("UPDATE events SET core = core + 1 WHERE escalation_id = ? AND seq = ?", id_, seq)


def edit_state(scene: Scene) -> None:
    """The document of an escalation says that it is worse than it was."""
    (id_, body) = scene.one("SELECT id, body FROM escalations")
    said = {**json.loads(body), "severity": "critical"}
    scene.run("UPDATE escalations SET body = ? WHERE id = ?", json.dumps(said), id_)


def edit_vote(scene: Scene) -> None:
    """A vote was for something else."""
    id_, seq = scene.one("SELECT escalation_id, seq FROM votes")
    sql = "UPDATE votes SET option = option || 'x' WHERE escalation_id = ? AND seq = ?"
    scene.run(sql, id_, seq)


def edit_policy(scene: Scene) -> None:
    """The policy of that time was another one."""
    scene.run("UPDATE policies SET text = text || '# everyone may'")


def delete_state(scene: Scene) -> None:
    """An escalation is gone, its records are not."""
    (id_,) = scene.one("SELECT id FROM escalations")
    scene.run("DELETE FROM escalations WHERE id = ?", id_)


def forge_grant(scene: Scene) -> None:
    """The grant is for another operation."""
    id_, jws = scene.one("SELECT escalation_id, jws FROM grants")
    header, claims, signature = jws.split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    text = json.dumps({**said, "digest": FORGED}, separators=(",", ":")).encode()
    forged = base64.urlsafe_b64encode(text).rstrip(b"=").decode()
    sql = "UPDATE grants SET jws = ? WHERE escalation_id = ?"
    scene.run(sql, f"{header}.{forged}.{signature}", id_)


def forge_anchor(scene: Scene) -> None:
    """A line is signed by somebody else."""
    lines = scene.lines
    n = scene.random.randrange(len(lines))
    forged = replace(parse_anchor(lines[n]), sig="A" * 86).line
    scene.lines = [*lines[:n], forged, *lines[n + 1 :]]


def cut_cleanly(scene: Scene) -> None:
    """The last block never was, nor anything that came in it: all that is left agrees."""
    ((number,),) = scene.rows("SELECT MAX(number) FROM blocks")
    later = scene.rows("SELECT escalation_id FROM seals WHERE block = ?", number)
    scene.run("DELETE FROM blocks WHERE number = ?", number)
    scene.run("DELETE FROM seals WHERE block = ?", number)
    for (id_,) in later:
        ((seq,),) = scene.rows("SELECT MAX(seq) FROM seals WHERE escalation_id = ?", id_)
        cut_to(scene, id_, seq or 0)


def cut_to(scene: Scene, id_: str, seq: int) -> None:
    """The escalation as it was after that record, with the rows of then."""
    if not seq:
        for table in TABLES:
            scene.link.execute(f"DELETE FROM {table} WHERE escalation_id = ?", (id_,))
        scene.run("DELETE FROM escalations WHERE id = ?", id_)
        return
    left = chain_of(scene, id_)[:seq]
    write_chain(scene, id_, left)
    write_state(scene, id_, left)
    scene.forget(id_, "votes", "decisions", after=seq)
    scene.link.execute("UPDATE votes SET effective = seq = (SELECT MAX(seq) FROM votes v WHERE "
                       "v.escalation_id = votes.escalation_id AND v.person = votes.person) "
                       "WHERE escalation_id = ?", (id_,))  # fmt: skip
    scene.link.execute("DELETE FROM deliveries WHERE escalation_id = ?", (id_,))
    if not any(entry.kind == "operation:claimed" for entry in left):
        scene.link.execute("DELETE FROM grants WHERE escalation_id = ?", (id_,))


def decide_twice(scene: Scene) -> None:
    """A decided question is decided once more, and all else is as a server would have left it:
    sealed, and anchored by whoever has the key.
    """
    (id_,) = scene.one(
        "SELECT escalation_id FROM decisions WHERE escalation_id NOT IN "
        f"(SELECT escalation_id FROM grants) AND escalation_id IN {WHOLE}"
    )
    chain = chain_of(scene, id_)
    last, body = chain[-1], {"status": "expired", "effect": "abort", "by": "expiry"}
    event = Event(kind=DECIDED, at=parse_instant(last.at), by="clock", body=body)
    seq = last.seq + 1
    made = link(event, escalation_id=id_, seq=seq, prev=last.hash, command={"id": "cmd_x"})
    chain.append(Entry.of(made))
    write_chain(scene, id_, chain)
    write_state(scene, id_, chain)
    row: tuple[Any, ...] = (seq, "expired", None, "expiry", last.at, id_)
    sql = 'UPDATE decisions SET seq = ?, status = ?, option = ?, "by" = ?, at = ?'
    scene.run(f"{sql} WHERE escalation_id = ?", *row)
    scene.link.execute("DELETE FROM deliveries WHERE escalation_id = ?", (id_,))
    seal_one_more(scene, Head(escalation_id=id_, seq=seq, hash=made.hash))


def seal_one_more(scene: Scene, head: Head) -> None:
    """One block more, of that head alone, signed like the others."""
    ((number, prev, at),) = scene.rows(
        "SELECT number, hash, at FROM blocks ORDER BY number DESC LIMIT 1"
    )
    block = sealed([head], number=number + 1, prev=prev, at=parse_instant(at))
    values = (block.number, 1, head.escalation_id, head.seq, head.hash)
    scene.run("INSERT INTO seals VALUES (?, ?, ?, ?, ?)", *values)
    row = (block.number, block.prev, block.root, block.count, at, block.hash)
    scene.run("INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?)", *row)
    scene.sign([block])
