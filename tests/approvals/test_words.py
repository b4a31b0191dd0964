"""The words of the domain: order of severity, what is over, what each category means."""

import re

import pytest

from approvals import refusals
from approvals.categories import CATEGORIES, category
from approvals.refusals import FORM_CORRECTIONS, NOT_AUDITED, Why
from approvals.words import Severity, Status


def test_severity_is_ordered_by_how_bad_it_is() -> None:
    """Not by spelling."""
    assert sorted(Severity, key=lambda s: s.rank) == ["low", "medium", "high", "critical"]


@pytest.mark.parametrize(
    ("given", "worst"),
    [
        ((), "low"),
        ((None, None), "low"),
        (("medium", None), "medium"),
        (("high", "critical", "low"), "critical"),
    ],
)
def test_the_worst_counts(given: tuple[str | None, ...], worst: str) -> None:
    """What is not given does not."""
    assert Severity.worst(*(Severity(s) if s else None for s in given)) == worst


def test_everything_but_pending_is_over() -> None:
    """Terminal statuses never change."""
    assert [s.value for s in Status if not s.is_terminal] == ["pending"]


def test_three_categories_cannot_be_undone() -> None:
    """Unless the policy lifts it."""
    found = {slug for slug, row in CATEGORIES.items() if row.irreversible}
    assert found == {"schema_migration", "data_migration", "large_transaction"}


def test_an_unknown_category_is_other_under_its_own_name() -> None:
    """For people, underscores are spaces."""
    row = category("never_heard_of")
    assert (row.name, row.private) == ("never heard of", False)
    assert (row.irreversible, row.nothing) == (False, "nothing runs")
    assert category("schema_migration").name == "schema migration"


def test_the_drawing_of_the_refusals_names_each_of_them_once() -> None:
    """And none that there is not."""
    drawn = re.findall(
        r"\b[a-z]+(?:-[a-z]+)+\b|\b(?:requester|expired|withdrawn|stopped|lapsed)\b",
        (refusals.__doc__ or "").partition("::")[2],
    )
    assert sorted(drawn) == sorted(w.value for w in Why if w is not Why.UNPROCESSABLE)
    assert "unprocessable" in (refusals.__doc__ or "")


def test_what_corrects_a_form_is_not_held_against_anybody() -> None:
    """Neither is a click that came twice."""
    assert FORM_CORRECTIONS < NOT_AUDITED
    assert NOT_AUDITED - FORM_CORRECTIONS == {Why.NOT_FOUND, Why.ALREADY_VOTED}
