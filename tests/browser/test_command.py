"""`make demo` as a process: one address, no setting needed, ends cleanly, can be killed."""

import json
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.conftest import Newcomer, a_demo, recipe
from tests.building import ROOT

Visit = Callable[..., Newcomer]


def test_make_demo_installs_what_the_server_needs_and_runs_the_command() -> None:
    assert recipe() == [sys.executable, "-m", "bot", "demo"]
    rule = (ROOT / "Makefile").read_text().partition("\ndemo:")[2]
    assert rule.startswith(" $(VENV)/.run $(VENV)/.demo ##")


def test_a_killed_demo_starts_again_under_an_open_page(visit_to: Visit, tmp_path: Path) -> None:
    """Whatever is set or taken it prints one address; Ctrl-C ends it and frees all it had."""
    settings = {"ANDON_SLACK_MODE": "http", "ANDON_PORT": "1", "SLACK_BOT_TOKEN": "xoxb-real"}
    folder = ("--folder", str(tmp_path))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        wanted = str(taken.getsockname()[1])
        with a_demo("--port", wanted, *folder, **settings) as first:
            port = str(urlsplit(first.url).port)
            assert port != wanted
            newcomer = visit_to(first.url)
            newcomer.expected = "net::ERR_"
            page, line = newcomer.page, newcomer.page.get_by_test_id("line").inner_text()
            first.running.send_signal(signal.SIGKILL)
            first.running.wait()
    expect(page.get_by_test_id("connection")).to_be_visible()
    newcomer.service("sync").get_by_role("button", name="Try to run it twice").click()
    expect(page.get_by_test_id("toast")).to_contain_text("Is it still running?")

    with a_demo("--port", port, *folder) as second:
        assert second.url == first.url
        assert second.printed.count("http://") == 1
        expect(page.get_by_test_id("connection")).to_be_hidden()
        expect(page.get_by_test_id("line")).not_to_have_text(line)
        expect(page.get_by_test_id("notification")).to_have_count(3)
        newcomer.open_channel("operations")
        newcomer.card("Data sync").get_by_role("button", name="Try 3 more").click()
        newcomer.service_is("sync", "succeeded")
        used = [int(port), port_of_the_server(tmp_path / port)]
        assert second.end() == 0
    assert second.printed.endswith("Stopping.\n")
    for freed in used:
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(("127.0.0.1", freed))


def port_of_the_server(folder: Path) -> int:
    """As its log says: the terminal is for the one address."""
    lines = (folder / "andon.log").read_text().splitlines()
    serving = next(line for line in lines if '"event": "serving"' in line)
    return int(json.loads(serving)["port"])
