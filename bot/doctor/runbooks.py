"""What doctor looks at of the runbooks: each page, and those that rules name."""

from collections.abc import Iterator
from pathlib import Path

from approvals.policy.model import Policy
from bot.doctor.finding import Finding
from bot.runbook_folder import missing, read_folder
from bot.settings import Settings

#: Mistakes named at once.
MOST = 20


def runbooks(settings: Settings, policy: Policy | None) -> Iterator[Finding]:
    """Pages that cannot be read as they are meant, and those that are not there."""
    if not settings.runbooks:
        return
    found = read_folder(Path(settings.runbooks))
    yield Finding(part="runbooks", said=f"{len(found.pages)} in {settings.runbooks}")
    for wrong in found.wrong[:MOST]:
        yield Finding(part="runbooks", said=str(wrong), do="Mend the page.")
    if len(found.wrong) > MOST:
        more = f"{len(found.wrong) - MOST} more mistakes"
        yield Finding(part="runbooks", said=more, do="`policy check` names them all.")
    for wrong in missing(policy, found, settings.policy) if policy else ():
        yield Finding(part="runbooks", said=str(wrong), do="Mend the rule, or write the page.")
