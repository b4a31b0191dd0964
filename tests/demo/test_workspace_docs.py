"""docs/workspace.md says what is there."""

import inspect
import re

import pytest

from bot.demo import workspace as package
from bot.demo.workspace import Workspace, faults
from bot.demo.workspace.faults import Faults
from tests.building import ROOT
from tests.demo.world import a_workspace

SAID = (ROOT / "docs" / "workspace.md").read_text(encoding="utf-8")


def paragraph(start: str) -> str:
    """The paragraph that starts with these words."""
    return SAID[SAID.index(start) :].split("\n\n")[0]


#: Whatever is printed as code with a small letter first.
WORDS = set(re.findall(r"`([a-z_0-9]+)[`(]", SAID))

#: The first column of the table of faults.
FAULTS = re.findall(r"`([a-z_0-9]+)`", re.sub(r"(?m)^(\|[^|]*).*", r"\1", paragraph("| fault |")))


@pytest.mark.parametrize("name", re.findall(r"`([a-z_]+)`", paragraph("People act by")))
def test_what_people_do_is_there(name: str) -> None:
    """And what one looks at."""
    assert hasattr(a_workspace(), name)


def test_everything_people_do_is_named() -> None:
    """No public coroutine of the workspace is left out."""
    public = {name for name, _ in inspect.getmembers(Workspace, inspect.iscoroutinefunction)}
    assert {name for name in public if not name.startswith("_")} - WORDS == {"close"}


def test_every_kind_of_fault_is_named() -> None:
    """Those with a meaning of their own; the other rows are error codes of Slack's."""
    named = {name: value for name, value in vars(faults).items() if name[0].isupper()}
    kinds = {value for name, value in named.items() if isinstance(value, str) and name != "ANY"}
    assert set(FAULTS) - kinds == {"invalid_auth", "message_not_found"}
    assert kinds <= set(FAULTS)


@pytest.mark.parametrize("kind", FAULTS)
def test_every_named_fault_can_be_ordered(kind: str) -> None:
    """By the name that is printed."""
    assert Faults().add("chat.postMessage", kind).left == 1


def test_the_public_names_are_sorted_and_there() -> None:
    """What the package offers."""
    assert package.__all__ == sorted(package.__all__)
    assert all(hasattr(package, name) for name in package.__all__)
