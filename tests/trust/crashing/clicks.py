"""What people sent to Andon, as the workspace remembers it."""

import json
from dataclasses import dataclass
from typing import Any

from bot.demo.workspace.line import Answer, Sending, Sort
from bot.demo.workspace.messages import Message, pressables
from bot.demo.workspace.workspace import Workspace
from bot.slack.clicks import Click, of_button, of_modal
from bot.slack.drawing.answers import window_not_opened

#: Buttons that decide.
ASKING = ("vote:", "read_whole")

#: What is said at once, and owed by no command, where Slack did not open a window: how it begins.
UNOPENED = tuple(window_not_opened(code).text.split(".")[0] for code in ("", "fatal_error"))


@dataclass(frozen=True)
class Clicked:
    """A button pressed or a modal sent off, and whether Slack was told that it was taken."""

    person: str
    escalation: str
    option: str
    command_id: str
    acked: bool
    decides: bool  #: it is a command and opens no window
    answered_at_once: bool  #: the acknowledgement itself showed the answer


def clicks(workspace: Workspace) -> list[Clicked]:
    """All of them, in the order they were answered."""
    return [_clicked(*sent) for sent in workspace.sent if sent[0].sort is Sort.INTERACTIVE]


def _clicked(sending: Sending, answer: Answer) -> Clicked:
    payload, said = sending.payload, answer.body if isinstance(answer.body, dict) else {}
    is_modal = payload["type"] == "view_submission"
    read: Click = (of_modal if is_modal else of_button)(payload, foreign=False)
    action: Any = said.get("response_action")
    return Clicked(
        person=read.account,
        escalation=read.escalation,
        option=read.option,
        command_id=read.command_id,
        acked=answer.acked,
        decides=(is_modal and action != "errors") or read.action == "vote:retry",
        answered_at_once=action in ("update", "push"),
    )


def abouts(message: Message) -> set[str]:
    """Which escalations the buttons of a message are for."""
    values = (one.element.get("value") for one in pressables(message.blocks))
    said = [json.loads(value) for value in values if value and value.startswith("{")]
    return {one["e"] for one in said if one.get("e")}


def about_messages(workspace: Workspace) -> set[str]:
    """Which escalations the buttons of all messages are for."""
    conversations = workspace.conversations.values()
    return {one for c in conversations for m in c.messages.values() for one in abouts(m)}


def asks(message: Message) -> bool:
    """Whether it still offers to decide."""
    return any(one.action_id.startswith(ASKING) for one in pressables(message.blocks))


def answers_to(workspace: Workspace, person: str) -> list[Message]:
    """Answers in a direct message: there, what is said to one is an ordinary message."""
    marks = ((m, m.metadata.get("event_payload", {})) for m in workspace.messages(person))
    return [m for m, mark in marks if str(mark.get("id", "")).startswith("ans")]


def unopened(workspace: Workspace, person: str) -> list[Message]:
    """What told them that a window did not open. It answers a click that is no command."""
    told = (*workspace.ephemerals(person), *answers_to(workspace, person))
    return [m for m in told if m.text.startswith(UNOPENED)]


def refused_windows(workspace: Workspace, person: str) -> int:
    """How many windows for their clicks Slack refused, or opened without saying so."""
    theirs = {
        sending.payload.get("trigger_id")
        for sending, _ in workspace.sent
        if sending.payload.get("user", {}).get("id") == person
    }
    asked = (c for c in workspace.calls if c.method == "views.open" and c.outcome != "ok")
    return sum(call.args.get("trigger_id") in theirs for call in asked)
