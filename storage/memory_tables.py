"""Tables of memory: what is derived from escalations that ended, and can be made again from them.

`memory_words`, beside these, holds the full text in each database's own way (migration 0009): row
`rowid` has the marks of the memory at that `place`.
"""

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from storage.tables import KEYED


class MemoryRow(SQLModel, table=True):
    """An escalation as it is remembered: a document, and what is searched or counted by."""

    __tablename__ = "memories"
    __table_args__ = (
        Index("ix_memories_exact", "exact", "ended_at"),
        Index("ix_memories_template", "template", "ended_at"),
        Index(
            "ix_memories_error",
            "error",
            "ended_at",
            sqlite_where=text("error IS NOT NULL"),
            postgresql_where=text("error IS NOT NULL"),
        ),
        Index("ix_memories_category", "service", "category", "ended_at"),
        Index("ix_memories_operation", "service", "operation", "ended_at"),
        Index("ix_memories_ended", "ended_at", "escalation_id"),
        Index(
            "ix_memories_review",
            "review_due",
            sqlite_where=text("review_due IS NOT NULL"),
            postgresql_where=text("review_due IS NOT NULL"),
        ),
        Index(
            "ix_memories_issue",
            "ended_at",
            sqlite_where=text("issue_state <> 'fixed'"),
            postgresql_where=text("issue_state <> 'fixed'"),
        ),
    )

    place: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    escalation_id: str = Field(unique=True)
    exact: str | None = None
    template: str | None = None
    error: str | None = None
    service: str
    category: str
    operation: str | None = None
    answer: str  #: what it is counted by
    failed: int = 0
    undone: int = 0
    ended_at: str
    review_due: str | None = None  #: while it is not written
    review_owner: str | None = None
    issue_state: str | None = None
    issue_owner: str | None = None
    words: str = Field(sa_type=Text)  #: marks, with a space between them
    body: str = Field(sa_type=Text)


class RecollectionRow(SQLModel, table=True):
    """What a new escalation of a fingerprint is shown. An empty body waits to be made again."""

    __tablename__ = "recollections"
    __table_args__ = (
        Index(
            "ix_recollections_stale",
            "id",
            sqlite_where=text("body = ''"),
            postgresql_where=text("body = ''"),
        ),
        KEYED,
    )

    id: str = Field(primary_key=True)  #: likeness and hash
    body: str = Field(sa_type=Text)


class TermRow(SQLModel, table=True):
    """How many memories say a word. `id` is its mark."""

    __tablename__ = "memory_terms"
    __table_args__ = (KEYED,)

    id: str = Field(primary_key=True)
    said: int
