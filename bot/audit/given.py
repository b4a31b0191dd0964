"""What an auditor gave to check with: keys and anchors of their own, or else the server's."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from approvals.anchoring import Anchor, parse_anchor
from approvals.sharing import KnownKey
from bot.anchors import anchors_of
from bot.audit.checking import lines_of
from bot.audit.keys import PublicKeys
from bot.settings import Settings
from storage.address import is_of_a_server


def keys_of(
    settings: Settings, given: Path | None, known: Callable[[], Iterable[KnownKey]]
) -> PublicKeys | None:
    """The keys given, or the server's; None where it has none. Raises KeysError, OSError.

    Where several servers share a database, those that it knows count too. Whoever owns a file
    could write any key into it, and its one server has them all: there they do not.
    """
    if given is not None:
        return PublicKeys.read(given)
    path = Path(settings.signing_keys)
    own = PublicKeys.read(path) if path.exists() else PublicKeys({})
    return (own.besides(known()) if is_of_a_server(settings.database_url) else own) or None


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
