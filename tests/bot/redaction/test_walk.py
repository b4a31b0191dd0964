"""Names, pairs and keys of a JSON value, and where something was hidden."""

import json
from typing import Any

import pytest

from bot.redaction import redact

TOKEN = "gh" + "p_" + "a1B2" * 9


@pytest.mark.parametrize("name", ["name", "key", "Name", "Key"])
@pytest.mark.parametrize("value", ["value", "Value"])
def test_name_and_value_side_by_side_are_one_member(name: str, value: str) -> None:
    """As containers list their environment."""
    cleaned = redact({"env": [{name: "DB_PASSWORD", value: "x1"}, {name: "HOST", value: "db"}]})
    assert cleaned.value["env"] == [
        {name: "DB_PASSWORD", value: "[hidden: DB_PASSWORD]"},
        {name: "HOST", value: "db"},
    ]
    assert cleaned.hidden == (f"/env/0/{value}",)


def test_the_place_of_what_was_hidden_names_no_secret_either() -> None:
    """A secret may be a key with another below it."""
    cleaned = redact({TOKEN: {"password": "x1", "list": ["token=abc"]}})
    assert TOKEN not in json.dumps([cleaned.value, cleaned.hidden])
    assert cleaned.hidden == ("/*", "/[hidden: token]/password", "/[hidden: token]/list/0")


def test_two_hidden_keys_stay_two_members() -> None:
    """What was said under each is still shown."""
    cleaned = redact({TOKEN: 1, TOKEN[::-1].replace("_phg", "") + TOKEN: 2, "plain": 3})
    assert cleaned.value == {"[hidden: token]": 1, "[hidden: token] 2": 2, "plain": 3}


@pytest.mark.parametrize(
    "value",
    [
        {"name": "PATH", "value": "/usr/bin"}, {"name": "DB_PASSWORD"}, {"value": "x"},
        {"name": "token", "a": 1, "b": 2, "c": 3, "value": "a row of a table"},
    ],
)  # fmt: skip
def test_other_objects_with_a_value_are_left_alone(value: dict[str, Any]) -> None:
    assert redact(value).hidden == ()


def test_after_a_flag_a_shown_path_is_shown() -> None:
    given = {"argv": ["pay", "--token", "T-1"], "more": ["pay", "--token", "T-2"]}
    cleaned = redact(given, show=("argv.*",))
    assert cleaned.value["argv"] == ["pay", "--token", "T-1"]
    assert cleaned.hidden == ("/more/2",)
