"""The command behind `make demo`; tests/browser/ runs it as a process."""

import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot import demo_side
from bot.cli import app
from bot.demo import cast


def test_where_it_cannot_write_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path / "file"), "--port", "0"])
    assert done.exit_code == 3
    assert done.stderr.startswith("The demo could not start: ")


def test_parts_that_do_not_find_one_another_are_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No time at all is too little to connect."""
    monkeypatch.setattr(demo_side, "READY_WITHIN_S", 0.0)
    done = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path), "--port", "0"])
    assert done.exit_code == 3
    assert "its parts did not find one another. The log is in" in done.stderr


def test_a_port_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path), "--port", "70000"])
    assert done.exit_code == 2


async def test_a_port_that_another_takes_while_it_starts_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seconds lie between choosing a port and serving on it."""
    served, usual = demo_side.serving, 0
    with socket.create_server(("127.0.0.1", 0)) as trial:
        usual = trial.getsockname()[1]
    monkeypatch.setattr(demo_side, "API_PORT", usual)
    with ExitStack() as another:

        def late(*given: Any, **more: Any) -> Any:
            with suppress(OSError):
                another.enter_context(socket.create_server(("127.0.0.1", usual)))
            return served(*given, **more)

        monkeypatch.setattr(demo_side, "serving", late)
        async with demo_side.playing(tmp_path) as demo:
            assert demo.server.port == usual


async def test_each_service_asks_once_the_card_of_the_one_before_is_there(tmp_path: Path) -> None:
    """However slow the machine: the newest card is of the first on the page."""
    async with demo_side.playing(tmp_path) as demo:
        posted = {
            key: min(
                float(message.ts)
                for channel in cast.CHANNELS.values()
                for message in demo.running.workspace.messages(channel)
                if strip.scene.body["title"] in str(message.text)
            )
            for key, strip in demo.stage.strips.items()
        }
    assert sorted(posted, key=posted.__getitem__) == ["sync", "transfer", "migration"]
