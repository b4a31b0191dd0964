"""The second fence: whatever a bug asks for, the file itself refuses it.

Every tampering comes through a raw connection that knows nothing of the product, with foreign keys
off, as any other program would open the file.
"""

import asyncio
import importlib
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.building import START, Clock, FileFacts, a_claim, a_vote, an_open, store_on
from tests.storage.stand import THEIR_DIGEST, THREE_OPTIONS, TWO_PEOPLE

fences = importlib.import_module("storage.migrations.versions.0002_the_fences")
later = importlib.import_module("storage.migrations.versions.0004_seals_and_limits")
shared = importlib.import_module("storage.migrations.versions.0006_keys_and_policies")

#: Every fence as it stands now: a later one of the same name took the place of the earlier.
FENCES = list({f.name: f for f in (*fences.FENCES, *later.FENCES, *shared.FENCES)}.values())


async def lives(url: str) -> None:
    """A released escalation of many votes, a rejected one, and a pending one with a dedup_key.

    The first two blocks seal them; one record more is in none yet.
    """
    facts = FileFacts(TWO_PEOPLE)
    async with store_on(url, Clock(), facts=facts) as store:
        for key, changes in {"a": {"options": THREE_OPTIONS}, "b": {}, "c": {}}.items():
            await store.writer.submit(an_open(key, dedup_key=f"{key}-question", **changes))
        released, rejected, _ = (e.id for e in await store.reads.pending())
        clicks = (("USAM", "slow"), ("USAM", "retry"), ("UPRIYA", "retry"), ("UMIA", "retry"))
        for account, option in clicks:
            vote = a_vote(released, account, option, digest=THEIR_DIGEST)
            await store.writer.submit(vote)
        await store.writer.submit(a_claim(released, digest=THEIR_DIGEST))
        await store.seals.seal(START)
        await store.writer.submit(a_vote(rejected, option="leave"))
        await store.seals.seal(START)
        await store.writer.submit(an_open("d"))
        await store.keys.publish({"old": "{}", "new": "{}"}, START, timedelta())
        await store.keys.retire("old", START)
        policy = facts.facts(START).policy
        await store.policies.begin(policy.version, policy.text, START)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file all tamper with; nothing of it is ever committed."""
    path = tmp_path_factory.mktemp("fences") / "andon.db"
    asyncio.run(lives(f"sqlite:///{path}"))
    return path


@pytest.fixture
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program's connection, within a transaction that is rolled back."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.execute("ROLLBACK")
    connection.close()


def repeating(table: str, where: str = "1 = 1", **changes: str) -> str:
    """An INSERT that repeats a row of the table, with changes."""
    columns = [f'"{column}"' for column in COLUMNS[table].split()]
    values = [changes.get(column.strip('"'), column) for column in columns]
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) "
        f"SELECT {', '.join(values)} FROM {table} WHERE {where} LIMIT 1"
    )


def replacing(table: str, where: str = "1 = 1", **changes: str) -> str:
    """The same, taking the place of whatever is in the way."""
    return repeating(table, where, **changes).replace("INSERT", "INSERT OR REPLACE", 1)


COLUMNS = {
    "events": "escalation_id seq kind at by core prev hash body_hash command_id",
    "event_bodies": "escalation_id seq text",
    "escalations": "id suffix service group_id kind category severity environment reference "
    "dedup_key join_key title status state version created_at deadline_at due_at decided_at body",
    "decisions": "escalation_id seq status option by at",
    "votes": "escalation_id seq person option effective at",
    "grants": "escalation_id id kid jws",
    "idempotency": "id escalation_id body_hash",
    "groups": "id group_id",
    "policies": "version text first_used_at",
    "blocks": "number prev root count at hash",
    "seals": "block position escalation_id seq hash",
    "signing_keys": "kid jwk known_at signs_at retired_at",
    "policy_activations": "number version set_at set_by",
}

#: The hash the next block has to name.
LAST_BLOCK = "(SELECT hash FROM blocks ORDER BY number DESC LIMIT 1)"

#: A record that no block seals yet.
UNSEALED = {
    column: f"(SELECT {column} FROM events WHERE escalation_id IN "
    "(SELECT escalation_id FROM unsealed))"
    for column in ("escalation_id", "seq", "hash")
}

#: What somebody tries, and what they hear.
TAMPERINGS = [
    ("UPDATE events SET by = 'person:mia'", "an event never changes"),
    ("UPDATE OR REPLACE events SET seq = 1 WHERE seq = 2", "an event never changes"),
    ("UPDATE OR IGNORE events SET at = 'later'", "an event never changes"),
    ("DELETE FROM events", "an event is never deleted"),
    ("DELETE FROM events WHERE seq > 3", "an event is never deleted"),
    *(
        (replacing("events", **changes), "events are only ever appended")
        for changes in (
            {"by": "'person:mia'"},
            {"hash": "'forged'", "by": "'person:mia'"},
            {"seq": "99", "hash": "'forged'"},
            {"seq": "0", "hash": "'forged'"},
            {"seq": "-1", "hash": "'forged'"},
            {"escalation_id": "'esc_other'", "seq": "2", "hash": "'forged'"},
            {"escalation_id": "'esc_other'", "prev": "'another'", "hash": "'forged'"},
        )
    ),
    ("UPDATE event_bodies SET text = '{}'", "a body may be erased, never changed"),
    ("UPDATE OR REPLACE event_bodies SET seq = 1", "a body may be erased, never changed"),
    (replacing("event_bodies", text="'{}'"), "a body is written before its event"),
    ("UPDATE escalations SET status = 'pending'", "a terminal status never changes"),
    ("UPDATE escalations SET status = 'approved' WHERE status = 'rejected'", "terminal status"),
    ("UPDATE escalations SET decided_at = NULL", "a terminal status never changes"),
    ("UPDATE escalations SET version = version - 1", "never goes back to an older version"),
    *(
        (f"UPDATE escalations SET {column} = 'x'", "what was asked stays")
        for column in fences.ASKED.split(", ")
    ),
    ("UPDATE escalations SET title = '[erased ]'", "unless all of it is erased"),
    ("UPDATE OR REPLACE escalations SET id = 'x'", "what was asked stays"),
    ("DELETE FROM escalations", "an escalation is never deleted"),
    (replacing("escalations", status="'pending'"), "is never replaced"),
    (
        replacing("escalations", "status = 'pending'", id="'esc_other'"),
        "an equal question is pending already",
    ),
    ("UPDATE decisions SET option = 'leave'", "a decision never changes"),
    ("DELETE FROM decisions", "a decision is never deleted"),
    (repeating("decisions"), "an escalation has one decision"),
    (replacing("decisions", option="'x'"), "an escalation has one decision"),
    (
        "INSERT INTO decisions SELECT id, 2, 'approved', 'retry', 'votes', created_at "
        "FROM escalations WHERE status = 'pending'",
        "a decision agrees with the status of its escalation",
    ),
    ("UPDATE votes SET option = 'leave'", "a vote never changes"),
    ("UPDATE OR REPLACE votes SET person = 'sam'", "a vote never changes"),
    ("UPDATE votes SET effective = 1", "a replaced vote never counts again"),
    ("UPDATE OR REPLACE votes SET effective = 1", "a replaced vote never counts again"),
    ("UPDATE votes SET effective = 2", "a replaced vote never counts again"),
    ("DELETE FROM votes", "a vote is never deleted"),
    *(
        (replacing("votes", "effective = 1", **changes), "one effective vote")
        for changes in (
            {"option": "'leave'"},
            {"seq": "99"},
            {"seq": "99", "option": "'leave'"},
            {"seq": "99", "effective": "2"},
            {"effective": "0"},
        )
    ),
    ("UPDATE grants SET jws = 'forged'", "a grant never changes"),
    ("DELETE FROM grants", "a grant is never deleted"),
    (repeating("grants", id="'gnt_second'"), "an escalation has one grant"),
    (replacing("grants", jws="'forged'"), "an escalation has one grant"),
    (replacing("grants", escalation_id="'esc_other'"), "has one grant"),
    ("UPDATE idempotency SET escalation_id = 'x'", "what a key opened never changes"),
    ("DELETE FROM idempotency", "a used key is never forgotten"),
    (repeating("idempotency", body_hash="'x'"), "a key opens one escalation"),
    (replacing("idempotency", escalation_id="'x'"), "a key opens one"),
    ("UPDATE groups SET group_id = 'x'", "a group never changes"),
    ("DELETE FROM groups", "a group is never deleted"),
    (replacing("groups", group_id="'x'"), "a dedup_key has one group"),
    ("UPDATE policies SET text = 'everyone may'", "a version of the policy never changes"),
    ("DELETE FROM policies", "a used policy is never forgotten"),
    (replacing("policies", text="'everyone may'"), "has one text"),
    ("UPDATE blocks SET root = 'forged'", "a block never changes"),
    ("UPDATE OR REPLACE blocks SET number = 1", "a block never changes"),
    ("DELETE FROM blocks WHERE number = 2", "a block is never deleted"),
    *(
        (changing("blocks", **changes), "blocks are only ever appended")
        for changing in (repeating, replacing)
        for changes in (
            {},
            {"root": "'forged'"},
            {"hash": "'forged'"},
            {"number": "0", "hash": "'forged'"},
            {"number": "3", "hash": "'forged'"},
            {"number": "3", "hash": "'forged'", "prev": LAST_BLOCK},
            {"number": "4", "hash": "'forged'", "prev": LAST_BLOCK, "count": "0"},
        )
    ),
    ("UPDATE seals SET seq = 1", "a seal never changes"),
    ("DELETE FROM seals", "a seal is never deleted"),
    *(
        (replacing("seals", "block = 2", **changes), "a seal is written before its block")
        for changes in (
            {},
            {"position": "9"},
            {"block": "0"},
            {"block": "3"},
            {"block": "3", **UNSEALED, "hash": "'forged'"},
            {"block": "3", **UNSEALED, "escalation_id": "'esc_other'"},
            {"block": "2", "position": "9", **UNSEALED},
        )
    ),
    *(
        (f"UPDATE signing_keys SET {column} = 'x'", "a published key never changes")
        for column in ("kid", "jwk", "known_at", "signs_at")
    ),
    ("UPDATE signing_keys SET retired_at = NULL", "a retired key stays retired"),
    ("UPDATE signing_keys SET retired_at = 'later'", "a retired key stays retired"),
    ("DELETE FROM signing_keys WHERE kid = 'new'", "a published key is never forgotten"),
    (replacing("signing_keys", jwk="'forged'"), "a key is published once"),
    ("UPDATE policy_activations SET set_by = 'mia'", "what was in force never changes"),
    ("DELETE FROM policy_activations", "what was in force is never forgotten"),
    *(
        (replacing("policy_activations", number=number), "only ever appended")
        for number in ("0", "number", "number + 2")
    ),
]


@pytest.mark.parametrize(("tampering", "says"), TAMPERINGS, ids=lambda text: text[:60])
def test_the_file_itself_refuses(raw: sqlite3.Connection, tampering: str, says: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=says):
        raw.execute(tampering)


def test_a_body_erased_is_never_written_anew(raw: sqlite3.Connection) -> None:
    """Were the fence gone, the hash in the event would still tell."""
    raw.execute("DELETE FROM event_bodies WHERE seq = 1")
    with pytest.raises(sqlite3.IntegrityError, match="a body is written before its event"):
        raw.execute(
            "INSERT INTO event_bodies SELECT escalation_id, seq, '{}' FROM events WHERE seq = 1"
        )


@pytest.mark.parametrize("fence", FENCES, ids=lambda fence: fence.name)
def test_every_fence_is_there_and_was_run_into(
    raw: sqlite3.Connection, fence: fences.Fence
) -> None:
    found = raw.execute("SELECT sql FROM sqlite_master WHERE name = ?", (fence.name,)).fetchall()
    assert found == [(statement,) for statement in fences.on_sqlite(fence)]
    assert any(says in fence.message for _, says in TAMPERINGS)


def test_no_other_trigger_is_there(raw: sqlite3.Connection) -> None:
    found = raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    assert {name for (name,) in found} == {fence.name for fence in FENCES}


#: Every unique index, and a row that is in its way once the fences are down.
DOUBLES = [
    ("uq_escalations_twin", repeating("escalations", "status = 'pending'", id="'esc_x'")),
    ("pk_escalations", repeating("escalations")),
    ("pk_events", repeating("events", hash="'x'")),
    ("pk_event_bodies", repeating("event_bodies")),
    ("pk_decisions", repeating("decisions")),
    ("pk_votes", repeating("votes", person="'x'")),
    ("uq_votes_effective", repeating("votes", "effective = 1", seq="99")),
    ("pk_grants", repeating("grants", id="'x'")),
    ("uq_grants_id", repeating("grants", escalation_id="'x'")),
    ("pk_idempotency", repeating("idempotency")),
    ("pk_groups", repeating("groups")),
    ("pk_policies", repeating("policies")),
    ("pk_blocks", repeating("blocks", prev="'x'", hash="'x'")),
    ("uq_blocks_prev", repeating("blocks", number="9", hash="'x'")),
    ("uq_blocks_hash", repeating("blocks", number="9", prev="'x'")),
    ("pk_seals", repeating("seals", seq="99")),
    ("uq_seals_record", repeating("seals", block="9")),
    ("pk_signing_keys", repeating("signing_keys")),
    ("pk_policy_activations", repeating("policy_activations")),
    ("pk_unsealed", "INSERT INTO unsealed SELECT * FROM unsealed LIMIT 1"),
    ("pk_cards", "INSERT INTO cards SELECT * FROM cards LIMIT 1"),
    ("pk_deliveries", "INSERT INTO deliveries SELECT * FROM deliveries LIMIT 1"),
    ("pk_refusals", "INSERT INTO refusals SELECT * FROM refusals LIMIT 1"),
    ("pk_notes", "INSERT INTO notes SELECT * FROM notes LIMIT 1"),
]


@pytest.mark.parametrize(("index", "double"), DOUBLES, ids=lambda text: text[:20])
def test_under_the_fences_each_unique_index_stands(
    raw: sqlite3.Connection, index: str, double: str
) -> None:
    for fence in FENCES:
        raw.execute(f"DROP TRIGGER {fence.name}")
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE constraint failed"):
        raw.execute(double)


def test_votes_replaced_are_kept_beside_the_one_that_counts(raw: sqlite3.Connection) -> None:
    found = raw.execute(
        "SELECT person, option, effective FROM votes ORDER BY escalation_id, seq"
    ).fetchall()
    assert found == [
        ("sam", "slow", 0),
        ("sam", "retry", 1),
        ("priya", "retry", 1),
        ("sam", "leave", 1),
    ]


def test_a_title_may_be_erased_and_then_stays_so(raw: sqlite3.Connection) -> None:
    raw.execute("UPDATE escalations SET title = ?", (later.ERASED,))
    with pytest.raises(sqlite3.IntegrityError, match="unless all of it is erased"):
        raw.execute("UPDATE escalations SET title = 'as it was'")


def test_the_next_block_may_be_appended(raw: sqlite3.Connection) -> None:
    """The fences leave the one way open; else all that is refused above would prove little."""
    raw.execute(repeating("seals", "block = 2", block="3", **UNSEALED))
    raw.execute(
        repeating("blocks", number="3", prev=LAST_BLOCK, count="1", hash="'the next'", root="'r'")
    )
    assert raw.execute("SELECT MAX(number) FROM blocks").fetchone() == (3,)


def test_a_body_may_be_erased_where_its_record_stays(raw: sqlite3.Connection) -> None:
    raw.execute("DELETE FROM event_bodies WHERE seq = 1")
    assert raw.execute("SELECT count(*) FROM event_bodies WHERE seq = 1").fetchone() == (0,)


def test_a_key_may_be_retired_and_the_next_policy_be_activated(raw: sqlite3.Connection) -> None:
    raw.execute("UPDATE signing_keys SET retired_at = 'now' WHERE kid = 'new'")
    raw.execute(repeating("policy_activations", number="number + 1"))
    assert raw.execute("SELECT MAX(number) FROM policy_activations").fetchone() == (2,)
