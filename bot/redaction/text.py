"""One text without what looks like a secret, through every way of knowing one, in order."""

from bot.redaction.addresses import without_addresses
from bot.redaction.entropy import without_random
from bot.redaction.remembered import remembered
from bot.redaction.shapes import LONG_RUN, without_keys, without_shapes
from bot.redaction.spoken import without_spoken

#: Characters of a text that could hold a secret at all.
SHORTEST = 8


@remembered
def is_plain(name: str) -> bool:
    """Whether there is nothing to hide in a name."""
    return redact_text(name) == name


def redact_text(text: str) -> str:
    """The text with everything that looks like a secret hidden."""
    if len(text) < SHORTEST:
        return text
    if "PRIVATE KEY" in text or "Private-Lines" in text:
        text = without_keys(text)
    if "/" in text or "@" in text:
        text = without_addresses(text)
    if " " in text or "=" in text or ":" in text or ">" in text:
        text = without_spoken(text)
    if LONG_RUN.search(text):
        text = without_random(without_shapes(text))
    return text
