"""The client of Andon: ask people before a dangerous operation, and run it only when released.

Names load when they are used: importing this module costs nothing.
"""

#: Checkers take it for true, as they do that of `typing`, which is not worth loading for it.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from andon.approval import requires_approval
    from andon.asking import aalert, aask, aescalate, alert, ask, escalate
    from andon.automation import Automation, ManualError, VerificationError
    from andon.breaker import CircuitBreaker, CircuitOpenError
    from andon.client import AsyncClient, Client
    from andon.context.gathering import Context
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
    from andon.fallbacks import with_fallbacks
    from andon.flow.deciding import Answer
    from andon.flow.releasing import Released
    from andon.grants import Grant, verify_grant
    from andon.held import ahold, hold
    from andon.models import Escalation, KnownError
    from andon.operation import Money, Operation, Option, digest_of
    from andon.retrying import escalate_after_retries
    from andon.watching.health import HealthMonitor
    from andon.watching.rates import ErrorRateMonitor
    from andon.watching.spikes import SpikeMonitor

__version__ = "0.1.0"

__all__ = [
    "AndonError",
    "Answer",
    "AsyncClient",
    "Automation",
    "CircuitBreaker",
    "CircuitOpenError",
    "Client",
    "Context",
    "ErrorRateMonitor",
    "Escalation",
    "ExpiredError",
    "FieldProblem",
    "Grant",
    "GrantError",
    "HealthMonitor",
    "KnownError",
    "ManualError",
    "Money",
    "NotReleasedError",
    "Operation",
    "Option",
    "Problem",
    "RefusedRequestError",
    "RejectedError",
    "Released",
    "SettingsError",
    "SpikeMonitor",
    "TakenError",
    "UnavailableError",
    "VerificationError",
    "WithdrawnError",
    "aalert",
    "aask",
    "aescalate",
    "ahold",
    "alert",
    "ask",
    "digest_of",
    "escalate",
    "escalate_after_retries",
    "hold",
    "requires_approval",
    "verify_grant",
    "with_fallbacks",
]

#: Where each name lives.
_HOMES = {
    "andon.approval": ("requires_approval",),
    "andon.asking": (
        "aalert",
        "aask",
        "aescalate",
        "alert",
        "ask",
        "escalate",
    ),
    "andon.automation": (
        "Automation",
        "ManualError",
        "VerificationError",
    ),
    "andon.breaker": (
        "CircuitBreaker",
        "CircuitOpenError",
    ),
    "andon.client": (
        "AsyncClient",
        "Client",
    ),
    "andon.context.gathering": ("Context",),
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
    "andon.fallbacks": ("with_fallbacks",),
    "andon.flow.deciding": ("Answer",),
    "andon.flow.releasing": ("Released",),
    "andon.grants": (
        "Grant",
        "verify_grant",
    ),
    "andon.held": (
        "ahold",
        "hold",
    ),
    "andon.models": (
        "Escalation",
        "KnownError",
    ),
    "andon.operation": (
        "Money",
        "Operation",
        "Option",
        "digest_of",
    ),
    "andon.retrying": ("escalate_after_retries",),
    "andon.watching.health": ("HealthMonitor",),
    "andon.watching.rates": ("ErrorRateMonitor",),
    "andon.watching.spikes": ("SpikeMonitor",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # or a checker would believe every name

    def __getattr__(name: str) -> object:
        """A public name, from the module it lives in."""
        if name not in _HOME:
            raise AttributeError(f"module 'andon' has no attribute {name!r}")
        from importlib import import_module

        try:
            home = import_module(_HOME[name])
        except AttributeError as error:  # `from andon import …` would hide it
            raise ImportError(f"{_HOME[name]} cannot be loaded: {error}") from error
        found = globals()[name] = getattr(home, name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
