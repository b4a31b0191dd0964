"""Whether what waits is what was recorded, looked at before a server starts on it.

SQLite keeps no sums of its pages: a byte that flipped inside a text passes every check of its own.
So what people could still be shown, and services could still take, is folded anew from its records,
whose hashes say whether they are whole.
"""

from pathlib import Path

from approvals.auditing import Auditor
from storage.errors import DamagedDatabaseError
from storage.evidence import columns_of, open_evidence

#: Escalations looked at, those that are due first: a start must not take long. `audit verify`
#: looks at all of them.
MOST = 300

#: What is not in a block yet is no fault at a start: a server may have ended before it made one.
_UNSEALED = ""


def refuse_untrue(path: Path) -> None:
    """Raise DamagedDatabaseError where something that waits does not follow from its records."""
    auditor = Auditor(columns_of=columns_of, keys=None, sealed_by=_UNSEALED)
    with open_evidence(path) as evidence:
        for kept in evidence.waiting(MOST):
            for finding in auditor.look(kept):
                raise DamagedDatabaseError(
                    f"{path} is damaged: {finding}. Nothing starts on it. `andon-server audit "
                    "verify` names all that is wrong; restore a backup: `andon-server restore "
                    "FILE`."
                )
