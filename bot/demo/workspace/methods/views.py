"""views.*: open, push, update, publish."""

from typing import Any

from bot.demo.workspace.errors import Refused
from bot.demo.workspace.methods import places
from bot.demo.workspace.methods.registry import Arguments, Desk, method
from bot.demo.workspace.windows import Window


def _view(given: Arguments) -> Any:
    view = given.structure("view", "invalid_arguments")
    if view is None:
        raise Refused("invalid_arguments", ["missing required field: view"])
    return view


def _shown(desk: Desk, window: Window) -> dict[str, Any]:
    return {"view": desk.state.view_object(window)}


@method("views.open", tier=4)
def open_(desk: Desk, given: Arguments) -> dict[str, Any]:
    """Open a modal before whom the trigger came from."""
    view = _view(given)
    person = desk.triggers.spend(given.text("trigger_id"))
    return _shown(desk, desk.state.windows.open(person, view))


@method("views.push", tier=4)
def push(desk: Desk, given: Arguments) -> dict[str, Any]:
    """Put a modal upon the one the trigger came from."""
    view = _view(given)
    person = desk.triggers.spend(given.text("trigger_id"), in_modal=True)
    return _shown(desk, desk.state.windows.push(person, view))


@method("views.update", tier=4)
def update(desk: Desk, given: Arguments) -> dict[str, Any]:
    """Redraw a view that is open."""
    view = _view(given)
    view_id, external_id = given.optional("view_id"), given.optional("external_id")
    if not view_id and not external_id:
        raise Refused("invalid_arguments", ["one of view_id, external_id is needed"])
    window = desk.state.windows.find(view_id, external_id)
    if window is None:
        raise Refused("not_found")
    return _shown(desk, desk.state.windows.update(window, view, given.optional("hash")))


@method("views.publish", tier=4)
def publish(desk: Desk, given: Arguments) -> dict[str, Any]:
    """Draw a person's App Home."""
    view = _view(given)
    if not desk.state.app.home_tab:
        raise Refused("not_enabled")
    person = places.person(desk.state, given.text("user_id"))
    window = desk.state.windows.publish(person.id, view, given.optional("hash"))
    return _shown(desk, window)
