"""The twins never drift apart: the same names, parameters and words."""

import inspect
from typing import Any

import andon
import pytest
from andon import AsyncClient, Client
from andon.asking import aalert, aask, aescalate, alert, ask, escalate
from andon.held import ahold, hold


def public(kind: type) -> set[str]:
    """What callers use."""
    return {name for name in vars(kind) if not name.startswith("_")}


def shape(function: Any) -> list[tuple[str, Any, Any]]:
    """Its parameters; whose client they take may differ."""
    parameters = inspect.signature(function).parameters.values()
    return [(p.name, p.kind, p.default) for p in parameters if p.name not in ("sleep",)]


def test_both_clients_have_the_same_methods() -> None:
    """None has more."""
    assert public(Client) == public(AsyncClient)


@pytest.mark.parametrize("name", sorted(public(Client) | {"__init__"}))
def test_a_method_takes_and_says_the_same(name: str) -> None:
    """Parameters, defaults, documentation."""
    blocking, awaited = getattr(Client, name), getattr(AsyncClient, name)
    assert shape(blocking) == shape(awaited)
    assert inspect.getdoc(blocking) == inspect.getdoc(awaited)


@pytest.mark.parametrize(
    ("blocking", "awaited"),
    [(ask, aask), (alert, aalert), (escalate, aescalate), (hold, ahold)],
)
def test_a_convenience_takes_the_same(blocking: Any, awaited: Any) -> None:
    """Its twin is called like it, with an `a` before."""
    assert shape(blocking) == shape(awaited)
    assert awaited.__name__ == f"a{blocking.__name__}"
    assert awaited.__name__ in andon.__all__
