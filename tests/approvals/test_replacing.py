"""The fold's `replace` is the library's."""

import dataclasses
from dataclasses import dataclass
from types import ModuleType

import pytest

from approvals import escalation, replacing
from approvals.escalation import Escalation
from approvals.memory import values
from tests.approvals.stories import pending


@dataclass(frozen=True, slots=True)
class One:
    """Of a single field."""

    only: int = 1


def test_each_field_is_changed_as_the_library_changes_it() -> None:
    before = pending().e
    for field in dataclasses.fields(Escalation):
        changed = {field.name: object()}
        made = replacing.replace(before, **changed)  # type: ignore[arg-type]
        assert type(made) is Escalation
        assert made == dataclasses.replace(before, **changed)  # type: ignore[arg-type]
        assert getattr(before, field.name) is not changed[field.name]


def test_nothing_changed_is_an_equal_one_of_its_own() -> None:
    before = pending().e
    made = replacing.replace(before)
    assert (made == before, made is before) == (True, False)


def test_a_single_field_is_one_too() -> None:
    assert (replacing.replace(One()), replacing.replace(One(), only=2)) == (One(), One(2))


def test_a_field_it_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="One has no field other"):
        replacing.replace(One(), other=1)  # type: ignore[call-arg]


@pytest.mark.parametrize("module", [escalation, values])
def test_fields_are_all_there_is_of_what_is_folded(module: ModuleType) -> None:
    """Nothing is reckoned when one is made: it could be copied past it."""
    named = (k for k in vars(module).values() if dataclasses.is_dataclass(k))
    kinds = [k for k in named if k.__module__ == module.__name__]
    assert kinds
    for kind in kinds:
        assert (hasattr(kind, "__slots__"), hasattr(kind, "__post_init__")) == (True, False), kind
        assert all(field.init for field in dataclasses.fields(kind)), kind
