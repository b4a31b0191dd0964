"""Each field takes what the contract takes of it, and never more than the server does."""

import json
from typing import Any

import pytest
from andon.context import Attempt, Context, surroundings
from andon.context.shapes import FIELD, FIELDS, shaped

from bot.api.models import ContextIn
from tests.client.people import START


@pytest.mark.parametrize(
    ("field", "values", "value"),
    [
        ("system_state", [{"a": 1}, {"b": 2}], {"a": 1, "b": 2}),
        ("recent_changes", [["one"], "two"], ["one", "two"]),
        ("affected_services", ["shop\n\tand search", ["", "mail"]], ["shop and search", "mail"]),
        ("user_impact", ["41 carts", {"of": 410}], '41 carts\n{"of": 410}'),
        ("links", [{"url": "https://a.example"}],
         [{"title": "https://a.example", "url": "https://a.example"}]),
    ],
)  # fmt: skip
def test_what_several_found_becomes_one_value(field: str, values: list[Any], value: Any) -> None:
    assert shaped(field, values) == value


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("configuration", "x", "names and values, not str"),
        ("runbook", "the wiki", "begins with https"),
        ("links", "https://a.example", "title and url"),
        ("links", {"url": "mailto:ines"}, "begins with https"),
    ],
)
def test_what_does_not_fit_is_told(field: str, value: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        shaped(field, [value])


#: A letter of three bytes.
WIDE = "数"


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_never_outgrows_its_room(field: str) -> None:
    long = {f"name {n}": WIDE * 900 for n in range(90)}
    made: dict[str, Any] = {
        "system_state": long, "configuration": long, "recent_changes": [WIDE * 9000] * 90,
        "affected_services": [WIDE * 900] * 200, "runbook": "https://a.example/" + "x" * 1900,
        "links": [{"url": "https://a.example", "title": WIDE * 900}] * 90,
    }  # fmt: skip
    value = shaped(field, [made.get(field, WIDE * 90_000)])
    assert 0 < len(json.dumps(value, ensure_ascii=False).encode()) <= 2 * FIELD
    ContextIn.model_validate({field: value})


def test_everything_at_its_largest_is_a_body_that_the_server_takes() -> None:
    error = ValueError(WIDE * 100_000)
    known = {name: WIDE * 20_000 for name in ("user_impact", "blast_radius", "rollback")}
    context = Context(host=False, commits=0, recent_changes=[WIDE * 9_000] * 20, **known)
    for field in ("system_state", "configuration"):
        context.collects(field, within_s=60)(lambda: {f"n{n}": WIDE * 900 for n in range(90)})
    attempts = [Attempt(at=START, action=WIDE * 2_000, error=error) for _ in range(150)]
    collected = context.collected(error, attempts)
    ContextIn.model_validate(collected)
    assert len(json.dumps(collected, ensure_ascii=False).encode()) < 2**20


def test_without_git_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings.shutil, "which", lambda name: None)
    context = Context(host=False, within_s=60)
    missed = context.collected()["system_state"]["not collected"]
    assert missed == "commits: OSError: git is not installed"


def test_what_a_system_does_not_tell_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(surroundings.os, "getloadavg")
    assert "load" not in surroundings.host()
