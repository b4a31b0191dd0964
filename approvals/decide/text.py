"""What people write: long enough to say something, short enough to be read (CARDS section 2)."""

from approvals.refusals import Why
from approvals.verdict import Verdict, refuse

#: Characters of a rationale, a question, a root cause.
SHORTEST_REASON, LONGEST_REASON = 3, 1000


def misfit(text: str, who: str, *, least: int = SHORTEST_REASON, **values: str) -> Verdict | None:
    """Why a text cannot be taken as it is, or None."""
    length = len(text.strip())
    if length > LONGEST_REASON:
        return refuse(Why.REASON_TOO_LONG, who=who, length=length, most=LONGEST_REASON, **values)
    if length < least:
        return refuse(Why.REASON_NEEDED, who=who, least=least, **values)
    return None
