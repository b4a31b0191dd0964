"""Blocks that seal what happened, limits of a service, and a title that may be erased."""

from importlib import import_module

import sqlalchemy as sa
from alembic import op

from storage.columns import WORD

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

fences = import_module("storage.migrations.versions.0002_the_fences")
Fence = fences.Fence

#: What a title reads once its escalation is erased.
ERASED = "[erased]"

_LAST = "SELECT hash FROM blocks ORDER BY number DESC LIMIT 1"

FENCES = (
    Fence("blocks_stay", "BEFORE UPDATE ON blocks", "a block never changes"),
    Fence("blocks_remain", "BEFORE DELETE ON blocks", "a block is never deleted"),
    Fence(
        "blocks_append",
        "BEFORE INSERT ON blocks",
        "blocks are only ever appended, each to the one before",
        f"NEW.prev <> COALESCE(({_LAST}), '{fences.GENESIS}') OR "  # noqa: S608
        "NEW.number <> COALESCE((SELECT MAX(number) FROM blocks), 0) + 1 OR "
        "NEW.count <> (SELECT COUNT(*) FROM seals WHERE block = NEW.number)",
    ),
    Fence("seals_stay", "BEFORE UPDATE ON seals", "a seal never changes"),
    Fence("seals_remain", "BEFORE DELETE ON seals", "a seal is never deleted"),
    Fence(
        "seals_first",
        "BEFORE INSERT ON seals",
        "a seal is written before its block, and names a record that is there",
        "EXISTS (SELECT 1 FROM blocks WHERE number >= NEW.block) OR EXISTS (SELECT 1 FROM seals "
        "WHERE block = NEW.block AND position = NEW.position OR "
        "escalation_id = NEW.escalation_id AND seq = NEW.seq) OR "
        "NOT EXISTS (SELECT 1 FROM events WHERE escalation_id = NEW.escalation_id "
        "AND seq = NEW.seq AND hash = NEW.hash)",
    ),
    Fence(
        "asked_stays",
        f"BEFORE UPDATE OF {fences.ASKED.replace('title, ', '')} ON escalations",
        "what was asked stays",
    ),
    Fence(
        "title_stays",
        "BEFORE UPDATE OF title ON escalations",
        "what was asked stays, unless all of it is erased",
        f"NEW.title NOT IN (OLD.title, '{ERASED}')",
    ),
)


def upgrade() -> None:
    """Go to this schema."""
    op.create_table(
        "blocks",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("prev", WORD, nullable=False),
        sa.Column("root", WORD, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("at", WORD, nullable=False),
        sa.Column("hash", WORD, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_blocks")),
        sa.UniqueConstraint("hash", name=op.f("uq_blocks_hash")),
        sa.UniqueConstraint("prev", name=op.f("uq_blocks_prev")),
    )
    op.create_table(
        "seals",
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("escalation_id", WORD, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", WORD, nullable=False),
        sa.PrimaryKeyConstraint("block", "position", name=op.f("pk_seals")),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_seals_record", "seals", ["escalation_id", "seq"], unique=True)
    op.create_table(
        "unsealed",
        sa.Column("escalation_id", WORD, nullable=False),
        sa.Column("since", WORD, nullable=False),
        sa.PrimaryKeyConstraint("escalation_id", name=op.f("pk_unsealed")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO unsealed (escalation_id, since) SELECT escalation_id, MIN(at) FROM events "
        "GROUP BY escalation_id"
    )
    op.add_column("services", sa.Column("opens_per_minute", sa.Integer(), nullable=True))
    op.add_column("services", sa.Column("most_pending", sa.Integer(), nullable=True))
    op.create_index(
        "ix_escalations_waiting",
        "escalations",
        ["service"],
        unique=False,
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )
    fences.put_up(FENCES)


def downgrade() -> None:
    """Go back; what was sealed is forgotten."""
    fences.take_down(FENCES)
    fences.put_up(fence for fence in fences.FENCES if fence.name == "asked_stays")
    op.drop_index("ix_escalations_waiting", "escalations")
    op.drop_column("services", "most_pending")
    op.drop_column("services", "opens_per_minute")
    for table in ("unsealed", "seals", "blocks"):
        op.drop_table(table)
