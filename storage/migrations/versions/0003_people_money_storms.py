"""Absences, amounts that add up, and storms."""

import sqlalchemy as sa
from alembic import op

from storage.columns import TEXTS, WORD

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this schema."""
    op.add_column("escalations", sa.Column("storm_id", WORD, nullable=True))
    op.create_index(
        "ix_escalations_storm",
        "escalations",
        ["storm_id"],
        unique=False,
        sqlite_where=sa.text("storm_id IS NOT NULL"),
        postgresql_where=sa.text("storm_id IS NOT NULL"),
    )
    op.create_index(
        "ix_escalations_low",
        "escalations",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("severity = 'low'"),
        postgresql_where=sa.text("severity = 'low'"),
    )
    op.create_table(
        "absences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", WORD, nullable=False),
        sa.Column("substitute", WORD, nullable=False),
        sa.Column("since", WORD, nullable=False),
        sa.Column("until", WORD, nullable=False),
        sa.Column("set_at", WORD, nullable=False),
        sa.Column("set_by", WORD, nullable=False),
        sa.Column("ended_at", WORD, nullable=True),
        sa.Column("ended_by", WORD, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index(op.f("ix_absences_person"), "absences", ["person"], unique=False)
    op.create_table(
        "money_moves",
        sa.Column("escalation_id", WORD, nullable=False),
        sa.Column("key", WORD, nullable=False),
        sa.Column("at", WORD, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_money_moves_escalation_id")
        ),
        sa.PrimaryKeyConstraint("escalation_id", "key", name=op.f("pk_money_moves")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_money_moves_key", "money_moves", ["key", "at"], unique=False)
    op.create_table(
        "flows",
        sa.Column("id", WORD, nullable=False),
        sa.Column("body", TEXTS, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flows")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "storms",
        sa.Column("id", WORD, nullable=False),
        sa.Column("began_at", WORD, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storms")),
        sqlite_with_rowid=False,
    )
    op.add_column("cards", sa.Column("storm_id", WORD, nullable=True))
    op.add_column("cards", sa.Column("rest_until", WORD, nullable=True))
    op.create_index(
        "ix_cards_storm",
        "cards",
        ["storm_id"],
        unique=False,
        sqlite_where=sa.text("storm_id IS NOT NULL"),
        postgresql_where=sa.text("storm_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Go back."""
    for table in ("storms", "flows", "money_moves", "absences"):
        op.drop_table(table)
    op.drop_index("ix_cards_storm", "cards")
    op.drop_column("cards", "rest_until")
    op.drop_column("cards", "storm_id")
    op.drop_index("ix_escalations_low", "escalations")
    op.drop_index("ix_escalations_storm", "escalations")
    op.drop_column("escalations", "storm_id")
