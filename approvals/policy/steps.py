"""The chain that a plan carries: the steps written in the policy, or those of the severity.

Names become what the chain can reach without the file: a channel its id, the fallback its person.
What nobody could be behind is left out; where that leaves nobody, the next step takes its time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from approvals.policy.entries import StepEntry
from approvals.policy.model import Policy
from approvals.snapshot import Step
from approvals.words import Severity

#: Routes the default steps use where the policy has them: a page for what is critical, a ticket
#: for what is medium.
PAGER, TICKETS = "pager", "tickets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the names in steps mean for one escalation."""

    channel: str | None  #: id of its own channel
    owners: tuple[str, ...]
    fallback: str | None
    private: bool  #: only private channels may be told


def default_steps(severity: Severity, respond_s: int) -> tuple[StepEntry, ...]:
    """The steps of a severity that has any (DESIGN section 5), as far apart as it has to answer."""
    again = StepEntry(to=("approvers",), after_s=respond_s)
    last = StepEntry(to=("owners", "fallback"), after_s=respond_s)
    if severity is Severity.HIGH:
        return (StepEntry(to=("channel", "approvers")), again, last)
    if severity is Severity.MEDIUM:
        return (StepEntry(to=("channel", "current", f"route:{TICKETS}")), again, last)
    return (
        StepEntry(to=("channel", "approvers", f"route:{PAGER}")),
        StepEntry(to=("approvers",), after_s=respond_s, repeat=2, every_s=respond_s),
        StepEntry(to=last.to, after_s=3 * respond_s),
    )


def resolved(steps: Sequence[StepEntry], policy: Policy, around: Around) -> tuple[Step, ...]:
    """The steps with names resolved; those that reach nobody are left out."""
    found: list[Step] = []
    skipped: int | None = None  # a step that reaches nobody is passed at once, at its own time
    for entry in steps:
        to = tuple(dict.fromkeys(_targets(entry.to, policy, around)))
        after_s = entry.after_s if skipped is None else skipped
        skipped = None if to else after_s
        if to:
            step = Step(to=to, after_s=after_s, repeat=entry.repeat, every_s=entry.every_s)
            found.append(step)
    return tuple(found)


def _targets(to: Sequence[str], policy: Policy, around: Around) -> Iterator[str]:
    for target in to:
        what, _, name = target.partition(":")
        match what:
            case "channel" if not name:
                if around.channel:
                    yield target
            case "channel":
                channel = policy.channels.get(name)
                if channel and (channel.private or not around.private):
                    yield "channel" if channel.id == around.channel else f"channel:{channel.id}"
            case "owners":
                if around.owners:
                    yield target
            case "fallback":
                if around.fallback:
                    yield f"person:{around.fallback}"
            case "route":
                if name in policy.routes:
                    yield target
            case _:
                yield target
