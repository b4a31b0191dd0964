"""Tables of what several servers on one database share: public keys, and the active policy.

Rows are only ever appended, as evidence is; of a key it may be said once that it is retired.
"""

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from storage.tables import KEYED


class SigningKeyRow(SQLModel, table=True):
    """The public half of a key that signs grants."""

    __tablename__ = "signing_keys"
    __table_args__ = (KEYED,)

    kid: str = Field(primary_key=True)
    jwk: str = Field(sa_type=Text)
    known_at: str
    signs_at: str
    retired_at: str | None = None


class ActivationRow(SQLModel, table=True):
    """A version of the policy became the active one. The last row says which is."""

    __tablename__ = "policy_activations"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    version: str = Field(foreign_key="policies.version")
    set_at: str
    set_by: str
