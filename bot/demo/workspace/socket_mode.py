"""Socket Mode: the app comes to us by websocket, deliveries go out in envelopes.

::

    apps.connections.open -> ws://…/link?ticket=…      good for one connection
    hello, then envelopes {envelope_id, type, payload} -> {envelope_id, payload?}
    disconnect: warning            soon to be renewed; what comes still comes here
                refresh_requested  nothing comes here any more, connect anew
                too_many_websockets  said to the connection that is one too many
"""

import asyncio
import json
import secrets
from collections.abc import Callable
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from bot.demo.workspace.line import Answer, Patience, Sending, Sort

#: Connections one app may hold.
CONNECTIONS = 10

#: Why an event is sent again, in the words of Socket Mode; those without are the same as in HTTP.
_REASONS = {"http_timeout": "timeout"}

#: Seconds between the pings a connection must answer.
PING_S = 30.0


class SocketLine:
    """The app's open websockets. `changed` is called whenever one comes or goes."""

    def __init__(self, *, app_id: str, patience: Patience, changed: Callable[[], None]) -> None:
        self._app_id, self._patience, self._changed = app_id, patience, changed
        self._tickets: set[str] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._waiting: dict[str, tuple[web.WebSocketResponse, asyncio.Future[Answer]]] = {}
        self.greeted = 0  #: connections so far, those that are gone included
        self.unknown_acks = 0  #: for envelopes that nobody waits for any more: late, or made up
        self.base = ""  #: where this server listens, such as ws://127.0.0.1:1234

    @property
    def connected(self) -> bool:
        """At least one connection stands."""
        return bool(self._sockets)

    @property
    def connections(self) -> int:
        """How many connections stand."""
        return len(self._sockets)

    def new_address(self) -> str:
        """A fresh address, good for one connection."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return f"{self.base}/link?ticket={ticket}&app_id={self._app_id}"

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Take a connection and read acknowledgements until it ends."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPUnauthorized(text="This ticket is not, or no longer, good.")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=PING_S, timeout=1.0)
        await socket.prepare(request)
        if len(self._sockets) >= CONNECTIONS:
            await socket.send_json(_disconnect("too_many_websockets"))
            await socket.close()
            return socket
        await socket.send_json(self._hello())
        self._sockets.append(socket)
        self.greeted += 1
        self._changed()
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take(message.data)
        finally:
            self._gone(socket)
            if socket.close_code == WSCloseCode.ABNORMAL_CLOSURE:
                self._died(socket)
        return socket

    async def send(self, sending: Sending) -> Answer:
        """Deliver once over the newest connection."""
        if not self._sockets:
            return Answer(failure="connection_failed")
        envelope_id, socket = secrets.token_hex(16), self._sockets[-1]
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = (socket, waiting)
        try:
            await socket.send_json(_envelope(envelope_id, sending))
            return await self._patience.wait(waiting)
        except ConnectionError:
            return Answer(failure="connection_failed")
        finally:
            self._waiting.pop(envelope_id, None)

    async def warn(self) -> None:
        """Say that a refresh will follow; the connections still stand."""
        for socket in list(self._sockets):
            await socket.send_json(_disconnect("warning"))

    async def refresh(self) -> None:
        """Ask the app to connect anew, as Slack does every few hours."""
        for socket in list(self._sockets):
            self._gone(socket)
            await socket.send_json(_disconnect("refresh_requested"))

    async def drop(self) -> None:
        """Close all connections, as when the network goes."""
        for socket in list(self._sockets):
            self._gone(socket)
            await socket.close()

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._sockets) + 1,
            "debug_info": {"host": "local", "approximate_connection_time": 3600},
            "connection_info": {"app_id": self._app_id},
        }

    def _take(self, text: str) -> None:
        """One acknowledgement; malformed ones answer nothing."""
        try:
            said = json.loads(text)
            _, waiting = self._waiting[said["envelope_id"]]
        except (ValueError, KeyError, TypeError):
            waiting, said = None, {}
        if waiting is None or waiting.done():
            self.unknown_acks += 1
            self._changed()
        else:
            waiting.set_result(Answer(failure=None, body=said.get("payload")))

    def _gone(self, socket: web.WebSocketResponse) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)
            self._changed()

    def _died(self, socket: web.WebSocketResponse) -> None:
        """The app went without a word: nobody is left to acknowledge what it was sent."""
        for sent_over, waiting in self._waiting.values():
            if sent_over is socket and not waiting.done():
                waiting.set_result(Answer(failure="connection_failed"))


def _disconnect(reason: str) -> dict[str, Any]:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}}


def _envelope(envelope_id: str, sending: Sending) -> dict[str, Any]:
    number, reason = sending.retry or (0, "")
    accepts = sending.sort is Sort.COMMAND or sending.payload.get("type") == "view_submission"
    return {
        "envelope_id": envelope_id,
        "type": sending.sort.value,
        "payload": sending.payload,
        "accepts_response_payload": accepts,
        **(
            {"retry_attempt": number, "retry_reason": _REASONS.get(reason, reason)}
            if sending.sort is Sort.EVENT
            else {}
        ),
    }
