"""The folder of runbooks while the server runs: a good page counts, a bad one stays as it was."""

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from approvals.memory.runbooks import Page
from approvals.policy.load import parse_policy
from bot import runbook_folder
from bot.people import KnownPeople
from bot.runbook_folder import RunbookFolder, Wrong, missing, read_folder
from bot.runbook_side import runbook_loops
from bot.settings import Settings
from tests.building import ROOT, SAMPLE, START

GOOD = '+++\ntitle = "Restart the sync"\n[match]\nservice = "data-sync"\n+++\n'
BAD = '+++\n[match]\nservce = "data-sync"\n+++\n'
MISTAKE = 'match.servce: there is no such key; did you mean "service"?'


class Shelf:
    """A folder somebody edits, and what the server took of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.taken: list[tuple[str, ...]] = []
        self.pages: tuple[Page, ...] = ()
        self.folder = RunbookFolder(root, self.adopt)
        self._written = 0

    def adopt(self, pages: tuple[Page, ...]) -> None:
        """They count from now on."""
        self.pages = pages
        self.taken.append(tuple(page.title for page in pages))

    def write(self, name: str, text: str) -> None:
        """Write in place; each time has another date, as on any clock fine enough."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self._written += 1
        os.utime(path, (0, self._written))

    async def looks(self, times: int = 2) -> None:
        """The server looks that often."""
        for _ in range(times):
            await self.folder.once()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A folder with one page."""
    made = Shelf(tmp_path / "runbooks")
    made.write("sync/restart.md", GOOD)
    made.folder.begin()
    return made


async def test_what_lies_there_counts_at_once_and_is_read_once(shelf: Shelf) -> None:
    await shelf.looks(3)
    assert shelf.taken == [("Restart the sync",)]
    assert [page.name for page in shelf.pages] == ["sync/restart.md"]


async def test_a_change_counts_when_two_looks_find_the_same(shelf: Shelf) -> None:
    """An editor may write in place, and be in the middle of it."""
    shelf.write("sync/restart.md", "# Half")
    await shelf.looks(1)
    shelf.write("sync/restart.md", "# Half of it no more")
    await shelf.looks(1)
    assert len(shelf.taken) == 1
    await shelf.looks(1)
    assert shelf.taken[1:] == [("Half of it no more",)]


async def test_pages_come_and_go(shelf: Shelf) -> None:
    shelf.write("another.md", "# Another")
    await shelf.looks()
    (shelf.root / "sync/restart.md").unlink()
    await shelf.looks()
    assert shelf.taken[1:] == [("Another", "Restart the sync"), ("Another",)]


async def test_a_page_with_a_mistake_stays_as_it_was_and_is_named(shelf: Shelf) -> None:
    shelf.write("sync/restart.md", BAD)
    shelf.write("new.md", BAD)
    with capture_logs() as logs:
        await shelf.looks(4)
    assert shelf.taken[1:] == [("Restart the sync",)]
    said = [(one["file"], one["line"], one["reason"]) for one in logs if "reason" in one]
    assert said == [("new.md", 3, MISTAKE), ("sync/restart.md", 3, MISTAKE)]
    assert logs[-1]["event"] == "runbooks-taken"
    assert (logs[-1]["pages"], logs[-1]["mistakes"]) == (1, 2)


async def test_a_folder_that_is_away_takes_no_page_away(shelf: Shelf) -> None:
    shelf.root.rename(shelf.root.with_name("elsewhere"))
    with capture_logs() as logs:
        await shelf.looks()
    assert [page.name for page in shelf.pages] == ["sync/restart.md"]
    assert "cannot be read: No such file or directory" in logs[0]["reason"]
    shelf.root.with_name("elsewhere").rename(shelf.root)
    shelf.write("another.md", "# Another")
    await shelf.looks()
    assert shelf.taken[-1] == ("Another", "Restart the sync")


def test_only_ordinary_pages_in_the_folder_are_read(tmp_path: Path) -> None:
    """Nothing hidden, nothing else, no folder behind a link, and nothing that would never end."""
    root = tmp_path / "runbooks"
    for name in ("a.md", ".hidden.md", ".git/b.md", "c.txt", "d/e.md"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("# Title", encoding="utf-8")
    os.mkfifo(root / "pipe.md")
    (root / "f.md").mkdir()
    (root / "linked").symlink_to(root / "d")
    (root / "inside.md").symlink_to(root / "d/e.md")
    found = read_folder(root)
    assert (list(found.pages), found.wrong) == (["a.md", "d/e.md", "inside.md"], ())


def test_a_folder_that_is_itself_a_link_is_read(tmp_path: Path) -> None:
    """As tools that check out a repository lay it."""
    (tmp_path / "v2").mkdir()
    (tmp_path / "v2/a.md").write_text("# A", encoding="utf-8")
    (tmp_path / "runbooks").symlink_to(tmp_path / "v2")
    assert list(read_folder(tmp_path / "runbooks").pages) == ["a.md"]


def test_what_leads_out_or_cannot_be_read_is_named(tmp_path: Path) -> None:
    root = tmp_path / "runbooks"
    root.mkdir()
    (tmp_path / "secret.md").write_text("# Secret", encoding="utf-8")
    (root / "out.md").symlink_to(tmp_path / "secret.md")
    (root / "nowhere.md").symlink_to(root / "gone.md")
    (root / "latin.md").write_bytes(b"# \xe9")
    (root / "two words.md").write_text("# x", encoding="utf-8")
    (root / "a.md").write_text("# A", encoding="utf-8")
    found = read_folder(root)
    assert list(found.pages) == ["a.md"]
    assert list(map(str, found.wrong)) == [
        "latin.md:1: is not text in UTF-8",
        "nowhere.md:1: cannot be read: No such file or directory",
        "out.md:1: is a link that leads out of the folder",
        "two words.md:1: name it with letters, digits and . _ -, and .md at its end",
    ]


def test_pages_and_files_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(5):
        (tmp_path / f"{n}.md").write_text("# A", encoding="utf-8")
    monkeypatch.setattr(runbook_folder, "MOST_PAGES", 3)
    found = read_folder(tmp_path)
    assert list(found.pages) == ["0.md", "1.md", "2.md"]
    left_out = "5 pages, and 3 are taken, the first by name"
    assert found.wrong == (Wrong(str(tmp_path), 1, left_out),)
    monkeypatch.setattr(runbook_folder, "MOST_FILES", 4)
    reason = "cannot be read: more than 4 files; name a folder of runbooks alone"
    assert read_folder(tmp_path).wrong == (Wrong(str(tmp_path), 1, reason),)


def test_of_a_long_page_the_beginning_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Long\n" + "ä" * 100_000, encoding="utf-8")
    assert [p.title for p in read_folder(tmp_path).pages.values()] == ["Long"]


def test_a_page_that_a_rule_names_and_nobody_wrote_is_named_with_its_line(tmp_path: Path) -> None:
    text = SAMPLE.replace('name = "recoveries"', 'name = "recoveries"\nrunbooks = ["sync.md"]')
    (wrong,) = missing(parse_policy(text), read_folder(tmp_path), "policy.toml")
    line = text.splitlines().index('runbooks = ["sync.md"]') + 1
    assert str(wrong) == (
        f'policy.toml:{line}: rules[4].runbooks[0]: unknown runbook "sync.md"; known: none'
    )


def test_the_server_links_them_from_its_start_where_a_folder_is_set(shelf: Shelf) -> None:
    policy = parse_policy(SAMPLE)
    known = KnownPeople(policy, from_file=True)
    given = {"ANDON_SLACK_MODE": "off", "ANDON_RUNBOOKS": str(shelf.root)}
    (loop,) = runbook_loops(Settings(_env_file=None, **given), known)  # type: ignore[call-arg, arg-type]
    assert loop.name == "runbooks"
    assert [page.name for page in known.facts(START).runbooks] == ["sync/restart.md"]
    without = Settings(_env_file=None, ANDON_SLACK_MODE="off")  # type: ignore[call-arg]
    assert list(runbook_loops(without, known)) == []


def test_the_sample_pages_have_no_mistake() -> None:
    found = read_folder(ROOT / "runbooks")
    assert found.wrong == ()
    assert {name: page.title for name, page in found.pages.items()} == {
        "README.md": "Runbooks",
        "data-sync/stuck-batch.md": "A batch that does not go through",
        "search/reindex.md": "Reindex a search index",
    }
