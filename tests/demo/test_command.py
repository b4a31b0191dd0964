"""The command behind `make demo`; tests/browser/ runs it as a process."""

from pathlib import Path

from typer.testing import CliRunner

from bot.cli import app


def test_where_it_cannot_write_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path / "file"), "--port", "0"])
    assert done.exit_code == 3
    assert done.stderr.startswith("The demo could not start: ")
