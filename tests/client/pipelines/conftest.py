"""A command named `andon` in PATH, and processes that are gone when the test is over."""

import os
import sys
from pathlib import Path

import pytest

from tests.building import ROOT
from tests.client.cli.conftest import andon, as_on_a_terminal, here, starting

__all__ = ["andon", "as_on_a_terminal", "here", "starting"]


@pytest.fixture
def bin_(tmp_path: Path) -> Path:
    """A folder with an `andon` as installing the client makes it."""
    folder = tmp_path / "andon" / "bin"
    folder.mkdir(parents=True)
    script = f'#!/bin/sh\nPYTHONPATH={ROOT / "client"} exec {sys.executable} -m andon "$@"\n'
    (folder / "andon").write_text(script)
    (folder / "andon").chmod(0o755)
    os.symlink(sys.executable, folder / "python")
    return folder
