"""Everything about one escalation, the first bad record first."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from approvals.auditing.chain import check_chain
from approvals.auditing.findings import Finding
from approvals.auditing.kept import Columns, Kept, Keys
from approvals.auditing.rows import check_rows
from approvals.auditing.ruled import RuleCheck
from approvals.auditing.sane import check_sane
from approvals.auditing.state import UnfoldableError, check_state, refold

#: What values of another type lead to: a column may hold anything once somebody wrote into it.
_UNREADABLE = (TypeError, ValueError, AttributeError, KeyError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditor:
    """Looks at escalations one by one; what it needs to know of the store and the moment."""

    columns_of: Columns
    keys: Keys | None  #: None: signatures are not checked
    sealed_by: str  #: records of before this instant must be in a block
    policies: set[str] = field(default_factory=set)  #: versions that were met
    rules: RuleCheck = field(default_factory=RuleCheck)  #: knows at the end what rules decided

    def look(self, kept: Kept) -> Iterator[Finding]:
        """What is wrong with it. A broken chain is all there is to say: what would follow from it
        proves nothing.
        """
        if not kept.entries:
            yield Finding(where=f"escalation {kept.id}", what="it has no record")
            return
        try:
            broken = list(check_chain(kept.entries))
            yield from broken or self._follows(kept)
            yield from self._sealed(kept)
        except _UNREADABLE as error:
            what = f"its rows hold what no row of ours does ({type(error).__name__})"
            yield Finding(where=f"escalation {kept.id}", what=what)

    def _follows(self, kept: Kept) -> Iterator[Finding]:
        try:
            folded = refold(kept.entries)
        except UnfoldableError as error:
            yield Finding(where=error.entry.where, what=str(error))
            return
        self.policies.add(folded.now.plan.policy_version)
        self.rules.see(folded.now)
        yield from check_sane(kept.id, kept.entries, folded)
        yield from check_state(kept, folded.now, self.columns_of)
        yield from check_rows(kept, folded.now, self.keys)

    def _sealed(self, kept: Kept) -> Iterator[Finding]:
        late = (e for e in kept.entries if e.seq > kept.sealed and e.at < self.sealed_by)
        for entry in late:
            yield Finding(where=entry.where, what=f"it is in no block since {entry.at}")
            return
