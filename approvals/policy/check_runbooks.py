"""What a policy says of runbooks that cannot be meant: an address nobody can open, a page that is
not there.
"""

import re
from collections.abc import Collection, Iterator

from approvals.policy.check_names import Mistake, unknown
from approvals.policy.model import Policy

#: An address whose end a path may follow: without a query, a fragment, or a name to log in with.
_ADDRESS = re.compile(r"https?://[\w.-]+(:\d+)?(/[\w.~%+,;:@=-]*)*", re.ASCII)

#: Characters of it at most: what Slack takes of a link is 3,000, and a page's path follows.
_LONGEST = 1_000


def runbook_mistakes(policy: Policy) -> Iterator[Mistake]:
    """What is wrong with the address that links begin with."""
    url = policy.memory.runbooks_url
    if url is not None and not (len(url) <= _LONGEST and _ADDRESS.fullmatch(url)):
        reason = (
            'is no address that a path may follow; write one like "https://git.example.com/ops"'
        )
        yield ("memory", "runbooks_url"), reason


def missing_pages(policy: Policy, pages: Collection[str]) -> Iterator[Mistake]:
    """Pages that rules name and the folder does not have."""
    known = dict.fromkeys(sorted(pages))
    for n, rule in enumerate(policy.rules):
        for m, name in enumerate(rule.runbooks):
            yield from unknown(name, known, ("rules", n, "runbooks", m), "runbook")
