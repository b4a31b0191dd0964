"""`andon-server report`: what was planted is what it says, in text, as JSON and on a page."""

import asyncio
import json
import os
import shutil
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from approvals.commands import Actor, Look
from approvals.escalation import Escalation
from bot import report_command
from bot.cli import app
from bot.ids import new_id
from storage import history
from tests.building import (
    SAMPLE,
    Clock,
    a_claim,
    a_report,
    a_vote,
    an_erasure,
    an_incident,
    an_open,
)
from tests.storage.stand import Stand, on_file

HOSTILE = "<script>alert(1)</script> \u202e&amp; <img src=x onerror=y> \"' </title>"
SECRET = "Anna's address"


class Planted:
    """A store in which twelve are waved through, and a few other things happen."""

    def __init__(self, stand: Stand) -> None:
        self.stand, self.ids = stand, dict[str, str]()

    async def opened(self, name: str, command: Any = None, **changes: Any) -> Escalation:
        """Asked, an hour after the one before, and shown in Slack two seconds later."""
        self.stand.clock.pass_(3600)
        settled = await self.stand.submit(command or an_open(name, title=name, **changes))
        assert settled.escalation is not None, settled.refusal
        self.ids[name] = settled.escalation.id
        self.stand.clock.pass_(2)
        for card in await self.stand.store.cards.of(settled.escalation.id):
            await self.stand.post(card)
        return settled.escalation

    async def decided(self, made: Escalation, option: str, *, after: float) -> None:
        """Sam looks a minute after it was asked, and decides so much later."""
        self.stand.clock.pass_(58)
        look = Look(id=new_id("cmd"), escalation_id=made.id, actor=Actor(account="USAM"))
        await self.stand.submit(look)
        self.stand.clock.pass_(after)
        settled = await self.stand.submit(a_vote(made.id, option=option, digest=made.digest))
        assert settled.refusal is None, settled.refusal

    async def ran(self, made: Escalation, result: str = "succeeded", **more: Any) -> None:
        """The service takes it, and says how it went."""
        await self.stand.submit(a_claim(made.id, digest=made.digest))
        settled = await self.stand.submit(a_report(made.id, result, **more))
        assert settled.refusal is None, settled.refusal

    async def tell(self) -> None:
        """All of it."""
        for n in range(11):
            made = await self.opened(f"Sync {n}")
            await self.decided(made, "retry", after=2)
            await self.ran(made)
        made = await self.opened(HOSTILE)
        await self.decided(made, "retry", after=30)
        await self.ran(made, "failed", undo="rolled back")
        made = await self.opened("Deploy 41", category="deployment")
        await self.decided(made, "leave", after=240)
        made = await self.opened(SECRET, category="deployment")
        await self.decided(made, "retry", after=120)
        await self.ran(made)
        await self.stand.submit(an_erasure(made.id))
        made = await self.opened("Deploy 42", category="deployment")
        self.stand.clock.now = made.deadline_at
        await self.stand.tick(made.id)
        await self.opened("3 hosts do not answer", an_incident(severity="high"))
        self.stand.clock.pass_(600)


Told = tuple[Path, dict[str, str], Clock]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The file in which all of it happened, titles to ids, and when it was over."""
    path = tmp_path_factory.mktemp("planted") / "andon.db"

    async def tell() -> Told:
        async with Stand(on_file(path)).opened() as stand:
            planted = Planted(stand)
            await planted.tell()
        return path, planted.ids, stand.clock

    return asyncio.run(tell())


@pytest.fixture
def folder(told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command runs, after all that."""
    for name in [n for n in os.environ if n.startswith(("ANDON_", "SLACK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report_command, "utc_now", told[2])
    shutil.copy(told[0], tmp_path / "andon.db")
    (tmp_path / "policy.toml").write_text(SAMPLE, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    """The command in this process."""
    return CliRunner().invoke(app, ["report", *arguments])


TEXT = """\
16 escalations from 14 Oct 2026 20:00 to 13 Nov 2026 19:00 (Europe/Berlin)
  14 decided by people: 13 approved, 1 rejected (7 %)
  11 decided in under 3 s
  1 expired
  1 still waiting
  after approval: 12 succeeded, 1 failed, 1 undone

from asked until
  high, card          median 2 s, 9 in 10 within 2 s
  high, first look    –; 1 not known
  medium, card        median 2 s, 9 in 10 within 2 s
  medium, first look  median 1 min, 9 in 10 within 1 min; 1 not known
  medium, decision    median 1 min, 9 in 10 within 3 min

rule        asked  decided  by rule  rejected  under 3 s  expired  failed  undone  median  9 in 10
recoveries     13       12        0         0         11        0       1       1   1 min    1 min
production      3        2        0         1          0        1       0       0   3 min    5 min

group            asked  decided  by rule  rejected  under 3 s  expired  failed  undone  median  9 in 10
platform-oncall     16       14        0         1         11        1       1       1   1 min    3 min

load of  decided  called  pages
Sam           14      16      0
Priya          0      16      0

issues open: 2

Automate or fix this: «recoveries»
  12 decisions by people, none of them a rejection, half within 2 s of the look
"""  # noqa: E501


def test_the_text_says_what_was_planted(folder: Path) -> None:
    result = run()
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == TEXT


def test_json_is_one_document_with_the_newest_of_each(folder: Path, told: Told) -> None:
    ids, said = told[1], json.loads(run("--json").stdout)
    assert said["automate_or_fix"] == ["recoveries"]
    assert said["rules"]["production"]["counts"]["rejected"] == {
        "n": 1,
        "newest": [ids["Deploy 41"]],
    }
    assert said["rules"]["recoveries"]["times"]["considered"] == {
        "known": 12,
        "median_s": 2.0,
        "p90_s": 2.0,
        "longest_s": 30.0,
        "not_known": {"n": 0, "newest": []},
    }
    assert said["load"]["sam"]["decided"]["n"] == 14
    assert said["all"]["counts"]["failed"]["newest"] == [ids[HOSTILE]]
    assert sum(one["n"] for one in said["hours"]) == 16


def test_what_is_older_is_left_out(folder: Path) -> None:
    """And a time in which nothing was asked says so."""
    first, second, *_ = run("--since", "6h").stdout.splitlines()
    assert first.startswith("2 escalations from ")
    assert second == "  0 decided by people"
    assert run("--since", "2027-01-01").stdout.startswith("0 escalations from ")
    assert run("--since", "2027-01-01", "--json").exit_code == 0


# -- the page --------------------------------------------------------------------------------------


class Read(HTMLParser):
    """What a browser makes of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, Mapping[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Words."""
        self.words.append(data)

    def all(self, name: str) -> list[str]:
        """Every value of an attribute."""
        return [str(attrs[name]) for _, attrs in self.tags if name in attrs]


def read(path: Path) -> Read:
    """The page, read."""
    found = Read()
    found.feed(path.read_text(encoding="utf-8"))
    found.close()
    return found


@pytest.fixture
def drawn(folder: Path) -> Read:
    """The page of what was planted."""
    assert run("--html", "report.html").exit_code == 0
    return read(folder / "report.html")


def test_the_page_stands_alone(drawn: Read) -> None:
    """No script, no outside address, nothing that asks for one."""
    assert {"script", "img", "link", "iframe", "form", "object"}.isdisjoint(
        t for t, _ in drawn.tags
    )
    addresses = [*drawn.all("href"), *drawn.all("src")]
    assert [one for one in addresses if not one.startswith("#")] == []
    assert [name for _, attrs in drawn.tags for name in attrs if name.startswith("on")] == []
    assert "url(#hatch)" in "".join(drawn.words)
    assert "url(http" not in "".join(drawn.words)


def test_every_number_leads_to_its_escalations(drawn: Read, told: Told) -> None:
    """To exactly one place of the page; what is typed in Slack stands there."""
    places = drawn.all("id")
    assert len(set(places)) == len(places)
    assert {href.removeprefix("#") for href in drawn.all("href")} <= set(places)
    said = " ".join(drawn.words)
    for id_ in told[1].values():
        assert f"/escalations show {id_[-6:]}" in said


def test_what_people_wrote_is_shown_and_never_parsed(drawn: Read) -> None:
    said = " ".join(drawn.words)
    assert "<script>alert(1)</script>" in said
    assert "\u202e" not in said


def test_what_was_erased_is_counted_and_has_no_name(drawn: Read, folder: Path) -> None:
    said = " ".join(drawn.words)
    assert "(erased)" in said
    assert SECRET not in said
    assert SECRET not in run("--json").stdout


def test_a_file_is_replaced_whole(folder: Path) -> None:
    (folder / "report.html").write_text("an older one", encoding="utf-8")
    assert run("--html", "report.html").exit_code == 0
    assert read(folder / "report.html").tags[0][0] == "html"
    assert [path.name for path in folder.glob("*report*")] == ["report.html"]


def test_where_the_page_cannot_be_written_it_says_so(folder: Path) -> None:
    """And leaves nothing behind."""
    (folder / "taken").mkdir()
    for place in ("nowhere/report.html", "taken"):
        result = run("--html", place)
        assert (result.exit_code, f"{place} cannot be written" in result.stderr) == (3, True)
        assert result.stdout == ""
    left = {path.name for path in folder.rglob("*") if "andon.db" not in path.name}
    assert left == {"policy.toml", "taken"}


def test_a_time_in_which_nothing_was_asked_is_a_page_that_says_so(folder: Path) -> None:
    run("--since", "2027-01-01", "--html", "report.html")
    found = read(folder / "report.html")
    assert "Nothing was asked in that time." in " ".join(found.words)
    assert found.all("href") == []


# -- the store -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--since", "yesterday"], 2, "write how far back (30d, 12h), or a day"),
        (["--since", "-3d"], 2, "write how far back"),
    ],
)
def test_what_cannot_be_meant_is_said(
    folder: Path, arguments: list[str], code: int, words: str
) -> None:
    result = run(*arguments)
    assert (result.exit_code, words in result.stderr) == (code, True), result.output


def test_without_a_store_or_a_policy_it_says_so(folder: Path) -> None:
    (folder / "andon.db").write_bytes(b"this is no database" * 1000)
    assert (run().exit_code, "`doctor` looks at it" in run().stderr) == (3, True)
    (folder / "andon.db").unlink()
    assert (run().exit_code, "andon.db cannot be read" in run().stderr) == (3, True)
    (folder / "policy.toml").unlink()
    assert (run().exit_code, "There is no policy file" in run().stderr) == (3, True)
    assert [path.name for path in folder.iterdir() if "andon.db" not in path.name] == []


def test_nothing_is_written_to_the_store(folder: Path) -> None:
    before = (folder / "andon.db").read_bytes()
    run("--html", "report.html")
    assert (folder / "andon.db").read_bytes() == before


async def test_it_works_beside_a_running_server(folder: Path) -> None:
    async with Stand(on_file(folder / "andon.db")).opened() as stand:
        await stand.open("new")
        result = await asyncio.to_thread(run, "--since", "2026-01-01")
    assert result.stdout.startswith("17 escalations")


def test_the_way_so_far_is_told_where_there_are_many(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard error: standard output is the answer alone, however many pages it takes."""
    monkeypatch.setattr(history, "PAGE", 3)
    monkeypatch.setattr(report_command, "TOLD_EVERY", 5)
    result = run()
    assert result.stderr == "".join(f"{n} escalations read\n" for n in (5, 10, 15))
    assert result.stdout == TEXT
