"""When two errors are the same one: by type and message, without the accidents of one occurrence.

The server says it in the same way; that both agree is held by a test against the real one.
"""

import re

from andon.context.failure import named, told
from andon.context.plain import words
from andon.context.shapes import shaped
from andon.redaction import redacted

#: What differs from one occurrence to the next, and what stands for it. The order matters: a
#: number within an address is no number any more.
_ACCIDENTS = tuple(
    (re.compile(pattern, re.I), stands_for)
    for pattern, stands_for in (
        (r"(?<!\w)(?:'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`|«[^»\n]*»|“[^”\n]*”)(?!\w)", "<text>"),
        (r"\b[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b", "<id>"),
        (r"(?<![\w.+-])[\w.+-]{1,64}@[\w.-]+\b", "<address>"),
        (r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\w.])", "<address>"),
        (r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", "<address>"),
        (r"\b0x[0-9a-f]+\b", "<n>"),
        (r"\b(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{7,}\b", "<n>"),
        (r"\d+(?:[.,]\d+)*", "<n>"),
    )
)


def normalised(text: str) -> str:
    """The text without accidents, spaces folded, in lower case."""
    for accident, stands_for in _ACCIDENTS:
        text = accident.sub(stands_for, text)
    return " ".join(text.casefold().split())


def types_of(error: BaseException) -> tuple[str, str]:
    """What its type goes by: as it is sent, and by its bare name."""
    kind = type(error)
    return named(kind), kind.__qualname__


def messages_of(error: BaseException) -> frozenset[str]:
    """What it says, compared: with all it came from, as it is sent, and alone."""
    brief = {name: text for name, text in told(error).items() if name != "traceback"}
    whole = shaped("error", [redacted(brief)]).get("message", "")
    alone = shaped("error", [redacted({**brief, "message": words(error)})]).get("message", "")
    return frozenset(filter(None, (normalised(whole), normalised(alone))))
