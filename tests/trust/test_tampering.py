"""Audit tampering: whatever is done to the past behind our back, `audit verify` finds it.

Each round takes a fresh copy of a past, which verifies clean, does one thing to it, and looks
again. That the proof can fail is shown by auditors that are blind in one eye.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from bot.audit.checking import Report, check, lines_of
from bot.audit.keys import PublicKeys
from storage.evidence import open_evidence
from tests.trust.lane import rounds
from tests.trust.past import Past, a_past
from tests.trust.planted_audits import BLIND, Blind
from tests.trust.scene import Tampering, opened
from tests.trust.tampering import SORTS

#: Long after everything: nothing is on its way into a block any more.
LATER = datetime(2027, 1, 1, tzinfo=UTC)

#: Rounds of each sort.
ROUNDS = rounds(short=50, full=167)

#: Different pasts.
SEEDS = rounds(short=2, full=6)


def audited(past: Past) -> Report:
    """What `audit verify` says."""
    with lines_of(past.anchors) as lines, open_evidence(past.database) as evidence:
        return check(evidence, lines, PublicKeys.read(past.keys), LATER)


@pytest.fixture(scope="module")
def pasts(tmp_path_factory: pytest.TempPathFactory) -> list[Past]:
    """Pasts that are never touched."""
    folder = tmp_path_factory.mktemp("pasts")
    made = []
    for seed in range(SEEDS):
        (folder / str(seed)).mkdir()
        made.append(a_past(folder / str(seed), seed=seed, stories=14))
    return made


def copied(past: Past, folder: Path) -> Past:
    """A copy to tamper with."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(past.folder, folder)
    return replace(past, folder=folder)


def tried(pasts: list[Past], folder: Path, sort: str, seed: int) -> tuple[str, Report]:
    """One tampering on one copy, and what the audit then says."""
    random = Random(f"{sort} {seed}")
    past = copied(pasts[seed % len(pasts)], folder)
    assert audited(past).findings == []
    tampering: Tampering = random.choice(SORTS[sort])
    with opened(past, random) as scene:
        tampering(scene)
    return tampering.__name__, audited(past)


@pytest.mark.parametrize("sort", SORTS)
def test_every_tampering_is_found(
    sort: str, pasts: list[Past], tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    missed = []
    for seed in range(ROUNDS):
        name, report = tried(pasts, tmp_path / "copy", sort, seed)
        if not report.wrong:
            missed.append((name, seed))
    figure(f"tampering: {sort}", f"{ROUNDS - len(missed)} of {ROUNDS} found")
    assert missed == []


@pytest.mark.parametrize("blind", BLIND, ids=lambda blind: blind.eye)
def test_an_auditor_without_an_eye_misses_what_only_that_eye_sees(
    blind: Blind, pasts: list[Past], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = copied(pasts[0], tmp_path / "copy")
    with opened(past, Random(blind.eye)) as scene:
        blind.unseen(scene)
    seen = audited(past)
    blind.shut(monkeypatch)
    assert (seen.wrong > 0, audited(past).findings) == (True, [])


def test_the_planted_bugs_are_counted(figure: Callable[[str, str], None]) -> None:
    figure("tampering: planted bugs", f"{len(BLIND)} of {len(BLIND)} blind auditors miss something")
