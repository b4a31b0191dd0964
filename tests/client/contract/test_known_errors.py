"""Known errors: the fake answers as the server does, and both sides call the same errors one."""

from typing import Any

import pytest
from andon import Automation, Client, KnownError
from andon.escalating import Incident
from andon.flow.knowing import Known
from andon.likeness import normalised

from approvals import commands, joining
from approvals.commands import Actor
from approvals.words import Recovery
from bot.ids import new_id
from tests.client.contract.wires import Wire, problem_of
from tests.client.serving import Served

PATH = "/v1/known-errors"


def test_where_nothing_was_confirmed_nothing_is_told(wire: Wire) -> None:
    for key in ("own", "reader", "auditor"):
        response = wire.call("GET", PATH, key=key)
        assert (response.status_code, response.json()) == (200, {"items": []})
        assert response.headers["cache-control"] == "private, max-age=60"
        tag = response.headers["etag"]
        for sent in (tag, f'"x", W/{tag}', "*"):
            same = wire.call("GET", PATH, key=key, If_None_Match=sent)
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
        assert wire.call("GET", PATH, key=key, If_None_Match='"x"').status_code == 200


def test_who_may_not_read_is_told_nothing(wire: Wire) -> None:
    response = wire.call("GET", PATH, key="", Authorization="Bearer nobody")
    assert problem_of(response) == (401, "unauthorized")
    opener = wire.add_key("service", "open")
    response = wire.call("GET", PATH, key="", Authorization=f"Bearer {opener}")
    assert problem_of(response) == (403, "scope-missing")
    assert problem_of(wire.call("POST", PATH, {})) == (405, "method-not-allowed")


def _raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except Exception as raised:
        return raised


def _noted() -> Exception:
    error = ValueError("row 17 of batch 8813")
    error.add_note("while reading orders-2026-11-12.csv")
    return error


ERRORS = [
    OSError("[Errno 28] No space left on device: '/var/lib/9f41c2d07ab3'"),
    ConnectionError("warehouse-db:5432 after 10.5 s, from 10.0.0.7 and fe80::1ff:fe23:4567"),
    KeyError("lang"),
    RuntimeError("user dana@example.com, order 3f9ac41e-0c11-4d0c-9c11-b7d0a1b2c3d4, at 0x7fb11bf"),
    RuntimeError("password=hunter2xyz for postgres://andon:hunter2xyz@db/x was refused"),
    RuntimeError("«zwei Wörter» “drei” `vier` „fünf“ ist STRASSE, nicht Straße"),
    RuntimeError("two\n\nlines\twith   spaces" + " and much more" * 900),
    _raised(RuntimeError("sync failed"), OSError("[Errno 111] connection refused")),
    ExceptionGroup("3 failed", [OSError("a 1"), ValueError("b 2")]),
    _noted(),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_that_was_told_is_known_again(real: Served, error: Exception) -> None:
    """As the server has it after its own redaction, and as a review confirms it from there."""
    told: dict[str, Any] = Incident(category="other", title="it failed", error=error).opening()
    with Client(real.url, real.service("knows")) as client:
        made = client.alert(**{"environment": "production", "severity": "high", **told})
    shown = real.read(made.id).context["error"]
    confirmed = KnownError(error_type=shown["type"], message=joining.normalised(shown["message"]))
    other = KnownError(error_type=shown["type"], message="another")
    assert Known(items=(other, confirmed)).of(error) == confirmed


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_both_sides_leave_out_the_same(error: Exception) -> None:
    assert normalised(str(error)) == joining.normalised(str(error))


def test_what_a_review_confirmed_reaches_the_service(served: Served) -> None:
    """The whole way: it is told, resolved, reviewed, remembered, served, and known again."""
    key, error = served.service("learns"), ConnectionError("warehouse-db:5432 after 10 s")
    told: dict[str, Any] = Incident(
        category="service_health", title="it failed", error=error
    ).opening()
    with Client(served.url, key) as client:
        made = client.alert(**{"environment": "production", "severity": "high", **told})
        sam = Actor(account="USAM")
        about: dict[str, Any] = {"escalation_id": made.id, "actor": sam, "root_cause": "a firewall"}
        served.submit(commands.Resolve(id=new_id("cmd"), **about))
        review = {"resolved_by": "opened it", "known_error": True, "recovery": Recovery.RESTART}
        served.submit(commands.WriteReview(id=new_id("cmd"), **about, **review))
        served.run(_remembered(served, made.id))
        found = Automation(client).known(ConnectionError("warehouse-db:6000 after 99 s"))
    assert found is not None
    assert (found.escalation, found.recovery, found.service) == (made.id, "restart", "learns")
    with Client(served.url, served.service("another")) as client:
        assert Automation(client).known(error) is None


async def _remembered(served: Served, id_: str) -> None:
    memory = served.server.store.memory
    while id_ not in {found.id for found in await memory.known()}:
        await memory.remember(served.server.clock())
