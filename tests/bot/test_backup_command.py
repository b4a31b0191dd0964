"""`backup` and `restore`, where they cannot be done; tests/trust makes copies and serves them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app


def test_a_folder_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the file that would have been written beside the copy."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["backup", "away/andon.db"])
    assert (result.exit_code, result.stderr) == (3, "There is no folder away; make it first.\n")
