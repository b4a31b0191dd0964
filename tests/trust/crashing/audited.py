"""What `audit verify` says of a folder: the check an operator would run after a crash."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from bot.audit.checking import check, lines_of
from bot.audit.keys import PublicKeys
from storage.evidence import open_evidence


def audited(folder: Path, now: datetime) -> Iterator[str]:
    """Everything it finds wrong in the folder of a server that is dead."""
    anchors = folder / "andon.anchors"
    anchors.touch()
    with lines_of(anchors) as lines, open_evidence(folder / "andon.db") as evidence:
        report = check(evidence, lines, PublicKeys.read(folder / "keys"), now)
    yield from (f"I10: {finding}" for finding in report.findings)
