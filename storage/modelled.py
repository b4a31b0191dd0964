"""All tables, as SQLModel has them: what migrations are compared with, and name things after."""

from sqlmodel import SQLModel

from storage import memory_tables, owed_tables, replica_tables, tables

#: Their import fills the metadata.
MODELLED = (tables, owed_tables, replica_tables, memory_tables)

TABLES = SQLModel.metadata
