"""`audit erase`: only what is over, with a reason, beside a server or without one."""

from importlib import import_module
from pathlib import Path

import pytest

from bot.audit.erase import erase
from bot.audit.show import show
from bot.audit.verify import verify
from tests.bot.audit.past import Past, lived, run
from tests.building import Clock

erasing = import_module("bot.audit.erase")

WHY = ("--reason", "kept long enough")


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Past:
    """Two are over, two are not; a year later."""
    found = lived(tmp_path)
    found.settle(monkeypatch)
    clock = Clock()
    clock.pass_(400 * 86_400)
    monkeypatch.setattr(erasing, "utc_now", clock)
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    return found


def test_one_is_erased_by_its_id(past: Past) -> None:
    result = run(erase, past.ids["ran"], *WHY)
    assert (result.exit_code, result.stdout) == (0, f"{past.ids['ran']} is erased.\n")
    said = run(show, past.ids["ran"]).stdout
    assert "by operator:root: kept long enough." in said
    assert "Lena" not in said


def test_again_says_that_it_was_erased_before(past: Past) -> None:
    run(erase, past.ids["ran"], *WHY)
    again = run(erase, past.ids["ran"], *WHY)
    assert (again.exit_code, again.stdout) == (0, f"{past.ids['ran']} was erased before.\n")


@pytest.mark.parametrize("name", ["waits", "trouble"])
def test_what_is_not_over_stays(past: Past, name: str) -> None:
    result = run(erase, past.ids[name], *WHY)
    assert (result.exit_code, "is not over yet (pending" in result.stderr) == (1, True)
    assert "Erased" not in run(show, past.ids[name]).stdout


def test_all_that_ended_long_ago_are_erased(past: Past) -> None:
    result = run(erase, "--older-than", "399d", *WHY)
    assert (result.exit_code, result.stdout) == (0, "Erased 2 escalations.\n")
    assert run(erase, "--older-than", "399d", *WHY).stdout == "Erased 0 escalations.\n"


def test_all_still_holds_when_it_is_verified(past: Past) -> None:
    """Bodies are hashed apart: the chain, its blocks and anchors know nothing of them."""
    run(erase, "--older-than", "399d", *WHY)
    before = run(verify)
    assert (before.exit_code, before.stdout.endswith("all hold.\n")) == (0, True), before.output
    past.change(past.seal)
    after = run(verify)
    assert (after.exit_code, "2 blocks, 2 anchors: all hold." in after.stdout) == (0, True)
    assert "holds: to record 7 of 7, in blocks 1, 2" in run(show, past.ids["ran"]).stdout


def test_what_ended_lately_stays(past: Past) -> None:
    assert run(erase, "--older-than", "401d", *WHY).stdout == "Erased 0 escalations.\n"


def test_a_dry_run_names_them_and_erases_nothing(past: Past) -> None:
    result = run(erase, "--older-than", "399d", *WHY, "--dry-run")
    assert "Would erase 2 escalations." in result.stdout
    assert f"{past.ids['stopped']}  2026-11-12  data-sync  Stopped" in result.stdout
    assert "Lena" in run(show, past.ids["ran"]).stdout
    one = run(erase, past.ids["stopped"], *WHY, "--dry-run")
    assert (one.exit_code, one.stdout.startswith(past.ids["stopped"])) == (0, True)
    assert one.stdout.endswith("\nWould erase 1 escalation.\n")


def test_a_secret_in_the_reason_is_hidden(past: Past) -> None:
    run(erase, past.ids["ran"], "--reason", "asked by password=hunter2hunter2")
    assert "hunter2" not in run(show, past.ids["ran"]).stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Name one escalation, or say --older-than 400d."),
        (("esc_1", "--older-than", "400d"), "Name one escalation, or say --older-than 400d."),
        (("esc_1", "--reason", " "), "Say why with --reason, in three characters"),
        (("--older-than", "a year", *WHY), "--older-than a year: write days, such as 400d."),
    ],
)
def test_what_cannot_be_meant_is_said(past: Past, arguments: tuple[str, ...], words: str) -> None:
    result = run(erase, *arguments, *(() if "--reason" in arguments else WHY))
    assert (result.exit_code, words in result.stderr) == (2, True)


def test_one_that_is_not_there_is_said_so(past: Past) -> None:
    result = run(erase, "esc_nowhere\x1b", *WHY)
    assert (result.exit_code, result.stderr[:40]) == (
        3,
        "There is no escalation esc_nowhere\\u001b."[:40],
    )
