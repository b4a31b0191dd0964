"""`audit verify`: beside a server or without one, with an exit code for every end."""

import asyncio
import json
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.app import serving
from bot.audit.checking import check, lines_of
from bot.cli import app
from bot.settings import read_settings
from bot.signing import KeyRing
from storage.evidence import open_evidence
from tests.building import ROOT, an_open
from tests.trust.past import Past, a_past


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """A past that is never touched."""
    return a_past(tmp_path_factory.mktemp("past"), seed=3, stories=7)


@pytest.fixture
def past(told: Past, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Past:
    """A copy, where the commands look for it."""
    for name in [n for n in os.environ if n.startswith(("ANDON_", "SLACK_"))]:
        monkeypatch.delenv(name)
    shutil.copytree(told.folder, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return Past(tmp_path / "here")


def verify(*arguments: str) -> Result:
    """The command in this process."""
    return CliRunner().invoke(app, ("audit", "verify", *arguments))


def count(past: Past) -> str:
    """What the last line counts."""
    with closing(sqlite3.connect(past.database)) as link:
        rows = link.execute("SELECT count(*) FROM escalations UNION ALL SELECT count(*) FROM "
                            "events UNION ALL SELECT count(*) FROM blocks").fetchall()  # fmt: skip
    (escalations,), (records,), (blocks,) = rows
    return f"{escalations} escalations, {records} records, {blocks} blocks, {blocks} anchors"


def tampered(past: Past, *statements: str) -> None:
    """Somebody else's hand in the file."""
    with closing(sqlite3.connect(past.database, isolation_level=None)) as link:
        for (name,) in link.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            link.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            link.execute(statement)


def test_all_that_holds_is_counted(past: Past) -> None:
    result = verify()
    assert (result.exit_code, result.stdout) == (0, f"{count(past)}: all hold.\n")


def test_the_first_bad_record_comes_first(past: Past) -> None:
    with closing(sqlite3.connect(past.database)) as link:
        id_, seq = link.execute(
            "SELECT escalation_id, seq FROM events WHERE kind = 'vote:cast' ORDER BY 1, 2"
        ).fetchone()
    tampered(past, f"UPDATE events SET \"by\" = 'person:mia' WHERE escalation_id = '{id_}' "
                   f"AND seq = {seq}")  # fmt: skip
    result = verify()
    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert lines[0] == f"escalation {id_} record {seq}: it was changed: its hash is another one"
    assert lines[-1] == f"{count(past)}: 1 wrong."


def test_a_document_says_the_same(past: Past) -> None:
    tampered(past, "UPDATE blocks SET root = 'x' WHERE number = 2")
    result = verify("--json")
    said = json.loads(result.stdout)
    assert (result.exit_code, said["ok"], said["wrong"]) == (1, False, len(said["findings"]))
    assert said["findings"][0] == {
        "where": "block 2",
        "what": "it was changed: its hash is another one",
    }


def test_beside_a_running_server_what_grows_is_no_finding(past: Past) -> None:
    """Its link only reads, so it needs no lock and writes nothing."""

    async def beside() -> Result:
        given = read_settings(
            ANDON_SLACK_MODE="off", ANDON_PORT=0, ANDON_POLICY=str(ROOT / "policy.toml")
        )
        async with serving(given) as server:
            await server.store.writer.submit(an_open("more"))
            return verify()

    result = asyncio.run(beside())
    assert result.exit_code == 0, result.output
    assert "all hold" in result.stdout


def test_what_is_written_between_two_looks_is_no_finding(past: Past) -> None:
    """The anchors are opened first, so the store may only be ahead of them."""
    with lines_of(past.anchors) as lines, open_evidence(past.database) as evidence:
        with past.anchors.open("a") as file:
            file.write("written meanwhile\n")
        report = check(evidence, lines, None, datetime(2027, 1, 1, tzinfo=UTC))
    assert report.findings == []


def test_a_copy_of_the_anchors_kept_elsewhere_is_asked(past: Past, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copy(past.anchors, elsewhere)
    past.anchors.unlink()
    assert verify("--anchors", str(elsewhere)).exit_code == 0
    last = elsewhere.read_text().count("\n")
    cut = (f"DELETE FROM {of} = {last}" for of in ("seals WHERE block", "blocks WHERE number"))
    tampered(past, *cut)
    result = verify("--anchors", str(elsewhere))
    assert result.exit_code == 1
    assert f"anchors line {last}: it names block {last}" in result.stdout


def test_without_anchors_it_says_so_and_names_the_first_block(past: Past) -> None:
    past.anchors.unlink()
    result = verify()
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "block 1: it has no anchor"
    assert "There is no file andon.anchors, so no anchor was checked" in result.stdout


def test_a_line_cut_off_by_a_loss_of_power_is_told_and_is_no_finding(past: Past) -> None:
    lines = past.anchors.read_text().splitlines()
    past.anchors.write_text("\n".join([*lines[:3], lines[3][:70], *lines[3:], ""]))
    result = verify()
    assert result.exit_code == 0, result.stdout
    assert "1 line of the anchors cut off by a loss of power; no loss." in result.stdout


@pytest.mark.parametrize("cut", [25, 200])
def test_a_last_line_cut_off_is_a_block_without_an_anchor(past: Past, cut: int) -> None:
    """A server writes it again at its next start; until then one anchor is missing."""
    text = past.anchors.read_text()
    past.anchors.write_text(text[:-cut])
    result = verify()
    last = text.count("\n")
    assert result.stdout.splitlines()[0] == f"block {last}: it has no anchor"


def test_without_keys_signatures_are_not_checked_and_it_says_so(past: Past) -> None:
    shutil.rmtree(past.keys)
    result = verify()
    assert result.exit_code == 0
    assert "There are no keys in keys, so no signature was checked; give --keys." in result.stdout


def test_published_keys_alone_do(past: Past, tmp_path: Path) -> None:
    (private,) = [json.loads(file.read_text()) for file in past.keys.glob("*.jwk")]
    public = {name: value for name, value in private.items() if name != "d"}
    jwks, stranger = tmp_path / "jwks.json", tmp_path / "stranger.json"
    jwks.write_text(json.dumps({"keys": [public]}))
    assert verify("--keys", str(jwks)).exit_code == 0
    stranger.write_text(json.dumps({"keys": [{**public, "x": public["x"][::-1]}]}))
    result = verify("--keys", str(stranger))
    assert result.exit_code in (1, 3)


def test_the_keys_of_another_server_have_signed_nothing(past: Past, tmp_path: Path) -> None:
    KeyRing(tmp_path / "other")
    result = verify("--keys", str(tmp_path / "other"))
    assert result.exit_code == 1
    assert "its signature is not by a key given here" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--anchors", "nowhere"], "nowhere cannot be read: No such file"),
        (["--keys", "nowhere"], "nowhere cannot be read: No such file"),
        (["--keys", "andon.anchors"], "andon.anchors: it is no JSON"),
        (["--keys", "."], ".: no key is in it"),
        (["--keys", "wrong.json"], "wrong.json: a key in it is not Ed25519"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(
    past: Past, arguments: list[str], words: str
) -> None:
    (past.folder / "wrong.json").write_text('{"keys": [{"kty": "oct", "k": "s3cret"}]}')
    result = verify(*arguments)
    assert result.exit_code == 3
    assert words in result.output
    assert "s3cret" not in result.output
    assert "Traceback" not in result.output


def test_without_a_database_it_says_which_one_is_meant(past: Past) -> None:
    past.database.unlink()
    result = verify()
    assert (result.exit_code, "andon.db cannot be read" in result.output) == (3, True)


def test_a_file_that_is_no_database_is_said_so(past: Past) -> None:
    past.database.write_bytes(b"no database" * 1000)
    result = verify()
    assert (result.exit_code, "The database cannot be read" in result.output) == (3, True)


def test_what_a_stranger_wrote_moves_no_cursor(past: Past) -> None:
    tampered(past, "INSERT INTO unsealed VALUES (char(27) || '[2J', '2026')")
    result = verify()
    assert "escalation \\u001b[2J: it is gone, and unsealed are left" in result.stdout


def test_bytes_that_are_no_text_are_a_finding(past: Past) -> None:
    tampered(past, "UPDATE event_bodies SET text = CAST(x'ff00fe' AS TEXT) WHERE seq = 1")
    result = verify()
    assert result.exit_code == 1
    assert "its body was changed" in result.stdout


def test_a_column_of_another_type_is_a_finding(past: Past) -> None:
    tampered(past, "UPDATE events SET at = 12, core = x'00' WHERE seq = 1")
    result = verify()
    assert (result.exit_code, "it was changed" in result.stdout) == (1, True)
