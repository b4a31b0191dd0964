"""What an auditor gave to check with: keys and anchors of their own, or else the server's."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from approvals.anchoring import Anchor, parse_anchor
from bot.anchors import anchors_of
from bot.audit.checking import lines_of
from bot.audit.keys import PublicKeys
from bot.settings import Settings


def keys_of(settings: Settings, given: Path | None) -> PublicKeys | None:
    """The keys given, or the server's; None where it has none. Raises KeysError, OSError."""
    path = given or Path(settings.signing_keys)
    return None if given is None and not path.exists() else PublicKeys.read(path)


def anchors_in(settings: Settings, given: Path | None) -> dict[int, Anchor] | None:
    """The anchors given, or the server's, the first of each block; None where there is no file."""
    found: dict[int, Anchor] = {}
    with anchor_lines(settings, given) as lines:
        if lines is None:
            return None
        for line in lines:
            try:
                anchor = parse_anchor(line)
            except ValueError:
                continue  # a loss of power may leave half a line
            found.setdefault(anchor.block, anchor)
    return found


def anchor_lines(
    settings: Settings, given: Path | None
) -> AbstractContextManager[Iterator[str] | None]:
    """Lines of the anchors given, or of the server's; None where it has none. Raises OSError."""
    path = given or anchors_of(settings)
    return nullcontext(None) if given is None and not path.exists() else lines_of(path)
