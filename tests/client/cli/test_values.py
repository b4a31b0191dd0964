"""What values on the command line mean."""

import pytest
from andon.cli import values
from andon.cli.values import APPROVE, REJECT
from andon.operation import Option


@pytest.mark.parametrize(
    ("text", "meant"),
    [("90", 90), ("90s", 90), ("15m", 900), ("12h", 43_200), ("2d", 172_800)],
)
def test_a_duration_has_a_unit_or_is_in_seconds(text: str, meant: int) -> None:
    assert values.seconds(text) == meant


@pytest.mark.parametrize("text", ["", "0", "-5m", "1.5h", "10 m", "m", "1w", "٣m", "1h30m"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write 90s, 15m, 12h or 2d"):
        values.seconds(text)


@pytest.mark.parametrize(
    ("text", "key", "label", "effect"),
    [
        ("go=Go", "go", "Go", "release"),
        ("go=Go:release", "go", "Go", "release"),
        ("no=Not now:abort", "no", "Not now", "abort"),
        ("go=Go: now", "go", "Go: now", "release"),
        ("go=at 10:00:release", "go", "at 10:00", "release"),
        ("go=at 10:00", "go", "at 10:00", "release"),
        ("go=Deploy eu:shop:release", "go", "Deploy eu:shop", "release"),
        ("go=a=b", "go", "a=b", "release"),
    ],
)
def test_an_option_is_a_key_a_label_and_an_effect(
    text: str, key: str, label: str, effect: str
) -> None:
    found = values.option(text)
    assert (found.key, found.label, found.effect) == (key, label, effect)


@pytest.mark.parametrize("text", ["go", "=Go", "go=", "go=:abort", "Go=Go", "g o=Go", "go= "])
def test_what_is_no_option_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write key=label, or key=label:abort"):
        values.option(text)


@pytest.mark.parametrize("text", ["no=Not now:abrot", "no=Not now:ABORT", "go=Go:stop"])
def test_a_misspelt_effect_is_refused_and_never_releases(text: str) -> None:
    with pytest.raises(ValueError, match="end it with :release or :abort"):
        values.option(text)


GO = Option(key="go", label="Go", effect="release")
LATER = Option(key="later", label="Later", effect="abort")


@pytest.mark.parametrize(
    ("given", "offered"),
    [
        ([], [APPROVE, REJECT]),
        ([GO], [GO, REJECT]),
        ([LATER], [APPROVE, LATER]),
        ([GO, LATER], [GO, LATER]),
        ([LATER, GO], [LATER, GO]),
    ],
)
def test_approve_and_reject_stand_in_for_the_side_that_is_missing(
    given: list[Option], offered: list[Option]
) -> None:
    assert values.options(given) == offered


def test_one_command_has_one_option_that_releases_it() -> None:
    """Otherwise two buttons would run the same, whatever they say."""
    with pytest.raises(ValueError, match="go and also would both run COMMAND"):
        values.options([GO, LATER, Option(key="also", label="Also", effect="release")])


def test_a_key_is_there_once() -> None:
    with pytest.raises(ValueError, match="reject is there twice"):
        values.options([GO, LATER, REJECT, REJECT])


def test_context_has_a_name_that_people_know() -> None:
    assert values.context("rollback=git revert a=b") == ("rollback", "git revert a=b")
    with pytest.raises(ValueError, match="with user_impact, blast_radius, rollback, runbook"):
        values.context("rolback=x")
    with pytest.raises(ValueError, match="is no context"):
        values.context("rollback=")


@pytest.mark.parametrize("text", ["-1", "1e3", "", "twenty", "10000"])
def test_lines_are_counted(text: str) -> None:
    assert values.lines("20") == 20
    with pytest.raises(ValueError, match="no number of lines"):
        values.lines(text)
