"""What a method is: a name, the scopes one of which it takes, a token, a rate tier, a function."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.demo.workspace.errors import Refused
from bot.demo.workspace.state import State
from bot.demo.workspace.triggers import Triggers


class Arguments:
    """A call's arguments, from query and body alike. Structured ones may come as JSON text."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given

    def text(self, name: str) -> str:
        """A required text. Raises Refused when it is missing."""
        value = self.given.get(name)
        if value is None or value == "":
            raise Refused("invalid_arguments", [f"missing required field: {name}"])
        return str(value)

    def optional(self, name: str) -> str | None:
        """A text that may be missing; an empty one counts as that."""
        value = self.given.get(name)
        return str(value) if value not in (None, "") else None

    def flag(self, name: str) -> bool:
        """A switch; missing is off."""
        return self.given.get(name) in (True, 1, "1", "true", "True")

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`. Raises Refused for anything else."""
        try:
            value = int(self.given.get(name) or default)
        except (TypeError, ValueError, OverflowError):
            raise Refused("invalid_arguments", [f"{name} must be an integer"]) from None
        return min(max(value, 1), most)

    def structure(self, name: str, malformed: str) -> Any:
        """Something structured, or None. Raises Refused(`malformed`) when it is no JSON."""
        value = self.given.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise Refused(malformed) from None


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What methods work with."""

    state: State
    triggers: Triggers
    socket_address: Callable[[], str]  #: a fresh address for Socket Mode, good for one connection


Run = Callable[[Desk, Arguments], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Method:
    """One method. Any one of `scopes` will do; none at all means that a token suffices."""

    name: str
    run: Run
    scopes: tuple[str, ...]
    tier: int | None
    app_token: bool


METHODS: dict[str, Method] = {}


def method(
    name: str, *scopes: str, tier: int | None = None, app_token: bool = False
) -> Callable[[Run], Run]:
    """Register a function as a method of the Web API."""

    def register(run: Run) -> Run:
        METHODS[name] = Method(name=name, run=run, scopes=scopes, tier=tier, app_token=app_token)
        return run

    return register
