"""A real part in the way: it listens on loopback, asks the real server, and spoils what it is told
to. It keeps what truly happened and what was delivered.
"""

import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from andon.testing.loopback import Loopback
from andon.testing.troubles import Broken
from andon.testing.wire import Asked, Told

#: Headers that belong to one connection.
_OF_A_CONNECTION = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive"})

#: What is done with a request: usually `proxy.forward(asked)`, or something wrong.
Spoil = Callable[["Proxy", Asked], Told | Broken]


#: What puts something on the server's record.
_MAKING = frozenset({"open", "automations"})


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """An answer to a claim that arrived whole: of which escalation, for which nonce."""

    escalation_id: str
    nonce: str
    answer: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """An answer that arrived whole to what was to be recorded before it runs."""

    asked: dict[str, Any]
    answer: dict[str, Any]


class Proxy:
    """One caller's way to the server."""

    def __init__(self, upstream: str, spoil: Spoil) -> None:
        self.upstream, self._spoil = upstream, spoil
        self.asked: Counter[str] = Counter()  #: how often each action was asked for
        self.opened: dict[str, dict[str, Any]] = {}  #: what truly was opened, by id
        self.delivered: list[Delivered] = []
        self.recorded: list[Recorded] = []
        self._lock = threading.Lock()
        self._loopback = Loopback(self)
        self.url = self._loopback.url

    def listen(self, wanted: bool) -> None:
        """Begin or stop to listen."""
        self._loopback.listen(wanted)

    def answer(self, asked: Asked) -> Told | Broken:
        """What the caller is told."""
        with self._lock:
            self.asked[asked.action] += 1
        try:
            answer = self._spoil(self, asked)
        except OSError:
            return Broken(how="reset")  # the server is gone
        if isinstance(answer, Told):
            self._note(asked, answer)
        return answer

    def forward(self, asked: Asked) -> Told:
        """What the real server says. Raises OSError where it says nothing."""
        parts = urlsplit(self.upstream)
        link = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=70)
        path = f"{asked.path}?{urlencode(asked.query)}" if asked.query else asked.path
        headers = {n: v for n, v in asked.headers if n not in _OF_A_CONNECTION}
        try:
            link.request(asked.method, path, body=asked.body or None, headers=headers)
            answer = link.getresponse()
            told = Told(
                status=answer.status,
                body=answer.read(),
                headers={n: v for n, v in answer.getheaders() if n.lower() not in _OF_A_CONNECTION},
            )
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            link.close()
        if asked.action in _MAKING and told.status in (200, 201):
            with self._lock:
                made = json.loads(told.body)
                self.opened[made["id"]] = made
        return told

    def _note(self, asked: Asked, told: Told) -> None:
        if told.status not in (200, 201):
            return
        try:
            answer = json.loads(told.body)
        except ValueError:
            return
        if not isinstance(answer, dict):
            return
        with self._lock:
            if asked.action == "claim":
                id_, nonce = asked.path.split("/")[3], asked.json["nonce"]
                self.delivered.append(Delivered(escalation_id=id_, nonce=nonce, answer=answer))
            elif asked.action == "automations":
                self.recorded.append(Recorded(asked=asked.json, answer=answer))
