"""The published JSON Schema is the model's, and says what the reader says."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from approvals.policy.schema import PUBLISHED, policy_schema, schema_text
from tests.building import ROOT

GOOD = sorted((Path(__file__).parent / "policies" / "good").glob("*.toml"))
SAMPLES = [ROOT / "policy.toml", ROOT / "bot/demo/policy.toml"]


def wrong(text: str) -> list[str]:
    """What an editor would underline."""
    found = Draft202012Validator(policy_schema()).iter_errors(tomllib.loads(text))
    return [error.message for error in found]


def test_the_published_copy_is_the_models() -> None:
    """Write it anew with `policy schema` after a change."""
    assert (ROOT / PUBLISHED).read_text(encoding="utf-8") == schema_text()


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(policy_schema())


@pytest.mark.parametrize("file", [*GOOD, *SAMPLES], ids=lambda file: file.stem)
def test_good_files_are_good_by_the_schema(file: Path) -> None:
    assert wrong(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("file", SAMPLES, ids=["sample", "demo"])
def test_the_samples_name_the_schema_where_it_is(file: Path) -> None:
    """Editors look there."""
    named = re.match(r"#:schema (\S+)\n", file.read_text(encoding="utf-8"))
    assert named is not None
    assert (file.parent / named[1]).resolve() == ROOT / PUBLISHED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("zon = 'UTC'", "Additional properties are not allowed ('zon' was unexpected)"),
        ("[people]\nMia = { name = 'Mia' }", "'Mia' does not match any of the regexes"),
        ("[severities.grave]", "'grave' is not one of"),
        ("[digest]", "'channel' is a required property"),
        ("[hours]\nstart = '9:00'", "'9:00' does not match"),
        ("[hours]\ndays = ['monday']", "'monday' is not one of"),
        ("[[rules]]\nname = 'x'", "'requirements' is a required property"),
        ("[severities.high]\nhours = 'yes'", "'yes' is not of type 'boolean'"),
        ("[severities.high]\nextend_by_s = -1", "-1 is less than the minimum of 0"),
    ],
)
def test_what_the_reader_refuses_an_editor_underlines(text: str, said: str) -> None:
    assert any(said in message for message in wrong(text))


def test_nothing_in_it_is_null() -> None:
    """TOML has no null, so an editor should not offer it."""

    def nulls(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [n for v in value.values() for n in nulls(v)] + (
                [value] if value.get("type") == "null" else []
            )
        return [n for v in value for n in nulls(v)] if isinstance(value, list) else []

    assert nulls(policy_schema()) == []
