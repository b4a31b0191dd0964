"""Where Andon speaks: standard error, so that standard output stays COMMAND's.

On a terminal one line is redrawn; elsewhere there is a line for each change; with `--json` an
object a line.
"""

import json
import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from andon.cli import words

if TYPE_CHECKING:
    from andon.models import Escalation

#: Back to the line's beginning, and clear it.
_AGAIN = "\r\x1b[K"


class Display(Protocol):
    """What is shown while people are asked."""

    def show(self, escalation: "Escalation") -> None:
        """How it stands now."""

    def say(self, sentence: str) -> None:
        """Something that stays."""

    def end(self, result: Mapping[str, Any]) -> None:
        """What became of it: `message` says it in one sentence."""

    def close(self) -> None:
        """Nothing stays drawn."""


def display(*, as_json: bool, stream: TextIO | None = None) -> Display:
    """The one that fits where it goes. Standard error may be closed: then nothing is said."""
    found = stream or sys.stderr
    if as_json:
        return JsonLines(found)
    return Redrawn(found) if found is not None and found.isatty() else Lines(found)


class Lines:
    """A line for each change."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._last: Escalation | None = None

    def show(self, escalation: "Escalation") -> None:
        """What is new."""
        now = datetime.now(UTC)
        if self._last is None or self._last.id != escalation.id:
            self._last = None
            self.say(words.held(escalation, now))
        for line in words.changes(self._last, escalation, now):
            self.say(line)
        self._last = escalation

    def say(self, sentence: str) -> None:
        """A line."""
        self._write(f"andon: {sentence}\n")

    def end(self, result: Mapping[str, Any]) -> None:
        """The last line."""
        self.say(str(result["message"]))

    def close(self) -> None:
        """Lines are no drawing."""

    def _write(self, text: str) -> None:
        """Nothing that goes wrong with saying it may change what is done."""
        if self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # What is left in its buffer would make the interpreter exit with 120.
            self._stream = sys.stderr = None


class Redrawn(Lines):
    """Changes scroll away above one line that always says how it stands."""

    _is_drawn = False

    def show(self, escalation: "Escalation") -> None:
        """What is new, and how it stands."""
        super().show(escalation)
        line = words.status_line(escalation, datetime.now(UTC))
        width = shutil.get_terminal_size().columns - 1
        self.close()
        # Before it is: a Ctrl-C that comes in between leaves nothing drawn.
        self._is_drawn = True
        self._write(line if len(line) <= width else f"{line[: width - 1]}…")

    def say(self, sentence: str) -> None:
        """A line in place of the one that was drawn."""
        self.close()
        super().say(sentence)

    def close(self) -> None:
        """The line goes; what COMMAND wrote since stays, also where it ended within a line."""
        if self._is_drawn:
            self._write(_AGAIN)
        self._is_drawn = False


class JsonLines(Lines):
    """`held` and `changed` with the escalation, `said` with a message, `ended` with the result."""

    def show(self, escalation: "Escalation") -> None:
        """Each state that is another."""
        if escalation != self._last:
            event = "changed" if self._last else "held"
            self._object(event, escalation=escalation.model_dump(mode="json"))
        self._last = escalation

    def say(self, sentence: str) -> None:
        """As an object."""
        self._object("said", message=sentence)

    def end(self, result: Mapping[str, Any]) -> None:
        """The same as in the result file."""
        self._object("ended", **result)

    def _object(self, event: str, **more: Any) -> None:
        self._write(json.dumps({"event": event, **more}, ensure_ascii=True) + "\n")
