"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this schema."""
    op.create_table(
        "escalations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("suffix", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("dedup_key", sa.String(), nullable=True),
        sa.Column("join_key", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("deadline_at", sa.String(), nullable=False),
        sa.Column("due_at", sa.String(), nullable=True),
        sa.Column("decided_at", sa.String(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalations")),
    )
    op.create_index(
        "ix_escalations_decided",
        "escalations",
        ["decided_at"],
        unique=False,
        sqlite_where=sa.text("decided_at IS NOT NULL"),
        postgresql_where=sa.text("decided_at IS NOT NULL"),
    )
    op.create_index(
        "ix_escalations_due",
        "escalations",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_escalations_pending",
        "escalations",
        ["deadline_at", "id"],
        unique=False,
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_escalations_reference",
        "escalations",
        ["reference"],
        unique=False,
        sqlite_where=sa.text("reference IS NOT NULL"),
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_index("ix_escalations_service", "escalations", ["service", "id"], unique=False)
    op.create_index(op.f("ix_escalations_suffix"), "escalations", ["suffix"], unique=False)
    op.create_index(
        "uq_escalations_twin",
        "escalations",
        ["join_key"],
        unique=True,
        sqlite_where=sa.text("status = 'pending' AND join_key IS NOT NULL"),
        postgresql_where=sa.text("status = 'pending' AND join_key IS NOT NULL"),
    )
    op.create_table(
        "event_bodies",
        sa.Column("escalation_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("escalation_id", "seq", name=op.f("pk_event_bodies")),
    )
    op.create_table(
        "groups",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
    )
    op.create_table(
        "idempotency",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("escalation_id", sa.String(), nullable=False),
        sa.Column("body_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notes",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_notes")),
    )
    op.create_table(
        "policies",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policies")),
    )
    op.create_table(
        "refusals",
        sa.Column("escalation_id", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("escalation_id", "who", "why", name=op.f("pk_refusals")),
    )
    op.create_table(
        "services",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owners", sa.String(), nullable=False),
        sa.Column("callback_hosts", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_services")),
    )
    op.create_table(
        "signatures",
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("signature", name=op.f("pk_signatures")),
    )
    op.create_index(op.f("ix_signatures_seen_at"), "signatures", ["seen_at"], unique=False)
    op.create_table(
        "cards",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("escalation_id", sa.String(), nullable=False),
        sa.Column("surface", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("drawn", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("posted_at", sa.String(), nullable=True),
        sa.Column("due_at", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_cards_escalation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cards")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_cards_due",
        "cards",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_cards_escalation_id"), "cards", ["escalation_id"], unique=False)
    op.create_index(
        "ix_cards_where",
        "cards",
        ["channel", "ts"],
        unique=False,
        sqlite_where=sa.text("ts IS NOT NULL"),
        postgresql_where=sa.text("ts IS NOT NULL"),
    )
    op.create_table(
        "decisions",
        sa.Column("escalation_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("option", sa.String(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_decisions_escalation_id")
        ),
        sa.PrimaryKeyConstraint("escalation_id", name=op.f("pk_decisions")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("escalation_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("due_at", sa.String(), nullable=True),
        sa.Column("settled_at", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_deliveries_escalation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_deliveries_escalation_id"), "deliveries", ["escalation_id"], unique=False
    )
    op.create_table(
        "events",
        sa.Column("escalation_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("core", sa.Integer(), nullable=False),
        sa.Column("prev", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("body_hash", sa.String(), nullable=False),
        sa.Column("command_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_events_escalation_id")
        ),
        sa.PrimaryKeyConstraint("escalation_id", "seq", name=op.f("pk_events")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_events_command_id"), "events", ["command_id"], unique=False)
    op.create_table(
        "grants",
        sa.Column("escalation_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_grants_escalation_id")
        ),
        sa.PrimaryKeyConstraint("escalation_id", name=op.f("pk_grants")),
        sa.UniqueConstraint("id", name=op.f("uq_grants_id")),
    )
    op.create_table(
        "service_keys",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("revoked_at", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["service"], ["services.name"], name=op.f("fk_service_keys_service")
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_service_keys")),
    )
    op.create_index(op.f("ix_service_keys_service"), "service_keys", ["service"], unique=False)
    op.create_table(
        "service_secrets",
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("revoked_at", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["service"], ["services.name"], name=op.f("fk_service_secrets_service")
        ),
        sa.PrimaryKeyConstraint("secret", name=op.f("pk_service_secrets")),
    )
    op.create_index(
        op.f("ix_service_secrets_service"), "service_secrets", ["service"], unique=False
    )
    op.create_table(
        "votes",
        sa.Column("escalation_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("option", sa.String(), nullable=False),
        sa.Column("effective", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_votes_escalation_id")
        ),
        sa.PrimaryKeyConstraint("escalation_id", "seq", name=op.f("pk_votes")),
    )
    op.create_index(
        "uq_votes_effective",
        "votes",
        ["escalation_id", "person"],
        unique=True,
        sqlite_where=sa.text("effective = 1"),
        postgresql_where=sa.text("effective = 1"),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_index(
        "uq_votes_effective",
        table_name="votes",
        sqlite_where=sa.text("effective = 1"),
        postgresql_where=sa.text("effective = 1"),
    )
    op.drop_table("votes")
    op.drop_index(op.f("ix_service_secrets_service"), table_name="service_secrets")
    op.drop_table("service_secrets")
    op.drop_index(op.f("ix_service_keys_service"), table_name="service_keys")
    op.drop_table("service_keys")
    op.drop_table("grants")
    op.drop_index(op.f("ix_events_command_id"), table_name="events")
    op.drop_table("events")
    op.drop_index(op.f("ix_deliveries_escalation_id"), table_name="deliveries")
    op.drop_index(
        "ix_deliveries_due",
        table_name="deliveries",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_table("deliveries")
    op.drop_table("decisions")
    op.drop_index("ix_cards_where", table_name="cards")
    op.drop_index(op.f("ix_cards_escalation_id"), table_name="cards")
    op.drop_index(
        "ix_cards_due",
        table_name="cards",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_table("cards")
    op.drop_index(op.f("ix_signatures_seen_at"), table_name="signatures")
    op.drop_table("signatures")
    op.drop_table("services")
    op.drop_table("refusals")
    op.drop_table("policies")
    op.drop_table("notes")
    op.drop_table("idempotency")
    op.drop_table("groups")
    op.drop_table("event_bodies")
    op.drop_index(
        "uq_escalations_twin",
        table_name="escalations",
        sqlite_where=sa.text("status = 'pending' AND join_key IS NOT NULL"),
        postgresql_where=sa.text("status = 'pending' AND join_key IS NOT NULL"),
    )
    op.drop_index(op.f("ix_escalations_suffix"), table_name="escalations")
    op.drop_index("ix_escalations_service", table_name="escalations")
    op.drop_index("ix_escalations_reference", table_name="escalations")
    op.drop_index(
        "ix_escalations_pending",
        table_name="escalations",
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.drop_index(
        "ix_escalations_due",
        table_name="escalations",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_index("ix_escalations_decided", table_name="escalations")
    op.drop_table("escalations")
