"""The Web API's door: arguments, token, scopes, rates and faults, then the method itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.demo.workspace import faults as kinds
from bot.demo.workspace.errors import Refused
from bot.demo.workspace.faults import Fault, Faults
from bot.demo.workspace.methods import METHODS, Arguments, Desk, Method
from bot.demo.workspace.rates import Rates
from bot.demo.workspace.state import direct_id


@dataclass(kw_only=True)
class Call:
    """A call of the Web API as it was made. `outcome` is `ok`, an error code, or a fault."""

    method: str
    args: Mapping[str, Any]
    at: float
    outcome: str = ""


@dataclass(kw_only=True)
class Tokens:
    """The two tokens, and whether the workspace took them back."""

    bot: str
    app: str
    revoked: str | None = None  #: the code that is answered since, such as token_revoked


class WebApi:
    """Answers `/api/{method}` and keeps a record of all calls."""

    def __init__(self, desk: Desk, tokens: Tokens, faults: Faults, rates: Rates) -> None:
        self._desk, self._tokens, self._faults, self._rates = desk, tokens, faults, rates
        self.calls: list[Call] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One call, from its first byte to its last."""
        name = request.match_info["method"]
        try:
            given, token = await _read(request)
        except Refused as refused:
            return self._refusal(refused)
        call = Call(method=name, args=given, at=self._desk.state.clock())
        self.calls.append(call)
        fault = self._faults.take(name)
        if fault is not None:
            return await self._struck(request, call, token, fault)
        return self._run(call, token)

    async def _struck(
        self, request: web.Request, call: Call, token: str, fault: Fault
    ) -> web.StreamResponse:
        if fault.kind == kinds.HANG:
            self._desk.state.changes.wake()
            await fault.hold()
            return self._run(call, token)
        if fault.kind == kinds.DROP_AFTER:
            answer = self._run(call, token)
            _cut(request)
            return answer
        call.outcome = fault.kind
        self._desk.state.changes.wake()
        if fault.kind == kinds.DROP_BEFORE:
            _cut(request)
        return self._refusal(_FAULTS.get(fault.kind, _code)(fault))

    def _run(self, call: Call, token: str) -> web.Response:
        try:
            answer = self._called(call, token)
        except Refused as refused:
            call.outcome = refused.code
            return self._refusal(refused)
        finally:
            self._desk.state.changes.wake()
        call.outcome = "ok"
        return web.json_response({"ok": True, **answer}, headers=self._headers())

    def _called(self, call: Call, token: str) -> dict[str, Any]:
        method = METHODS.get(call.method)
        if method is None:
            raise Refused("unknown_method", req_method=call.method)
        self._admit(method, token)
        channel = str(call.args.get("channel"))
        room = direct_id(channel) if channel in self._desk.state.people else channel
        seconds = self._rates.wait(call.method, method.tier, room)
        if seconds:
            raise _too_many(seconds)
        return method.run(self._desk, Arguments(call.args))

    def _admit(self, method: Method, token: str) -> None:
        """The right token, alive, with one of the scopes the method asks for."""
        if not token:
            raise Refused("not_authed")
        if token not in (self._tokens.bot, self._tokens.app):
            raise Refused("invalid_auth")
        if self._tokens.revoked:
            raise Refused(self._tokens.revoked)
        if method.app_token != (token == self._tokens.app):
            raise Refused("not_allowed_token_type")
        scopes = self._desk.state.app.scopes
        if method.scopes and not method.app_token and not scopes & set(method.scopes):
            needed, provided = ",".join(method.scopes), ",".join(sorted(scopes))
            raise Refused("missing_scope", needed=needed, provided=provided)

    def _refusal(self, refused: Refused) -> web.Response:
        headers = {**self._headers(), **refused.headers}
        return web.json_response(refused.as_slack(), status=refused.status, headers=headers)

    def _headers(self) -> dict[str, str]:
        return {"x-oauth-scopes": ",".join(sorted(self._desk.state.app.scopes))}


def _too_many(seconds: int) -> Refused:
    return Refused("ratelimited", status=429, headers={"Retry-After": str(seconds)})


def _code(fault: Fault) -> Refused:
    """Any error code of Slack's may be ordered by its name."""
    return Refused(fault.kind)


_FAULTS = {
    kinds.RATELIMITED: lambda fault: _too_many(fault.retry_after),
    kinds.HTTP_500: lambda fault: Refused("internal_error", status=500),
    kinds.HTTP_503: lambda fault: Refused("service_unavailable", status=503),
}


def _cut(request: web.Request) -> None:
    """Break the connection; the answer that follows reaches nobody."""
    if request.transport is not None:
        request.transport.abort()


async def _read(request: web.Request) -> tuple[dict[str, Any], str]:
    """Arguments of query and body together, and the token, which is none of them."""
    given: dict[str, Any] = {**request.query}
    if request.content_type == "application/json":
        given |= _json(await request.text())
    elif request.method == "POST":
        given |= {name: str(value) for name, value in (await request.post()).items()}
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    token = bearer.strip() if scheme.lower() == "bearer" else ""
    return given, token or str(given.pop("token", ""))


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        raise Refused("invalid_json") from None
    if not isinstance(found, dict):
        raise Refused("json_not_object")
    return found
