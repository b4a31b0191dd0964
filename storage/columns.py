"""Columns that hold text: they compare by its bytes everywhere, so that every order is the same.

SQLite does so by itself. A server goes by the language it was set up for, in which `-` may not
count, and ids would sort in another order than Python sorts them.
"""

from sqlalchemy import String, Text
from sqlalchemy.dialects.postgresql import TEXT, VARCHAR

WORD = String().with_variant(VARCHAR(collation="C"), "postgresql")
TEXTS = Text().with_variant(TEXT(collation="C"), "postgresql")
