"""doctor: each line says what is well, or what is wrong and what to do; nothing is changed."""

import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from approvals.codec import instant
from approvals.events import GENESIS
from approvals.policy.load import parse_policy
from approvals.sealing import Block
from bot.anchors import AnchorFile
from bot.app import serving
from bot.demo.workspace.server import serve
from bot.demo.workspace.workspace import Workspace
from bot.doctor import Finding, examine
from bot.doctor.memory import memory
from bot.doctor.slack import SCOPES
from bot.settings import Settings, unknown_settings
from bot.signing import KeyRing
from bot.steady import utc_now
from storage.sqlite import inspection
from storage.sqlite.bringing_up import upgrade
from storage.sqlite.inspection import inspect_file
from tests.building import ROOT, SAMPLE
from tests.journeys.conftest import BOT_TOKEN, SECRET, workspace_of_tests


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    """The local workspace, with everything the sample policy names."""
    made = workspace_of_tests(utc_now)
    async with serve(made) as running:
        made.api_url = running.api_url  # type: ignore[attr-defined]
        yield made


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory in which everything is well."""
    for name in [n for n in os.environ if n.startswith(("ANDON_", "SLACK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.toml").write_text(SAMPLE, encoding="utf-8")
    KeyRing(tmp_path / "keys")
    upgrade(tmp_path / "andon.db")
    execute(tmp_path, "PRAGMA journal_mode = WAL")
    return tmp_path


def execute(folder: Path, statement: str, *values: Any) -> None:
    """One statement on the database, and nothing left open."""
    with closing(sqlite3.connect(folder / "andon.db", isolation_level=None)) as link:
        link.execute(statement, values)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file there is, but the two that SQLite lays beside a database whoever reads it."""
    files = (f for f in sorted(folder.rglob("*")) if f.is_file())
    return {str(f): f.read_bytes() for f in files if not f.name.endswith(("-shm", "-wal"))}


def settings_of(workspace: Workspace | None = None, **more: Any) -> Settings:
    """Settings beside the workspace, or with Slack off."""
    given: dict[str, Any] = {"ANDON_PORT": 0, "ANDON_SLACK_MODE": "off"}
    if workspace is not None:
        given |= {
            "ANDON_SLACK_MODE": "socket",
            "ANDON_SLACK_API_URL": workspace.api_url,  # type: ignore[attr-defined]
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": "xapp-of-tests",
            "SLACK_SIGNING_SECRET": SECRET,
        }
    return Settings(_env_file=None, **{**given, **more})  # type: ignore[call-arg]


def look(settings: Settings) -> Iterator[tuple[str, str]]:
    """The store of these settings."""
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    for found in inspect_file(path, datetime.now(UTC)):
        yield found.said, found.do


def held(settings: Settings, number: int) -> str | None:
    """The hash of a block of that store."""
    with closing(sqlite3.connect("file:andon.db?mode=ro", uri=True)) as link:
        row = link.execute("SELECT hash FROM blocks WHERE number = ?", (number,)).fetchone()
        return row[0] if row else None


async def findings(settings: Settings) -> list[Finding]:
    """Everything doctor says."""
    return [finding async for finding in examine(settings, look, held)]


def wrong(found: list[Finding]) -> list[str]:
    """What is wrong, as printed."""
    return [str(f) for f in found if f.is_wrong]


async def test_where_all_is_well_every_line_says_ok(folder: Path, workspace: Workspace) -> None:
    found = await findings(settings_of(workspace))
    assert wrong(found) == []
    assert {f.part for f in found} == {
        "settings",
        "policy",
        "memory",
        "store",
        "anchors",
        "keys",
        "port",
        "slack",
        "clock",
    }
    assert any("known there: 3 channels, 9 people" in str(f) for f in found)
    assert all(str(f).startswith("ok ") and str(f).endswith(".") for f in found)


async def test_that_nobody_can_decide_is_noted_and_no_finding(folder: Path) -> None:
    noted = [f for f in await findings(settings_of(ANDON_SLACK_MODE="off")) if f.is_note]
    assert [str(f) for f in noted] == [
        "note   settings  Slack is off: nobody can decide, and everything will expire."
    ]
    assert wrong(noted) == []


def test_doctor_says_what_memory_lacks() -> None:
    """None of it is needed to run."""
    alone = parse_policy(SAMPLE.replace('category = "policy_change"', 'category = "other"'))
    found = [str(finding) for finding in memory(alone)]
    assert found[0].startswith('ok     memory    no rule is proposed: rule "production" lets one')
    assert 'match = { category = "policy_change" }' in found[0]
    assert found[1] == (
        "ok     memory    work by hand is proposed nowhere: there is no route tickets."
    )


def test_doctor_says_where_rules_and_work_are_proposed() -> None:
    routes = SAMPLE + '\n[routes]\njira = { address = "json://127.0.0.1/t" }\n'
    policy = parse_policy(f'{routes}\n[memory]\ntickets = "jira"\n')
    assert [finding.said for finding in memory(policy)] == [
        "rules are proposed to those who may change the policy",
        "work by hand is proposed by the route jira",
    ]


def test_doctor_says_that_a_policy_wants_no_rules() -> None:
    policy = parse_policy(f"{SAMPLE}\n[memory]\npropose = false\n")
    assert [finding.said for finding in memory(policy)] == [
        "the policy lets no rule be proposed, and none decide"
    ]


async def test_looking_changes_nothing_here_and_nothing_there(
    folder: Path, workspace: Workspace
) -> None:
    before = contents(folder)
    await findings(settings_of(workspace))
    assert contents(folder) == before
    reading = {"auth.test", "apps.connections.open", "conversations.history", "users.info",
               "blocks.validate"}  # fmt: skip
    assert {call.method for call in workspace.calls} <= reading


async def test_an_empty_directory_is_no_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.toml").write_text(SAMPLE, encoding="utf-8")
    assert wrong(await findings(settings_of())) == []
    assert list(contents(tmp_path)) == [str(tmp_path / "policy.toml")]


@pytest.mark.parametrize(
    ("method", "fault", "words"),
    [
        ("auth.test", "invalid_auth", "the bot token: invalid_auth. Copy the token anew"),
        ("auth.test", "token_revoked", "Install the app into the workspace again"),
        ("auth.test", "http_503", "Slack is away"),
        ("auth.test", "ratelimited", "try again in a minute"),
        ("auth.test", "drop_before", "Slack is away"),
        ("apps.connections.open", "not_allowed_token_type", "the app's xapp-"),
        ("blocks.validate", "invalid_blocks", "it is a fault of ours"),
        ("conversations.history", "not_in_channel", "/invite @Andon"),
        ("conversations.history", "channel_not_found", "channel database (C0DATABASE)"),
        ("users.info", "user_not_found", "ravi (URAVI): user_not_found. Mend the account"),
    ],
)
async def test_what_slack_refuses_is_named_with_what_to_do(
    folder: Path, workspace: Workspace, method: str, fault: str, words: str
) -> None:
    workspace.faults.add(method, fault)
    said = wrong(await findings(settings_of(workspace)))
    assert len(said) == 1
    assert words in said[0]
    assert said[0].startswith("WRONG  slack")


async def test_a_workspace_that_cannot_check_drawings_is_no_finding(
    folder: Path, workspace: Workspace
) -> None:
    workspace.faults.add("blocks.validate", "unknown_method")
    assert wrong(await findings(settings_of(workspace))) == []


async def test_missing_scopes_are_listed(folder: Path, workspace: Workspace) -> None:
    fewer = workspace.app.scopes - {"im:write", "commands"}
    workspace.app = replace(workspace.app, scopes=fewer)
    said = wrong(await findings(settings_of(workspace)))
    assert said == [
        "WRONG  slack     scopes are missing: commands, im:write. "
        "Install the app again from manifest.yml."
    ]


async def test_a_workspace_that_is_not_there_is_said_to_be_unreachable(folder: Path) -> None:
    settings = settings_of(
        ANDON_SLACK_MODE="http", ANDON_SLACK_API_URL="http://127.0.0.1:9/api/",
        SLACK_BOT_TOKEN=BOT_TOKEN, SLACK_SIGNING_SECRET=SECRET,
    )  # fmt: skip
    (said,) = wrong(await findings(settings))
    assert "unreachable" in said
    assert BOT_TOKEN not in said


async def test_keys_open_to_others_are_named_with_the_command_that_closes_them(
    folder: Path,
) -> None:
    (folder / "keys").chmod(0o755)
    (key,) = (folder / "keys").glob("*.jwk")
    key.chmod(0o644)
    said = wrong(await findings(settings_of()))
    assert ["chmod 700 keys" in said[0], f"chmod 600 keys/{key.name}" in said[1]] == [True, True]


def damage(folder: Path, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something an operator may come upon."""
    path = folder / "andon.db"
    if fault == "no database":
        path.write_bytes(b"something else entirely, " * 400)
    elif fault == "newer":
        execute(folder, "UPDATE alembic_version SET version_num = '9999', oldest = '9998'")
    elif fault == "clock set back":
        later = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
        execute(folder, "INSERT INTO notes (name, value) VALUES ('latest', ?)", later)
    elif fault == "network disk":
        monkeypatch.setattr(inspection, "_kind_of", lambda folder: "nfs4")
    elif fault == "full disk":
        monkeypatch.setattr(inspection, "ROOM", 1 << 60)


@pytest.mark.parametrize(
    ("fault", "words", "do"),
    [
        ("no database", "no database", "Restore a backup"),
        ("newer", "newer than this program", "Start the newer one"),
        ("clock set back", "the clock was set back", "Set the clock right"),
        ("network disk", "is on nfs4", "Use a local disk"),
        ("full disk", "MiB free", "Make room"),
    ],
)
async def test_a_store_that_would_fail_is_found_before_it_does(
    folder: Path, monkeypatch: pytest.MonkeyPatch, fault: str, words: str, do: str
) -> None:
    damage(folder, fault, monkeypatch)
    (said,) = wrong(await findings(settings_of()))
    assert words in said
    assert do in said


async def test_a_restored_copy_is_well_before_it_was_served(folder: Path) -> None:
    execute(folder, "PRAGMA journal_mode = DELETE")
    found = await findings(settings_of())
    assert wrong(found) == []
    assert any("as a restored copy's is: `serve` sets WAL" in str(f) for f in found)


# -- anchors ---------------------------------------------------------------------------------------


async def anchored(folder: Path) -> str:
    """What doctor says of the file of anchors."""
    (said,) = (str(f) for f in await findings(settings_of()) if f.part == "anchors")
    return said


def three_heads(folder: Path, last: str = "c", behind: int = 0) -> Path:
    """Three blocks in the store and their anchors, the last naming a hash of that letter; the store
    lacks those `behind`.
    """
    path, prev = folder / "andon.anchors", GENESIS
    ring, written = KeyRing(folder / "keys"), datetime(2026, 11, 12, tzinfo=UTC)
    for number, letter in enumerate(f"ab{last}", start=1):
        hash_ = f"sha256:{letter * 64}"
        block = Block(number=number, at=written, count=0, prev=prev, root="", hash=hash_)
        AnchorFile(path, ring).append([block])
        prev = f"sha256:{'abc'[number - 1] * 64}"
        if number <= 3 - behind:
            execute(
                folder,
                "INSERT INTO blocks (number, at, count, prev, root, hash) "
                "VALUES (?, ?, 0, ?, '', ?)",
                *(number, instant(written), block.prev, prev),
            )
    return path


async def test_anchors_that_are_not_there_yet_are_no_finding(folder: Path) -> None:
    said = await anchored(folder)
    assert said == "ok     anchors   andon.anchors is not there yet; `serve` makes it."


async def test_anchors_that_agree_with_the_store_are_counted(folder: Path) -> None:
    three_heads(folder)
    assert await anchored(folder) == (
        "ok     anchors   andon.anchors can be appended to and holds 3 heads; "
        "the last is block 3 of the store."
    )


async def test_an_anchor_that_the_store_contradicts_is_a_finding(folder: Path) -> None:
    three_heads(folder, last="d")
    said = await anchored(folder)
    assert said.startswith("WRONG  anchors")
    assert "the last names block 3, and the store has another one. An older copy was" in said


async def test_an_anchor_of_a_block_that_the_store_lacks_is_a_finding(folder: Path) -> None:
    three_heads(folder, behind=1)
    said = await anchored(folder)
    assert said.startswith("WRONG  anchors")
    assert "the last names block 3, and the store has no such block. An older copy was" in said


async def test_anchors_without_a_store_are_counted_alone(folder: Path) -> None:
    three_heads(folder)
    (folder / "andon.db").unlink()
    assert "holds 3 heads; there is no store to hold the last against." in await anchored(folder)


async def test_a_file_that_holds_something_else_is_a_finding(folder: Path) -> None:
    (folder / "andon.anchors").write_text("dear diary\n" * 3, encoding="utf-8")
    assert await anchored(folder) == (
        "WRONG  anchors   andon.anchors holds something else. Set ANDON_ANCHORS to another file."
    )


async def test_a_file_that_takes_nothing_more_is_a_finding(folder: Path) -> None:
    (folder / "andon.anchors").mkdir()
    said = await anchored(folder)
    assert said.startswith("WRONG  anchors   andon.anchors cannot be read and appended to (Is a d")


async def test_anchors_in_a_folder_that_is_not_there_are_a_finding(folder: Path) -> None:
    settings = settings_of(ANDON_ANCHORS=str(folder / "away" / "andon.anchors"))
    (said,) = wrong(await findings(settings))
    assert f"cannot be made. Make {folder / 'away'}, and give it to our user." in said


async def test_a_policy_with_a_mistake_is_named_with_its_line(folder: Path) -> None:
    (folder / "policy.toml").write_text(SAMPLE + "\nsurprise = 1\n", encoding="utf-8")
    (said,) = wrong(await findings(settings_of()))
    assert said.startswith("WRONG  policy    policy.toml:")


async def test_a_database_address_of_another_kind_is_a_finding(folder: Path) -> None:
    def refused(settings: Settings) -> Iterator[tuple[str, str]]:
        raise ValueError("is not sqlite:///FILE")

    found = [f async for f in examine(settings_of(), refused, held)]
    assert wrong(found) == ["WRONG  store     is not sqlite:///FILE. Mend ANDON_DATABASE_URL."]


@pytest.mark.parametrize(
    ("given", "near"),
    [
        ("ANDON_PROT", "ANDON_PORT"),
        ("ANDON_ALLOWED_CALLBAKCS", "ANDON_ALLOWED_CALLBACKS"),
        ("SLACK_BOT_TOKN", "SLACK_BOT_TOKEN"),
        ("ANDON_COLOUR_SCHEME_OF_CARDS", ""),
    ],
)
def test_a_misspelt_setting_is_told_from_one_that_exists(given: str, near: str) -> None:
    assert unknown_settings([given, "PATH", "ANDON_URL", "SLACK_APP_TOKEN_FILE"]) == {given: near}


async def test_a_misspelt_setting_is_a_finding(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANDON_PROT", "80")
    (said,) = wrong(await findings(settings_of()))
    assert "ANDON_PROT is no setting and is ignored. Did you mean ANDON_PORT?" in said


def test_doctor_asks_for_just_the_scopes_of_the_manifest() -> None:
    text = (ROOT / "manifest.yml").read_text(encoding="utf-8")
    listed = text.partition("    bot:\n")[2].partition("settings:")[0]
    assert {line.split()[1] for line in listed.splitlines()} == SCOPES


ROUTES = """
[routes]
mail = { address = "mailto://andon:${PAGER_MAIL_PASSWORD}@mail.example?to=sam@example.com" }
"""


async def test_a_route_that_could_be_used_is_well(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER_MAIL_PASSWORD", "p@ss")
    (folder / "policy.toml").write_text(SAMPLE + ROUTES, encoding="utf-8")
    found = await findings(settings_of())
    assert [str(f) for f in found if f.part == "routes"] == [
        "ok     routes    mail goes by mailto."
    ]
    assert "p@ss" not in "".join(map(str, found))


async def test_a_route_whose_secret_is_missing_is_named(folder: Path) -> None:
    (folder / "policy.toml").write_text(SAMPLE + ROUTES, encoding="utf-8")
    (said,) = wrong(await findings(settings_of()))
    assert "mail: PAGER_MAIL_PASSWORD is not set" in said
    assert "docs/pages.md" in said


async def test_without_the_extra_a_policy_with_routes_is_told_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    (folder / "policy.toml").write_text(SAMPLE + ROUTES, encoding="utf-8")
    (said,) = wrong(await findings(settings_of()))
    assert "Apprise is not installed" in said


async def test_it_says_whether_a_running_server_decides_by_the_file(folder: Path) -> None:
    """A file that was changed and not taken yet is another one."""
    async with serving(settings_of()) as server:
        given = settings_of(ANDON_PORT=server.port)
        assert wrong(await findings(given)) == []
        found = [str(f) for f in await findings(given)]
        assert "ok     policy    the running server decides by this file." in found
        (folder / "policy.toml").write_text("# Changed.\n" + SAMPLE, encoding="utf-8")
        (said,) = wrong(await findings(given))
    assert said.startswith("WRONG  policy    the running server decides by another one (sha256:")
