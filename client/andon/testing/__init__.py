"""For services' own tests: a local Andon that says what it is told to.

The plugin of pytest brings it as the fixture `andon_fake`. Nothing is loaded before it is used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from andon.testing.fake import FakeAndon
    from andon.testing.wire import Asked, Told

__all__ = ["Asked", "FakeAndon", "Told"]

_PLACES = {"Asked": "wire", "FakeAndon": "fake", "Told": "wire"}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
