"""Tables of what is owed: cards, messages and callbacks."""

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from storage.tables import KEYED


class CardRow(SQLModel, table=True):
    """A Slack message for an escalation. Due when `due_at` has come; leased by moving it."""

    __tablename__ = "cards"
    __table_args__ = (
        Index(
            "ix_cards_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index(
            "ix_cards_where",
            "channel",
            "ts",
            sqlite_where=text("ts IS NOT NULL"),
            postgresql_where=text("ts IS NOT NULL"),
        ),
        Index(
            "ix_cards_storm",
            "storm_id",
            sqlite_where=text("storm_id IS NOT NULL"),
            postgresql_where=text("storm_id IS NOT NULL"),
        ),
        KEYED,
    )

    id: str = Field(primary_key=True)
    escalation_id: str = Field(index=True, foreign_key="escalations.id")
    surface: str
    target: str
    channel: str | None = None
    ts: str | None = None
    drawn: str | None = None
    version: int = 0
    attempts: int = 0
    posted_at: str | None = None
    due_at: str | None = None
    error: str | None = None
    storm_id: str | None = None
    rest_until: str | None = None


class DeliveryRow(SQLModel, table=True):
    """An owed message or callback."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(
            "ix_deliveries_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    escalation_id: str = Field(index=True, foreign_key="escalations.id")
    kind: str
    target: str
    payload: str = Field(sa_type=Text)
    attempts: int = 0
    state: str = "pending"
    created_at: str
    due_at: str | None = None
    settled_at: str | None = None
    error: str | None = None
