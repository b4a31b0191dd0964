"""What a check is: it looks at a value in its place and notes what Slack would refuse there."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

#: Texts of a payload's blocks together; undocumented, seen by others at 13,297 characters.
ALL_TEXT = 13_200


@dataclass(frozen=True)
class Place:
    """Where a check stands: a JSON pointer, the surface around it, and the findings so far."""

    pointer: str
    surface: str  #: message, modal or home
    findings: list[str] = field(default_factory=list)

    def at(self, step: str | int) -> "Place":
        """One step further in."""
        return replace(self, pointer=f"{self.pointer}/{step}")

    def refuse(self, message: str) -> None:
        """Note a finding, worded and addressed as Slack does it."""
        self.findings.append(f"{message} [json-pointer:{self.pointer}]")


Check = Callable[[Any, Place], None]
Rule = Callable[[Mapping[str, Any], Place], None]


def string(most: int, least: int = 1, pattern: str | None = None) -> Check:
    """A string of so many characters, of a form where one is given."""

    def check(value: Any, place: Place) -> None:
        if not isinstance(value, str):
            place.refuse("must provide a string")
        elif len(value) > most:
            place.refuse(f"must be less than {most + 1} characters")
        elif len(value) < least:
            place.refuse(f"must be more than {least - 1} characters")
        elif pattern is not None and re.fullmatch(pattern, value) is None:
            place.refuse("must match the expected format")

    return check


def url(most: int = 3000) -> Check:
    """An address; only ones a browser may follow."""
    return string(most, pattern=r"(https?|slack|mailto):\S+")


def boolean(value: Any, place: Place) -> None:
    """True or false, not something like it."""
    if not isinstance(value, bool):
        place.refuse("must provide a boolean")


def integer(least: int, most: int) -> Check:
    """A whole number within bounds."""

    def check(value: Any, place: Place) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            place.refuse("must provide an integer")
        elif not least <= value <= most:
            place.refuse(f"must be between {least} and {most}")

    return check


def one_of(*allowed: Any) -> Check:
    """One of a few words."""

    def check(value: Any, place: Place) -> None:
        if value not in allowed:
            place.refuse(f"must be one of: {', '.join(map(str, allowed))}")

    return check


def array(item: Check, least: int, most: int) -> Check:
    """So many items, each of them checked."""

    def check(value: Any, place: Place) -> None:
        if not isinstance(value, list):
            place.refuse("must provide an array")
            return
        if len(value) > most:
            place.refuse(f"no more than {most} items allowed")
        if len(value) < least:
            place.refuse(f"no less than {least} items allowed")
        for index, entry in enumerate(value):
            item(entry, place.at(index))

    return check


def shape(
    required: Mapping[str, Check],
    optional: Mapping[str, Check] | None = None,
    *rules: Rule,
) -> Check:
    """An object with these fields and no others; `rules` look at it whole."""
    known = {**required, **(optional or {}), "type": _anything}

    def check(value: Any, place: Place) -> None:
        if not isinstance(value, dict):
            place.refuse("must provide an object")
            return
        for name in required.keys() - value.keys():
            place.refuse(f"missing required field: {name}")
        for name in value.keys() - known.keys():
            place.refuse(f"invalid additional property: {name}")
        before = len(place.findings)
        for name in value.keys() & known.keys():
            known[name](value[name], place.at(name))
        if len(place.findings) == before:
            for rule in rules:
                rule(value, place)

    return check


def by_type(shapes: Mapping[str, Check]) -> Check:
    """An object whose `type` says which shape it has; unknown types are refused."""

    def check(value: Any, place: Place) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        found = shapes.get(kind) if isinstance(kind, str) else None
        if found is None:
            place.refuse(f"unsupported type: {kind}")
        else:
            found(value, place)

    return check


def only(surfaces: Sequence[str], check: Check) -> Check:
    """A check for what may stand on some surfaces only."""

    def on_surface(value: Any, place: Place) -> None:
        if place.surface not in surfaces:
            place.refuse(f"unsupported type: {value.get('type')} in a {place.surface}")
        else:
            check(value, place)

    return on_surface


def unique(values: Sequence[Any], place: Place, what: str) -> None:
    """No value twice; absent ones do not count."""
    given = [value for value in values if value is not None]
    for value in {value for value in given if given.count(value) > 1}:
        place.refuse(f"`{what}` `{value}` already exists")


def _anything(value: Any, place: Place) -> None:
    """The type itself, which chose the shape."""
