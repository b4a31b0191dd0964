"""Beside the schema's name, the oldest schema whose programs may go on with it."""

import sqlalchemy as sa
from alembic import op

from storage.columns import WORD

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

#: Programs that know this schema go on with the new one.
oldest = "0006"


def upgrade() -> None:
    """Go to this schema."""
    op.add_column("alembic_version", sa.Column("oldest", WORD, nullable=True))


def downgrade() -> None:
    """Go back."""
    op.drop_column("alembic_version", "oldest")
