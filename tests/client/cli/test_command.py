"""COMMAND as an operation, and whether it could be started at all."""

import hashlib
import os
from pathlib import Path

import pytest
from andon.cli import command
from andon.cli.command import CannotStartError, Chosen, UnusableError
from andon.cli.exits import Exit


def test_an_operation_is_its_arguments_and_where_they_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = command.arguments_of(["rm", "-r", "old data"], Chosen(), {"HOME": "/x"})
    assert found == {"argv": ["rm", "-r", "old data"], "cwd": str(tmp_path)}


def test_chosen_variables_belong_to_it_shown_or_hashed() -> None:
    chosen = Chosen(shown=["REGION"], hashed=["TOKEN"])
    found = command.arguments_of(["true"], chosen, {"REGION": "eu", "TOKEN": "s3", "HOME": "/x"})
    digest = hashlib.sha256(b"s3").hexdigest()
    assert found["env"] == {"REGION": "eu", "TOKEN": f"sha256:{digest}"}


def test_a_variable_that_is_not_set_is_likely_a_typo() -> None:
    with pytest.raises(UnusableError, match="REGOIN is not set; set it, or leave it out"):
        command.arguments_of(["true"], Chosen(shown=["REGOIN"]), {"REGION": "eu"})


def test_what_is_no_text_could_not_be_shown() -> None:
    with pytest.raises(UnusableError, match="argument 1 is not UTF-8"):
        command.arguments_of(["cat", os.fsdecode(b"\xff")], Chosen(), {})
    with pytest.raises(UnusableError, match="--env NAME is not UTF-8"):
        command.arguments_of(["cat"], Chosen(shown=["NAME"]), {"NAME": os.fsdecode(b"\xff")})


def test_a_directory_that_is_gone_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(UnusableError, match="the working directory is gone"):
        command.arguments_of(["true"], Chosen(), {})


def test_its_name_is_one_line_as_one_would_type_it() -> None:
    assert command.name_of(["deploy", "v 42", "a\nb\x1b[2J"]) == "deploy 'v 42' 'a b?[2J'"
    assert len(command.name_of(["x" * 1000])) == 300
    assert len(command.title_of(["x" * 1000])) == 150


@pytest.mark.parametrize("name", ["sh", "/bin/sh", "true"])
def test_what_can_be_started_is_fine(name: str) -> None:
    command.startable([name])


def test_what_is_nowhere_is_127_as_a_shell_says(tmp_path: Path) -> None:
    for name in ("no-such-command-here", str(tmp_path / "nothing"), ""):
        with pytest.raises(CannotStartError) as caught:
            command.startable([name])
        assert caught.value.exit_code is Exit.NOT_FOUND


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        (b"#!/bin/sh\n", 0o644, "is not executable"),
        (b"echo hello\n", 0o755, "without a #! line"),
        (b"", 0o755, "without a #! line"),
        (b"#!/no/such/shell -e\n", 0o755, "its #! line names /no/such/shell"),
        (b"#!\n", 0o755, "its #! line names nothing"),
    ],
)
def test_what_is_there_and_cannot_be_started_is_126(
    tmp_path: Path, content: bytes, mode: int, why: str
) -> None:
    """Nobody is asked for what would fail anyway."""
    file = tmp_path / "it"
    file.write_bytes(content)
    file.chmod(mode)
    with pytest.raises(CannotStartError, match=why) as caught:
        command.startable([str(file)])
    assert caught.value.exit_code is Exit.UNSTARTABLE


def test_a_directory_is_no_command(tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match="is a directory"):
        command.startable([str(tmp_path)])


def test_it_is_looked_for_in_path_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a shell does: what lies in the working directory is no command."""
    (tmp_path / "it").write_bytes(b"#!/bin/sh\n")
    (tmp_path / "it").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CannotStartError, match="it: not found in PATH"):
        command.startable(["it"])
    monkeypatch.setenv("PATH", str(tmp_path))
    command.startable(["it"])


@pytest.mark.parametrize("line", ["make clean && make deploy", "./deploy.sh v42"])
def test_a_line_of_a_shell_says_how_it_is_held(line: str) -> None:
    with pytest.raises(CannotStartError) as caught:
        command.startable([line])
    assert str(caught.value).endswith(f"; a shell's line is held as sh -c '{line}'")


def test_what_lies_in_path_and_is_not_executable_is_126(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "it").write_bytes(b"#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotStartError, match="not executable") as caught:
        command.startable(["it"])
    assert caught.value.exit_code is Exit.UNSTARTABLE
