"""Bugs a client could have, planted so that the matrix shows it would find them."""

from collections.abc import Callable


def _digest_ignored() -> None:
    """What runs is not compared with what people were shown."""


#: Every bug, by its name.
BUGS: dict[str, Callable[[], None]] = {"the digest is ignored": _digest_ignored}
