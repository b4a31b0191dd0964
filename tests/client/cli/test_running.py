"""COMMAND runs as it would have run without us: arguments, environment, output, signals."""

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from andon.cli.command import CannotStartError
from andon.cli.exits import Exit
from andon.cli.running import Ended, run
from andon.cli.signals import Interrupted, deferred, ending_asks, raise_pending

from tests.building import ROOT


def ran(*argv: str, tail: int = 0) -> Ended:
    """How it ended."""
    with deferred() as blocked:
        return run(argv, tail=tail, blocked=blocked)


@pytest.mark.parametrize("code", [0, 1, 2, 121, 125, 255])
def test_its_exit_code_is_its_own(code: int) -> None:
    ended = ran("sh", "-c", f"exit {code}")
    assert (ended.exit_code, ended.signal) == (code, None)
    assert ended.said.startswith(f"exit code {code} after ")


def test_its_end_is_noticed_where_another_thread_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that does not defer the signal is given it, and drops it."""
    over, looked = threading.Event(), os.waitpid
    other = threading.Thread(target=over.wait)
    other.start()

    def not_yet(pid: int, options: int) -> tuple[int, int]:
        """It ends right after we looked."""
        monkeypatch.setattr(os, "waitpid", looked)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        while signal.SIGCHLD in signal.sigpending():
            os.sched_yield()  # until the other thread has had it
        return 0, 0

    monkeypatch.setattr(os, "waitpid", not_yet)
    try:
        assert ran("true").exit_code == 0
    finally:
        over.set()
        other.join()


def test_a_signal_that_ends_it_is_said_as_a_shell_says_it() -> None:
    ended = ran("sh", "-c", "kill -TERM $$")
    assert (ended.exit_code, ended.signal) == (143, "SIGTERM")
    assert ended.said.startswith("ended by SIGTERM after ")


def test_arguments_arrive_as_they_are(capfd: pytest.CaptureFixture[str]) -> None:
    ran("printf", "%s|", "a b", "", "*", "$HOME", "ä\n", "--")
    assert capfd.readouterr().out == "a b||*|$HOME|ä\n|--|"


def test_its_output_goes_where_it_would_have_gone(capfd: pytest.CaptureFixture[str]) -> None:
    ran("sh", "-c", "echo out; echo err >&2")
    assert capfd.readouterr() == ("out\n", "err\n")


def test_its_tail_is_kept_and_still_goes_where_it_would_have_gone(
    capfd: pytest.CaptureFixture[str],
) -> None:
    ended = ran("sh", "-c", "for n in 1 2 3 4; do echo line $n; done; echo err >&2", tail=3)
    assert capfd.readouterr() == ("line 1\nline 2\nline 3\nline 4\n", "err\n")
    assert set(ended.tail.splitlines()) <= {"line 2", "line 3", "line 4", "err"}
    assert len(ended.tail.splitlines()) == 3


def test_a_tail_is_bounded_and_always_text(capfd: pytest.CaptureFixture[str]) -> None:
    """The server takes 10,000 characters, and no NUL."""
    code = "import sys; sys.stdout.buffer.write(b'\\xff\\0x' * 100_000)"
    ended = ran(sys.executable, "-c", code, tail=20)
    assert len(capfd.readouterr().out.encode(errors="replace")) >= 300_000
    assert len(ended.detail) < 10_000
    assert "\0" not in ended.detail
    assert "�x" in ended.tail


def test_what_it_leaves_behind_does_not_hold_us(capfd: pytest.CaptureFixture[str]) -> None:
    """A child of COMMAND keeps the pipe open; COMMAND has ended all the same."""
    ended = ran("sh", "-c", "sleep 30 & echo $!", tail=5)
    os.kill(int(ended.tail), signal.SIGKILL)
    assert ended.exit_code == 0


@pytest.mark.parametrize(
    ("name", "code"), [("no-such-command", Exit.NOT_FOUND), ("/", Exit.UNSTARTABLE)]
)
def test_what_cannot_be_started_raises(name: str, code: Exit) -> None:
    for tail in (0, 5):
        with pytest.raises(CannotStartError) as caught:
            ran(name, tail=tail)
        assert caught.value.exit_code is code


def test_descriptors_are_not_leaked() -> None:
    gc.collect()  # what earlier tests left open may be closed at any moment
    before = len(os.listdir("/proc/self/fd"))
    ran("true", tail=5)
    with pytest.raises(CannotStartError):
        ran("no-such-command", tail=5)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_it_has_the_signals_it_would_have_had() -> None:
    """Nothing is blocked in it, and what Python ignores in itself is not ignored."""
    lines = Path("/proc/self/status").read_text().splitlines()
    ours = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Sig")}
    ended = ran("grep", "^Sig[BI]", "/proc/self/status", tail=5)
    theirs = {line.split(":")[0]: line.split()[1] for line in ended.tail.splitlines()}
    assert theirs["SigBlk"] == ours["SigBlk"] == "0" * 16
    assert int(theirs["SigIgn"], 16) & (1 << (signal.SIGPIPE - 1)) == 0


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT", "USR1", "USR2"])
def test_a_signal_to_us_is_passed_on(name: str, tmp_path: Path) -> None:
    """COMMAND says when it listens; then we are sent the signal, and COMMAND decides what to do."""
    script = f"trap 'echo got {name}; exit 7' {name}; echo ready; while :; do sleep 0.05; done"
    ours = subprocess.Popen(
        [sys.executable, "-c", _runner(script)],
        cwd=ROOT / "client",
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert ours.stdout is not None
    assert ours.stdout.readline() == "ready\n"
    ours.send_signal(getattr(signal, f"SIG{name}"))
    told = ours.stdout.read()
    ours.stdout.close()
    assert (ours.wait(), told) == (7, f"got {name}\n")


def _runner(script: str) -> str:
    return textwrap.dedent(f"""
        import sys
        from andon.cli.running import run
        from andon.cli.signals import deferred
        with deferred() as blocked:
            sys.exit(run(["sh", "-c", {script!r}], tail=0, blocked=blocked).exit_code)
    """)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_asking(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Interrupted) as caught, ending_asks():
        signal.raise_signal(number)
    assert caught.value.number == number
    assert signal.getsignal(number) is before


def test_what_was_ignored_stays_ignored() -> None:
    """`nohup andon run …` goes on when the terminal goes."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_asks():
            os.kill(os.getpid(), signal.SIGHUP)
            with deferred():
                os.kill(os.getpid(), signal.SIGHUP)
                raise_pending()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_that_came_before_the_start_prevents_it() -> None:
    """To this thread: a test runner has others, which `andon run` has not."""
    with ending_asks(), deferred():
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        with pytest.raises(Interrupted) as caught:
            raise_pending()
    assert caught.value.number == signal.SIGTERM
