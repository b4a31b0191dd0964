"""What is remembered between two opens is what would be found anew, whatever changes meanwhile.

Services ask the same again and again, so plans, first stages and stored forms are found once. Each
is remembered by all that it rests on.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter, ValidationError

from approvals.codec import dump, dump_text, instant, load, load_text
from approvals.decide import State
from approvals.escalation import Escalation
from approvals.facts import Facts
from approvals.people import People
from approvals.policy.asking import ask_of
from approvals.snapshot import Rotation, Step
from approvals.sparse import sparse
from approvals.step import step
from tests.approvals.chained import ChainScene
from tests.approvals.stories import STORIES, pending

PYDANTIC: TypeAdapter[Escalation] = TypeAdapter(Escalation)

# -- stored forms -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STORIES)
def test_what_a_store_keeps_is_what_pydantic_would_write(name: str) -> None:
    """To the letter, in the same order, so that nothing stored before reads otherwise."""
    e = STORIES[name]().e
    assert dump_text(e) == PYDANTIC.dump_json(e, exclude_defaults=True).decode()


def test_what_is_none_of_our_values_is_not_written() -> None:
    with pytest.raises(TypeError):
        sparse({"a": 1})


def test_escalations_that_ask_alike_share_their_plan_and_options() -> None:
    """Read once, however often it is asked."""
    one, other = load(dump(pending().e)), load_text(dump_text(pending().e))
    assert one.plan is other.plan
    assert all(a is b for a, b in zip(one.options, other.options, strict=True))
    assert one == PYDANTIC.validate_python(dump(pending().e))


def _plan_with(**said: Any) -> Mapping[str, Any]:
    stored = dump(pending().e)
    return {**stored, "plan": {**stored["plan"], **said}}


def _option_with(**said: Any) -> Mapping[str, Any]:
    stored = dump(pending().e)
    first, *rest = stored["options"]
    return {**stored, "options": [{**first, **said}, *rest]}


@pytest.mark.parametrize("written", [_plan_with, _option_with])
@pytest.mark.parametrize(
    "said", [{"channel": ["C0"], "label": 7}, {"zone": object(), "label": object()}]
)
def test_a_wrong_plan_or_option_is_refused_though_the_right_one_was_read(
    written: Callable[..., Mapping[str, Any]], said: dict[str, Any]
) -> None:
    """And the refusal says where of the whole."""
    load(written())
    for _ in range(2):
        with pytest.raises(ValidationError) as refused:
            load(written(**said))
        assert {error["loc"][0] for error in refused.value.errors()} <= {"plan", "options"}


def test_what_is_very_long_is_read_each_time() -> None:
    """For what is remembered has a bound."""
    long = _option_with(description="x" * 10_000)
    one, other = load(long), load(long)
    assert one == other == PYDANTIC.validate_python(long)
    assert one.options[0] is not other.options[0]


def test_what_is_no_number_does_not_pass_for_nothing() -> None:
    """Both would be written as null."""
    assert load(_plan_with(channel=None)).plan.channel is None
    with pytest.raises(ValidationError):
        load(_plan_with(channel=float("nan")))


def test_an_hour_that_comes_twice_is_two_instants() -> None:
    """Though the clocks on the wall show one."""
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert [instant(first), instant(first.replace(fold=1)), instant(first)] == [
        "2026-10-25T00:30:00.000000Z",
        "2026-10-25T01:30:00.000000Z",
        "2026-10-25T00:30:00.000000Z",
    ]


# -- asks ---------------------------------------------------------------------------------------

REQUEST: dict[str, Any] = {
    "kind": "approval",
    "category": "deployment",
    "environment": "production",
    "severity": "high",
    "requested_by": {"id": "ana"},
    "approvers": ["dba"],
    "options": [{"key": "go", "label": "Go", "effect": "release"}],
    "operation": {"name": "restart", "target": "web"},
    "context": {"attempts": [1], "rollback": "none"},
    "decide_within_s": 600,
    "claim_within_s": 60,
}


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "incident"},
        {"category": "other"},
        {"environment": "staging"},
        {"severity": "critical"},
        {"severity": None},
        {"requested_by": {"id": "ana", "slack": "UANA"}},
        {"requested_by": None},
        {"approvers": []},
        {"options": []},
        {"options": [{"key": "no", "label": "Go", "effect": "release"}]},
        {"options": [{"key": "go", "label": "Run", "effect": "release"}]},
        {"options": [{"key": "go", "label": "Go", "effect": "abort"}]},
        {"options": [{"key": "go", "label": "Go", "effect": "release", "irreversible": True}]},
        {"operation": {"name": "stop", "target": "web"}},
        {"operation": {"name": "restart", "target": "db"}},
        {"operation": {"name": "restart", "money": {"amount_minor": 1, "currency": "EUR"}}},
        {"context": {"attempts": [1, 2], "rollback": "none"}},
        {"context": {"attempts": [1], "rollback": ""}},
        {"decide_within_s": 601},
        {"claim_within_s": None},
    ],
)
def test_whatever_policy_looks_at_makes_another_ask(changed: dict[str, Any]) -> None:
    """Nothing of it is taken from an ask that was made before."""
    asked = ask_of(REQUEST, service="svc")
    assert ask_of({**REQUEST, **changed}, service="svc") != asked
    assert ask_of(dict(REQUEST), service="svc") is asked


def test_service_owners_and_sums_make_another_ask() -> None:
    money = {"amount_minor": 1, "currency": "EUR"}
    body = {**REQUEST, "operation": {"name": "pay", "money": money}}
    sums = (("account", 7),)
    asks = {
        ask_of(body, service="svc"),
        ask_of(body, service="other"),
        ask_of(body, service="svc", owners=("ana",)),
        ask_of(body, service="svc", sums=sums),
    }
    assert len(asks) == 4


def test_what_policy_does_not_look_at_makes_the_same_ask() -> None:
    """Titles, arguments and descriptions are people's to read."""
    told = {"title": "another", "operation": {**REQUEST["operation"], "arguments": {"a": 1}}}
    described = [{**REQUEST["options"][0], "description": "at once", "arguments": {"b": 2}}]
    asked = ask_of({**REQUEST, **told, "options": described}, service="svc")
    assert asked is ask_of(REQUEST, service="svc")


# -- first stages -------------------------------------------------------------------------------

TURNS = Rotation(people=("ana", "ben"), start="2026-11-09T09:00", days=7, zone="UTC")


def _called(facts: Facts, scene: ChainScene, now: datetime) -> list[tuple[str, str]]:
    done = step(State(), scene.command(), facts, now)
    notices = done.records[0].body["notices"]
    return [(n["to"], n["why"]) for n in notices]


def _moments(scene: ChainScene) -> list[datetime]:
    return [scene.now + timedelta(days=days) for days in (0, 1, 7, 8, 0, 14)]


@pytest.mark.parametrize("target", ["current", "approvers", "owners"])
def test_the_first_stage_is_that_of_the_moment(target: str) -> None:
    """Turns change and pauses end while the facts stay the same ones."""
    plan = {"steps": (Step(to=("channel", target)),), "rotations": {"dba": TURNS}}
    scene = ChainScene(plan=plan)
    scene.pause("ben", 8 * 86_400).pause("cem", 3600)
    scene.routes = {"ben": ("ben-sms",), "cem": ("cem-sms",)}
    facts = scene.facts
    seen = [_called(facts, scene, now) for now in _moments(scene)]
    assert seen == [_called(scene.facts, scene, now) for now in _moments(scene)]
    assert len({str(one) for one in seen}) > 1


def test_the_one_who_asks_is_left_out_of_a_stage_that_was_found_for_another() -> None:
    """Who asks is part of the question."""
    steps = (Step(to=("approvers",)),)
    facts = ChainScene(plan={"steps": steps}).facts
    asking = ("req", "ana", "ben", "ana")
    scenes = [ChainScene(plan={"steps": steps}, requested_by={"id": who}) for who in asking]
    found = [[to for to, _ in _called(facts, scene, scene.now)] for scene in scenes]
    assert found == [
        ["person:ana", "person:ben"],
        ["person:ben", "person:req"],
        ["person:ana", "person:req"],
        ["person:ben", "person:req"],
    ]


def test_only_pauses_that_last_are_told() -> None:
    """Up to their very end."""
    scene = ChainScene()
    scene.pause("ana", 60)
    people: People = scene.people
    found = [people.paused(scene.now + timedelta(seconds=s)) for s in (0, 59, 60)]
    assert found == [{"ana"}, {"ana"}, set()]
    assert replace(people, persons={}).paused(scene.now) == set()
