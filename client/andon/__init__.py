"""The client of Andon: ask people before a dangerous operation, and run it only when released.

Names load when they are used: importing this module costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from andon.client import AsyncClient, Client
    from andon.errors import (
        AndonError,
        ExpiredError,
        FieldProblem,
        GrantError,
        NotReleasedError,
        Problem,
        RefusedRequestError,
        RejectedError,
        SettingsError,
        TakenError,
        UnavailableError,
        WithdrawnError,
    )
    from andon.grants import Grant, verify_grant
    from andon.models import Escalation
    from andon.operation import Money, Operation, Option, digest_of

__version__ = "0.1.0"

__all__ = [
    "AndonError",
    "AsyncClient",
    "Client",
    "Escalation",
    "ExpiredError",
    "FieldProblem",
    "Grant",
    "GrantError",
    "Money",
    "NotReleasedError",
    "Operation",
    "Option",
    "Problem",
    "RefusedRequestError",
    "RejectedError",
    "SettingsError",
    "TakenError",
    "UnavailableError",
    "WithdrawnError",
    "digest_of",
    "verify_grant",
]

#: Where each name lives.
_HOMES = {
    "andon.client": ("AsyncClient", "Client"),
    "andon.errors": (
        "AndonError",
        "ExpiredError",
        "FieldProblem",
        "GrantError",
        "NotReleasedError",
        "Problem",
        "RefusedRequestError",
        "RejectedError",
        "SettingsError",
        "TakenError",
        "UnavailableError",
        "WithdrawnError",
    ),
    "andon.grants": ("Grant", "verify_grant"),
    "andon.models": ("Escalation",),
    "andon.operation": ("Money", "Operation", "Option", "digest_of"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A public name, from the module it lives in."""
    if name not in _HOME:
        raise AttributeError(f"module 'andon' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOME[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
