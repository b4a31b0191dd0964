"""Refusals of the Web API: an exception inside, `{"ok": false, "error": …}` outside."""

from collections.abc import Mapping, Sequence
from typing import Any


class Refused(Exception):  # noqa: N818  a refusal is an answer of Slack's, not an error of ours
    """A Web API method refuses, with Slack's error code and, where Slack gives them, reasons."""

    def __init__(
        self,
        code: str,
        messages: Sequence[str] = (),
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(code, *messages)
        self.code, self.messages, self.status, self.more = code, list(messages), status, more
        self.headers = dict(headers or {})

    def as_slack(self) -> dict[str, Any]:
        """The body of the answer."""
        body: dict[str, Any] = {"ok": False, "error": self.code, **self.more}
        if self.messages:
            body["errors"] = self.messages
            body["response_metadata"] = {"messages": [f"[ERROR] {m}" for m in self.messages]}
        return body


class ImpossibleError(LookupError):
    """No person could do this in Slack: the button, window or channel is not before them."""
