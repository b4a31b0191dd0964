"""response_urls: a late word to where an interaction came from, five times within half an hour."""

import json
from typing import Any

from aiohttp import web

from bot.demo.workspace.acks import say
from bot.demo.workspace.errors import Refused
from bot.demo.workspace.messages import Message
from bot.demo.workspace.methods.chat import checked_blocks
from bot.demo.workspace.state import State
from bot.demo.workspace.triggers import AnswerAddress, AnswerAddresses


class Responses:
    """Answers `/response/{secret}`."""

    def __init__(self, state: State, addresses: AnswerAddresses) -> None:
        self._state, self._addresses = state, addresses

    async def answer(self, request: web.Request) -> web.Response:
        """Take one answer of the app."""
        try:
            address = self._addresses.use(request.match_info["secret"])
            said = json.loads(await request.text())
            self._take(address, said if isinstance(said, dict) else {})
        except Refused as refused:
            status = refused.status if refused.status != 200 else 400
            return web.json_response(refused.as_slack(), status=status)
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_json"}, status=400)
        return web.Response(text="ok")

    def _take(self, address: AnswerAddress, said: dict[str, Any]) -> None:
        if said.get("delete_original"):
            self._state.remove(self._original(address))
        elif said.get("replace_original"):
            self._replace(self._original(address), said)
        elif not self._say(address, said):
            raise Refused("no_text")

    def _replace(self, original: Message, said: dict[str, Any]) -> None:
        blocks = checked_blocks(said.get("blocks"))
        text = str(said.get("text") or "")
        if not text and not blocks:
            raise Refused("no_text")
        self._state.redraw(original, text=text, blocks=blocks or ())

    def _say(self, address: AnswerAddress, said: dict[str, Any]) -> str | None:
        conversation = self._state.conversations[address.channel]
        return say(self._state, address.person, conversation, said)

    def _original(self, address: AnswerAddress) -> Message:
        """The message that was clicked. Raises Refused; a command has none."""
        conversation = self._state.conversations[address.channel]
        ts = address.message_ts or ""
        found = conversation.ephemerals.get(ts) or conversation.messages.get(ts)
        if found is None:
            raise Refused("message_not_found", status=404)
        return found
