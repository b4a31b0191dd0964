"""Memory: what ended is found again, by fingerprint, by its words, and counted for the next one.

All of it is derived. What had ended before waits in `unremembered` since schema 0008.
"""

import sqlalchemy as sa
from alembic import op

from storage.columns import TEXTS, WORD

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

#: Programs that know this schema go on with the new one.
oldest = "0008"

HAS_ERROR = "error IS NOT NULL"
REVIEW_DUE = "review_due IS NOT NULL"
UNFIXED = "issue_state <> 'fixed'"
STALE = "body = ''"

#: The full text. Marks are plain words to both, and a table of the same columns.
WORDS_OF_A_FILE = (
    "CREATE VIRTUAL TABLE memory_words USING fts5(words, detail = none, tokenize = 'ascii')",
)
WORDS_OF_A_SERVER = (
    "CREATE TABLE memory_words (rowid integer PRIMARY KEY, words tsvector NOT NULL)",
    # With its list of late updates a look would go through that, or through the whole table.
    "CREATE INDEX ix_memory_words_words ON memory_words USING gin (words) WITH (fastupdate = off)",
)


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=False,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def upgrade() -> None:
    """Go to this schema."""
    op.create_table(
        "memories",
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("escalation_id", WORD, nullable=False),
        sa.Column("exact", WORD, nullable=True),
        sa.Column("template", WORD, nullable=True),
        sa.Column("error", WORD, nullable=True),
        sa.Column("service", WORD, nullable=False),
        sa.Column("category", WORD, nullable=False),
        sa.Column("operation", WORD, nullable=True),
        sa.Column("answer", WORD, nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.Column("ended_at", WORD, nullable=False),
        sa.Column("review_due", WORD, nullable=True),
        sa.Column("review_owner", WORD, nullable=True),
        sa.Column("issue_state", WORD, nullable=True),
        sa.Column("issue_owner", WORD, nullable=True),
        sa.Column("words", TEXTS, nullable=False),
        sa.Column("body", TEXTS, nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_memories")),
        sa.UniqueConstraint("escalation_id", name=op.f("uq_memories_escalation_id")),
    )
    for name, columns in (
        ("exact", ["exact", "ended_at"]),
        ("template", ["template", "ended_at"]),
        ("category", ["service", "category", "ended_at"]),
        ("operation", ["service", "operation", "ended_at"]),
        ("ended", ["ended_at", "escalation_id"]),
    ):
        op.create_index(f"ix_memories_{name}", "memories", columns, unique=False)
    _partial("ix_memories_error", "memories", ["error", "ended_at"], HAS_ERROR)
    _partial("ix_memories_review", "memories", ["review_due"], REVIEW_DUE)
    _partial("ix_memories_issue", "memories", ["ended_at"], UNFIXED)
    op.create_table(
        "recollections",
        sa.Column("id", WORD, nullable=False),
        sa.Column("body", TEXTS, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recollections")),
        sqlite_with_rowid=False,
    )
    _partial("ix_recollections_stale", "recollections", ["id"], STALE)
    op.create_table(
        "memory_terms",
        sa.Column("id", WORD, nullable=False),
        sa.Column("said", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memory_terms")),
        sqlite_with_rowid=False,
    )
    on_a_server = op.get_bind().dialect.name == "postgresql"
    for statement in WORDS_OF_A_SERVER if on_a_server else WORDS_OF_A_FILE:
        op.execute(statement)


def downgrade() -> None:
    """Go back; it can all be made again, from what waits then."""
    for table in ("memory_words", "memory_terms", "recollections", "memories"):
        op.drop_table(table)
    op.execute(
        "INSERT INTO unremembered (escalation_id, since) SELECT id, created_at FROM escalations "
        "WHERE status <> 'pending' ON CONFLICT (escalation_id) DO NOTHING"
    )
