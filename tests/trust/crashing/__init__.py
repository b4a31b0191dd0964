"""Real servers under mixed traffic that die at any moment, and the invariants asked afterwards.

::

    forked, servers   processes that start at once, with a bug planted if asked (planted)
    traffic, clicks   services and people, and what they did (journal)
    stored            what the database file says
    checking          the invariants over both; audited: what `audit verify` says of the file
    lives             one life after the other, on one growing database
"""
