"""The distribution alone, in an empty environment: it installs, imports and is small."""

import json
import re
import subprocess
import venv
from pathlib import Path

import pytest

from tests.building import ROOT

#: Megabytes of the client and everything it needs.
MOST_MB = 40

UV = ROOT / ".venv" / "bin" / "uv"

ASKED = """
import json, sys
import andon
sizes = {n: m.__file__ for n, m in sys.modules.items() if n.split(".")[0] in ("bot", "approvals")}
from andon import Client, Money, Operation, digest_of, hold, requires_approval, verify_grant
print(json.dumps({"version": andon.__version__, "servers": sorted(sizes),
                  "digest": digest_of(Operation("x"))}))
"""


def uv(*arguments: str, cwd: Path) -> None:
    """Run uv, from its cache or by name."""
    done = subprocess.run([UV, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the built wheel in it, and nothing of this repository besides."""
    if not UV.exists():
        pytest.skip("uv is not installed; `make` installs it")
    folder = tmp_path_factory.mktemp("alone")
    venv.create(folder / "env", with_pip=False)
    uv("build", "-q", "--wheel", "--out-dir", str(folder), str(ROOT / "client"), cwd=folder)
    wheel = next(folder.glob("andon-*.whl"))
    python = str(folder / "env" / "bin" / "python")
    uv("pip", "install", "-q", "--python", python, str(wheel), cwd=folder)
    return folder / "env"


def test_it_works_alone(installed: Path) -> None:
    """Away from this repository, with nothing of the server."""
    done = subprocess.run(
        [installed / "bin" / "python", "-I", "-c", ASKED],
        cwd=installed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["version"], told["servers"]) == ("0.1.0", [])
    assert told["digest"].startswith("sha256:")


def test_its_command_is_there(installed: Path) -> None:
    """And tells how it is used."""
    done = subprocess.run(
        [installed / "bin" / "andon", "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^ +run +hold a command", done.stdout, re.MULTILINE), done.stdout


def test_it_is_small(installed: Path) -> None:
    """With all it needs."""
    site = next((installed / "lib").glob("python*/site-packages"))
    files = (path for path in site.rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert sum(path.stat().st_size for path in files) < MOST_MB * 1_000_000


def test_it_says_that_it_is_typed(installed: Path) -> None:
    """So that callers' checkers see its annotations."""
    assert list((installed / "lib").glob("python*/site-packages/andon/py.typed"))
