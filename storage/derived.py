"""What is made again from the records: no move carries it, and the new place makes its own.

The names stand apart from the tables, whose classes take half a second to make: only migrations and
tests need those.
"""

#: Tables that are made again elsewhere.
DERIVED = ("memories", "recollections", "memory_terms", "unremembered")

#: All that has ended waits to be remembered.
ALL_WAIT = (
    "INSERT INTO unremembered (escalation_id, since) SELECT id, created_at FROM escalations "
    "WHERE status <> 'pending' ON CONFLICT (escalation_id) DO NOTHING"
)

#: Where the full text is; a file keeps more tables of this name and an ending.
WORDS = "memory_words"
