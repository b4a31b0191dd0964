"""The plugin, in a run of pytest of its own, as a service has it."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.building import ROOT

TESTS = """
import os
import urllib.error
import urllib.request
import pytest


def test_it_is_there(andon_fake):
    assert os.environ["ANDON_URL"] == andon_fake.url
    assert os.environ["ANDON_KEY"] == andon_fake.key
    assert "ANDON_KEY_FILE" not in os.environ
    assert urllib.request.urlopen(andon_fake.url + "/healthz").status == 200
    assert andon_fake.asked[0].path == "/healthz"


def test_it_is_of_its_own(andon_fake):
    assert not andon_fake.asked


@pytest.mark.andon("reject", reason="not tonight")
def test_the_marker_says_what_people_say(andon_fake):
    assert andon_fake._verdicts[0].reason == "not tonight"


@pytest.mark.andon("away")
def test_the_marker_sends_it_away(andon_fake):
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(andon_fake.url + "/healthz")


def test_afterwards_nothing_is_left():
    assert "ANDON_URL" not in os.environ
"""

LIGHT = """
import sys

def test_nothing_heavy_was_loaded():
    assert not {"httpx2", "pydantic", "cryptography"} & set(sys.modules)
"""


def run(folder: Path, tests: str) -> subprocess.CompletedProcess[str]:
    """A run of pytest with the plugin, as its entry point loads it."""
    (folder / "test_gates.py").write_text(tests)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANDON_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "--strict-markers", "-p"]
    return subprocess.run(
        [*command, "andon.testing.plugin", "-p", "no:cacheprovider", "-p", "no:cov"],
        cwd=folder,
        env={
            **kept,
            "PYTHONPATH": str(ROOT / "client"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "ANDON_KEY_FILE": "/nowhere",
        },
        capture_output=True,
        text=True,
    )


def test_a_service_tests_its_gates(tmp_path: Path) -> None:
    done = run(tmp_path, TESTS)
    assert "5 passed" in done.stdout, done.stdout + done.stderr


def test_a_run_that_does_not_use_it_pays_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, LIGHT)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_it_is_found_by_its_entry_point() -> None:
    project = tomllib.loads((ROOT / "client" / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"andon": "andon.testing.plugin"}
