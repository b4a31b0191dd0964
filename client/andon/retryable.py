"""Which errors another attempt may help with, and what the others are: one table, as data."""

import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: Says of an error whether to try again.
Retryable = Callable[[Exception], bool]


@dataclass(frozen=True, slots=True)
class Lasting:
    """A kind of error that another attempt ends in again: people are asked at once."""

    types: tuple[type[Exception], ...]
    category: str  #: of the escalation
    why: str  #: in words


#: Looked at in order; what stands in none may be tried again.
LASTING = (
    Lasting((SyntaxError,), "unrecoverable_error", "the code does not parse"),
    Lasting((ImportError,), "configuration", "something is not installed"),
    Lasting(
        (TypeError, AttributeError, NameError, NotImplementedError, AssertionError),
        "unrecoverable_error",
        "the code is wrong",
    ),
    Lasting((PermissionError,), "configuration", "it is not allowed"),
    Lasting(
        (FileNotFoundError, NotADirectoryError, IsADirectoryError, FileExistsError),
        "configuration",
        "a file or folder is not as expected",
    ),
    Lasting((MemoryError, RecursionError), "resource_exhaustion", "memory or stack is used up"),
    Lasting((ValueError, LookupError), "configuration", "a value or setting is wrong"),
    Lasting((ArithmeticError,), "unrecoverable_error", "it cannot be calculated"),
)

#: Numbers of the operating system that no attempt changes.
EXHAUSTED = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})

_FULL = Lasting((OSError,), "resource_exhaustion", "there is no room left")
_NOT_ALLOWED = Lasting((), "configuration", "the other side does not allow it")
_REFUSED = Lasting((), "configuration", "the other side refuses the request")
_SAID = Lasting((), "unrecoverable_error", "the error itself says so")

#: Answers of HTTP from 400 to 499 that may be another the next time.
PASSING_STATUS = frozenset({408, 409, 421, 423, 425, 429})
_BY_STATUS: Mapping[int, Lasting] = MappingProxyType({401: _NOT_ALLOWED, 403: _NOT_ALLOWED})


def lasting(error: BaseException) -> Lasting | None:
    """What makes another attempt useless, if anything does.

    A group lasts as soon as one of its errors does. An error may say it itself: `retry = False`.
    """
    if isinstance(error, BaseExceptionGroup):
        return next((found for one in error.exceptions if (found := lasting(one))), None)
    said = getattr(error, "retry", None)
    if isinstance(said, bool):
        return None if said else _SAID
    status = status_of(error)
    if status is not None:
        refused = 400 <= status < 500 and status not in PASSING_STATUS
        return _BY_STATUS.get(status, _REFUSED) if refused else None
    if isinstance(error, OSError) and error.errno in EXHAUSTED:
        return _FULL
    return next((kind for kind in LASTING if isinstance(error, kind.types)), None)


def is_retryable(error: BaseException) -> bool:
    """Whether another attempt may help."""
    return lasting(error) is None


def status_of(error: BaseException) -> int | None:
    """The status of HTTP that an error carries, as httpx, requests, aiohttp and urllib write it."""
    answer = getattr(error, "response", None)
    found = (getattr(answer, "status_code", None), getattr(error, "status", None),
             getattr(error, "code", None))  # fmt: skip
    return next((s for s in found if type(s) is int and 100 <= s <= 599), None)
