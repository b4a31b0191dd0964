"""The command behind `make demo`; tests/browser/ runs it as a process."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import demo_command
from bot.cli import app


def test_where_it_cannot_write_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path / "file"), "--port", "0"])
    assert done.exit_code == 3
    assert done.stderr.startswith("The demo could not start: ")


def test_parts_that_do_not_find_one_another_are_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No time at all is too little to connect."""
    monkeypatch.setattr(demo_command, "READY_WITHIN_S", 0.0)
    done = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path), "--port", "0"])
    assert done.exit_code == 3
    assert "its parts did not find one another. The log is in" in done.stderr


def test_a_port_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path), "--port", "70000"])
    assert done.exit_code == 2
