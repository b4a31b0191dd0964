"""The tables. Instants are RFC 3339 text in UTC with microseconds: sortable, the same everywhere.

The folded state of an escalation is one document (`body`); the columns beside it are what is
searched, sorted or constrained (docs/decisions/0002). Constraints here and triggers in the
migrations are a second fence behind the core: one terminal decision, one effective vote a person,
events only ever appended.
"""

from sqlalchemy import BigInteger, Index, MetaData, Text, text
from sqlmodel import Field, SQLModel

SQLModel.metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: Small rows lie in their primary key's own tree on SQLite: one tree to write instead of two.
KEYED = {"sqlite_with_rowid": False}


class EscalationRow(SQLModel, table=True):
    """An escalation: its state as a document, and what is searched by."""

    __tablename__ = "escalations"
    __table_args__ = (
        Index(
            "ix_escalations_pending",
            "deadline_at",
            "id",
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
        Index(
            "ix_escalations_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index(
            "uq_escalations_twin",
            "join_key",
            unique=True,
            sqlite_where=text("status = 'pending' AND join_key IS NOT NULL"),
            postgresql_where=text("status = 'pending' AND join_key IS NOT NULL"),
        ),
        Index(
            "ix_escalations_decided",
            "decided_at",
            sqlite_where=text("decided_at IS NOT NULL"),
            postgresql_where=text("decided_at IS NOT NULL"),
        ),
        Index(
            "ix_escalations_reference",
            "reference",
            sqlite_where=text("reference IS NOT NULL"),
            postgresql_where=text("reference IS NOT NULL"),
        ),
        Index("ix_escalations_service", "service", "id"),
        Index(
            "ix_escalations_waiting",
            "service",
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
        Index(
            "ix_escalations_dedup",
            "service",
            "dedup_key",
            "created_at",
            sqlite_where=text("dedup_key IS NOT NULL"),
            postgresql_where=text("dedup_key IS NOT NULL"),
        ),
        Index(
            "ix_escalations_low",
            "created_at",
            sqlite_where=text("severity = 'low'"),
            postgresql_where=text("severity = 'low'"),
        ),
        Index(
            "ix_escalations_storm",
            "storm_id",
            sqlite_where=text("storm_id IS NOT NULL"),
            postgresql_where=text("storm_id IS NOT NULL"),
        ),
        Index(
            "ix_escalations_rule",
            "by_rule",
            "id",
            sqlite_where=text("by_rule IS NOT NULL"),
            postgresql_where=text("by_rule IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    suffix: str = Field(index=True)
    service: str
    group_id: str
    kind: str
    category: str
    severity: str
    environment: str
    reference: str | None = None
    dedup_key: str | None = None
    join_key: str | None = None
    title: str
    status: str
    state: str
    version: int
    created_at: str
    deadline_at: str
    due_at: str | None = None
    decided_at: str | None = None
    storm_id: str | None = None
    by_rule: str | None = None  #: the proposal whose accepted rule decided it
    body: str = Field(sa_type=Text)


class VoteRow(SQLModel, table=True):
    """A vote; changed ones stay, no longer effective."""

    __tablename__ = "votes"
    __table_args__ = (
        Index(
            "uq_votes_effective",
            "escalation_id",
            "person",
            unique=True,
            sqlite_where=text("effective = 1"),
            postgresql_where=text("effective = 1"),
        ),
    )

    escalation_id: str = Field(primary_key=True, foreign_key="escalations.id")
    seq: int = Field(primary_key=True)
    person: str
    option: str
    effective: int = 1
    at: str


class DecisionRow(SQLModel, table=True):
    """The one terminal decision of an escalation."""

    __tablename__ = "decisions"

    escalation_id: str = Field(primary_key=True, foreign_key="escalations.id")
    seq: int
    status: str
    option: str | None = None
    by: str
    at: str


class EventRow(SQLModel, table=True):
    """A record of the audit log, without its body."""

    __tablename__ = "events"
    __table_args__ = (KEYED,)

    escalation_id: str = Field(primary_key=True, foreign_key="escalations.id")
    seq: int = Field(primary_key=True)
    kind: str
    at: str
    by: str
    core: int
    prev: str
    hash: str
    body_hash: str
    command_id: str = Field(index=True)


class EventBodyRow(SQLModel, table=True):
    """A record's body, hashed apart so that it can be erased."""

    __tablename__ = "event_bodies"

    escalation_id: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    text: str = Field(sa_type=Text)


class BlockRow(SQLModel, table=True):
    """Heads of chains sealed together; no two blocks follow on the same one."""

    __tablename__ = "blocks"

    number: int = Field(primary_key=True)
    prev: str = Field(unique=True)
    root: str
    count: int
    at: str
    hash: str = Field(unique=True)


class SealRow(SQLModel, table=True):
    """The head of a chain in its block: record `seq` of the escalation and all before it."""

    __tablename__ = "seals"
    __table_args__ = (
        Index("uq_seals_record", "escalation_id", "seq", unique=True),
        KEYED,
    )

    block: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    escalation_id: str
    seq: int
    hash: str


class UnsealedRow(SQLModel, table=True):
    """An escalation that has records no block seals yet, and since when."""

    __tablename__ = "unsealed"
    __table_args__ = (KEYED,)

    escalation_id: str = Field(primary_key=True)
    since: str


class UnrememberedRow(SQLModel, table=True):
    """An escalation that ended, or changed since, and that memory has not looked at yet."""

    __tablename__ = "unremembered"
    __table_args__ = (KEYED,)

    escalation_id: str = Field(primary_key=True)
    since: str


class KeyRow(SQLModel, table=True):
    """What a service's idempotency key opened. `id` is `service:key`."""

    __tablename__ = "idempotency"
    __table_args__ = (KEYED,)

    id: str = Field(primary_key=True)
    escalation_id: str
    body_hash: str


class GroupRow(SQLModel, table=True):
    """The group of a service's dedup_key. `id` is `service:dedup_key`."""

    __tablename__ = "groups"

    id: str = Field(primary_key=True)
    group_id: str


class GrantRow(SQLModel, table=True):
    """The one grant of an escalation, as issued."""

    __tablename__ = "grants"

    escalation_id: str = Field(primary_key=True, foreign_key="escalations.id")
    id: str = Field(unique=True)
    kid: str
    jws: str = Field(sa_type=Text)


class RefusalRow(SQLModel, table=True):
    """How often someone was refused for a reason; the first time is an event too."""

    __tablename__ = "refusals"

    escalation_id: str = Field(primary_key=True)
    who: str = Field(primary_key=True)
    why: str = Field(primary_key=True)
    times: int


class ServiceRow(SQLModel, table=True):
    """A service that may call."""

    __tablename__ = "services"

    name: str = Field(primary_key=True)
    owners: str = "[]"
    callback_hosts: str = "[]"
    opens_per_minute: int | None = None  #: None: as the settings say
    most_pending: int | None = None
    created_at: str


class ServiceKeyRow(SQLModel, table=True):
    """A key of a service, hashed."""

    __tablename__ = "service_keys"

    hash: str = Field(primary_key=True)
    service: str = Field(index=True, foreign_key="services.name")
    scopes: str
    created_at: str
    revoked_at: str | None = None


class ServiceSecretRow(SQLModel, table=True):
    """A `whsec_` secret for callbacks."""

    __tablename__ = "service_secrets"

    secret: str = Field(primary_key=True)
    service: str = Field(index=True, foreign_key="services.name")
    created_at: str
    revoked_at: str | None = None


class PolicyRow(SQLModel, table=True):
    """A policy file by its hash, as it was when first used."""

    __tablename__ = "policies"

    version: str = Field(primary_key=True)
    text: str = Field(sa_type=Text)
    first_used_at: str


class AbsenceRow(SQLModel, table=True):
    """Somebody is or was away; one substitute stands in. Ended early where `ended_at` is set."""

    __tablename__ = "absences"

    id: int | None = Field(default=None, primary_key=True)
    person: str = Field(index=True)
    substitute: str
    since: str
    until: str
    set_at: str
    set_by: str
    ended_at: str | None = None
    ended_by: str | None = None


class MoneyRow(SQLModel, table=True):
    """An amount that was asked for, under each key it adds up with. `key` is hashed."""

    __tablename__ = "money_moves"
    __table_args__ = (Index("ix_money_moves_key", "key", "at"), KEYED)

    escalation_id: str = Field(primary_key=True, foreign_key="escalations.id")
    key: str = Field(primary_key=True)
    at: str
    amount_minor: int = Field(sa_type=BigInteger)


class FlowRow(SQLModel, table=True):
    """What came lately of one service, category and environment: what a storm is noticed by."""

    __tablename__ = "flows"
    __table_args__ = (KEYED,)

    id: str = Field(primary_key=True)
    body: str = Field(sa_type=Text)


class StormRow(SQLModel, table=True):
    """Many questions of one sort at once, gathered on one card. `version` rises with any of them;
    each says itself what it is (`escalations.storm_id`).
    """

    __tablename__ = "storms"
    __table_args__ = (KEYED,)

    id: str = Field(primary_key=True)
    began_at: str
    version: int


class SignatureRow(SQLModel, table=True):
    """A Slack request taken already."""

    __tablename__ = "signatures"

    signature: str = Field(primary_key=True)
    seen_at: str = Field(index=True)


class NoteRow(SQLModel, table=True):
    """Small facts about the store itself, such as the latest moment it has seen."""

    __tablename__ = "notes"

    name: str = Field(primary_key=True)
    value: str
