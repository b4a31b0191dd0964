"""What an acknowledgement does, and what Slack shows a person when there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.demo.workspace.errors import Refused
from bot.demo.workspace.line import NOT_CONFIGURED, Answer
from bot.demo.workspace.methods.chat import checked_blocks
from bot.demo.workspace.state import Conversation, State
from bot.demo.workspace.windows import Window

TIMED_OUT = "Operation timed out. Apps need to respond within 3 seconds."
NOT_RESPONDING = "This app is not responding."
TROUBLE = "We had some trouble connecting. Try again?"
NOT_INTERACTIVE = "This app is not configured to handle interactive responses."


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """What came of something a person did.

    `error` is what Slack shows them, `why` what a developer would want to know about it, `errors`
    are texts at fields of a modal. `repeats` are further deliveries of the same click.
    """

    acked: bool
    error: str | None = None
    why: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None  #: HTTP status; None over Socket Mode and when nothing came
    elapsed: float = 0.0  #: seconds until the acknowledgement
    body: Any = None
    repeats: Sequence["Interaction"] = ()

    @classmethod
    def of(
        cls,
        answer: Answer,
        *,
        error: str | None = None,
        why: str | None = None,
        errors: Mapping[str, str] | None = None,
    ) -> "Interaction":
        """From the app's answer."""
        return cls(
            acked=answer.acked,
            error=error,
            why=why or answer.failure,
            errors=errors or {},
            status=answer.status,
            elapsed=answer.elapsed,
            body=answer.body,
        )


def after_click(answer: Answer) -> Interaction:
    """A button needs an acknowledgement and nothing more."""
    shown = {
        None: None,
        "http_timeout": TIMED_OUT,
        "http_error": f"This app responded with Status Code {answer.status}.",
        NOT_CONFIGURED: NOT_INTERACTIVE,
    }
    return Interaction.of(answer, error=shown.get(answer.failure, NOT_RESPONDING))


def after_submission(state: State, window: Window, answer: Answer) -> Interaction:
    """Close, correct, update, push or clear, as the app said. What it said wrongly is trouble.

    A modal that was closed meanwhile is past all that.
    """
    if not answer.acked:
        return Interaction.of(answer, error=TROUBLE)
    if state.windows.find(window.id) is None:
        return Interaction.of(answer)
    try:
        errors = _submitted(state, window, answer.body)
    except Refused as refused:
        return Interaction.of(answer, error=TROUBLE, why=f"{refused.code}: {refused.messages}")
    return Interaction.of(answer, errors=errors)


def _submitted(state: State, window: Window, body: Any) -> Mapping[str, str]:
    if not body:
        state.windows.close(window)
        return {}
    action = body.get("response_action") if isinstance(body, Mapping) else None
    if action == "errors":
        return _field_errors(window, body.get("errors"))
    if action == "update":
        state.windows.update(window, body.get("view"))
    elif action == "push":
        state.windows.push(window.person, body.get("view"))
    elif action == "clear":
        state.windows.clear(window.person)
    else:
        raise Refused("invalid_response_action", [f"{body!r:.200}"])
    return {}


def _field_errors(window: Window, errors: Any) -> Mapping[str, str]:
    """Texts at fields; each must be at a field the view has."""
    if not isinstance(errors, Mapping) or not errors:
        raise Refused("invalid_errors", ["errors must name at least one field"])
    fields = {one["block_id"] for one in window.view["blocks"] if one["type"] == "input"}
    strange = [block for block in errors if block not in fields]
    if strange:
        raise Refused("invalid_errors", [f"no input block {block}" for block in strange])
    empty = [block for block, text in errors.items() if not isinstance(text, str) or not text]
    if empty:
        raise Refused("invalid_errors", [f"no text for {block}" for block in empty])
    return dict(errors)


def after_command(
    state: State, person: str, conversation: Conversation, command: str, answer: Answer
) -> Interaction:
    """An acknowledgement may carry a message: for the person alone, or for all in the channel."""
    if not answer.acked:
        code = "operation_timeout" if answer.failure == "http_timeout" else "dispatch_failed"
        return Interaction.of(answer, error=failed(command, code))
    try:
        say(state, person, conversation, answer.body)
    except Refused as refused:
        why = f"{refused.code}: {refused.messages}"
        return Interaction.of(answer, error=failed(command, refused.code), why=why)
    return Interaction.of(answer)


def failed(command: str, code: str) -> str:
    """Slackbot's words for a command that came to nothing."""
    return f"{command} failed with the error “{code}”"


def say(state: State, person: str, conversation: Conversation, body: Any) -> str | None:
    """Post what an acknowledgement or a response_url was given. Raises Refused."""
    said = {"text": body} if isinstance(body, str) else (body or {})
    if not isinstance(said, Mapping):
        raise Refused("invalid_response", [f"neither text nor an object: {body!r:.200}"])
    blocks = checked_blocks(said.get("blocks"))
    text = str(said.get("text") or "")
    if not text and not blocks:
        return None
    message = state.post(
        conversation,
        user=state.app.bot_user,
        text=text,
        blocks=blocks or (),
        thread_ts=said.get("thread_ts"),
        only_for=None if said.get("response_type") == "in_channel" else person,
    )
    return message.ts
