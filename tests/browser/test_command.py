"""`make demo` as a process: one address, no setting needed, ends cleanly, can be killed."""

import json
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Newcomer, a_demo, recipe
from tests.building import ROOT

Visit = Callable[..., Newcomer]


def test_make_demo_installs_what_the_server_needs_and_runs_the_command() -> None:
    assert recipe() == [sys.executable, "-m", "bot", "demo"]
    rule = (ROOT / "Makefile").read_text().partition("\ndemo:")[2]
    assert rule.startswith(" $(VENV)/.run ##")


def test_whatever_is_set_or_taken_it_prints_one_address_and_ends_cleanly(tmp_path: Path) -> None:
    """Settings of a real server do not reach it; ports it would like are not waited for."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        settings = {"ANDON_SLACK_MODE": "http", "ANDON_PORT": "1", "SLACK_BOT_TOKEN": "xoxb-real"}
        with a_demo("--port", str(port), "--folder", str(tmp_path), **settings) as demo:
            assert demo.printed.count("http://") == 1
            assert str(port) not in demo.url
            assert "Ctrl-C ends it." in demo.printed
            mine = next(tmp_path.iterdir())
            ports = [int(demo.url.rstrip("/").rpartition(":")[2]), port_of_the_server(mine)]
            assert demo.end() == 0
    assert demo.printed.endswith("Stopping.\n")
    for freed in ports:
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(("127.0.0.1", freed))


def port_of_the_server(folder: Path) -> int:
    """As its log says: the terminal is for the one address."""
    lines = (folder / "andon.log").read_text().splitlines()
    serving = next(line for line in lines if '"event": "serving"' in line)
    return int(json.loads(serving)["port"])


def test_where_it_cannot_write_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with (
        pytest.raises(AssertionError, match=r"It ended with 3: The demo could not start: .*file"),
        a_demo("--folder", str(tmp_path / "file")),
    ):
        pass


def test_an_open_page_outlives_a_killed_demo(visit_to: Visit, tmp_path: Path) -> None:
    """It says that it reconnects, and goes on with the next one at the same address."""
    with a_demo("--port", "0", "--folder", str(tmp_path)) as first:
        newcomer = visit_to(first.url)
        page, port = newcomer.page, first.url.rstrip("/").rpartition(":")[2]
        line = page.get_by_test_id("curl").inner_text()
        first.running.send_signal(signal.SIGKILL)
        first.running.wait()
        expect(page.get_by_test_id("connection")).to_be_visible()
        newcomer.service("sync").get_by_role("button", name="Try to run it twice").click()
        expect(page.get_by_test_id("toast")).to_contain_text("Is it still running?")
    with a_demo("--port", port, "--folder", str(tmp_path)) as second:
        assert second.url == first.url
        expect(page.get_by_test_id("connection")).to_be_hidden(timeout=15_000)
        expect(page.get_by_test_id("notification")).to_have_count(3)
        expect(page.get_by_test_id("curl")).not_to_have_text(line)
        newcomer.open_channel("operations")
        newcomer.card("Data sync").get_by_role("button", name="Try 3 more").click()
        newcomer.service_is("sync", "succeeded")
    newcomer.troubles.clear()  # connections that were refused meanwhile
