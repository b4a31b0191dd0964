"""A flow played against written answers: no time passes, nothing is sent."""

import json
from collections.abc import Iterable
from typing import Any, TypeVar

from andon.flow.steps import Answer, Call, Do, Flow, Lost, Pause, Tell

T = TypeVar("T")

TOLD: dict[str, Any] = {
    "id": "esc_1",
    "kind": "approval",
    "status": "pending",
    "version": 1,
    "digest": "sha256:00",
    "title": "Drop column",
    "category": "schema_migration",
    "environment": "production",
    "service": "payments",
    "created_at": "2026-11-12T21:30:00Z",
}


class Played:
    """What a flow did, given these answers in turn; the last one is repeated."""

    def __init__(self, *answers: Answer | Lost) -> None:
        self._answers = list(answers)
        self.calls: list[Call] = []
        self.pauses: list[float] = []

    def run(self, flow: Flow[T]) -> T:
        """What the flow ends in."""
        came: Any = None
        try:
            while True:
                came = self._do(flow.send(came))
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    def _do(self, step: Any) -> Any:
        if isinstance(step, Pause):
            self.pauses.append(step.seconds)
            return None
        if isinstance(step, Do):
            return step.act()
        if isinstance(step, Tell):
            return step.callback(step.value)
        self.calls.append(step)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def told(code: int = 200, /, **changes: Any) -> Answer:
    """An escalation as the server tells it."""
    return said(code, {**TOLD, **changes})


def said(status: int, body: Any, **headers: str) -> Answer:
    """JSON of the server."""
    kind = "application/json" if status < 400 else "application/problem+json"
    return raw(status, json.dumps(body).encode(), **{"content_type": kind, **headers})


def problem(status: int, name: str = "odd", **headers: str) -> Answer:
    """A problem document."""
    body = {"type": f"/problems/{name}", "title": name, "detail": "Mend it.", "status": status}
    return said(status, body, **headers)


def raw(status: int, body: bytes = b"", **headers: str) -> Answer:
    """Whatever came."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=sent, body=body)


def times(n: int, answer: Answer | Lost) -> Iterable[Answer | Lost]:
    """The same so many times."""
    return [answer] * n
