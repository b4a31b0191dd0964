"""One headless Chromium for all tests here, and demos: as a process, or in this one."""

import asyncio
import functools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from bot.demo.workspace import Workspace
from bot.demo_side import Demo, playing
from tests.building import ROOT
from tests.patience import PATIENCE_S, be_patient

expect.set_options(timeout=PATIENCE_S * 1000)

CHROMIUM = shutil.which("chromium") or ""

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

#: Where pictures go; `make screenshots` says docs/images.
PICTURES = ROOT / os.environ.get("ANDON_PICTURES", "test-results")

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here need the browser."""
    without = pytest.mark.skip(reason="chromium is not installed")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM:
                item.add_marker(without)


def recipe() -> list[str]:
    """What `make demo` runs once its environment is there; nothing is installed by asking."""
    asked = ["make", "-n", "-o", ".venv/.run", "-o", ".venv/.demo", "demo"]
    # Under `make test`, make would tell of its level and take its parent's flags.
    alone = {k: v for k, v in os.environ.items() if k not in ("MAKELEVEL", "MAKEFLAGS", "MFLAGS")}
    said = subprocess.run(
        asked, cwd=ROOT, env=alone, capture_output=True, text=True, check=True
    ).stdout
    python, *rest = shlex.split(said.splitlines()[-1])
    assert python == ".venv/bin/python"
    return [sys.executable, *rest]


@dataclass
class Process:
    """A demo that was started as a newcomer starts it."""

    running: subprocess.Popen[str]
    url: str = ""
    printed: str = ""

    def read_address(self) -> None:
        """Read what it prints until it has said how to end it."""
        assert self.running.stdout is not None
        for line in self.running.stdout:
            self.printed += line
            if "Ctrl-C" in line:
                self.url = re.findall(r"http://\S+", self.printed)[0]
                return
        raise AssertionError(f"It ended with {self.running.wait()}: {self.printed}")

    def end(self) -> int:
        """Ctrl-C; the exit code."""
        self.running.send_signal(signal.SIGINT)
        code = self.running.wait(timeout=PATIENCE_S)
        assert self.running.stdout is not None
        self.printed += self.running.stdout.read()
        return code


@contextmanager
def a_demo(*options: str, **environment: str) -> Iterator[Process]:
    """Start one, wait for its address, and end it with the block at the latest."""
    running = subprocess.Popen(
        [*recipe(), *options],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert running.stdout is not None
    process = Process(running)
    try:
        process.read_address()
        yield process
    finally:
        if running.poll() is None:
            process.end()
        running.stdout.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser all tests here share; its loop would be in the way of asynchronous ones."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Newcomer:
    """Somebody before the page, and what the page let them see."""

    page: Page
    troubles: list[str] = field(default_factory=list)
    expected: str = "no trouble at all"  #: what its console may say

    def service(self, key: str) -> Locator:
        """One blocked service."""
        return self.page.locator(f"#strips [data-key={key}]")

    def service_is(self, key: str, state: str) -> None:
        """Wait until it has come to that."""
        expect(self.service(key)).to_have_attribute("data-state", state)

    def act_as(self, name: str) -> None:
        """Become somebody else."""
        self.page.get_by_label("Acting as").select_option(f"U{name.upper()}")
        expect(self.page.get_by_test_id("phone")).to_contain_text(f"{name}’s phone")

    def open_channel(self, name: str) -> None:
        """Choose a channel, or the app's direct message by its name."""
        self.page.get_by_test_id("channel").filter(has_text=name).click()
        expect(self.page.get_by_test_id("channel-name")).to_contain_text(name)

    def card(self, title: str) -> Locator:
        """The newest message of the open channel with that title."""
        return self.page.locator("#messages article").filter(has_text=title).last

    @property
    def modal(self) -> Locator:
        """The window before them."""
        return self.page.get_by_test_id("modal")

    def send(self, **fields: str) -> None:
        """Fill the modal in, by labels, and send it off."""
        for label, text in fields.items():
            self.modal.get_by_label(label.replace("_", " ")).fill(text)
        self.modal.get_by_test_id("modal-submit").click()

    def picture(self, name: str, of: Locator | None = None) -> None:
        """Keep what is seen."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.wait_for_timeout(100)  # what was typed and told is drawn
        (of or self.page).screenshot(path=PICTURES / f"{name}.png", animations="disabled")


@contextmanager
def played_beside(folder: Path) -> Iterator[tuple[Demo, asyncio.AbstractEventLoop]]:
    """The same demo in this very process, in a loop of its own beside the test."""
    began: Future[tuple[Demo, asyncio.AbstractEventLoop]] = Future()
    ended = threading.Event()

    async def played() -> None:
        async with playing(folder) as demo:
            began.set_result((demo, asyncio.get_running_loop()))
            while not ended.is_set():  # noqa: ASYNC110  it is set from another thread
                await asyncio.sleep(0.02)

    with ThreadPoolExecutor(max_workers=1) as beside, pytest.MonkeyPatch.context() as patched:
        # Another worker may begin one at this very moment: each takes any port.
        patched.setattr("bot.demo_side.API_PORT", 0)
        be_patient(patched)
        patched.setattr(
            "bot.demo.cast.Workspace", functools.partial(Workspace, ack_within=PATIENCE_S)
        )
        patched.setattr("bot.demo.workspace.triggers.TRIGGER_S", PATIENCE_S)
        playing_on = beside.submit(asyncio.run, played())
        playing_on.add_done_callback(lambda done: began.cancel())
        try:
            yield began.result(timeout=PATIENCE_S)
        finally:
            ended.set()
            playing_on.result(timeout=PATIENCE_S)


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[str]:
    """The address of a demo that is new for each test."""
    with played_beside(tmp_path) as (demo, _):
        yield demo.url


@pytest.fixture
def visit_to(browser: Browser) -> Iterator[Callable[..., Newcomer]]:
    """Open the page at an address; any error in its console fails the test."""
    newcomers: list[Newcomer] = []

    def opened(url: str, **context: Any) -> Newcomer:
        made = browser.new_context(**{"viewport": DESKTOP, **context})
        made.set_default_timeout(PATIENCE_S * 1000)
        newcomer = Newcomer(made.new_page())
        newcomers.append(newcomer)
        newcomer.page.on("pageerror", lambda error: newcomer.troubles.append(str(error)))
        newcomer.page.on("console", lambda said: _heed(newcomer, said.type, said.text))
        newcomer.page.goto(url)
        newcomer.page.wait_for_selector("html[data-ready][data-live=true]")
        expect(newcomer.page.locator("#strips [data-state=held]")).to_have_count(3)
        return newcomer

    yield opened
    for newcomer in newcomers:
        newcomer.page.context.close()
    troubles = {one for newcomer in newcomers for one in newcomer.troubles}
    assert {one for one in troubles if not any(n.expected in one for n in newcomers)} == set()


@pytest.fixture
def visit(stand: str, visit_to: Callable[..., Newcomer]) -> Callable[..., Newcomer]:
    """Open the page of a new demo; the page is closed before the demo ends."""
    return functools.partial(visit_to, stand)


def _heed(newcomer: Newcomer, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        newcomer.troubles.append(text)


def post(url: str, body: Any, **headers: str) -> tuple[int, Any]:
    """Status and JSON of one POST."""
    return call(url, body, **{"Content-Type": "application/json", **headers})


def call(url: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Status and JSON of one call, by nothing but the standard library."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, sent)  # noqa: S310  loopback
    try:
        with urllib.request.urlopen(request, timeout=70) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


@dataclass
class Service:
    """A service of one's own, calling by HTTP with the key that the page hands out."""

    andon: str
    key: str
    threads: ThreadPoolExecutor

    @classmethod
    def of(cls, line: str, threads: ThreadPoolExecutor) -> "Service":
        """From the line to copy."""
        address = re.search(r"ANDON_URL=(http://\S+)", line)
        key = re.search(r"ANDON_KEY=(\S+)", line)
        assert address is not None
        assert key is not None
        return cls(address[1], key[1], threads)

    def post(self, path: str, body: Any, key: str = "") -> tuple[int, Any]:
        """Call; `key` is the idempotency key."""
        headers = {"Idempotency-Key": key} if key else {}
        return post(f"{self.andon}{path}", body, Authorization=f"Bearer {self.key}", **headers)

    def parked(self, path: str) -> "Future[tuple[int, Any]]":
        """A GET that comes back when people have decided."""
        url = f"{self.andon}{path}?wait=60"
        return self.threads.submit(call, url, Authorization=f"Bearer {self.key}")


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """For what waits beside the test."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield pool
