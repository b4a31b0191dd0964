"""An index by which the breaker of an automation finds what came before."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

GIVEN = "dedup_key IS NOT NULL"


def upgrade() -> None:
    """Go to this schema."""
    op.create_index(
        "ix_escalations_dedup",
        "escalations",
        ["service", "dedup_key", "created_at"],
        unique=False,
        sqlite_where=sa.text(GIVEN),
        postgresql_where=sa.text(GIVEN),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_escalations_dedup", "escalations")
