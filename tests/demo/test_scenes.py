"""The demo's stories and its cast fit each other, the API and the policy."""

from datetime import UTC, datetime, timedelta

import pytest
import yaml

from approvals.canonical import operation_digest
from approvals.policy.load import parse_policy
from bot.api.models import OpenIn
from bot.demo import cast
from bot.demo.scenes import Scene, expiring, scenes
from bot.demo.stage import SERVICES
from bot.demo.workspace import ChannelKind, Workspace
from tests.building import ROOT

NOW = datetime(2026, 11, 12, 21, 30, tzinfo=UTC)
ALL = (*scenes(NOW), expiring())
POLICY = parse_policy(cast.POLICY.read_text(encoding="utf-8"))


def digest(body: object) -> str:
    """What votes on it would bind to."""
    assert isinstance(body, dict)
    return operation_digest(body["operation"], body.get("options"))


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    """The demo's workspace."""
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    return cast.the_workspace(manifest, bot_token="xoxb-1", app_token="xapp-1")


@pytest.mark.parametrize("scene", ALL, ids=lambda scene: scene.key)
def test_the_api_takes_every_scene_as_it_is(scene: Scene) -> None:
    assert OpenIn.model_validate(scene.body).title == scene.body["title"]


@pytest.mark.parametrize("scene", ALL, ids=lambda scene: scene.key)
def test_the_change_is_another_operation_and_leaves_the_scene_alone(scene: Scene) -> None:
    before = digest(dict(scene.body))
    assert digest(scene.changed_body()) != before
    assert digest(dict(scene.body)) == before
    assert OpenIn.model_validate(scene.changed_body())


@pytest.mark.parametrize("scene", ALL, ids=lambda scene: scene.key)
def test_every_scene_is_of_a_service_that_has_a_key(scene: Scene) -> None:
    assert scene.service in SERVICES


def test_what_happened_before_is_told_relative_to_now() -> None:
    """A newcomer at noon does not read of an outage at night."""
    later = scenes(NOW + timedelta(hours=9))[0].body
    assert "since 06:18" in later["context"]["user_impact"]
    assert "2026-11-13T06:19:00+00:00" == later["context"]["attempts"][0]["at"]


def test_everybody_in_the_policy_is_in_the_workspace(workspace: Workspace) -> None:
    accounts = {account for one in POLICY.people.values() for account in one.accounts}
    assert accounts <= set(workspace.people)


def test_the_approver_may_decide_all_three() -> None:
    ravi = next(key for key, one in POLICY.people.items() if cast.APPROVER in one.accounts)
    assert all(
        ravi in POLICY.groups[wanted.group].members
        for rule in POLICY.rules
        for wanted in rule.requirements
    )


def test_channels_are_what_the_policy_says(workspace: Workspace) -> None:
    for name, channel in POLICY.channels.items():
        conversation = workspace.conversations[channel.id]
        assert conversation.channel.name == name
        assert channel.private == (conversation.channel.kind is ChannelKind.PRIVATE)
        assert workspace.app.bot_user in conversation.members


def test_who_may_decide_on_money_is_in_the_private_channel(workspace: Workspace) -> None:
    finance = POLICY.groups["finance-approvers"].members
    accounts = {account for one in finance for account in POLICY.people[one].accounts}
    assert accounts <= set(workspace.conversations["C0PAYMENTS"].members)
