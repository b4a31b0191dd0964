"""Addresses of routes: `${NAME}` is filled when a page is sent, never before, and kept nowhere.

A name is looked up in the environment, and what it stands for is escaped, so that a password may
hold any character. `{id}` and `{page}` stand for the escalation and the page, for receivers that
tell by a word of theirs what belongs together or came twice.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

#: The secret of that name, or None.
Secret = Callable[[str], str | None]

_NAME = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.I)


class AddressError(ValueError):
    """The address of a route cannot be used; another try changes nothing."""


@dataclass(frozen=True, slots=True)
class Filled:
    """An address with its secrets in it; neither shows when it is printed."""

    text: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def hide(self, said: str) -> str:
        """What somebody said about it, without its secrets and without itself."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            for form in (secret, quote(secret, safe="")):
                said = said.replace(form, "[hidden]")
        return said.replace(self.text, "[hidden]")


def filled(address: str, secret: Secret, *, id_: str = "", page: str = "") -> Filled:
    """The address as it is called. Raises AddressError naming what is not set."""
    try:
        values = {name: secret(name) for name in names_in(address)}
    except ValueError as error:
        raise AddressError(str(error)) from None
    missing = [name for name, value in values.items() if not value]
    if missing:
        they, are = (missing[0], "is") if len(missing) == 1 else (" and ".join(missing), "are")
        raise AddressError(f"{they} {are} not set; give it in the environment, or as {they}_FILE.")
    known = {name: value for name, value in values.items() if value}
    about = address.replace("{id}", id_).replace("{page}", page)
    text = _NAME.sub(lambda found: quote(known[found[1]], safe=""), about)
    return Filled(text, tuple(known.values()))


def names_in(address: str) -> Iterator[str]:
    """The names an address leaves open, in order."""
    yield from (found[1] for found in _NAME.finditer(address))


def scheme_of(address: str) -> str:
    """`mailtos` of `mailtos://…`; empty for what is no address."""
    found = _SCHEME.match(address)
    return found[1].lower() if found else ""
