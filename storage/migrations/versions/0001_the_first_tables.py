"""The first tables."""

import sqlalchemy as sa
from alembic import op

from storage.columns import TEXTS, WORD

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


#: Orders that know the small letters of every language; which of them there is, is the server's.
KNOWING = ("default", "pg_c_utf8", "C.utf8", "C.UTF-8", "und-x-icu", "en_US.utf8")


def knows_letters() -> None:
    """On PostgreSQL, what titles are searched with: `lower` in C order would know ASCII alone."""
    link = op.get_bind()
    there = set(link.scalars(sa.text("SELECT collname FROM pg_collation")))
    asked = "SELECT lower(U&'\\00DC' COLLATE \"{}\") = U&'\\00FC'"
    known = (name for name in KNOWING if name in there and _knows(link, asked.format(name)))
    collation = next(known, "default")
    op.execute(
        "CREATE FUNCTION lowered(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE "
        f"""AS $$ SELECT lower($1 COLLATE "{collation}") $$"""
    )


def _knows(link: sa.Connection, asked: str) -> bool:
    """Whether it does; one that does not fit the database's encoding is none."""
    try:
        with link.begin_nested():
            return bool(link.scalar(sa.text(asked)))
    except sa.exc.DBAPIError:
        return False


def upgrade() -> None:
    """Go to this schema."""
    if op.get_bind().dialect.name == "postgresql":
        knows_letters()
    op.create_table(
        "escalations",
        sa.Column("id", WORD, nullable=False),
        sa.Column("suffix", WORD, nullable=False),
        sa.Column("service", WORD, nullable=False),
        sa.Column("group_id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("category", WORD, nullable=False),
        sa.Column("severity", WORD, nullable=False),
        sa.Column("environment", WORD, nullable=False),
        sa.Column("reference", WORD, nullable=True),
        sa.Column("dedup_key", WORD, nullable=True),
        sa.Column("join_key", WORD, nullable=True),
        sa.Column("title", WORD, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("deadline_at", WORD, nullable=False),
        sa.Column("due_at", WORD, nullable=True),
        sa.Column("decided_at", WORD, nullable=True),
        sa.Column("body", TEXTS, nullable=False),
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
        sa.Column("escalation_id", WORD, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("text", TEXTS, nullable=False),
        sa.PrimaryKeyConstraint("escalation_id", "seq", name=op.f("pk_event_bodies")),
    )
    op.create_table(
        "groups",
        sa.Column("id", WORD, nullable=False),
        sa.Column("group_id", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
    )
    op.create_table(
        "idempotency",
        sa.Column("id", WORD, nullable=False),
        sa.Column("escalation_id", WORD, nullable=False),
        sa.Column("body_hash", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notes",
        sa.Column("name", WORD, nullable=False),
        sa.Column("value", WORD, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_notes")),
    )
    op.create_table(
        "policies",
        sa.Column("version", WORD, nullable=False),
        sa.Column("text", TEXTS, nullable=False),
        sa.Column("first_used_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policies")),
    )
    op.create_table(
        "refusals",
        sa.Column("escalation_id", WORD, nullable=False),
        sa.Column("who", WORD, nullable=False),
        sa.Column("why", WORD, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("escalation_id", "who", "why", name=op.f("pk_refusals")),
    )
    op.create_table(
        "services",
        sa.Column("name", WORD, nullable=False),
        sa.Column("owners", WORD, nullable=False),
        sa.Column("callback_hosts", WORD, nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_services")),
    )
    op.create_table(
        "signatures",
        sa.Column("signature", WORD, nullable=False),
        sa.Column("seen_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("signature", name=op.f("pk_signatures")),
    )
    op.create_index(op.f("ix_signatures_seen_at"), "signatures", ["seen_at"], unique=False)
    op.create_table(
        "cards",
        sa.Column("id", WORD, nullable=False),
        sa.Column("escalation_id", WORD, nullable=False),
        sa.Column("surface", WORD, nullable=False),
        sa.Column("target", WORD, nullable=False),
        sa.Column("channel", WORD, nullable=True),
        sa.Column("ts", WORD, nullable=True),
        sa.Column("drawn", WORD, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("posted_at", WORD, nullable=True),
        sa.Column("due_at", WORD, nullable=True),
        sa.Column("error", WORD, nullable=True),
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
        sa.Column("escalation_id", WORD, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("option", WORD, nullable=True),
        sa.Column("by", WORD, nullable=False),
        sa.Column("at", WORD, nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_decisions_escalation_id")
        ),
        sa.PrimaryKeyConstraint("escalation_id", name=op.f("pk_decisions")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", WORD, nullable=False),
        sa.Column("escalation_id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("target", WORD, nullable=False),
        sa.Column("payload", TEXTS, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("due_at", WORD, nullable=True),
        sa.Column("settled_at", WORD, nullable=True),
        sa.Column("error", WORD, nullable=True),
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
        sa.Column("escalation_id", WORD, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("at", WORD, nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("core", sa.Integer(), nullable=False),
        sa.Column("prev", WORD, nullable=False),
        sa.Column("hash", WORD, nullable=False),
        sa.Column("body_hash", WORD, nullable=False),
        sa.Column("command_id", WORD, nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_events_escalation_id")
        ),
        sa.PrimaryKeyConstraint("escalation_id", "seq", name=op.f("pk_events")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_events_command_id"), "events", ["command_id"], unique=False)
    op.create_table(
        "grants",
        sa.Column("escalation_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("kid", WORD, nullable=False),
        sa.Column("jws", TEXTS, nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_grants_escalation_id")
        ),
        sa.PrimaryKeyConstraint("escalation_id", name=op.f("pk_grants")),
        sa.UniqueConstraint("id", name=op.f("uq_grants_id")),
    )
    op.create_table(
        "service_keys",
        sa.Column("hash", WORD, nullable=False),
        sa.Column("service", WORD, nullable=False),
        sa.Column("scopes", WORD, nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("revoked_at", WORD, nullable=True),
        sa.ForeignKeyConstraint(
            ["service"], ["services.name"], name=op.f("fk_service_keys_service")
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_service_keys")),
    )
    op.create_index(op.f("ix_service_keys_service"), "service_keys", ["service"], unique=False)
    op.create_table(
        "service_secrets",
        sa.Column("secret", WORD, nullable=False),
        sa.Column("service", WORD, nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("revoked_at", WORD, nullable=True),
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
        sa.Column("escalation_id", WORD, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("person", WORD, nullable=False),
        sa.Column("option", WORD, nullable=False),
        sa.Column("effective", sa.Integer(), nullable=False),
        sa.Column("at", WORD, nullable=False),
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
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION lowered(text)")
