"""The commands: beside a server or without one, with a sentence and an exit code for every end."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from bot.cli import app
from storage.services import SqlServices
from storage.sqlite.database import open_database
from tests.building import ROOT, SAMPLE, Clock


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the sample policy, without a word of ours in the environment."""
    for name in [n for n in os.environ if n.startswith(("ANDON_", "SLACK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANDON_SLACK_MODE", "off")
    monkeypatch.setenv("ANDON_PORT", "0")
    (tmp_path / "policy.toml").write_text(SAMPLE, encoding="utf-8")
    return tmp_path


@pytest.fixture(autouse=True)
def unlogged() -> Iterator[None]:
    """`serve` sets logging up for its own standard error, which is gone after it."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def run(*arguments: str) -> Result:
    """A command in this process."""
    return CliRunner().invoke(app, arguments)


def test_commands_load_neither_the_api_nor_slack_nor_the_demo() -> None:
    """Somebody waits for each: all of a server would take them twice as long."""
    heavy = {"aiohttp", "slack_sdk", "slack_bolt", "sqlalchemy", "bot.app", "bot.demo"}
    asked = f"import sys, bot.cli; print(sorted({heavy} & set(sys.modules)))"
    told = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout == "[]\n"


def test_what_a_command_loads_is_left_out_of_every_look_for_garbage() -> None:
    """Looking through it took a third of a short command; what comes later is looked through."""
    asked = "import gc, bot.__main__; print(gc.isenabled(), gc.get_freeze_count() > 10_000)"
    told = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout == "True True\n"


def one_line(result: Result) -> str:
    """What a failing command says: a sentence, no traceback."""
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output.strip()


def test_a_key_is_printed_alone_and_stored_hashed(folder: Path) -> None:
    made = run("service", "add", "payments", "--owner", "lena", "--callback-host", "pay.example")
    key = made.stdout.strip()
    assert (made.exit_code, key[:6], made.stdout) == (0, "andon_", key + "\n")
    assert key.encode() not in (folder / "andon.db").read_bytes()
    assert run("service", "list").stdout == "payments\t1 keys\tlena\tpay.example\t-\n"


def test_bounds_of_its_own_are_listed_and_kept_with_a_second_key(folder: Path) -> None:
    run("service", "add", "payments", "--opens-per-minute", "1200", "--most-pending", "50")
    run("service", "add", "payments")
    listed = run("service", "list").stdout
    assert listed == "payments\t2 keys\t-\t-\t1,200 opens a minute, 50 pending\n"
    assert run("service", "add", "payments", "--most-pending", "0").exit_code == 2


def test_a_second_key_says_how_the_first_one_goes(folder: Path) -> None:
    assert run("service", "add", "payments").stderr == ""
    said = run("service", "add", "payments").stderr
    assert said.startswith("payments has 2 live keys now.")
    assert "`service revoke payments --keep-newest`" in said


def test_a_secret_is_printed_alone(folder: Path) -> None:
    run("service", "add", "payments")
    made = run("service", "secret", "payments")
    assert (made.exit_code, made.stdout[:6], made.stdout.count("\n")) == (0, "whsec_", 1)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["service", "add", "Bad Name!"], 2, "letters, digits"),
        (["service", "add", "Clock"], 2, "Clock is a name Andon goes by in its records"),
        (["service", "add", "x", "--scopes", "everything"], 2, "No such scope: everything"),
        (["service", "add", "x", "--scopes", ""], 2, "It needs a scope"),
        (["service", "add", "x", "--owner", "nobody"], 2, 'no person "nobody"'),
        (["service", "add", "x", "--callback-host", "https://x.example/"], 2, "leave scheme"),
        (["service", "add", "x", "--callback-host", "x.example:port"], 2, "as a number"),
        (["service", "secret", "nobody"], 3, "service add nobody"),
        (["service", "revoke", "nobody"], 3, "no key to revoke"),
        (["policy", "check", "missing.toml"], 3, "missing.toml"),
        (["nonsense"], 2, "No such command"),
        (["service", "add"], 2, "Missing argument"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_exit_code(
    folder: Path, arguments: list[str], code: int, words: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert words in one_line(result)


def test_keys_are_rotated_by_adding_one_and_revoking_all_but_the_newest(folder: Path) -> None:
    first, second = (run("service", "add", "payments").stdout.strip() for _ in range(2))
    assert run("service", "list").stdout.startswith("payments\t2 keys")
    revoked = run("service", "revoke", "payments", "--keep-newest")
    assert (revoked.exit_code, revoked.stderr) == (0, "Revoked 1 key of payments.\n")
    assert run("service", "revoke", "payments", "--keep-newest").exit_code == 3
    read = sqlite3.connect(folder / "andon.db").execute
    live = [r[0] for r in read("SELECT hash FROM service_keys WHERE revoked_at IS NULL")]
    assert len(live) == 1
    assert first != second
    assert run("service", "revoke", "payments").exit_code == 0
    assert run("service", "list").stdout.startswith("payments\t0 keys")


async def test_a_rotated_secret_signs_until_the_older_one_is_revoked(folder: Path) -> None:
    clock = Clock()
    async with open_database(folder / "andon.db", server=False) as database:
        services = SqlServices(database, clock)
        await services.add("payments")
        old = await services.secret("payments")
        clock.pass_(1)
        new = await services.secret("payments")
        assert await services.callback_secrets("payments") == (new, old)
        assert await services.revoke("payments", secrets=True, keep_newest=True) == 1
        assert await services.callback_secrets("payments") == (new,)


def test_the_policy_is_checked_with_file_and_line(folder: Path) -> None:
    fine = run("policy", "check")
    assert fine.exit_code == 0
    assert "policy.toml: 7 rules" in fine.stdout
    broken = SAMPLE.replace('group = "finance-approvers"', 'group = "finance-aprovers"')
    (folder / "policy.toml").write_text(broken, encoding="utf-8")
    result = run("policy", "check")
    line = broken.split("finance-aprovers")[0].count("\n") + 1
    assert result.exit_code == 1
    assert f"policy.toml:{line}" in one_line(result)
    assert "finance-approvers" in one_line(result)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("policy", "activate"), "takes its changed file by itself"),
        (("policy", "active"), "takes its changed file by itself"),
        (("keys", "retire", "key_1"), "take the key's file out of ANDON_SIGNING_KEYS"),
    ],
)
def test_a_server_that_is_alone_agrees_with_nobody(
    folder: Path, words: tuple[str, ...], says: str
) -> None:
    refused = run(*words)
    assert (refused.exit_code, says in one_line(refused)) == (3, True)


def test_a_key_that_was_made_is_listed_where_it_lies(folder: Path) -> None:
    made = run("keys", "new").stdout
    assert (folder / "keys" / f"{made.strip()}.jwk").stat().st_mode & 0o777 == 0o600
    assert run("keys", "list").stdout == f"{made.strip()}\t-\tserved\there\n"


def test_a_policy_that_is_not_there_is_said_in_words(folder: Path) -> None:
    result = run("policy", "check", "none.toml")
    assert (result.exit_code, result.stderr) == (3, "There is no policy file none.toml.\n")


def set_up(folder: Path, fault: str) -> None:
    """A working directory in which `serve` cannot start."""
    if fault == "no policy":
        (folder / "policy.toml").unlink()
    elif fault == "bad policy":
        (folder / "policy.toml").write_text(SAMPLE + '\n[[rules]]\nname = "x"\n', encoding="utf-8")
    elif fault == "keys are a file":
        (folder / "keys").write_text("no directory")
    elif fault == "broken key":
        (folder / "keys").mkdir()
        (folder / "keys" / "a.jwk").write_text("no key")
    elif fault == "no database":
        (folder / "andon.db").write_bytes(b"this is no database, whatever its name says" * 100)
    elif fault == "a directory":
        (folder / "andon.db").mkdir()
    elif fault == "newer database":
        assert run("service", "add", "x").exit_code == 0
        with sqlite3.connect(folder / "andon.db") as link:
            link.execute("UPDATE alembic_version SET version_num = '9999', oldest = '9998'")


@pytest.mark.parametrize(
    ("fault", "settings", "words"),
    [
        ("", {"ANDON_SLACK_MODE": "socket"}, "needs SLACK_BOT_TOKEN and SLACK_APP_TOKEN"),
        ("", {"ANDON_SLACK_MODE": "http", "SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_SIGNING_SECRET"),
        ("", {"ANDON_SLACK_MODE": "on"}, "ANDON_SLACK_MODE: should be 'socket'"),
        ("", {"ANDON_PORT": "70000"}, "ANDON_PORT"),
        ("", {"ANDON_ALLOWED_CALLBACKS": "a.example:x"}, "as a number"),
        ("", {"ANDON_DATABASE_URL": "mysql://x"}, "neither sqlite:///FILE nor postgresql://HOST/"),
        ("", {"ANDON_DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "look whether it runs"),
        (
            "",
            {"ANDON_DATABASE_URL": "sqlite:///missing/andon.db"},
            "andon.db.lock cannot be used: No such file or directory. `doctor` looks at it.",
        ),
        ("", {"SLACK_BOT_TOKEN_FILE": "/nowhere"}, "SLACK_BOT_TOKEN_FILE: /nowhere"),
        ("no policy", {}, "Copy the sample policy.toml"),
        ("bad policy", {}, "policy.toml:"),
        ("keys are a file", {}, "is no directory"),
        ("broken key", {}, "a.jwk is not a JWK"),
        ("no database", {}, "Restore a backup: `andon-server restore FILE`"),
        ("a directory", {}, "`doctor` looks at it"),
        ("newer database", {}, "Start the newer version"),
    ],
)
def test_a_server_that_cannot_start_says_why_and_exits_with_3(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    settings: dict[str, str],
    words: str,
) -> None:
    set_up(folder, fault)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    result = run("serve")
    assert result.exit_code == 3, result.output
    assert words in one_line(result)


def test_a_taken_port_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("ANDON_PORT", str(taken.getsockname()[1]))
        result = run("serve")
    assert result.exit_code == 3
    assert ": address already in use. Is another server running? Set ANDON_PORT" in one_line(result)


def test_doctor_exits_with_0_where_all_is_well_and_with_1_for_a_finding(folder: Path) -> None:
    well = run("doctor")
    assert (well.exit_code, well.stdout.count("WRONG")) == (0, 0)
    (folder / "policy.toml").unlink()
    finding = run("doctor")
    assert finding.exit_code == 1
    assert "WRONG  policy    There is no policy file policy.toml" in finding.stdout


def test_doctor_cannot_look_without_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDON_SLACK_MODE", "socket")
    result = run("doctor")
    assert result.exit_code == 3
    assert "needs SLACK_BOT_TOKEN" in one_line(result)


def test_help_names_every_command(folder: Path) -> None:
    said = run("--help").output
    assert all(word in said for word in ("serve", "doctor", "service", "policy"))


@pytest.fixture
def server(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """`serve` as a process of its own."""
    environment = {**os.environ, "ANDON_PORT": "0", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve"],
        cwd=folder, env=environment, text=True, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if "Andon listens on" in line:
            break
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stderr.close()


def test_commands_work_beside_a_running_server_and_a_second_one_does_not(
    folder: Path, server: subprocess.Popen[str]
) -> None:
    key = run("service", "add", "payments")
    listed = run("service", "list")
    second = run("serve")
    looked = run("doctor")
    assert (key.exit_code, listed.stdout.split("\t")[0]) == (0, "payments")
    assert second.exit_code == 3
    assert f"Another server (process {server.pid}) uses" in one_line(second)
    assert f"a server runs on it (process {server.pid})" in looked.output
    assert looked.exit_code == 0, looked.output
