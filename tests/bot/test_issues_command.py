"""`issues export`: a page each, literal whatever people wrote; nobody else's file is touched."""

import asyncio
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from approvals.commands import Actor, WriteIssue, WriteReview
from approvals.memory.values import IssueState
from approvals.words import Recovery
from approvals.words import Result as Became
from bot.cli import app
from bot.issues_page import MARK
from tests.building import SAMPLE, a_claim, a_report, a_vote, an_erasure, an_open
from tests.storage.stand import Stand, on_file

#: What a reader of Markdown would take for something else.
HOSTILE = "``` <script>alert(1)</script> [x](http://evil) \x1b[2J\u202e"


async def _lived(folder: Path) -> dict[str, str]:
    """One failed and was reviewed, one is done by hand, one was erased, one went well."""
    names = ("failed", "by_hand", "gone", "fine")
    error = {"type": "ConnectTimeout", "message": f"after 10 s {HOSTILE}"}
    opened = {n: an_open(n, title=f"{n} *{HOSTILE}*", context={"error": error}) for n in names}
    ids = {name: command.escalation_id for name, command in opened.items()}
    async with Stand(on_file(folder / "andon.db")).opened() as stand:
        for name, command in opened.items():
            await stand.submit(command)
            option, why = ("retry", "tested") if name in ("failed", "fine") else ("leave", _BY_HAND)
            await stand.submit(a_vote(ids[name], option=option, rationale=why))
        for name, result in (("failed", Became.FAILED), ("fine", Became.SUCCEEDED)):
            await stand.submit(a_claim(ids[name]))
            await stand.submit(a_report(ids[name], result=result, detail="disk full"))
        await stand.submit(_issue(ids["by_hand"]))
        await stand.submit(_review(ids["failed"]))
        await stand.submit(an_erasure(ids["gone"]))
    return ids


_BY_HAND = "I do it by hand"


def _issue(id_: str) -> WriteIssue:
    return WriteIssue(
        id="cmd_issue",
        escalation_id=id_,
        actor=Actor(account="USAM"),
        state=IssueState.KNOWN,
        scenario="two rows waited",
        workarounds=f"ran it {HOSTILE}",
        owner="UPRIYA",
        due="2026-12-01",
    )


def _review(id_: str) -> WriteReview:
    return WriteReview(
        id="cmd_review",
        escalation_id=id_,
        actor=Actor(account="USAM"),
        root_cause="a full disk",
        resolved_by="freed it",
        automatable=False,
        known_error=True,
        recovery=Recovery.RETRY,
        steps="free 20 GB",
    )


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """It is only read."""
    folder = tmp_path_factory.mktemp("past")
    (folder / "policy.toml").write_text(SAMPLE, encoding="utf-8")
    return folder, asyncio.run(_lived(folder))


@pytest.fixture(autouse=True)
def here(past: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands are run in its folder, while what happened is a day ago."""
    monkeypatch.chdir(past[0])
    monkeypatch.setenv("ANDON_SLACK_MODE", "off")
    monkeypatch.setenv("ANDON_DATABASE_URL", "sqlite:///andon.db")


def export(*arguments: str) -> Result:
    """The command."""
    return CliRunner().invoke(app, ["issues", "export", "--since", "2026-11-01", *arguments])


def pages(folder: Path) -> dict[str, str]:
    """What was written, by the end of the name."""
    return {path.stem[11:]: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_each_issue_and_each_review_is_a_page(
    past: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """What went well and what was erased has none."""
    done = export(str(tmp_path / "out"))
    assert (done.exit_code, done.stderr) == (0, f"2 pages in {tmp_path / 'out'}\n")
    ids = past[1]
    assert set(pages(tmp_path / "out")) == {ids["failed"], ids["by_hand"]}


def test_a_page_says_it_in_the_seeds_order(
    past: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    export(str(tmp_path))
    found = pages(tmp_path)
    written = found[past[1]["by_hand"]]
    labels = re.findall(r"^\*\*(.+)\*\*$", written, re.M)
    assert labels == [
        *("Error type", "Error message", "Scenario", "Root cause", "Workarounds", "Requires")
    ]
    for line in ("- State: known", "- Assignee: priya", "- Until: 2026-12-01", "- Retry count: 0"):
        assert line in written.splitlines()
    learned = found[past[1]["failed"]]
    for line in (
        "- Why: failed",
        "- Could be automated: no",
        "**Known error**",
        "- Recovery: retry",
        "free 20 GB",
        "disk full",
    ):
        assert line in learned.splitlines()
    moments = learned.partition("## Timeline")[2]
    assert "service:data-sync: reported failed: «disk full»" in moments
    assert "person:sam: wrote the review: «a full disk»" in moments


def test_whatever_people_wrote_is_read_as_they_wrote_it(
    past: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """Text stands in fences longer than any of its own, or with every sign escaped."""
    export(str(tmp_path))
    page = pages(tmp_path)[past[1]["by_hand"]]
    assert "\x1b" not in page
    assert "\u202e" not in page
    outside, fence = [], ""
    for line in page.splitlines():
        mark = re.match(r"`{3,}", line)
        if fence and line == fence:
            fence = ""
        elif not fence and mark:
            fence = mark[0]
        elif not fence:
            outside.append(line)
    assert fence == ""
    assert not [line for line in outside if re.search(r"(?<!\\)<script|(?<!\\)\[x", line)]


def test_open_ones_alone(past: tuple[Path, dict[str, str]]) -> None:
    """On standard output; a review alone is no issue."""
    done = export("--state", "open")
    assert done.exit_code == 0
    assert re.findall(rf"^{MARK}: (\S+) -->$", done.stdout, re.M) == [past[1]["failed"]]
    assert export("--state", "fixed", "-").stdout == ""


def test_what_is_ours_is_replaced_and_what_is_not_is_left(
    past: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    export(str(tmp_path))
    ours, theirs = sorted(tmp_path.iterdir())
    before = ours.read_text()
    ours.write_text(f"{MARK}: older -->\n")
    theirs.write_text("my notes\n")
    done = export(str(tmp_path))
    assert (done.exit_code, theirs.read_text(), ours.read_text()) == (1, "my notes\n", before)
    assert done.stderr == f"1 page in {tmp_path}\n{theirs} is not ours and was left as it is.\n"


def test_nothing_is_taken_that_nothing_happened_to(tmp_path: Path) -> None:
    arguments = ["issues", "export", "--since", "2030-01-01", str(tmp_path)]
    assert CliRunner().invoke(app, arguments).stderr == f"0 pages in {tmp_path}\n"


@pytest.mark.parametrize("since", ["soon", "2026-13-01"])
def test_a_time_that_is_none_is_refused(since: str) -> None:
    assert CliRunner().invoke(app, ["issues", "export", "--since", since]).exit_code == 2


def test_what_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDON_DATABASE_URL", "sqlite:///nowhere.db")
    assert export().exit_code == 3


def test_a_state_that_is_none_is_refused_by_name() -> None:
    done = export("--state", "opne")
    assert done.exit_code == 2
    assert "'--state': 'opne' is none of open, known, fixed." in done.stderr
