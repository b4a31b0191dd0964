"""What the app is sent: payloads in the very shapes Slack sends them."""

import secrets
from collections.abc import Mapping
from typing import Any

from bot.demo.workspace.messages import Message, Pressable
from bot.demo.workspace.people import ChannelKind, Command
from bot.demo.workspace.state import Conversation, State
from bot.demo.workspace.triggers import AnswerAddresses, Triggers
from bot.demo.workspace.windows import Window

Payload = dict[str, Any]

#: Names Slack gives to conversations that have none to show.
_NAMES = {ChannelKind.DIRECT: "directmessage", ChannelKind.PRIVATE: "privategroup"}

#: In an override, this value takes a field away.
ABSENT = ...


class Payloads:
    """Builds payloads. `base` is the server's address, for response_urls."""

    def __init__(self, state: State, triggers: Triggers, addresses: AnswerAddresses) -> None:
        self._state, self._triggers, self._addresses = state, triggers, addresses
        self.base = ""

    def click(
        self,
        person: str,
        conversation: Conversation,
        message: Message,
        pressed: Pressable,
        chosen: Mapping[str, Any],
    ) -> Payload:
        """block_actions from a message. Of an ephemeral one Slack sends no `message`."""
        ephemeral = message.only_for is not None
        container = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": ephemeral,
            **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        }
        app = self._state.app
        shown = {} if ephemeral else {"message": message.as_slack(app.id, app.bot_id)}
        return {
            **self._common("block_actions", person),
            "container": container,
            "trigger_id": self._triggers.issue(person),
            "channel": self._channel(conversation),
            **shown,
            "state": {"values": _chosen_state(pressed, chosen)},
            "response_url": self._address(person, conversation, message.ts),
            "actions": [self._action(pressed, chosen)],
        }

    def press(self, window: Window, pressed: Pressable, chosen: Mapping[str, Any]) -> Payload:
        """block_actions from a modal or App Home: no channel, no message, no response_url."""
        view = self._state.view_object(window)
        modal = view["type"] == "modal"
        return {
            **self._common("block_actions", window.person),
            "container": {"type": "view", "view_id": window.id},
            "trigger_id": self._triggers.issue(window.person, in_modal=modal),
            "view": view,
            "state": view["state"],
            "actions": [self._action(pressed, chosen)],
        }

    def submission(self, window: Window) -> Payload:
        """view_submission: it names neither channel nor message."""
        return {
            **self._common("view_submission", window.person),
            "trigger_id": self._triggers.issue(window.person, in_modal=True),
            "view": self._state.view_object(window),
            "response_urls": [],
        }

    def closed(self, window: Window, *, cleared: bool) -> Payload:
        """view_closed, for views that ask to be told."""
        return {
            **self._common("view_closed", window.person),
            "view": self._state.view_object(window),
            "is_cleared": cleared,
        }

    def command(
        self, person: str, conversation: Conversation, command: Command, text: str
    ) -> Payload:
        """A slash command: flat fields."""
        state = self._state
        return {
            "token": state.app.token,
            "team_id": state.team.id,
            "team_domain": state.team.domain,
            "channel_id": conversation.id,
            "channel_name": self._channel(conversation)["name"],
            "user_id": person,
            "user_name": state.people[person].name,
            "command": command.command,
            "text": text,
            "api_app_id": state.app.id,
            "is_enterprise_install": "false",
            "response_url": self._address(person, conversation, None),
            "trigger_id": self._triggers.issue(person),
        }

    def event(self, event: Mapping[str, Any]) -> Payload:
        """An event in its wrapper; `event_id` stays the same when it is sent again."""
        state = self._state
        authorization = {
            "enterprise_id": None,
            "team_id": state.team.id,
            "user_id": state.app.bot_user,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        return {
            "token": state.app.token,
            "team_id": state.team.id,
            "api_app_id": state.app.id,
            "event": {**event, "event_ts": state.next_ts()},
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(state.clock()),
            "authorizations": [authorization],
            "is_ext_shared_channel": False,
        }

    def verification(self, challenge: str) -> Payload:
        """url_verification, sent when a request URL is entered."""
        token = self._state.app.token
        return {"token": token, "challenge": challenge, "type": "url_verification"}

    def _common(self, kind: str, person: str) -> Payload:
        state, known = self._state, self._state.people[person]
        return {
            "type": kind,
            "user": {
                "id": person,
                "username": known.name,
                "name": known.name,
                "team_id": known.team(state.team),
            },
            "api_app_id": state.app.id,
            "token": state.app.token,
            "team": {"id": state.team.id, "domain": state.team.domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _channel(self, conversation: Conversation) -> dict[str, str]:
        channel = conversation.channel
        return {"id": channel.id, "name": _NAMES.get(channel.kind, channel.name)}

    def _address(self, person: str, conversation: Conversation, ts: str | None) -> str:
        secret = self._addresses.issue(person=person, channel=conversation.id, message_ts=ts)
        return f"{self.base}/response/{secret}"

    def _action(self, pressed: Pressable, chosen: Mapping[str, Any]) -> Payload:
        element = pressed.element
        said = {name: element[name] for name in ("text", "value", "style") if name in element}
        return {
            "action_id": pressed.action_id,
            "block_id": pressed.block_id,
            "type": element["type"],
            **said,
            **chosen,
            "action_ts": self._state.next_ts(),
        }


def _chosen_state(pressed: Pressable, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """`state.values` of a message: what was chosen in a menu; buttons leave none."""
    if pressed.element["type"] in ("button", "overflow"):
        return {}
    return {pressed.block_id: {pressed.action_id: {"type": pressed.element["type"], **chosen}}}


def overridden(payload: Mapping[str, Any], override: Mapping[str, Any]) -> Payload:
    """A payload with some fields changed, or taken away (`ABSENT`), as a forger would."""
    changed = dict(payload)
    for name, value in override.items():
        if value is ABSENT:
            changed.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(changed.get(name), Mapping):
            changed[name] = overridden(changed[name], value)
        else:
            changed[name] = value
    return changed
