"""`policy check`, `policy explain`, `policy schema`: a sentence and an exit code for every end."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from approvals.policy.schema import schema_text
from bot.cli import app
from tests.building import SAMPLE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the sample policy, without a word of ours in the environment."""
    for name in [n for n in os.environ if n.startswith(("ANDON_", "SLACK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.toml").write_text(SAMPLE, encoding="utf-8")
    return tmp_path


def run(*arguments: str, given: str | None = None) -> Result:
    """A command about the policy."""
    return CliRunner().invoke(app, ("policy", *arguments), input=given)


def body(**changes: Any) -> str:
    """A migration of the search index, as a service sends it."""
    return json.dumps(
        {
            "category": "schema_migration",
            "title": "Schema conflict on search index documents_v3",
            "environment": "production",
            "operation": {"name": "schema conflict on documents_v3", "target": "documents_v3"},
            "requested_by": {"id": "dana@example.com"},
            **changes,
        }
    )


def test_the_schema_is_printed_as_published(folder: Path) -> None:
    assert run("schema").stdout == schema_text()


def test_a_request_is_explained_from_a_file_or_from_standard_input(folder: Path) -> None:
    (folder / "request.json").write_text(body(), encoding="utf-8")
    at = ("--service", "search-api", "--at", "2026-11-12T21:30:00Z")
    from_file = run("explain", "request.json", *at)
    assert (from_file.exit_code, from_file.stderr) == (0, "")
    assert run("explain", "-", *at, given=body()).stdout == from_file.stdout
    lines = from_file.stdout.splitlines()
    assert lines[0] == "approval of schema_migration in production, from search-api"
    assert lines[1].startswith("  Rule        production migrations (line ")
    assert "  Decides     1 of database-admin: Ines, Ravi" in lines
    assert max(map(len, lines)) < 160


def test_another_policy_can_be_asked(folder: Path) -> None:
    (folder / "other.toml").write_text(
        SAMPLE.replace("production migrations", "migrations of the future"), encoding="utf-8"
    )
    said = run("explain", "-", "--policy", "other.toml", given=body()).stdout
    assert "Rule        migrations of the future" in said


def test_a_request_the_policy_refuses_is_a_finding(folder: Path) -> None:
    result = run("explain", "-", given=body(environment="staging"))
    assert result.exit_code == 1
    assert "\nRefused (422)\n  /: No rule of the policy matches" in result.stdout


def test_a_request_the_door_refuses_is_said_place_by_place(folder: Path) -> None:
    result = run("explain", "-", given=body(titel="x", category="Schema Migration"))
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "Refused (422)",
        "  /category: Write it in lower case with underscores, such as `schema_migration`, at most "
        "40.",
        "  /titel: There is no such field; mind the spelling, or leave it out.",
    ]


def test_owners_and_what_moved_can_be_told(folder: Path) -> None:
    asked = body(requested_by={"id": "nobody@example.com"})
    said = run("explain", "-", "--owner", "ines", "--service", "x", given=asked).stdout
    assert "never Ines, who asked or answers for the service" in said
    transfer = body(
        category="large_transaction",
        operation={
            "name": "pay out",
            "money": {"amount_minor": 100, "currency": "EUR", "account": "DE02 1203"},
        },
    )
    moved = ("--service", "payouts", "--moved", "account=1000000")
    assert "with the last 24 h of its account" in run("explain", "-", *moved, given=transfer).stdout


@pytest.mark.parametrize(
    ("arguments", "given", "code", "words"),
    [
        (("explain", "none.json"), None, 3, "none.json cannot be read: No such file"),
        (("explain", "-"), "{", 1, "This is not strict JSON"),
        (("explain", "-"), '{"a": 1, "a": 2}', 1, "This is not strict JSON"),
        (("explain", "-", "--at", "noon"), "{}", 2, "--at noon is no time"),
        (("explain", "-", "--moved", "account"), "{}", 2, "account, requester, beneficiary"),
        (("explain", "-", "--moved", "acount=5"), "{}", 2, "--moved acount=5: write one of"),
        (("explain", "-", "--policy", "none.toml"), "{}", 3, "There is no policy file none.toml."),
        (("check", "."), None, 3, "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    folder: Path, arguments: tuple[str, ...], given: str | None, code: int, words: str
) -> None:
    result = run(*arguments, given=given)
    assert (result.exit_code, result.stdout) == (code, "")
    assert words in result.stderr


def test_a_policy_with_a_mistake_explains_nothing(folder: Path) -> None:
    (folder / "policy.toml").write_text(SAMPLE.replace('"ravi"', '"rafi"', 1), encoding="utf-8")
    result = run("explain", "-", given=body())
    assert result.exit_code == 1
    assert 'unknown person "rafi"; did you mean "ravi"?' in result.stderr


def test_check_finds_what_is_wrong_with_runbooks_where_their_folder_is_known(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages that rules name and nobody wrote, and pages with mistakes."""
    named = SAMPLE.replace('name = "recoveries"', 'name = "recoveries"\nrunbooks = ["sync.md"]')
    (folder / "policy.toml").write_text(named, encoding="utf-8")
    assert run("check").exit_code == 0  # the folder is not known
    (folder / "runbooks").mkdir()
    (folder / "runbooks" / "sink.md").write_text("+++\ntitel = 'x'\n+++\n", encoding="utf-8")
    monkeypatch.setenv("ANDON_RUNBOOKS", "runbooks")
    result = run("check")
    line = named.splitlines().index('runbooks = ["sync.md"]') + 1
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        'sink.md:2: titel: there is no such key; did you mean "title"?',
        f'policy.toml:{line}: rules[4].runbooks[0]: unknown runbook "sync.md"; known: none',
    ]
    (folder / "runbooks" / "sync.md").write_text("# Sync", encoding="utf-8")
    (folder / "runbooks" / "sink.md").unlink()
    assert run("check").exit_code == 0
    monkeypatch.setenv("ANDON_PORT", "many")
    assert run("check", "policy.toml").exit_code == 3
