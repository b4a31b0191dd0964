"""What rules decided, held against the proposals by which people accepted them.

An escalation alone says only which proposal it was. Whether that accepted a rule for the like of
it, and whether the rule was in force then, stands in the proposal's own records.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from approvals.auditing.findings import Finding
from approvals.escalation import Escalation
from approvals.memory.accepted import OURSELVES, Accepted, accepted, key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """A rule that was accepted, from when on, and until when at most."""

    rule: Accepted
    since: datetime
    suspended: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """Something a rule decided."""

    id: str
    proposal: str
    at: datetime
    option: str | None
    key: str | None  #: None where it was erased


class RuleCheck:
    """Sees every escalation once, in any order; at the end it knows."""

    def __init__(self) -> None:
        self._uses: list[_Use] = []
        self._rules: dict[str, _Rule] = {}
        self._gone: set[str] = set()  #: erased: what they accepted is not known any more

    def see(self, e: Escalation) -> None:
        """Remember what it says of rules."""
        made, rule, done = e.decision, accepted(e), e.outcome
        if e.service == OURSELVES and e.erased is not None:
            self._gone.add(e.id)
        if rule is not None and done is not None:
            ended = e.suspended.at if e.suspended else None
            self._rules[e.id] = _Rule(rule=rule, since=done.at, suspended=ended)
        if made is not None and made.rule is not None:
            key = key_of(e.fingerprint) if e.fingerprint else None
            use = _Use(id=e.id, proposal=made.rule, at=made.at, option=made.option, key=key)
            self._uses.append(use)

    def end(self) -> Iterator[Finding]:
        """What no rule could have decided."""
        for use in self._uses:
            if use.proposal in self._gone:
                continue
            what = self._wrong(use, self._rules.get(use.proposal))
            if what is not None:
                yield Finding(where=f"escalation {use.id}", what=what)

    def _wrong(self, use: _Use, found: _Rule | None) -> str | None:
        if found is None:
            return f"a rule decided it that {use.proposal} never accepted"
        late = found.suspended is not None and use.at > found.suspended
        if use.at < found.since or late or found.rule.is_over(use.at):
            return f"the rule of {use.proposal} was not in force when it decided this"
        other = use.key is not None and use.key != found.rule.fingerprint
        if other or use.option != found.rule.option:
            return f"the rule of {use.proposal} does not decide this"
        return None
