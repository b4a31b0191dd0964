"""The full lane: all that runs on PyPI's PostgreSQL runs on Debian's 15, the oldest we take."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.building import ROOT
from tests.postgres import DEBIAN, started
from tests.trust.lane import FULL

Figure = Callable[[str, str], None]

pytestmark = pytest.mark.skipif(not FULL, reason="of the full lane: make trust LANE=full")

#: All that stands on a server of its own, by sort; of the proofs those that ask for one.
STORAGE = ("tests/storage/contract", "tests/storage/postgres", "tests/storage/test_expanding.py")
JOURNEYS = tuple(f"tests/journeys/test_{name}.py" for name in ("on_postgres", "replicas", "moved"))
PROOFS = tuple(
    str(file.relative_to(ROOT))
    for file in sorted((ROOT / "tests/trust").rglob("test_*.py"))
    if file != Path(__file__) and "postgres" in file.read_text(encoding="utf-8")
)


@pytest.fixture(autouse=True)
def debian(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is started here is Debian's."""
    monkeypatch.setenv("ANDON_TEST_POSTGRES", "debian")


def test_it_is_debians_server_that_is_tried(tmp_path: Path) -> None:
    with started(tmp_path / "pg") as server:
        ((version,),) = server.run("postgres", "SHOW server_version")
        assert version.startswith("15.")


@pytest.mark.parametrize(
    "tests", [STORAGE, JOURNEYS, PROOFS], ids=["storage", "journeys", "proofs"]
)
def test_all_of_it_holds_on_debians_postgresql(tests: tuple[str, ...], figure: Figure) -> None:
    assert DEBIAN.is_dir(), f"There is no {DEBIAN}: apt-get install postgresql-15"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=ROOT,
        # The proofs are long enough in their short lane: it is the server that is another one.
        env={**os.environ, "ANDON_TRUST_LANE": "short"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-5000:]
    found = re.findall(r"(\d+ passed.*?) in ", run.stdout)
    figure("Debian's PostgreSQL 15", f"{found[-1]} of {', '.join(tests)}")
