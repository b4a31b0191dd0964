"""The policy file while the server runs: a whole new policy counts, half or a bad one never."""

import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from approvals.policy.load import parse_policy
from approvals.policy.model import Policy
from bot.policy_file import PolicyFile
from tests.building import SAMPLE, Clock

OTHER = SAMPLE.replace('name = "recoveries"', 'name = "second tries"')
BAD = SAMPLE.replace('group = "platform-oncall"', 'group = "platform-onkall"').replace(
    'channel = "database"', 'channel = "datenbank"'
)


class Desk:
    """A file somebody edits, and what the server took of it."""

    def __init__(self, folder: Path) -> None:
        self.path, self.clock = folder / "policy.toml", Clock()
        self.taken: list[str] = []
        self.registry = CollectorRegistry()
        self._written = 0
        self.write(SAMPLE)
        self.file = PolicyFile(
            self.path,
            parse_policy(SAMPLE),
            adopt=self.adopt,
            clock=self.clock,
            registry=self.registry,
        )

    async def adopt(self, policy: Policy) -> None:
        """It counts from now on."""
        self.taken.append(policy.text)

    def write(self, text: str) -> None:
        """Write in place; each time has another date, as on any clock fine enough."""
        self.path.write_text(text, encoding="utf-8")
        self._written += 1
        os.utime(self.path, (0, self._written))

    def replace(self, text: str) -> None:
        """Write beside it and rename, as editors do."""
        beside = self.path.with_suffix(".new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(self.path)

    async def looks(self, times: int) -> None:
        """The server looks that often."""
        for _ in range(times):
            await self.file.once()

    def counted(self, result: str) -> float:
        """How many changed files ended like that."""
        found = self.registry.get_sample_value("andon_policy_reloads_total", {"result": result})
        return found or 0.0

    @property
    def mistakes(self) -> float | None:
        """In the file as it stands."""
        return self.registry.get_sample_value("andon_policy_mistakes")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """The sample policy, in force and in a file."""
    return Desk(tmp_path)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged."""
    with capture_logs() as entries:
        yield entries


async def test_while_nothing_changes_nothing_is_taken(desk: Desk) -> None:
    await desk.looks(3)
    assert (desk.taken, desk.counted("taken"), desk.counted("unchanged")) == ([], 0, 0)
    assert desk.file.health() == {"ok": True, "version": parse_policy(SAMPLE).version}


@pytest.mark.parametrize("how", ["write", "replace"])
async def test_a_changed_file_is_taken_once_at_the_second_look(desk: Desk, how: str) -> None:
    await desk.looks(1)
    getattr(desk, how)(OTHER)
    await desk.looks(1)
    assert desk.taken == []
    await desk.looks(3)
    assert (desk.taken, desk.counted("taken")) == ([OTHER], 1)
    assert desk.file.health() == {"ok": True, "version": parse_policy(OTHER).version}


@pytest.mark.parametrize("lines", range(5, 70, 8))
async def test_half_a_file_is_never_taken_while_it_is_written(desk: Desk, lines: int) -> None:
    """The first half of a policy may be a policy: one that lacks rules."""
    await desk.looks(1)
    desk.write("\n".join(OTHER.splitlines()[:lines]) + "\n")
    await desk.looks(1)
    desk.write(OTHER)
    await desk.looks(2)
    assert (desk.taken, desk.counted("refused")) == ([OTHER], 0)


async def test_a_signal_takes_it_at_the_next_look(desk: Desk) -> None:
    desk.write(OTHER)
    desk.file.reload()
    await desk.looks(1)
    assert desk.taken == [OTHER]


async def test_a_signal_wakes_the_loop(desk: Desk) -> None:
    rung: list[bool] = []
    desk.file.wake = lambda: rung.append(True)
    desk.file.reload()
    assert rung == [True]


async def test_a_signal_reads_a_file_whose_date_and_size_tell_no_change(desk: Desk) -> None:
    await desk.looks(2)
    same_size = SAMPLE.replace('name = "recoveries"', 'name = "recoverers"')
    before = desk.path.stat()
    desk.path.write_text(same_size, encoding="utf-8")
    os.utime(desk.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    desk.file.reload()
    await desk.looks(1)
    assert desk.taken == [same_size]


async def test_a_signal_without_a_change_is_counted_and_changes_nothing(desk: Desk) -> None:
    desk.file.reload()
    await desk.looks(1)
    assert (desk.taken, desk.counted("unchanged")) == ([], 1)


async def test_a_bad_file_changes_nothing_and_every_mistake_is_named(
    desk: Desk, logged: list[MutableMapping[str, Any]]
) -> None:
    desk.write(BAD)
    desk.file.reload()
    await desk.looks(3)
    assert (desk.taken, desk.counted("refused"), desk.mistakes) == ([], 1, 3)
    named = [(e["line"], e["where"], e["reason"]) for e in logged if e["event"] == "policy-mistake"]
    lines = BAD.splitlines()
    assert [("onkall" in lines[n - 1], "datenbank" in lines[n - 1]) for n, _, _ in named] == [
        (False, True),
        (True, False),
        (True, False),
    ]
    assert all("unknown" in reason for _, _, reason in named)
    (said,) = [e for e in logged if e["event"] == "policy-refused"]
    assert (said["mistakes"], said["in_force"]) == (3, parse_policy(SAMPLE).version)


async def test_health_stays_well_and_names_the_lines_of_a_bad_file(desk: Desk) -> None:
    """The policy in force decides on; no name of anybody is told."""
    desk.write(BAD)
    desk.file.reload()
    await desk.looks(1)
    told = desk.file.health()
    lines = [n for n, line in enumerate(BAD.splitlines(), 1) if "onkall" in line or "daten" in line]
    assert told == {
        "ok": True,
        "version": parse_policy(SAMPLE).version,
        "refused": {"at": desk.clock.now.isoformat(), "mistakes": 3, "lines": lines},
    }


@pytest.mark.parametrize("mended", [SAMPLE, OTHER])
async def test_a_mended_file_clears_the_mistakes(desk: Desk, mended: str) -> None:
    """Whether it is another policy, or the one in force again."""
    desk.write(BAD)
    await desk.looks(2)
    desk.write(mended)
    await desk.looks(2)
    assert desk.taken == ([OTHER] if mended == OTHER else [])
    assert (desk.mistakes, "refused" in desk.file.health()) == (0, False)


@pytest.mark.parametrize("text", ["", "\n  \n", "this is not TOML"])
async def test_what_is_no_policy_is_refused(desk: Desk, text: str) -> None:
    """An empty file is none: nobody could decide anything."""
    desk.write(text)
    await desk.looks(2)
    assert (desk.taken, desk.counted("refused"), desk.mistakes) == ([], 1, 1)


async def test_a_file_that_is_gone_is_said_once_and_taken_when_it_is_back(desk: Desk) -> None:
    desk.path.unlink()
    await desk.looks(5)
    assert (desk.counted("refused"), desk.taken) == (1, [])
    desk.write(OTHER)
    await desk.looks(2)
    assert desk.taken == [OTHER]


async def test_a_rename_seen_in_the_middle_is_no_mistake(desk: Desk) -> None:
    """For a moment there is no file: some editors move the old one away first."""
    desk.path.unlink()
    await desk.looks(1)
    desk.write(OTHER)
    await desk.looks(2)
    assert (desk.counted("refused"), desk.taken) == (0, [OTHER])


async def test_bytes_that_are_no_text_are_refused(desk: Desk) -> None:
    desk.path.write_bytes(b"\xff\xfe")
    desk.file.reload()
    await desk.looks(1)
    assert desk.counted("refused") == 1


async def test_what_could_not_be_adopted_is_tried_again(desk: Desk) -> None:
    """An error there is the loop's to count; the file stays to be taken."""
    failing = [OSError("once")]
    real = desk.file._adopt

    async def adopt(policy: Policy) -> None:
        if failing:
            raise failing.pop()
        await real(policy)

    desk.file._adopt = adopt
    desk.write(OTHER)
    await desk.looks(1)
    with pytest.raises(OSError, match="once"):
        await desk.looks(1)
    await desk.looks(1)
    assert desk.taken == [OTHER]
