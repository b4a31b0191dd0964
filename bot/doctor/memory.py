"""What doctor looks at of memory: whether rules and work could be proposed under this policy."""

from collections.abc import Iterator

from approvals.memory.proposal import WRITE, cannot_accept
from approvals.policy.model import Policy
from bot.background.proposing import TICKETS, tickets_of
from bot.doctor.finding import Finding


def memory(policy: Policy) -> Iterator[Finding]:
    """Who may accept a rule, and where work by hand goes. Neither is needed to run."""
    if not policy.memory.propose:
        yield Finding(part="memory", said="the policy lets no rule be proposed, and none decide")
        return
    why = cannot_accept(policy)
    if why is not None:
        yield Finding(part="memory", said=f"no rule is proposed: {why}. To let it, add:\n{WRITE}\n")
    else:
        yield Finding(part="memory", said="rules are proposed to those who may change the policy")
    route = tickets_of(policy)
    if route is None:
        name = policy.memory.tickets or TICKETS
        said = f"work by hand is proposed nowhere: there is no route {name}"
        yield Finding(part="memory", said=said)
    else:
        yield Finding(part="memory", said=f"work by hand is proposed by the route {route}")
