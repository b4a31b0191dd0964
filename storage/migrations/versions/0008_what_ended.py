"""What ended waits to be remembered, and what an accepted rule decided is found by that rule.

This version reads the records and fields of memory, and the next one writes them: programs of this
schema go on beside it then (docs/decisions/0026).
"""

import sqlalchemy as sa
from alembic import op

from storage.columns import WORD

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: Programs that know this schema go on with the new one.
oldest = "0006"

DECIDED_BY_RULE = "by_rule IS NOT NULL"


def upgrade() -> None:
    """Go to this schema; everything that has ended waits."""
    op.create_table(
        "unremembered",
        sa.Column("escalation_id", WORD, nullable=False),
        sa.Column("since", WORD, nullable=False),
        sa.PrimaryKeyConstraint("escalation_id", name=op.f("pk_unremembered")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO unremembered (escalation_id, since) SELECT id, created_at FROM escalations "
        "WHERE status <> 'pending'"
    )
    op.add_column("escalations", sa.Column("by_rule", WORD, nullable=True))
    op.create_index(
        "ix_escalations_rule",
        "escalations",
        ["by_rule", "id"],
        unique=False,
        sqlite_where=sa.text(DECIDED_BY_RULE),
        postgresql_where=sa.text(DECIDED_BY_RULE),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_escalations_rule", "escalations")
    op.drop_column("escalations", "by_rule")
    op.drop_table("unremembered")
