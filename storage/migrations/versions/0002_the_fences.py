"""The fences: what may never happen to a row, whoever asks for it.

A second fence behind the core. Beside UPDATE and DELETE they stop `INSERT OR REPLACE`, which in
SQLite deletes the old row without a word to any trigger on DELETE; hence the fences before INSERT.
A migration that makes a table anew has to put its fences up again.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


class Fence(NamedTuple):
    """A change that is refused, on a condition over OLD and NEW, and what it says then."""

    name: str
    change: str  #: "BEFORE UPDATE ON events"
    message: str
    condition: str = ""


#: What was asked; it is what people were shown, so it stays.
ASKED = (
    "id, suffix, service, group_id, kind, category, environment, reference, dedup_key, join_key, "
    "title, created_at"
)
GENESIS = "sha256:" + "0" * 64

FENCES = (
    Fence("events_stay", "BEFORE UPDATE ON events", "an event never changes"),
    Fence("events_remain", "BEFORE DELETE ON events", "an event is never deleted"),
    Fence(
        "events_append",
        "BEFORE INSERT ON events",
        "events are only ever appended, each to the one before",
        f"NEW.prev <> CASE NEW.seq WHEN 1 THEN '{GENESIS}' ELSE COALESCE((SELECT hash "  # noqa: S608
        "FROM events WHERE escalation_id = NEW.escalation_id AND seq = NEW.seq - 1), '') END OR "
        "EXISTS (SELECT 1 FROM events WHERE escalation_id = NEW.escalation_id AND seq >= NEW.seq)",
    ),
    Fence("bodies_stay", "BEFORE UPDATE ON event_bodies", "a body may be erased, never changed"),
    Fence(
        "bodies_first",
        "BEFORE INSERT ON event_bodies",
        "a body is written before its event, never after",
        "EXISTS (SELECT 1 FROM events WHERE escalation_id = NEW.escalation_id AND seq = NEW.seq)",
    ),
    Fence("asked_stays", f"BEFORE UPDATE OF {ASKED} ON escalations", "what was asked stays"),
    Fence("escalations_remain", "BEFORE DELETE ON escalations", "an escalation is never deleted"),
    Fence(
        "escalations_once",
        "AFTER INSERT ON escalations",
        "an escalation is never replaced",
        "EXISTS (SELECT 1 FROM events WHERE escalation_id = NEW.id)",
    ),
    Fence(
        "twins_join",
        "BEFORE INSERT ON escalations",
        "an equal question is pending already",
        "NEW.join_key IS NOT NULL AND NEW.status = 'pending' AND EXISTS (SELECT 1 FROM escalations "
        "WHERE status = 'pending' AND join_key = NEW.join_key AND id <> NEW.id)",
    ),
    Fence(
        "ends_stay",
        "BEFORE UPDATE ON escalations",
        "a terminal status never changes",
        "OLD.status <> 'pending' AND (NEW.status <> OLD.status "
        "OR COALESCE(NEW.decided_at, '') <> COALESCE(OLD.decided_at, ''))",
    ),
    Fence(
        "versions_rise",
        "BEFORE UPDATE ON escalations",
        "an escalation never goes back to an older version",
        "NEW.version < OLD.version",
    ),
    Fence("decisions_stay", "BEFORE UPDATE ON decisions", "a decision never changes"),
    Fence("decisions_remain", "BEFORE DELETE ON decisions", "a decision is never deleted"),
    Fence(
        "decisions_once",
        "BEFORE INSERT ON decisions",
        "an escalation has one decision",
        "EXISTS (SELECT 1 FROM decisions WHERE escalation_id = NEW.escalation_id)",
    ),
    Fence(
        "decisions_agree",
        "BEFORE INSERT ON decisions",
        "a decision agrees with the status of its escalation",
        "NOT EXISTS (SELECT 1 FROM escalations WHERE id = NEW.escalation_id "
        "AND status = NEW.status)",
    ),
    Fence(
        "votes_stay",
        "BEFORE UPDATE OF escalation_id, seq, person, option, at ON votes",
        "a vote never changes; a later one replaces it",
    ),
    Fence(
        "votes_stay_replaced",
        "BEFORE UPDATE ON votes",
        "a replaced vote never counts again",
        "NEW.effective NOT IN (0, OLD.effective)",
    ),
    Fence("votes_remain", "BEFORE DELETE ON votes", "a vote is never deleted"),
    Fence(
        "votes_once",
        "BEFORE INSERT ON votes",
        "a person has one effective vote",
        "NEW.effective NOT IN (0, 1) "
        "OR EXISTS (SELECT 1 FROM votes WHERE escalation_id = NEW.escalation_id AND (seq = NEW.seq OR person = NEW.person AND effective = 1 AND NEW.effective = 1))",
    ),
    Fence("grants_stay", "BEFORE UPDATE ON grants", "a grant never changes"),
    Fence("grants_remain", "BEFORE DELETE ON grants", "a grant is never deleted"),
    Fence(
        "grants_once",
        "BEFORE INSERT ON grants",
        "an escalation has one grant",
        "EXISTS (SELECT 1 FROM grants WHERE escalation_id = NEW.escalation_id OR id = NEW.id)",
    ),
    Fence("keys_stay", "BEFORE UPDATE ON idempotency", "what a key opened never changes"),
    Fence("keys_remain", "BEFORE DELETE ON idempotency", "a used key is never forgotten"),
    Fence(
        "keys_once",
        "BEFORE INSERT ON idempotency",
        "a key opens one escalation",
        "EXISTS (SELECT 1 FROM idempotency WHERE id = NEW.id)",
    ),
    Fence("groups_stay", "BEFORE UPDATE ON groups", "a group never changes"),
    Fence("groups_remain", "BEFORE DELETE ON groups", "a group is never deleted"),
    Fence(
        "groups_once",
        "BEFORE INSERT ON groups",
        "a dedup_key has one group",
        "EXISTS (SELECT 1 FROM groups WHERE id = NEW.id AND group_id <> NEW.group_id)",
    ),
    Fence("policies_stay", "BEFORE UPDATE ON policies", "a version of the policy never changes"),
    Fence("policies_remain", "BEFORE DELETE ON policies", "a used policy is never forgotten"),
    Fence(
        "policies_once",
        "BEFORE INSERT ON policies",
        "a version of the policy has one text",
        "EXISTS (SELECT 1 FROM policies WHERE version = NEW.version AND text <> NEW.text)",
    ),
)


def put_up(fences: Iterable[Fence]) -> None:
    """Put up fences; some may stand, from before or in an older wording."""
    statements = _STATEMENTS[op.get_bind().dialect.name]
    for fence in fences:
        _take_down(fence, "IF EXISTS ")
        for statement in statements(fence):
            op.execute(statement)


def take_down(fences: Iterable[Fence]) -> None:
    """Take them down."""
    for fence in fences:
        _take_down(fence)


def on_sqlite(fence: Fence) -> Iterator[str]:
    """A trigger on a condition."""
    when = f"WHEN {fence.condition} " if fence.condition else ""
    yield (
        f"CREATE TRIGGER {fence.name} {fence.change} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{fence.message}'); END"
    )


def on_postgresql(fence: Fence) -> Iterator[str]:
    """A function, since a trigger's condition asks no other row there, and the trigger.

    Where nothing may be deleted nothing may be truncated, which would pass by each row's trigger.
    """
    refuse = f"RAISE EXCEPTION '{fence.message}' USING ERRCODE = 'integrity_constraint_violation';"
    guard = f"IF ({fence.condition}) THEN {refuse} END IF;" if fence.condition else refuse
    yield (
        f"CREATE FUNCTION fence_{fence.name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {guard} RETURN NEW; END $$"
    )
    runs = f"EXECUTE FUNCTION fence_{fence.name}()"
    yield f"CREATE TRIGGER {fence.name} {fence.change} FOR EACH ROW {runs}"
    if fence.change.startswith("BEFORE DELETE"):
        whole = fence.change.replace("DELETE", "TRUNCATE")
        yield f"CREATE TRIGGER {fence.name}_whole {whole} FOR EACH STATEMENT {runs}"


_STATEMENTS = {"sqlite": on_sqlite, "postgresql": on_postgresql}


def _take_down(fence: Fence, where: str = "") -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {where}{fence.name}")
    else:
        op.execute(f"DROP FUNCTION {where}fence_{fence.name} CASCADE")  # its triggers, too


def upgrade() -> None:
    """Put up the fences."""
    put_up(FENCES)


def downgrade() -> None:
    """Take them down."""
    take_down(FENCES)
