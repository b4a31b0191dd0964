"""The page's own protocol: what it reads, its stream of changes, and what people do on it.

Only loopback names are answered, and a POST must be JSON from the page's own origin, so that no
other page open in the same browser can act here.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.demo.workspace.acks import Interaction
from bot.demo.workspace.changes import EVERYONE, Watcher
from bot.demo.workspace.errors import ImpossibleError
from bot.demo.workspace.people import Kind
from bot.demo.workspace.workspace import Workspace

Body = Mapping[str, Any]
Act = Callable[["Ui", Body], Awaitable[dict[str, Any]]]

#: Fields of a click that say what a menu was set to.
CHOICES = ("selected_option", "selected_options", "selected_user", "selected_date")

#: Seconds of silence after which a stream is probed.
STILL_HERE_S = 15.0

OK = {"result": "ok"}


class Ui:
    """The `/ui/*` routes of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def routes(self) -> list[web.RouteDef]:
        """All of them, each behind the guard."""
        reads = {"state": self.state, "messages": self.messages, "stream": self.stream}
        return [
            *(web.get(f"/ui/{name}", guarded(read)) for name, read in reads.items()),
            *(web.post(f"/ui/{name}", guarded(self._acts(act))) for name, act in ACTS.items()),
        ]

    # -- reading --------------------------------------------------------------------------------

    async def state(self, request: web.Request) -> web.Response:
        """Who and what there is, as one person sees it; without a name, as the first member."""
        space = self._workspace
        me = request.query.get("as") or self._first_member()
        self._known(me)
        home = space.home_of(me)
        shown = {
            "team": vars(space.team),
            "me": me,
            "people": [self._person(one) for one in space.people],
            "groups": [{"id": one.id, "handle": one.handle} for one in space.groups.values()],
            "channels": [self._channel(one.id) for one in space.seen_by(me)],
            "app": {"id": space.app.id, "name": space.app.name, "bot_user": space.app.bot_user},
            "commands": [one.as_page() for one in space.app.commands.values()],
            "home": space.view_object(home) if home else None,
            "views": [space.view_object(one) for one in space.windows.stacks.get(me, [])],
            "notifications": [one.as_page() for one in space.notifications(me)],
            "now": space.clock(),
        }
        return web.json_response(shown)

    async def messages(self, request: web.Request) -> web.Response:
        """What a person sees in a channel, ephemerals included."""
        me, channel = request.query.get("as", ""), request.query.get("channel", "")
        space = self._workspace
        conversation = space.conversations.get(channel)
        if conversation is None or not space.sees(me, conversation):
            raise ImpossibleError(f"{me} does not see {channel}.")
        whispered = [one for one in conversation.ephemerals.values() if one.only_for == me]
        found = sorted([*conversation.messages.values(), *whispered], key=lambda one: one.ts)
        return web.json_response({"messages": [one.as_page() for one in found]})

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events, until the page goes away."""
        me = request.query.get("as", "")
        if me != EVERYONE:
            self._known(me)
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        response = web.StreamResponse(headers=headers)
        with self._workspace.changes.watched_by(me) as watcher:
            await response.prepare(request)
            await response.write(b": watching\n\n")
            with suppress(ConnectionResetError, asyncio.CancelledError):
                while (line := await _line(watcher)) is not None:
                    await response.write(line)
        return response

    def _first_member(self) -> str:
        people = self._workspace.people.values()
        return next(one.id for one in people if one.kind is Kind.MEMBER and not one.deleted)

    def _known(self, person: str) -> None:
        if person not in self._workspace.people:
            raise ImpossibleError(f"There is no person {person!r}.")

    def _person(self, person: str) -> dict[str, Any]:
        one = self._workspace.people[person]
        return {
            "id": one.id,
            "name": one.name,
            "real_name": one.real_name or one.name,
            "title": one.title,
            "kind": one.kind.value,
            "deleted": one.deleted,
        }

    def _channel(self, channel: str) -> dict[str, Any]:
        """A channel; `with` is whom the one looking talks to in a direct message: the app."""
        conversation = self._workspace.conversations[channel]
        return {
            "id": conversation.id,
            "name": conversation.channel.name,
            "kind": conversation.channel.kind.value,
            "with": self._workspace.app.bot_user if conversation.is_direct else None,
            "members": list(conversation.members),
        }

    # -- doing ----------------------------------------------------------------------------------

    def _acts(self, act: Act) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            body = await _json(request)
            self._known(body.get("as", self._workspace.app.bot_user))
            return web.json_response(await act(self, body))

        return answer

    async def click(self, body: Body) -> dict[str, Any]:
        """A button on a message, or in a view."""
        choose = {name: body[name] for name in CHOICES if name in body}
        element = (body["action_id"], body.get("block_id"))
        if "view_id" in body:
            done = await self._workspace.press(body["as"], body["view_id"], *element, choose=choose)
        else:
            done = await self._workspace.click(
                body["as"], body["channel"], body["ts"], *element, choose=choose, stale=True
            )
        return _result(done)

    async def submit(self, body: Body) -> dict[str, Any]:
        """A modal, filled in."""
        values = body.get("values", {})
        return _result(await self._workspace.submit(body["as"], body["view_id"], values))

    async def close(self, body: Body) -> dict[str, Any]:
        """A modal closed without sending it off."""
        await self._workspace.dismiss(body["as"], body["view_id"])
        return OK

    async def command(self, body: Body) -> dict[str, Any]:
        """A slash command."""
        done = await self._workspace.command(body["as"], body["channel"], body["text"])
        return _result(done)

    async def home(self, body: Body) -> dict[str, Any]:
        """The app's home is looked at; what it draws comes by the stream."""
        await self._workspace.open_home(body["as"])
        return OK

    async def say(self, body: Body) -> dict[str, Any]:
        """A message."""
        message = self._workspace.say(
            body["as"], body["channel"], body["text"], body.get("thread_ts")
        )
        return {**OK, "ts": message.ts}

    async def delete(self, body: Body) -> dict[str, Any]:
        """An admin takes a message away."""
        self._workspace.delete_message(body["channel"], body["ts"])
        return OK

    async def faults(self, body: Body) -> dict[str, Any]:
        """A fault on order; one that hangs lets go after 30 s."""
        self._workspace.faults.add(
            body.get("method", "*"),
            body["fault"],
            int(body.get("times", 1)),
            retry_after=int(body.get("retry_after", 1)),
            seconds=30.0,
        )
        return OK


ACTS: Mapping[str, Act] = {
    "click": Ui.click,
    "submit": Ui.submit,
    "close": Ui.close,
    "command": Ui.command,
    "home": Ui.home,
    "say": Ui.say,
    "delete": Ui.delete,
    "faults": Ui.faults,
}


async def _line(watcher: Watcher) -> bytes | None:
    """The next event as it is streamed, or a comment that finds out whether anybody listens."""
    try:
        event = await asyncio.wait_for(watcher.next(), STILL_HERE_S)
    except TimeoutError:
        return b": still here\n\n"
    return None if event is None else f"data: {json.dumps(event)}\n\n".encode()


def _result(done: Interaction) -> dict[str, Any]:
    if done.errors:
        return {"result": "errors", "errors": dict(done.errors)}
    return {"result": "error", "text": done.error} if done.error else OK


def guarded(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Refuse other hosts and other pages; say in words what could not be done."""

    async def behind_guard(request: web.Request) -> web.StreamResponse:
        if not is_loopback(request.host):
            return _problem(403, "Only loopback addresses are answered.")
        origin = request.headers.get("Origin")
        if origin is not None and origin != f"{request.scheme}://{request.host}":
            return _problem(403, "Another page may not act here.")
        if request.method == "POST" and request.content_type != "application/json":
            return _problem(415, "A POST must be application/json.")
        try:
            return await answer(request)
        except KeyError as error:
            return _problem(400, f"The request lacks {error}.")
        except LookupError as error:
            return _problem(404, str(error))
        except (ValueError, TypeError) as error:
            return _problem(400, str(error))

    return behind_guard


def is_loopback(host: str) -> bool:
    """Does a Host header name this very machine? Any other name may be somebody's trick."""
    name = urlsplit(f"//{host}").hostname or ""
    with suppress(ValueError):
        return ip_address(name).is_loopback
    return name == "localhost"


async def _json(request: web.Request) -> Body:
    body = json.loads(await request.text())
    if not isinstance(body, dict):
        raise TypeError("The body must be a JSON object.")
    return body


def _problem(status: int, text: str) -> web.Response:
    return web.json_response({"result": "error", "text": text}, status=status)
