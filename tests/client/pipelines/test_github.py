"""`pipelines/github/action.yml`: valid by its schema, and its steps do what they say."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.building import ROOT
from tests.client.cli.conftest import Started, Starting, held
from tests.client.serving import Served

ACTION = ROOT / "pipelines" / "github" / "action.yml"

#: What SchemaStore publishes for actions (Apache-2.0), as check-jsonschema 0.39.0 carries it.
SCHEMA = Path(__file__).with_name("github-action.schema.json")

GIVEN = {
    "title": "Deploy; $(touch injected) `touch injected`",
    "command": 'echo "shipping $SHA"; exit 4',
    "options": "ship=Ship it\nlater=Not now:abort\n",
    "env": "SHA",
    "reference": "shop@abc123",
    "decide-within": "30m",
}


@pytest.fixture
def action() -> dict[str, Any]:
    """The action as GitHub reads it."""
    return dict(yaml.safe_load(ACTION.read_text(encoding="utf-8")))


def test_it_is_valid_by_the_schema_of_actions(action: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(action)


def test_the_schema_would_refuse_a_slip(action: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    del action["runs"]["steps"][1]["shell"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate(action)


def test_every_input_is_used_and_every_use_is_an_input(action: dict[str, Any]) -> None:
    used = set(re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", str(action["runs"])))
    assert used == set(action["inputs"])


def test_nothing_that_a_caller_says_becomes_part_of_a_script(action: dict[str, Any]) -> None:
    """A title with `$(…)` in it stays a title: it comes by the environment."""
    assert not [step for step in action["runs"]["steps"] if "${{" in step["run"]]


@pytest.fixture
def running(
    action: dict[str, Any], lasting: Served, starting: Starting, tmp_path: Path, bin_: Path
) -> Started:
    """Its second step, as a runner runs it; the first one is the folder of `bin_`."""
    step = action["runs"]["steps"][1]
    environment = {name: evaluated(value, action, lasting) for name, value in step["env"].items()}
    environment |= {"RUNNER_TEMP": str(tmp_path), "SHA": "abc123"}
    return starting("bash", *script(step, tmp_path), of=lasting, **environment)


def evaluated(value: str, action: dict[str, Any], lasting: Served) -> str:
    """An input's value: given, or its default."""
    name = value.removeprefix("${{ inputs.").removesuffix(" }}")
    given = {**GIVEN, "url": lasting.url, "key": lasting.key}
    return given.get(name) or str(action["inputs"][name].get("default", ""))


def script(step: dict[str, Any], folder: Path) -> list[str]:
    """As a runner calls bash."""
    file = folder / "step.sh"
    file.write_text(step["run"])
    return ["--noprofile", "--norc", "-eo", "pipefail", str(file)]


def told(action: dict[str, Any], starting: Starting, folder: Path) -> dict[str, str]:
    """What its last step makes the outputs of."""
    output = folder / "output"
    made = starting(
        "bash",
        *script(action["runs"]["steps"][2], folder),
        RUNNER_TEMP=str(folder),
        GITHUB_OUTPUT=str(output),
    )
    assert made.ends() == 0, made.said
    return dict(line.split("=", 1) for line in output.read_text().splitlines())


def test_its_steps_hold_run_and_say_how_it_ended(
    action: dict[str, Any], lasting: Served, running: Started, starting: Starting,
    tmp_path: Path, here: Path,
) -> None:  # fmt: skip
    e = lasting.read(held(running))
    assert (e.title, e.reference) == (GIVEN["title"], "shop@abc123")
    assert [option.key for option in e.options] == ["ship", "later"]
    assert e.operation is not None
    assert e.operation.arguments["env"] == {"SHA": "abc123"}
    assert e.operation.arguments["argv"][:3] == ["bash", "-eo", "pipefail"]
    lasting.approve(e.id)
    assert running.ends() == 4
    assert running.output == "shipping abc123\n"
    assert list(here.iterdir()) == []
    outputs = told(action, starting, tmp_path)
    assert outputs == {"ran": "true", "reason": "ran", "id": e.id, "option": "ship"}


def test_a_no_fails_the_step_and_is_said(
    action: dict[str, Any], lasting: Served, running: Started, starting: Starting, tmp_path: Path
) -> None:
    id_ = held(running)
    lasting.reject(id_)
    assert running.ends() == 121
    outputs = told(action, starting, tmp_path)
    assert outputs == {"ran": "false", "reason": "rejected", "id": id_, "option": "later"}


def test_without_a_result_the_outputs_say_that_nothing_ran(
    action: dict[str, Any], starting: Starting, tmp_path: Path, bin_: Path
) -> None:
    """As where the step before was cancelled at once."""
    outputs = told(action, starting, tmp_path)
    assert outputs == {"ran": "false", "reason": "", "id": "", "option": ""}
