"""Ways to spoil what goes between a caller and the server."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from andon.testing.problems import problem
from andon.testing.troubles import AFTERWARDS, Broken, How, spoilt
from andon.testing.wire import Asked, Told

from tests.client.matrix.grants import Forger
from tests.client.matrix.proxy import Proxy, Spoil

#: Every action of a caller.
ALL = "open automations read claim outcome jwks list events withdraw context"


def nothing(proxy: Proxy, asked: Asked) -> Told | Broken:
    """All goes well."""
    return proxy.forward(asked)


def trouble(how: How, on: str = ALL, *, times: int = 1_000_000, after: int = 0) -> Spoil:
    """Something is wrong with these actions: with the first `times` of each, after so many."""

    def spoil(proxy: Proxy, asked: Asked) -> Told | Broken:
        count = proxy.asked[asked.action]
        if asked.action not in on.split() or not after < count <= after + times:
            return proxy.forward(asked)
        told = proxy.forward(asked) if how in AFTERWARDS else None
        return spoilt(how, told)

    return spoil


def delayed(seconds: float, on: str, *, times: int = 1_000_000) -> Spoil:
    """It takes its time before it passes on."""

    def spoil(proxy: Proxy, asked: Asked) -> Told | Broken:
        if asked.action in on.split() and proxy.asked[asked.action] <= times:
            time.sleep(seconds)
        return proxy.forward(asked)

    return spoil


def too_late(seconds: float, on: str) -> Spoil:
    """It is done, long after whoever asked has given up waiting for the answer."""

    def spoil(proxy: Proxy, asked: Asked) -> Told | Broken:
        if asked.action not in on.split():
            return proxy.forward(asked)
        time.sleep(seconds)
        return Broken(how="lost", told=proxy.forward(asked))

    return spoil


def rewritten(on: str, change: Callable[[dict[str, Any]], Mapping[str, Any]]) -> Spoil:
    """Good answers to these actions say something else."""

    def spoil(proxy: Proxy, asked: Asked) -> Told | Broken:
        told = proxy.forward(asked)
        if asked.action not in on.split() or told.status >= 300:
            return told
        body = json.dumps(change(json.loads(told.body))).encode()
        return Told(status=told.status, headers=told.headers, body=body)

    return spoil


def granting(forger: Forger, forge: Callable[[Forger, str], str]) -> Spoil:
    """The claim is answered with another grant."""
    return rewritten("claim", lambda body: {**body, "grant": forge(forger, body["grant"])})


def always_granting(status: int, body: Mapping[str, Any]) -> Spoil:
    """Somebody else answers every claim; the server never hears of it."""

    def spoil(proxy: Proxy, asked: Asked) -> Told | Broken:
        if asked.action != "claim":
            return proxy.forward(asked)
        headers = {"Content-Type": "application/json"}
        return Told(status=status, headers=headers, body=json.dumps(body).encode())

    return spoil


def missing_keys(proxy: Proxy, asked: Asked) -> Told | Broken:
    """Nobody knows the server's keys."""
    return problem("no-such-address") if asked.action == "jwks" else proxy.forward(asked)


def coming_up(seconds: float) -> Spoil:
    """Nothing listens at first."""
    began = time.monotonic()

    def spoil(proxy: Proxy, asked: Asked) -> Told | Broken:
        if time.monotonic() - began < seconds:
            return Broken(how="refused")
        return proxy.forward(asked)

    return spoil
