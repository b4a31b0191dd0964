"""Public keys that every server serves, and which version of the policy is active."""

from importlib import import_module

import sqlalchemy as sa
from alembic import op

from storage.columns import TEXTS, WORD

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

fences = import_module("storage.migrations.versions.0002_the_fences")
Fence = fences.Fence

FENCES = (
    Fence(
        "signing_keys_stay",
        "BEFORE UPDATE OF kid, jwk, known_at, signs_at ON signing_keys",
        "a published key never changes",
    ),
    Fence(
        "signing_keys_stay_retired",
        "BEFORE UPDATE ON signing_keys",
        "a retired key stays retired",
        "OLD.retired_at IS NOT NULL AND COALESCE(NEW.retired_at, '') <> OLD.retired_at",
    ),
    Fence(
        "signing_keys_remain", "BEFORE DELETE ON signing_keys", "a published key is never forgotten"
    ),
    Fence(
        "signing_keys_once",
        "BEFORE INSERT ON signing_keys",
        "a key is published once",
        "EXISTS (SELECT 1 FROM signing_keys WHERE kid = NEW.kid)",
    ),
    Fence(
        "activations_stay", "BEFORE UPDATE ON policy_activations", "what was in force never changes"
    ),
    Fence(
        "activations_remain",
        "BEFORE DELETE ON policy_activations",
        "what was in force is never forgotten",
    ),
    Fence(
        "activations_append",
        "BEFORE INSERT ON policy_activations",
        "activations are only ever appended",
        "NEW.number <> COALESCE((SELECT MAX(number) FROM policy_activations), 0) + 1",
    ),
)


def upgrade() -> None:
    """Go to this schema."""
    op.create_table(
        "signing_keys",
        sa.Column("kid", WORD, nullable=False),
        sa.Column("jwk", TEXTS, nullable=False),
        sa.Column("known_at", WORD, nullable=False),
        sa.Column("signs_at", WORD, nullable=False),
        sa.Column("retired_at", WORD, nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_keys")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "policy_activations",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("version", WORD, nullable=False),
        sa.Column("set_at", WORD, nullable=False),
        sa.Column("set_by", WORD, nullable=False),
        sa.ForeignKeyConstraint(
            ["version"], ["policies.version"], name=op.f("fk_policy_activations_version")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_policy_activations")),
    )
    fences.put_up(FENCES)


def downgrade() -> None:
    """Go back; keys and activations are forgotten."""
    fences.take_down(FENCES)
    for table in ("policy_activations", "signing_keys"):
        op.drop_table(table)
