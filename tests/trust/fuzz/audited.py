"""What `andon-server audit verify` says of a stopped server's files."""

from pathlib import Path

from bot.audit.checking import check, lines_of
from bot.audit.keys import PublicKeys
from bot.steady import utc_now
from storage.evidence import open_evidence


def findings(folder: Path) -> list[str]:
    """Everything in a server's folder that does not follow from its records."""
    keys = PublicKeys.read(folder / "keys")
    with (
        lines_of(folder / "andon.anchors") as lines,
        open_evidence(folder / "andon.db") as evidence,
    ):
        return [str(finding) for finding in check(evidence, lines, keys, utc_now()).findings]
