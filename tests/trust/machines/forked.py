"""Replicas, quickly, as `tests.trust.crashing.forked`, with the bugs of this room."""

import storage.postgres.database
from tests.trust.crashing import forked
from tests.trust.machines.planted import BUGS

#: Imported once, for all that are forked.
IMPORTED = storage.postgres.database

if __name__ == "__main__":
    forked.BUGS.update(BUGS)
    forked.main()
