"""Requests to the API: valid ones of every route, then bent in body, header, path or bytes."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from urllib.parse import quote

from tests.building import OPERATION, OPTIONS
from tests.trust.fuzz.noise import Noise

#: Everything an approval may say.
APPROVAL: dict[str, Any] = {
    "kind": "approval",
    "category": "retries_exhausted",
    "title": "Data sync failed 3 times",
    "summary": "The warehouse does not answer since 22:40.",
    "severity": "high",
    "environment": "production",
    "reference": "CHG-1042",
    "requested_by": {"id": "dana@example.com", "name": "Dana", "slack": "UDANA"},
    "operation": {
        **OPERATION,
        "target": "orders",
        "money": {"amount_minor": 100, "currency": "EUR", "account": "DE02", "beneficiary": "N"},
    },
    "options": OPTIONS,
    "approvers": ["platform-oncall"],
    "context": {
        "error": {"type": "ConnectTimeout", "message": "after 10 s", "traceback": "line 1"},
        "attempts": [{"at": "2026-11-12T21:30:00Z", "action": "retry 1", "error": "refused"}],
        "system_state": {"lag_s": 0},
        "configuration": {"pool": 5},
        "recent_changes": ["22:05 firewall rule"],
        "affected_services": ["data-sync"],
        "user_impact": "reports are late",
        "blast_radius": "reports",
        "rollback": "none needed",
        "runbook": "https://runbooks.example/sync",
        "links": [{"title": "graph", "url": "https://graphs.example/1"}],
    },
    "dedup_key": "sync-8813",
    "decide_within_s": 3600,
    "claim_within_s": 900,
}
INCIDENT: dict[str, Any] = {
    "kind": "incident",
    "category": "service_health",
    "title": "3 hosts do not answer",
    "environment": "production",
    "context": {"error": {"type": "ConnectTimeout", "message": "web-3:443 after 10 s"}},
}
ALERTS: dict[str, Any] = {
    "version": "4",
    "groupKey": "{}:{alertname=\"Down\"}",
    "status": "firing",
    "receiver": "andon",
    "groupLabels": {"alertname": "Down"},
    "commonLabels": {"alertname": "Down", "severity": "critical"},
    "commonAnnotations": {"summary": "web-3 is down"},
    "externalURL": "http://alertmanager.example",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "Down", "instance": "web-3", "severity": "critical"},
            "annotations": {"summary": "web-3 is down", "runbook_url": "https://r.example"},
            "startsAt": "2026-11-12T21:30:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example",
            "fingerprint": "c0ffee",
        }
    ],
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request in parts. `body` None is none."""

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, bytes], ...] = ()
    body: bytes | None = None
    version: str = "HTTP/1.1"
    length: str = "right"  #: `right`, `none`, `chunked`, `both`, or the digits that are sent
    torn: bool = False  #: where it ends is not clear, so it may never be answered

    def raw(self) -> bytes:
        """As it goes over the wire."""
        address = self.path + (f"?{self.query}" if self.query else "")
        lines = [f"{self.method} {address} {self.version}".encode("utf-8", "surrogateescape")]
        lines += [name.encode("latin-1", "replace") + b": " + value for name, value in self.headers]
        body = self.body or b""
        if self.length in ("chunked", "both"):
            lines.append(b"Transfer-Encoding: chunked")
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            sent = chunk + b"0\r\n\r\n"
        else:
            sent = body
        if self.length == "both" or (self.length == "right" and self.body is not None):
            lines.append(b"Content-Length: %d" % len(body))
        elif self.length not in ("right", "none", "chunked"):
            lines.append(b"Content-Length: " + self.length.encode("utf-8", "surrogateescape"))
        return b"\r\n".join(lines) + b"\r\n\r\n" + sent


@dataclass(kw_only=True)
class Requests:
    """Makes them. `ids` are escalations that are over: no read is parked; `open_ids` wait."""

    random: Random
    noise: Noise
    keys: tuple[str, ...]
    ids: list[str]
    open_ids: list[str]
    digest: str
    made: int = 0
    routes: list[Callable[[], Request]] = field(init=False)

    def __post_init__(self) -> None:
        self.routes = [
            *[self._open] * 4,
            *[lambda verb=verb, body=body: self._verb(verb, body) for verb, body in self._verbs()],
            self._alerts,
            self._read,
            self._read,
            self._events,
            self._list,
            self._list,
            self._public,
        ]

    def valid(self) -> Request:
        """A request of some route that is as it should be, or nearly."""
        return self.random.choice(self.routes)()

    def bent(self) -> Request:
        """A request with something wrong, or at least odd."""
        made = self.valid()
        for _ in range(self.random.choice([1, 1, 1, 2])):
            made = self.random.choice(self._bends)(self, made)
        return made

    # -- valid ones -----------------------------------------------------------------------------

    def _sent(self, method: str, path: str, value: Any = None, **more: Any) -> Request:
        self.made += 1
        headers = [
            ("Host", b"andon.example"),
            ("Connection", b"close"),
            ("Authorization", f"Bearer {self.keys[0]}".encode()),
        ]
        if method == "POST":
            headers.append(("Content-Type", b"application/json"))
            headers.append(("Idempotency-Key", f"fuzz-{self.made}".encode()))
        body = None
        if value is not None:
            bent = self.noise.bent(value) if self.random.random() < 0.7 else value
            body = self.noise.written(bent)
        return Request(method=method, path=path, headers=tuple(headers), body=body, **more)

    def _open(self) -> Request:
        body = self.random.choice([APPROVAL, APPROVAL, INCIDENT])
        few = ("category", "title", "environment", "operation", "kind")
        if self.random.random() < 0.5:
            body = {k: v for k, v in body.items() if k in few or self.random.random() < 0.3}
        return self._sent("POST", "/v1/escalations", body)

    def _verbs(self) -> tuple[tuple[str, Any], ...]:
        return (
            ("claim", {"digest": self.digest, "nonce": "n-1"}),
            ("outcome", {"result": "succeeded", "detail": "4.1 s", "undo": "none needed"}),
            ("withdraw", {"reason": "the merge worked"}),
            ("resolve", {"root_cause": "a full disk", "by_hand": "rm", "automatable": True}),
            ("context", {"user_impact": "none", "answer": "yes", "question": "qst_1"}),
            ("context", {"error": {"message": "again"}, "links": [{"title": "a", "url": "http://b"}]}),
        )  # fmt: skip

    def _verb(self, verb: str, body: Any) -> Request:
        id_ = self.random.choice([*self.ids, *self.open_ids])
        return self._sent("POST", f"/v1/escalations/{id_}/{verb}", body)

    def _alerts(self) -> Request:
        return self._sent("POST", "/v1/hooks/alertmanager", ALERTS)

    def _read(self) -> Request:
        made = self._sent("GET", f"/v1/escalations/{self.random.choice(self.ids)}")
        asked = self.random.choice(
            [(), (("If-None-Match", b'"1"'),), (("Prefer", b"wait=1"),), (("Prefer", b"wait=0"),)]
        )
        return replace(made, headers=made.headers + asked, query=self.random.choice(["", "wait=1"]))

    def _events(self) -> Request:
        id_ = self.random.choice([*self.ids, *self.open_ids])
        return self._sent("GET", f"/v1/escalations/{id_}/events")

    def _list(self) -> Request:
        few = ("status=pending", "kind=incident", "severity=high", "category=service_health",
               "reference=CHG-1042", "dedup_key=sync-8813", "q=sync", "limit=3")  # fmt: skip
        query = "&".join(self.random.sample(few, self.random.randint(0, 3)))
        return self._sent("GET", "/v1/escalations", query=query)

    def _public(self) -> Request:
        paths = (
            "/healthz",
            "/readyz",
            "/metrics",
            "/.well-known/jwks.json",
            "/openapi.json",
            "/docs",
        )
        return self._sent("GET", self.random.choice(paths))

    # -- bends ----------------------------------------------------------------------------------

    def _body(self, made: Request) -> Request:
        odd = (b"", b" ", b"null", b"[]", b"{}", b'"a"', b"1", b"\x00" * 64, b"\xff" * 64,
               b"a=b&c=d", b"<a/>", b"{" * 1000, b'{"a":' * 65 + b"1" + b"}" * 65)  # fmt: skip
        return replace(made, body=self.random.choice(odd))

    def _huge(self, made: Request) -> Request:
        if self.random.random() < 0.9:
            return made
        size = self.random.choice([(1 << 20) - 9, 1 << 20, (1 << 20) + 1, 3 << 20])
        return replace(made, body=b'{"title":"' + b"x" * size + b'"}')

    def _noisy(self, made: Request) -> Request:
        return replace(made, body=self.noise.written(self.noise.value()))

    def _header(self, made: Request) -> Request:
        name, *values = self.random.choice(_HEADERS)
        value = self.random.choice([*values, self._bytes()])
        others = tuple(h for h in made.headers if h[0].lower() != name.lower())
        twice = self.random.random() < 0.2
        torn = made.torn or name in _FRAMING
        return replace(
            made, headers=(made.headers if twice else others) + ((name, value),), torn=torn
        )

    def _caller(self, made: Request) -> Request:
        key = self.random.choice(self.keys)
        said = self.random.choice([b"Bearer %b", b"bearer  %b", b"Basic %b", b"Bearer%b", b"%b"])
        value = said % (key.encode() if self.random.random() < 0.7 else self._bytes())
        others = tuple(h for h in made.headers if h[0] != "Authorization")
        return replace(made, headers=(*others, ("Authorization", value)))

    def _bare(self, made: Request) -> Request:
        if not made.headers:
            return made
        gone = self.random.choice(made.headers)
        return replace(made, headers=tuple(h for h in made.headers if h != gone))

    def _many(self, made: Request) -> Request:
        count, size = self.random.choice(
            [(50, 10), (200, 40), (1, 9_000), (1, 70_000), (40, 4_000)]
        )
        more = tuple((f"X-{n}", b"y" * size) for n in range(count))
        return replace(made, headers=made.headers + more)

    def _path(self, made: Request) -> Request:
        word = self.noise.text()[:300]
        written = quote(word, safe="", errors="replace")
        id_ = self.random.choice(self.ids)
        return replace(
            made,
            path=self.random.choice(
                [f"/v1/escalations/{written}", f"/v1/escalations/{written}/claim", f"/{written}",
                 f"/v1/escalations/{id_.upper()}", f"/v1/escalations/{id_}/", "/v1//escalations",
                 f"/v1/escalations/{id_}%00", f"/v1/escalations/{id_}/../x", "/v1/escalations/%zz",
                 f"/v1/escalations/{id_}%2fclaim", "/v1/%65scalations", "*", "http://x/v1/escalations",
                 "/" + "a" * self.random.choice([300, 8_000, 9_000]), "/slack/events", "/.env",
                 f"{made.path};a=b", f"{made.path}#x", made.path.swapcase()]
            ),
        )  # fmt: skip

    def _query(self, made: Request) -> Request:
        words = ("status", "kind", "severity", "category", "reference", "dedup_key", "q", "cursor",
                 "limit", "labels", "environment", "service", "a[]", "")  # fmt: skip
        pairs = []
        for _ in range(self.random.randint(1, 4)):
            value = self.random.choice(
                [self.noise.text()[:400], str(self.random.choice([0, 101, -1]))]
            )
            pairs.append(f"{self.random.choice(words)}={quote(value, safe='', errors='replace')}")
        odd = self.random.choice(["", "", "&", "%", "%ff", "a", "=", "?"])
        return replace(made, query="&".join(pairs) + odd)

    def _method(self, made: Request) -> Request:
        words = ("PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "QUERY", "get",
                 "G",
                 "POST", "GET", "M-SEARCH", "X" * 40, "G\u00e4T", "PRI")  # fmt: skip
        return replace(made, method=self.random.choice(words))

    def _framed(self, made: Request) -> Request:
        words = ("chunked", "both", "none", "-1", "+5", "1e3", "0x10", "5, 5", "9" * 20,
                 "1_0", " 7", "١٢", "", "0")  # fmt: skip
        return replace(made, length=self.random.choice(words), torn=True)

    def _version(self, made: Request) -> Request:
        words = (
            "HTTP/1.0",
            "HTTP/1.1 ",
            "HTTP/2.0",
            "HTTP/9.9",
            "HTTP/1",
            "http/1.1",
            "SIP/2.0",
            "",
        )
        return replace(made, version=self.random.choice(words))

    def _bytes(self) -> bytes:
        made = self.noise.text()[:500].encode("utf-8", "surrogatepass")
        return made if self.random.random() < 0.3 else made.replace(b"\r", b"").replace(b"\n", b"")

    _bends = (_body, _huge, _noisy, _header, _header, _header, _caller, _bare, _many, _path, _path,
              _query, _query, _method, _framed, _version)  # fmt: skip


#: Headers that say where a request ends, or break it in two.
_FRAMING = frozenset({"Transfer-Encoding", "X-Split", "X-Fold", "Bad Name", ""})

#: Headers that mean something to somebody, with odd values.
_HEADERS: tuple[tuple[Any, ...], ...] = (
    ("Content-Type", b"", b"text/plain", b"application/json; charset=utf-16", b"application/JSON",
     b"application/json;", b"application/problem+json", b"multipart/form-data", b"a/b/c", b"\xff",
     b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x"),
    ("Content-Encoding", b"gzip", b"deflate", b"br", b"identity", b"gzip, gzip", b"none"),
    ("Idempotency-Key", b"", b" ", b"a b", b"k" * 255, b"k" * 256, b"\xe9", b"same", b"same"),
    ("Expect", b"100-continue", b"200-ok", b"", b"100-Continue, x"),
    ("Transfer-Encoding", b"gzip", b"identity", b"chunked, chunked", b"xchunked", b"\x0bchunked"),
    ("Prefer", b"wait=99999999999", b"wait=-1", b"wait=1.5", b"wait", b"wait=\"3\"",
     b"respond-async",
     b"wait=1, wait=2"),
    ("If-None-Match", b"*", b"W/\"1\"", b"\"", b"1,2,3", b"\"\xff\"", b"," * 300),
    ("Host", b"", b"a:b", b"[::1", b"evil.example", b"a b"),
    ("Connection", b"upgrade", b"keep-alive", b"close, x", b"te"),
    ("Upgrade", b"websocket", b"h2c"),
    ("Range", b"bytes=0-1", b"bytes=-"),
    ("Accept", b"text/html", b"*/*;q=x"),
    ("X-HTTP-Method-Override", b"DELETE"),
    ("Cookie", b"a=b; c", b"\"", b"a=\"\\"),
    ("X-Forwarded-For", b"127.0.0.1"),
    ("webhook-id", b"msg_1"),
    ("webhook-timestamp", b"1", b"x"),
    ("webhook-signature", b"v1,AAAA", b"v2,x"),
    ("Andon-Service", b"data-sync", b"nobody", b"\xff"),
    ("Bad Name", b"x"),
    ("X-Fold", b"a\r\n b"),
    ("X-Split", b"a\r\nX-Other: b", b"a\nb"),
    ("", b"x"),
)  # fmt: skip
