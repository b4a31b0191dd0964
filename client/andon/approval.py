"""`@requires_approval`: a function that runs once people released it, exactly as it was called."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar, Unpack, cast

from andon.client import AsyncClient, Client
from andon.context.shapes import line
from andon.flow.releasing import Released
from andon.flow.request import TITLE, Besides
from andon.held import AsyncHold, Hold
from andon.operation import AnyOptions, Money, Operation
from andon.plain import plain

P = ParamSpec("P")
R = TypeVar("R")

#: Gives an operation from the function's own arguments.
Describes = Callable[..., Operation]

#: The parameter that is handed what people chose.
OPTION = "option"


class _Gate:
    """How calls of one function become questions."""

    def __init__(
        self,
        function: Callable[..., Any],
        title: str | Callable[..., str],
        operation: str | Describes | None,
        ignore: Sequence[str],
        said: Mapping[str, Any],
    ) -> None:
        self._function, self._title, self._operation = function, title, operation
        self._signature = inspect.signature(function)
        self._ignored = {"self", "cls", OPTION, *ignore}
        self._is_exact = said["category"] == "large_transaction"
        self.said = dict(said)
        self.wants_option = OPTION in self._signature.parameters

    def bound(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments by name, defaults included. Raises TypeError as the function would."""
        found = (
            self._signature.bind_partial(*args, **kwargs)
            if self.wants_option
            else self._signature.bind(*args, **kwargs)
        )
        if self.wants_option and OPTION in found.arguments:
            raise TypeError(f"`{OPTION}` is what people choose; leave it out of the call.")
        if self.wants_option:
            self._signature.bind(*args, **kwargs, **{OPTION: None})
        found.apply_defaults()
        return {k: v for k, v in found.arguments.items() if k not in self._ignored}

    def title(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        """What people read first."""
        if callable(self._title):
            made = self._title(*args, **kwargs)
        else:
            made = self._title.format_map(self.bound(args, kwargs))
        return line(made, TITLE)

    def operation(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Operation:
        """What would run: every argument is in it, so that the digest binds them all."""
        bound = self.bound(args, kwargs)
        arguments = {k: plain(v, at=k, is_exact=self._is_exact) for k, v in bound.items()}
        name = f"{self._function.__module__}.{self._function.__qualname__}"
        if callable(self._operation):
            described = self._operation(*args, **kwargs)
            call = {"function": name, "arguments": arguments}
            return replace(described, arguments={**described.arguments, "call": call})
        money = [v for v in bound.values() if isinstance(v, Money)]
        return Operation(
            self._operation or name[:300], arguments, money=money[0] if len(money) == 1 else None
        )

    def given(self, held: Released, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The keyword arguments the function is called with."""
        return {**kwargs, OPTION: held.option} if self.wants_option else dict(kwargs)


def requires_approval(
    *,
    title: str | Callable[..., str],
    when: Callable[..., bool] | None = None,
    operation: str | Describes | None = None,
    options: AnyOptions | None = None,
    category: str = "large_transaction",
    ignore: Sequence[str] = (),
    client: Client | AsyncClient | None = None,
    **said: Unpack[Besides],
) -> Callable[[Callable[P, R]], Callable[..., R]]:
    """Hold each call until people released exactly this call::

        @requires_approval(title="Pay {amount} to {to}", when=lambda amount, to: amount > LIMIT)
        def pay(amount: Decimal, to: str) -> str: ...

    `title` is a text with the arguments' names, or a function of them, as `operation` and `when`
    may be; where `when` says no, the function runs at once. `ignore` names arguments that people
    need not see, such as a session. What people chose is handed to a parameter named `option`.
    Called again with the same arguments, the pending escalation is found again.
    """
    whole = {**said, "options": options, "category": category}

    def decorate(function: Callable[P, R]) -> Callable[..., R]:
        gate = _Gate(function, title, operation, ignore, whole)
        made = _awaited if inspect.iscoroutinefunction(function) else _blocking
        return cast(Callable[..., R], made(function, gate, when, client))

    return decorate


def _blocking(
    function: Callable[..., Any],
    gate: _Gate,
    when: Callable[..., bool] | None,
    client: Client | AsyncClient | None,
) -> Callable[..., Any]:
    if isinstance(client, AsyncClient):
        raise TypeError("A function that does not await needs a Client, not an AsyncClient.")

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if when is not None and not when(*args, **kwargs):
            return function(*args, **kwargs)
        title = gate.title(args, kwargs)
        held = Hold(client, title, lambda: gate.operation(args, kwargs), gate.said, None)  # type: ignore[arg-type]
        with held as released:
            return function(*args, **gate.given(released, kwargs))

    return call


def _awaited(
    function: Callable[..., Any],
    gate: _Gate,
    when: Callable[..., bool] | None,
    client: Client | AsyncClient | None,
) -> Callable[..., Any]:
    if isinstance(client, Client):
        raise TypeError("A function that awaits needs an AsyncClient, not a Client.")

    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        if when is not None and not when(*args, **kwargs):
            return await function(*args, **kwargs)
        title = gate.title(args, kwargs)
        held = AsyncHold(client, title, lambda: gate.operation(args, kwargs), gate.said, None)  # type: ignore[arg-type]
        async with held as released:
            return await function(*args, **gate.given(released, kwargs))

    return call
