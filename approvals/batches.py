"""Releasing many alike at once, after one of them went well.

Only what is reversible, at most medium, shown whole, without amounts, hidden values and doubtful
letters, and of one command template: equal but for its numbers and ids. Each vote is an ordinary
one all the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from approvals.escalation import Escalation, Option
from approvals.scripts import doubtful
from approvals.showing import is_shown_whole, parts
from approvals.storms import Listed, Storm, listed
from approvals.words import Effect, Friction, Kind, OperationState, Severity, Status

#: Characters of differing values that one window shows; more are decided by another click.
MOST_VALUES = 6000

#: What may differ from one to the next: an id, a hash, a number with its separators.
_VARIES = re.compile(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b(?=[a-f]*[0-9])[0-9a-f]{7,}\b"
    r"|[0-9]+(?:[.,:-][0-9]+)*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """The others, what is chosen for them, and what would run."""

    listed: Listed
    option: Option
    template: str  #: what would run, `…` where they differ
    values: tuple[str, ...]  #: what stands there, one text a member


def others(storm: Storm, among: Sequence[Escalation] | None = None) -> Others | None:
    """Those that wait, or those of them that are named, if all of them may be released as one that
    succeeded was; else None.
    """
    waiting = tuple(e for e in among or storm.members if e.status is Status.PENDING)
    tried = next((e for e in storm.members if e.state is OperationState.SUCCEEDED), None)
    key = tried.decision.option if tried is not None and tried.decision is not None else None
    if tried is None or key is None or not waiting:
        return None
    if not all(_may_go(e, key) and _shape(e, key) == _shape(tried, key) for e in waiting):
        return None
    option = tried.option(key)
    assert option is not None  # noqa: S101  its shape was read
    return _shown(storm, waiting, option)


def _may_go(e: Escalation, key: str) -> bool:
    option, operation = e.option(key), e.operation
    if option is None or operation is None or e.kind is not Kind.APPROVAL:
        return False
    quick = option.friction is Friction.TAP and not option.irreversible
    open_ = operation.money is None and not operation.redacted
    plain = not doubtful(e)
    mild = e.severity.rank <= Severity.MEDIUM.rank
    fit = quick and open_ and plain and mild
    return option.effect is Effect.RELEASE and fit and is_shown_whole(e)


def _shape(e: Escalation, key: str) -> tuple[str, ...]:
    """What must be equal: everything but numbers and ids."""
    option, operation = e.option(key), e.operation
    assert option is not None  # noqa: S101  looked at before
    assert operation is not None  # noqa: S101
    whole = (operation.name, operation.target or "", option.label, _would_run(e, key))
    return tuple(_VARIES.sub("\0", text) for text in whole)


def _would_run(e: Escalation, key: str) -> str:
    runs = [part.text for part in parts(e) if part.option in (None, key)]
    target = e.operation.target if e.operation else None
    return "\n".join([*runs, *([f"target: {target}"] if target else [])])


def _shown(storm: Storm, waiting: Sequence[Escalation], option: Option) -> Others:
    """As many as one window shows in full."""
    texts = [_would_run(e, option.key) for e in waiting]
    found = [_VARIES.findall(text) for text in texts]
    differing = [n for n in range(len(found[0])) if len({one[n] for one in found}) > 1]
    values = [", ".join(one[n] for n in differing) for one in found]
    most, room = 0, MOST_VALUES
    while most < len(values) and (room := room - len(values[most]) - 2) >= 0:
        most += 1
    kept = listed(storm, waiting[: max(1, most)])
    return Others(
        listed=kept,
        option=option,
        template=_template(texts[0], differing),
        values=tuple(values[: len(kept.members)]),
    )


def _template(text: str, differing: Sequence[int]) -> str:
    places = iter(range(len(text)))
    return _VARIES.sub(lambda found: "…" if next(places) in differing else found[0], text)
