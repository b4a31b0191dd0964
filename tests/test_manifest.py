"""The Slack app's manifest says what the code does, no more and no less."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from tests.building import ROOT

MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))

#: Slack's schema lies beside some checkouts; it may not be copied into this one.
SCHEMA = ROOT.parent / "shared" / "data" / "slack-manifest.schema.json"

#: Scopes each method of the Web API wants; an empty set needs none.
SCOPES = {
    "auth_test": set(),
    "bots_info": {"users:read"},
    "chat_postMessage": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_open": {"im:write"},
    "conversations_history": {"channels:history", "groups:history", "im:history"},
    "conversations_replies": {"channels:history", "groups:history", "im:history"},
    "dnd_teamInfo": {"dnd:read"},
    "users_conversations": {"channels:read", "groups:read"},
    "users_info": {"users:read"},
    "users_list": {"users:read"},
    "usergroups_list": {"usergroups:read"},
    "views_open": set(),
    "views_update": set(),
    "views_publish": set(),
    "is_connected": set(),  # of the socket, no call
}


def http_variant() -> dict[str, Any]:
    """The manifest as its comment says for HTTP mode."""
    made: dict[str, Any] = json.loads(json.dumps(MANIFEST))
    url = "https://andon.example/slack/events"
    made["settings"]["socket_mode_enabled"] = False
    made["settings"]["event_subscriptions"]["request_url"] = url
    made["settings"]["interactivity"]["request_url"] = url
    made["features"]["slash_commands"][0]["url"] = url
    return made


@pytest.mark.skipif(not SCHEMA.exists(), reason="Slack's schema is not beside this checkout")
@pytest.mark.parametrize("manifest", [MANIFEST, http_variant()], ids=["socket", "http"])
def test_slack_would_take_the_manifest(manifest: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert [e.message for e in Draft7Validator(schema).iter_errors(manifest)] == []


def code() -> str:
    """The sources that speak to Slack."""
    files = sorted((ROOT / "bot" / "slack").glob("*.py"))
    return "\n".join(Path(f).read_text(encoding="utf-8") for f in files)


def test_the_scopes_are_just_those_the_calls_need() -> None:
    called = set(re.findall(r"[cC]lient\.([a-z]+_\w+)\(", code()))
    unknown = called - set(SCOPES)
    assert unknown == set()
    needed = set().union(*(SCOPES[name] for name in called)) | {"commands"}
    assert needed == set(MANIFEST["oauth_config"]["scopes"]["bot"])


def test_commands_and_events_are_just_those_that_have_listeners() -> None:
    commands = {c["command"] for c in MANIFEST["features"]["slash_commands"]}
    events = set(MANIFEST["settings"]["event_subscriptions"]["bot_events"])
    assert commands == set(re.findall(r'app\.command\("([^"]+)"\)', code()))
    assert events == set(re.findall(r'app\.event\("([^"]+)"\)', code()))
