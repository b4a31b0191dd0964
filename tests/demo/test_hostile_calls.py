"""No call, however wrong, makes the workspace fall over: it is taken or refused with a code."""

import re
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.demo.workspace import Refused, Workspace
from bot.demo.workspace.acks import after_command, after_submission
from bot.demo.workspace.line import Answer
from bot.demo.workspace.methods import METHODS, Arguments, Desk
from tests.demo.world import CARD, OPEN, RAVI, a_workspace, modal

#: Arguments that some method would take, so that a wrong one among them is reached.
SOUND: dict[str, Any] = {
    "channel": OPEN,
    "text": "x",
    "blocks": CARD,
    "view": modal(),
    "message": {"blocks": CARD},
    "metadata": {"event_type": "card", "event_payload": {}},
    "user": RAVI,
    "users": RAVI,
    "user_id": RAVI,
    "view_id": "V0",
    "external_id": "mine",
    "hash": "1",
    "thread_ts": "1.000001",
    "ts": "1.000001",
    "message_ts": "1.000001",
    "oldest": "1",
    "latest": "2",
    "cursor": "0",
    "limit": 1,
    "types": "im",
    "usergroup": "S0DBA",
    "email": "ravi@example.com",
}

SCRAPS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from([OPEN, RAVI, "modal", "home", "section", "plain_text", "[]", "{}", "[1]"]),
)
WORDS = ["type", "text", "blocks", "elements", "action_id", "block_id", "options", "title"]
JSON = st.recursive(
    st.one_of(SCRAPS, st.sampled_from([CARD, modal(), {"type": "home", "blocks": CARD}])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    ),
    max_leaves=8,
)
WRONG = st.dictionaries(st.sampled_from(sorted(SOUND)), JSON, max_size=2)
LEFT_OUT = st.sets(st.sampled_from(sorted(SOUND)))


def desk(space: Workspace) -> Desk:
    """What methods work with."""
    return Desk(state=space, triggers=space.triggers, socket_address=lambda: "ws://nowhere")


@given(name=st.sampled_from(sorted(METHODS)), wrong=WRONG, left_out=LEFT_OUT)
@example(name="blocks.validate", wrong={"message": [1]}, left_out={"blocks", "view"})
@example(name="conversations.history", wrong={"limit": float("inf")}, left_out=set())
@example(name="conversations.history", wrong={"cursor": "²"}, left_out={"oldest"})
@settings(max_examples=200, deadline=None)
def test_any_arguments_are_taken_or_refused(
    name: str, wrong: dict[str, Any], left_out: set[str]
) -> None:
    """By every method."""
    space = a_workspace()
    sound = {one: value for one, value in SOUND.items() if one not in left_out}
    args = {"trigger_id": space.triggers.issue(RAVI), **sound, **wrong}
    outcome = "ok"
    try:
        METHODS[name].run(desk(space), Arguments(args))
    except Refused as refused:
        outcome = refused.code
    assert re.fullmatch(r"[a-z_]+", outcome)


@given(body=JSON)
@settings(max_examples=200, deadline=None)
def test_any_answer_to_a_command_is_shown_or_has_failed(body: Any) -> None:
    """Whatever JSON the app acknowledges with."""
    space = a_workspace()
    answer = Answer(failure=None, status=200, body=body)
    done = after_command(space, RAVI, space.conversations[OPEN], "/escalations", answer)
    assert (done.error is None) == (done.why is None)


ACTIONS = st.sampled_from(["errors", "update", "push", "clear", "shut"])
SAID = st.fixed_dictionaries({"response_action": ACTIONS}, optional={"view": JSON, "errors": JSON})


@given(body=st.one_of(JSON, SAID))
@settings(max_examples=150, deadline=None)
def test_any_answer_to_a_submission_is_understood_or_trouble(body: Any) -> None:
    """Whatever JSON the app acknowledges with."""
    space = a_workspace()
    window = space.windows.open(RAVI, modal())
    done = after_submission(space, window, Answer(failure=None, status=200, body=body))
    assert (done.error is None) == (done.why is None)
