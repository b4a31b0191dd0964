"""Windows: each person's stack of modals and their App Home."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.demo.workspace.blocks import VIEW_SIZE, check_view, view_size, with_ids
from bot.demo.workspace.errors import ImpossibleError, Refused
from bot.demo.workspace.values import initial_values

#: Modals upon one another.
STACK = 3

ViewJson = Mapping[str, Any]


@dataclass(kw_only=True)
class Window:
    """An open view. `values` is what is typed or chosen in it."""

    id: str
    person: str
    view: dict[str, Any]
    hash: str
    root: str
    previous: str | None = None
    values: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def notifies(self) -> bool:
        """The app wants to hear when it is closed."""
        return bool(self.view.get("notify_on_close"))


class Windows:
    """Opens, pushes, updates and closes. `told` hears of each change."""

    def __init__(
        self,
        clock: Callable[[], float],
        told: Callable[[Window, Mapping[str, Any]], None],
        as_slack: Callable[[Window], dict[str, Any]],
    ) -> None:
        self._clock, self._told, self._as_slack = clock, told, as_slack
        self.stacks: dict[str, list[Window]] = {}
        self.homes: dict[str, Window] = {}

    def open(self, person: str, view: Any) -> Window:
        """Open a modal; one that stood open is replaced. Raises Refused."""
        self._take(view, "modal")
        self.clear(person)
        return self._put(person, view, previous=None)

    def push(self, person: str, view: Any) -> Window:
        """Put a modal upon the one that is open. Raises Refused."""
        self._take(view, "modal")
        stack = self.stacks.get(person, [])
        if not stack:
            raise Refused("not_found")
        if len(stack) >= STACK:
            raise Refused("push_limit_reached")
        return self._put(person, view, previous=stack[-1])

    def update(self, window: Window, view: Any, hash: str | None = None) -> Window:
        """Draw an open view anew; what stands typed in kept fields stays. Raises Refused."""
        home = window is self.homes.get(window.person)
        self._take(view, "home" if home else "modal", instead_of=window)
        if hash is not None and hash != window.hash:
            raise Refused("hash_conflict")
        self._draw(window, view)
        return window

    def publish(self, person: str, view: Any, hash: str | None = None) -> Window:
        """Draw a person's App Home. Raises Refused."""
        window = self.homes.get(person)
        if window is not None:
            return self.update(window, view, hash)
        self._take(view, "home")
        window = Window(id=_id(), person=person, view={}, hash="", root="")
        window.root = window.id
        self.homes[person] = window
        self._draw(window, view)
        return window

    def close(self, window: Window) -> list[Window]:
        """Close a modal and those upon it; gives what was closed, the top one first."""
        stack = self.stacks.get(window.person, [])
        if window not in stack:
            return []
        closed = stack[stack.index(window) :][::-1]
        del stack[stack.index(window) :]
        for one in closed:
            self._told(one, {"type": "view_closed", "view_id": one.id})
        return closed

    def clear(self, person: str) -> list[Window]:
        """Close all of a person's modals."""
        stack = self.stacks.get(person, [])
        return self.close(stack[0]) if stack else []

    def top(self, person: str) -> Window | None:
        """The modal a person has before them."""
        stack = self.stacks.get(person)
        return stack[-1] if stack else None

    def find(self, view_id: str | None, external_id: str | None = None) -> Window | None:
        """An open view or home by either of its ids."""
        for window in self._all():
            if view_id and window.id == view_id:
                return window
            if external_id and window.view.get("external_id") == external_id:
                return window
        return None

    def before(self, person: str, view_id: str) -> Window:
        """A view this person has open. Raises ImpossibleError."""
        window = self.find(view_id)
        if window is None or window.person != person:
            raise ImpossibleError(
                f"{person} has no open view {view_id}. "
                "If the server was started anew, close it and open it again."
            )
        return window

    def _all(self) -> list[Window]:
        return [one for stack in self.stacks.values() for one in stack] + [*self.homes.values()]

    def _take(self, view: Any, surface: str, instead_of: Window | None = None) -> None:
        findings = check_view(view, surface)
        if findings:
            raise Refused("invalid_arguments", findings)
        if view_size(view) > VIEW_SIZE:
            raise Refused("view_too_large")
        named = self.find(None, view.get("external_id"))
        if named is not None and named is not instead_of:
            raise Refused("duplicate_external_id")

    def _put(self, person: str, view: ViewJson, previous: Window | None) -> Window:
        window = Window(id=_id(), person=person, view={}, hash="", root="")
        window.root = previous.root if previous else window.id
        window.previous = previous.id if previous else None
        self.stacks.setdefault(person, []).append(window)
        self._draw(window, view)
        return window

    def _draw(self, window: Window, view: ViewJson) -> None:
        window.view = {**view, "blocks": with_ids(view["blocks"])}
        window.hash = f"{int(self._clock())}.{secrets.token_hex(4)}"
        window.values = {
            block: {action: window.values.get(block, {}).get(action, state)}
            for block, states in initial_values(window.view["blocks"]).items()
            for action, state in states.items()
        }
        kind = "home" if window.view["type"] == "home" else "view"
        self._told(window, {"type": kind, "view": self._as_slack(window)})


def _id() -> str:
    return f"V0{secrets.token_hex(5).upper()}"
