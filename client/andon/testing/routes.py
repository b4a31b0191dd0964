"""The fake's routes: who calls, what is asked, what is answered; as strict as the server's."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel

from andon.testing import strict
from andon.testing.automating import automate
from andon.testing.desk import Desk
from andon.testing.held import Held
from andon.testing.problems import RefusedError
from andon.testing.requests import (
    AutomationIn,
    ClaimIn,
    ListQuery,
    OpenIn,
    OutcomeIn,
    ResolveIn,
    TellIn,
    WaitQuery,
    WithdrawIn,
    check_open,
    validated,
)
from andon.testing.wire import Asked, Told, told

#: Seconds a request may be parked.
LONGEST_WAIT = 60

#: Answers a request; whether it may be parked.
Answering = Callable[[Asked, bool], Told]
M = TypeVar("M", bound=BaseModel)

_VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")
_PREFERRED = re.compile(r'(?:^|,)\s*wait\s*=\s*"?(?P<seconds>[0-9]{1,9})"?\s*(?:[,;]|$)', re.I)
_PATH = re.compile(r"/v1/escalations(?:/(?P<id>[A-Za-z0-9_]{1,64})(?:/(?P<verb>[a-z]+))?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A service's key: whose it is, and what it may do."""

    service: str
    scopes: frozenset[str] = frozenset({"open", "read", "claim"})


class ParkedError(Exception):
    """Nothing is new yet: ask again until so many seconds are over."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"up to {seconds} s")
        self.seconds = seconds


class Routes:
    """Answers requests. `looked` is told of each escalation before somebody reads or takes it."""

    def __init__(self, desk: Desk, keys: Mapping[str, Key], looked: Callable[[Held], None]) -> None:
        self._desk, self._keys, self._looked = desk, keys, looked

    def answer(self, asked: Asked, *, park: bool = True) -> Told:
        """The answer. Raises ParkedError where a wait has no news yet, if it may `park`."""
        try:
            return self._route(asked)(asked, park)
        except RefusedError as refused:
            return refused.told

    def _route(self, asked: Asked) -> Answering:
        public = {"/.well-known/jwks.json": self._jwks, "/healthz": _well, "/readyz": _well}
        if asked.path in public:
            return _only(asked, {"GET": public[asked.path]})
        if asked.path == "/v1/automations":
            return _only(asked, {"POST": self._automate})
        if asked.path == "/v1/known-errors":
            return _only(asked, {"GET": self._known_errors})
        found = _PATH.fullmatch(asked.path)
        if found is None:
            raise RefusedError("no-such-address")
        if found["id"] is None:
            return _only(asked, {"POST": self._open, "GET": self._page})
        if found["verb"] is None:
            return _only(asked, {"GET": self._read})
        if found["verb"] == "events":
            return _only(asked, {"GET": self._events})
        desk = self._desk
        verbs: dict[str, Answering] = {"claim": self._claim}
        verbs["outcome"] = self._settling("claim", OutcomeIn, desk.report)
        verbs["withdraw"] = self._settling("open", WithdrawIn, desk.withdraw)
        verbs["context"] = self._settling("open", TellIn, desk.tell)
        verbs["resolve"] = self._settling("open", ResolveIn, desk.resolve)
        if found["verb"] not in verbs:
            raise RefusedError("no-such-address")
        return _only(asked, {"POST": verbs[found["verb"]]})

    def _caller(self, asked: Asked, *scopes: str) -> Key:
        scheme, _, given = (asked.header("Authorization") or "").partition(" ")
        key = self._keys.get(given.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise RefusedError("unauthorized", headers={"WWW-Authenticate": "Bearer"})
        if key.scopes.isdisjoint(scopes):
            raise RefusedError("scope-missing", f"This key lacks the scope `{scopes[-1]}`.")
        return key

    def _reader(self, asked: Asked) -> str | None:
        """Whose escalations may be read; None: everybody's."""
        key = self._caller(asked, "audit", "read")
        return None if "audit" in key.scopes else key.service

    def _held(self, asked: Asked, service: str | None) -> Held:
        found = _PATH.fullmatch(asked.path)
        return self._desk.find(service, found["id"] if found else "")

    def _open(self, asked: Asked, park: bool) -> Told:
        service, key = self._caller(asked, "open").service, _idempotency_key(asked)
        body = _body(asked, OpenIn)
        check_open(body)
        return _opened(*self._desk.open(service, key, body))

    def _automate(self, asked: Asked, park: bool) -> Told:
        service, key = self._caller(asked, "open").service, _idempotency_key(asked)
        return _opened(*automate(self._desk, service, key, _body(asked, AutomationIn)))

    def _known_errors(self, asked: Asked, park: bool) -> Told:
        service = self._reader(asked)
        items = [one for one in self._desk.known_errors if service in (None, one["service"])]
        tag = hashlib.sha256(json.dumps(items).encode()).hexdigest()[:32]
        headers = {"ETag": f'"{tag}"', "Cache-Control": "private, max-age=60"}
        if (_known(asked) or frozenset()) & {tag, "*"}:
            return Told(status=304, headers=headers)
        return told({"items": items}, headers=headers)

    def _page(self, asked: Asked, park: bool) -> Told:
        service = self._reader(asked)
        query = _query(asked, ListQuery)
        for held in self._desk.escalations.values():
            self._desk.let_time_pass(held)
        found = [h for h in self._desk.escalations.values() if _is_wanted(h, query, service)]
        if query.status == "pending":
            found.sort(key=lambda h: (h.deadline_at, h.id))
        else:
            found.sort(key=lambda h: (h.created_at, h.id), reverse=True)
        ids = [h.id for h in found]
        if query.cursor is not None and query.cursor not in ids:
            raise RefusedError("unprocessable", errors=[("/cursor", "It is of no list.")])
        start = ids.index(query.cursor) + 1 if query.cursor else 0
        shown = found[start : start + query.limit]
        headers = {}
        if start + query.limit < len(found):
            args = urlencode({**dict(asked.query), "cursor": shown[-1].id})
            headers["Link"] = f'<{asked.path}?{args}>; rel="next"'
        return told({"items": [h.told() for h in shown]}, headers=headers)

    def _read(self, asked: Asked, park: bool) -> Told:
        held = self._held(asked, self._reader(asked))
        wait, known = _wait(asked), _known(asked)
        self._looked(held)
        is_new = known is None or (str(held.version) not in known and "*" not in known)
        is_news = not held.is_pending if known is None else is_new
        if park and wait and not is_news:
            raise ParkedError(wait)
        headers = _tag(held) | ({"Preference-Applied": f"wait={wait}"} if wait else {})
        if known is not None and not is_new:
            return Told(status=304, headers=headers)
        return told(held.told(), headers=headers)

    def _events(self, asked: Asked, park: bool) -> Told:
        return told({"items": self._held(asked, self._reader(asked)).events})

    def _claim(self, asked: Asked, park: bool) -> Told:
        service, key = self._caller(asked, "claim").service, _idempotency_key(asked)
        body = _body(asked, ClaimIn)
        held = self._held(asked, service)
        self._looked(held)
        return told(self._desk.claim(held, key, body))

    def _settling(
        self, scope: str, model: type[BaseModel], settle: Callable[[Held, dict[str, Any]], None]
    ) -> Answering:
        """A verb that is answered with the escalation as it then stands."""

        def answer(asked: Asked, park: bool) -> Told:
            service = self._caller(asked, scope).service
            body = _body(asked, model)
            held = self._held(asked, service)
            settle(held, body)
            return told(held.told(), headers=_tag(held))

        return answer

    def _jwks(self, asked: Asked, park: bool) -> Told:
        return told(self._desk.signing.jwks(), headers={"Cache-Control": "max-age=300"})


def _opened(held: Held, fresh: bool) -> Told:
    headers = _tag(held) | ({"Location": f"/v1/escalations/{held.id}"} if fresh else {})
    return told(held.told(), status=201 if fresh else 200, headers=headers)


def _well(asked: Asked, park: bool) -> Told:
    return told({"ok": True, "checks": {}})


def _only(asked: Asked, by_method: Mapping[str, Answering]) -> Answering:
    if asked.method not in by_method:
        allow = ",".join(sorted(by_method))
        raise RefusedError("method-not-allowed", headers={"Allow": allow})
    return by_method[asked.method]


def _idempotency_key(asked: Asked) -> str:
    key = asked.header("Idempotency-Key") or ""
    if not _VISIBLE.fullmatch(key):
        raise RefusedError("idempotency-key-missing")
    return key


def _body(asked: Asked, model: type[BaseModel]) -> dict[str, Any]:
    kind = (asked.header("Content-Type") or "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RefusedError("not-json")
    if (asked.header("Content-Encoding") or "identity").lower() != "identity":
        raise RefusedError("encoded")
    value = strict.parse(asked.body)
    validated(model, value)
    return dict(value)


def _query(asked: Asked, model: type[M]) -> M:
    names = [name for name, _ in asked.query]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        errors = [(f"/{name}", "It is given twice; give it once.") for name in twice]
        raise RefusedError("unprocessable", errors=errors)
    return validated(model, dict(asked.query))


def _wait(asked: Asked) -> int:
    query = _query(asked, WaitQuery)
    preferred = _PREFERRED.search(asked.header("Prefer") or "")
    seconds = int(preferred["seconds"]) if preferred else query.wait or 0
    return min(seconds, LONGEST_WAIT)


def _known(asked: Asked) -> frozenset[str] | None:
    sent = (asked.header("If-None-Match") or "").split(",")
    tags = (tag.strip().removeprefix("W/").strip('"') for tag in sent)
    return frozenset(tag for tag in tags if tag) or None


def _tag(held: Held) -> dict[str, str]:
    return {"ETag": f'"{held.version}"'}


def _is_wanted(held: Held, query: ListQuery, service: str | None) -> bool:
    shown = held.told()
    names = ("status", "kind", "severity", "category", "reference", "dedup_key")
    asked = {name: getattr(query, name) for name in names}
    same = all(value is None or shown[name] == value for name, value in asked.items())
    said = (query.q or "").lower() in shown["title"].lower()
    return same and said and service in (None, held.service)
