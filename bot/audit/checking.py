"""Going through a whole store once: every escalation, then the blocks beside their anchors."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from approvals.auditing import AnchorCheck, Auditor, BlockCheck, Finding, Keys
from approvals.codec import instant
from approvals.events import sha256
from approvals.sealing import SETTLED
from storage.evidence import Evidence, columns_of

#: Findings that are kept to be told; any more are counted.
MOST = 1000

#: How often the way so far is told, in escalations or blocks.
TOLD_EVERY = 2000


@dataclass
class Report:
    """What was seen, and what cannot be so, the first first."""

    escalations: int = 0
    records: int = 0
    blocks: int = 0
    anchors: int = 0  #: those that name their block
    torn: int = 0  #: lines of anchors that a loss of power cut off
    unanchored: int = 0  #: blocks that should have an anchor and have none
    wrong: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, findings: Iterable[Finding]) -> None:
        """Keep them, or count them where they are many."""
        for finding in findings:
            self.wrong += 1
            if len(self.findings) < MOST:
                self.findings.append(finding)


def check(
    evidence: Evidence,
    anchors: Iterable[str],
    keys: Keys | None,
    now: datetime,
    told: Callable[[str], None] = lambda said: None,
) -> Report:
    """Check all of it. `anchors` must have been opened before: the store may only be ahead."""
    report, settled = Report(), instant(now - SETTLED)
    auditor = Auditor(columns_of=columns_of, keys=keys, sealed_by=settled)
    _escalations(evidence, auditor, report, told)
    _blocks(evidence, AnchorCheck.of(anchors, keys, settled), report, told)
    report.add(_policies(evidence, auditor.policies))
    report.add(auditor.rules.end())
    report.add(evidence.strays())
    return report


def _escalations(
    evidence: Evidence, auditor: Auditor, report: Report, told: Callable[[str], None]
) -> None:
    total = evidence.count()
    for kept in evidence.escalations():
        report.add(auditor.look(kept))
        report.escalations += 1
        report.records += len(kept.entries)
        if report.escalations % TOLD_EVERY == 0:
            told(f"{report.escalations:,} of {total:,} escalations")


def _blocks(
    evidence: Evidence, anchors: AnchorCheck, report: Report, told: Callable[[str], None]
) -> None:
    blocks = BlockCheck()
    for kept in evidence.blocks():
        wrong = list(blocks.look(kept))
        report.add(wrong)
        try:
            block = kept.block()
        except (TypeError, ValueError):
            continue  # its moment is none, which was found already
        report.add(anchors.look(block))
        report.blocks += 1
        if report.blocks % TOLD_EVERY == 0:
            told(f"{report.blocks:,} blocks")
    report.add(anchors.end(blocks.number))
    report.anchors, report.torn, report.unanchored = anchors.seen, anchors.torn, anchors.unanchored


def _policies(evidence: Evidence, met: set[str]) -> Iterator[Finding]:
    """Texts that were changed, and those that escalations name and nobody has any more."""
    kept = dict(evidence.policies())
    for version, text in kept.items():
        if sha256(text) != version:
            yield Finding(where=f"policy {version}", what="its text was changed")
    for version in sorted(met - kept.keys()):
        yield Finding(where=f"policy {version}", what="it is missing")


@contextmanager
def lines_of(path: Path) -> Iterator[Iterator[str]]:
    """The lines of a file as it is now; what is appended later is not read. Raises OSError."""
    with path.open("rb") as file:
        yield _lines(file, os.fstat(file.fileno()).st_size)


def _lines(file: BinaryIO, left: int) -> Iterator[str]:
    while left > 0 and (line := file.readline(left)):
        left -= len(line)
        yield line.decode(errors="replace").removesuffix("\n")
