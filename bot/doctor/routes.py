"""What doctor looks at of the ways outside Slack: whether each could be used. Nobody is paged."""

from collections.abc import Iterator

from approvals.policy.model import Policy
from bot.background.addresses import scheme_of
from bot.doctor.finding import Finding
from bot.page_side import wrong_routes


def routes(policy: Policy) -> Iterator[Finding]:
    """Each route of the policy: its address is understood, and its secrets are there."""
    wrong = wrong_routes(policy)
    for name, route in policy.routes.items():
        if name in wrong:
            do = "Mend the policy or the environment; docs/pages.md shows how."
            yield Finding(part="routes", said=f"{name}: {wrong[name]}", do=do)
        else:
            yield Finding(part="routes", said=f"{name} goes by {scheme_of(route.address)}")
