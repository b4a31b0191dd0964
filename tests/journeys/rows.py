"""The two tables of the surface that people rely on, and which journey reaches each row.

A row that no journey reaches by a real click is named by `test_rows.py`.
"""

from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])

#: Answers to a click.
ANSWERS = (
    "decided by this vote",
    "counted, more needed",
    "aborted by this vote",
    "same vote again",
    "same vote again, after it decided",
    "vote changed",
    "already decided, not started",
    "already decided, started",
    "already decided, reported",
    "decided while the modal was open",
    "expired",
    "withdrawn",
    "requester",
    "taken back",
    "not in the group",
    "account not in the policy",
    "no longer eligible",
    "guest",
    "other workspace",
    "bot",
    "approver removed after voting",
    "full text not opened",
    "old card",
    "old card, in a modal",
    "people cannot be looked up",
    "not saved",
    "unsure whether saved",
    "window could not be opened",
    "stopped",
    "stop too late",
    "reason added",
    "reason too late",
    "reason missing",
    "wrong word typed",
    "looking",
    "somebody else is looking",
    "question asked",
    "answered",
    "answered already",
    "answer of another",
    "more time given",
    "more time given already",
    "resolved",
    "resolved already",
    "override asked",
    "overridden",
    "override by a stranger",
    "too late for anything else",
)

#: First word and state line of the card, for every end.
ENDS = (
    "approved, not taken",
    "taken",
    "succeeded",
    "failed",
    "no result in time",
    "stopped after approval",
    "approver gone before the start",
    "allowed, never taken",
    "rejected",
    "resolve by hand",
    "expired",
    "withdrawn",
    "overridden",
    "resolved",
    "recovered",
)

#: Rows that no click reaches, and why.
OUT_OF_REACH = {
    "full text not opened": "every button of a long operation opens all of it first, in the "
    "channel, in a direct message and in a list alike; the sentence stays for cards of another "
    "version, and tests/bot/slack/drawing keeps it",
}

REACHED: dict[str, dict[str, str]] = {"answer": {}, "end": {}}
_ROWS = {"answer": ANSWERS, "end": ENDS}


def answers(*rows: str) -> Callable[[Test], Test]:
    """The journey reaches these answers."""
    return _reaching("answer", rows)


def ends(*rows: str) -> Callable[[Test], Test]:
    """The journey reaches these ends of the card."""
    return _reaching("end", rows)


def _reaching(table: str, rows: tuple[str, ...]) -> Callable[[Test], Test]:
    def note(test: Test) -> Test:
        for row in rows:
            assert row in _ROWS[table], f"No row is called {row!r}."
            REACHED[table][row] = getattr(test, "__name__", "")
        return test

    return note
