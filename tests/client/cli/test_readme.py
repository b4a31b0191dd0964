"""What the README says of the command is so."""

import re
import shlex
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from andon.cli import arguments
from andon.cli.ends import End
from andon.cli.exits import Exit

from tests.building import ROOT
from tests.client.cli.conftest import Starting, held
from tests.client.serving import Served

README = (ROOT / "client" / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("\n## The command\n")[2].partition("\n## ")[0]
LINES = [
    line.partition("#")[0].strip()
    for block in re.findall(r"^```sh\n(.*?)^```$", SECTION, re.M | re.S)
    for line in block.splitlines()
]


@pytest.mark.parametrize("line", LINES)
def test_every_line_is_one_that_the_command_takes(line: str) -> None:
    name, *words = shlex.split(line)
    assert name == "andon"
    asked = arguments.parse(*arguments.split(words))
    assert asked.command == words[0]


def test_every_option_it_names_is_there() -> None:
    named = set(re.findall(r"`(--[a-z-]+)", SECTION))
    known = {word for action in _actions() for word in action}
    assert named - known == set()


def _actions() -> list[list[str]]:
    commands = next(a for a in arguments.parser()._actions if isinstance(a.choices, dict))
    return [
        list(action.option_strings)
        for command in dict(commands.choices or {}).values()
        for action in command._actions
    ]


def test_its_exit_codes_are_those_there_are() -> None:
    told = {
        int(n) for row in re.findall(r"^\| ([\d, ]+) \|", SECTION, re.M) for n in row.split(",")
    }
    ours = {code.value for code in Exit} - {Exit.DONE, Exit.WAITING}
    assert told == ours | {143}


def test_the_result_has_what_it_names() -> None:
    named = set(re.findall(r"`([a-z_]+)`", SECTION.partition("as JSON: ")[2].partition(" and ")[0]))
    assert named <= {field.name for field in fields(End)}
    assert len(named) > 5


def test_its_first_line_does_what_it_says(lasting: Served, starting: Starting, here: Path) -> None:
    (here / "deploy.sh").write_text("#!/bin/sh\necho deployed $1\n")
    (here / "deploy.sh").chmod(0o755)
    started = starting(sys.executable, "-m", *shlex.split(LINES[0]), of=lasting)
    e = lasting.read(held(started))
    assert (e.title, e.category, e.reference) == ("Deploy v42", "deployment", "CHG-1042")
    lasting.approve(e.id)
    assert started.ends() == 0
    assert started.output == "deployed v42\n"
