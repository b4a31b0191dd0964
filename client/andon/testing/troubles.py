"""What can be wrong between a service and Andon, by name.

::

    refused     nothing listens
    reset       the connection breaks before anything was done
    lost        it is done, and the connection breaks before the answer arrives
    slow        no answer comes
    truncated   the connection ends in the middle of the answer
    cut         a whole answer, with half of the JSON
    html        200, and a page of somebody else
    redirect    302, to somewhere else
    401 403 429 500 503     that problem
"""

from dataclasses import dataclass
from typing import Literal, get_args

from andon.testing.problems import problem
from andon.testing.wire import HEADERS, Asked, Told

How = Literal[
    "refused", "reset", "lost", "slow", "truncated", "cut", "html", "redirect",
    "401", "403", "429", "500", "503",
]  # fmt: skip

#: Troubles of the connection: there is no answer, or not all of it.
BROKEN = frozenset({"refused", "reset", "lost", "slow", "truncated"})

#: Troubles that come after the request was done.
AFTERWARDS = frozenset({"lost", "truncated", "cut"})

_PROBLEMS = {
    "401": "unauthorized",
    "403": "scope-missing",
    "429": "too-many-requests",
    "500": "internal",
    "503": "not-saved",
}

_PAGE = b"<!doctype html><title>Welcome</title><p>Please sign in to the hotel's network."


@dataclass(kw_only=True)
class Trouble:
    """Something that is wrong: with each request or some, for ever or a few times."""

    how: How
    on: frozenset[str] = frozenset()  #: actions such as `claim`; none: all
    left: int | None = None  #: how often still; None: until it is over

    def __post_init__(self) -> None:
        if self.how not in get_args(How):
            raise ValueError(f"{self.how!r} is no trouble; say one of {', '.join(get_args(How))}.")

    def takes(self, asked: Asked) -> bool:
        """Whether it strikes this request; counts it if so."""
        if self.left == 0 or (self.on and asked.action not in self.on):
            return False
        self.left = None if self.left is None else self.left - 1
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """An answer that does not arrive whole."""

    how: How
    told: Told | None = None


def spoilt(how: How, told: Told | None) -> Told | Broken:
    """What arrives instead of the answer."""
    if how in BROKEN:
        return Broken(how=how, told=told)
    if how == "cut" and told is not None:
        return Told(status=told.status, headers=told.headers, body=told.body[: len(told.body) // 2])
    if how == "html":
        headers = {**HEADERS, "Content-Type": "text/html; charset=utf-8"}
        return Told(status=200, headers=headers, body=_PAGE)
    if how == "redirect":
        return Told(status=302, headers={**HEADERS, "Location": "http://127.0.0.1:9/v1/elsewhere"})
    return problem(_PROBLEMS[how])
