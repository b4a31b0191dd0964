"""Functions as a decorator meets them: awaited or not, and by the name that people know."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any


def through(
    function: Callable[..., Any], call: Callable[..., Any], acall: Callable[..., Any]
) -> Callable[..., Any]:
    """The function, each of its calls made by `call`, or by `acall` where it is awaited."""
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def acalled(*args: Any, **kwargs: Any) -> Any:
            return await acall(function, *args, **kwargs)

        return acalled

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        return call(function, *args, **kwargs)

    return called


def name_of(function: Callable[..., Any]) -> str:
    """How people know it."""
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return str(name).rpartition("<locals>.")[2]
