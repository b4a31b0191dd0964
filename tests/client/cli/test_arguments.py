"""The command line: what is refused says what to write, and starts nothing heavy."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from andon.cli import main
from andon.cli.arguments import UsageError, parse, split, value_of


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "name a command: run, open"),
        (["run"], "name the command to hold, after --"),
        (["run", "--"], "name the command to hold, after --"),
        (["run", "make", "deploy"], "write -- before the command: andon run … -- make deploy"),
        (["run", "--titel", "x", "--", "true"], "--titel means nothing here"),
        (["run", "--tit", "x", "--", "true"], "--tit means nothing here"),
        (["run", "--decide-within", "soon", "--", "true"], "write 90s, 15m, 12h or 2d"),
        (["run", "--option", "x", "--", "true"], "write key=label"),
        (["run", "--severity", "bad", "--", "true"], "invalid choice: 'bad'"),
        (["wait"], "required: ID"),
        (["withdraw", "esc_1"], "required: --reason"),
        (["nothing"], "invalid choice: 'nothing'"),
    ],
)
def test_what_makes_no_sense_exits_2_and_says_what_to_write(
    words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    told = capsys.readouterr()
    assert why in told.err
    assert told.out == ""
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "where"),
    [
        ([], "andon --help"),
        (["run"], "andon run --help"),
        (["run", "--titel", "x", "--", "true"], "andon run --help"),
        (["list", "--limit", "0"], "andon list --help"),
        (["list", "--state", "x"], "andon list --help"),
    ],
)
def test_help_is_named_where_it_is(
    words: list[str], where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert f"; `{where}` says what can be written." in capsys.readouterr().err


def test_what_follows_the_dashes_is_left_alone() -> None:
    words, command = split(["run", "--json", "--", "make", "--json", "--", "-x", "--help"])
    assert (words, command) == (["run", "--json"], ["make", "--json", "--", "-x", "--help"])
    assert parse(words, command).json is True


def test_a_wrong_line_leaves_its_own_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise the result of an earlier run would stand there, and COMMAND may exit with 2 too."""
    file = tmp_path / "result.json"
    file.write_text('{"ran": true}')
    assert main(["run", "--result-file", str(file), "--tail", "x", "--", "true"]) == 2
    told = json.loads(file.read_text())
    assert (told["ran"], told["reason"], told["exit_code"]) == (False, "usage", 2)
    assert "no number of lines" in told["message"]


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["--result-file", "a"], "a"),
        (["--result-file=a"], "a"),
        (["--result-file", "a", "--result-file=b"], "b"),
        (["--result-file"], None),
        (["--json"], None),
    ],
)
def test_an_option_is_found_on_a_line_that_makes_no_sense(
    words: list[str], value: str | None
) -> None:
    assert value_of(words, "--result-file") == value


def test_every_command_has_help_that_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("run", "open", "wait", "list", "show", "withdraw", "verify"):
        with pytest.raises(SystemExit) as ended:
            parse([name, "--help"], [])
        assert ended.value.code == 0
        told = capsys.readouterr().out
        assert f"andon {name}" in told
        assert "--json" in told
        assert max(map(len, told.splitlines())) <= 100


def test_errors_are_values_of_the_parser() -> None:
    with pytest.raises(UsageError, match="`andon run --help` says what can be written"):
        parse(["run", "--tail", "x"], ["true"])


def test_help_starts_without_anything_heavy() -> None:
    """People type it, and scripts call `run` often."""
    code = (
        "import sys\nfrom andon.cli import main\n"
        "try:\n    main(['run', '--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'pydantic', 'httpx2', 'cryptography', 'asyncio', 'ssl'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": _client()}
    )
    assert (done.returncode, done.stderr) == (0, "")


def _client() -> str:
    import andon

    return str(Path(str(andon.__file__)).parent.parent)
