"""`andon run` where Andon goes away, or was never there: nothing runs without a verified grant."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.cli.conftest import Andon, Started, Starting, held, result_of
from tests.client.serving import Served

ANDON = (sys.executable, "-m", "andon")
LEAVES = ("sh", "-c", "echo ran >> ran; exit 7")


@pytest.fixture
def waiting(served: Served, starting: Starting) -> Started:
    """A run against a server that may be stopped."""
    words = ("run", "--patience", "20s", "--result-file", "r.json", "--tail", "1", "--", *LEAVES)
    return starting(*ANDON, *words, of=served)


def test_a_restart_is_waited_out(served: Served, waiting: Started, here: Path) -> None:
    id_ = held(waiting)
    served.stop()
    waiting.says("Andon does not answer; trying again.")
    served.start()
    served.approve(id_)
    assert waiting.ends() == 7
    assert (here / "ran").read_text() == "ran\n"


def test_approved_while_we_could_not_ask_is_taken_afterwards(
    served: Served, waiting: Started, here: Path
) -> None:
    """The click came, and the server went away before we heard of it."""
    id_ = held(waiting)
    served.approve(id_)
    served.stop()
    served.start()
    assert waiting.ends() == 7
    assert (here / "ran").read_text() == "ran\n"


def test_an_outcome_that_cannot_be_reported_changes_no_exit_code(
    served: Served, starting: Starting, here: Path
) -> None:
    script = "echo up >&2; until [ -e go ]; do sleep 0.05; done; exit 7"
    words = ("run", "--patience", "1s", "--result-file", "r.json", "--", "sh", "-c", script)
    started = starting(*ANDON, *words, of=served)
    served.approve(held(started))
    started.says("up")
    served.stop()
    (here / "go").touch()
    assert started.ends() == 7
    told = result_of(here / "r.json")
    assert (told["ran"], told["exit_code"], told["reported"]) == (True, 7, False)
    assert "COMMAND ran: exit code 7" in told["message"]
    assert "Its outcome is not reported." in told["message"]


@pytest.fixture
def closed() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_where_nobody_listens_nothing_runs(andon: Andon, here: Path, closed: str) -> None:
    words = ("run", "--patience", "1s", "--result-file", "r.json", "--", *LEAVES)
    started = andon(*words, ANDON_URL=closed)
    assert started.ends() == 125
    assert not (here / "ran").exists()
    told = result_of(here / "r.json")
    assert (told["ran"], told["reason"], told["retry"]) == (False, "unavailable", True)
    assert "Andon cannot be reached" in started.said.splitlines()[-1]


def test_other_keys_than_the_pinned_ones_release_nothing(
    served: Served, starting: Starting, here: Path
) -> None:
    """A server that is not ours may say what it likes."""
    (here / "jwks.json").write_text('{"keys": []}')
    words = ("run", "--result-file", "r.json", "--", *LEAVES)
    started = starting(*ANDON, *words, of=served, ANDON_JWKS_FILE="jwks.json")
    served.approve(held(started))
    assert started.ends() == 125
    assert not (here / "ran").exists()
    assert result_of(here / "r.json")["reason"] == "grant"
    assert "The grant does not verify" in started.said
