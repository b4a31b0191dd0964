"""An error with everything that caused it, bounded, whatever it is."""

import pytest
from andon.context.failure import Attempt, told
from andon.context.plain import cut, plain, words
from andon.context.shapes import shaped

from tests.client.people import START


class MuteError(Exception):
    """Cannot even be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no")


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    """The error, raised from its cause."""
    try:
        raise error from cause
    except type(error) as found:
        return found


def test_causes_members_and_notes_are_all_said() -> None:
    inner = ExceptionGroup("two failed", [OSError("disk"), ValueError("row 7")])
    error = raised(LookupError("no customer"), raised(inner))
    error.add_note("while syncing batch 8813")
    said = told(error)
    assert said["type"] == "LookupError"
    assert "while syncing batch 8813" in said["message"]
    assert "from ExceptionGroup: two failed (2 sub-exceptions)" in said["message"]
    for words_of in ("OSError: disk", "ValueError: row 7", "direct cause", "test_failure.py"):
        assert words_of in said["traceback"]


def test_members_of_a_group_are_in_its_message() -> None:
    said = told(ExceptionGroup("two failed", [OSError("disk"), ValueError("row 7")]))
    assert said["message"].splitlines()[1:] == ["with OSError: disk", "with ValueError: row 7"]


def test_an_error_that_cannot_be_shown_is_told_all_the_same() -> None:
    said = told(raised(MuteError()))
    assert said["message"] == "<MuteError that cannot be shown: RuntimeError>"
    assert "test_failure.py" in said["traceback"]


def test_errors_that_cause_one_another_end() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert told(one)["message"] == "one\nfrom ValueError: two"


def test_values_of_variables_are_not_told() -> None:
    local = "a value that stays"
    assert local not in told(raised(ValueError("x")))["traceback"]


def test_a_huge_error_is_cut_and_says_so() -> None:
    said = shaped("error", [told(raised(ValueError("row " * 1_000_000)))])
    assert len(said["message"]) <= 8_000
    assert "characters left out" in said["message"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("x"), "OSError: x"),
        ("said no", "said no"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
)
def test_an_attempt_says_what_came_of_it(error: BaseException | str, said: str) -> None:
    attempt = Attempt(at=START, action="attempt 1 of 3", error=error)
    assert attempt.as_sent()["error"] == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "nan"), (2**60, str(2**60)), ("a\0b\ud800", "ab?"), ({1: {2}}, {"1": [2]}),
        (START, "2026-11-12T21:30:00+00:00"), (b"x", "x"), (True, True), ([[[]]], [[[]]]),
    ],
)  # fmt: skip
def test_anything_becomes_json_that_the_server_takes(value: object, said: object) -> None:
    assert plain(value) == said


def test_depth_and_breadth_are_bounded() -> None:
    deep: list[object] = []
    deep.append(deep)
    assert str(plain(deep)).count("[") < 20
    assert len(plain(list(range(10_000)))) == 100


def test_a_cut_leaves_no_half_of_a_word() -> None:
    """Half a secret would not be known for one."""
    text = " ".join("abcdefghij" for _ in range(500))
    kept = cut(text, 1000)
    assert len(kept) <= 1000
    left_out = {"…", "characters", "left", "out", "4,553"}
    assert set(kept.split()) - {"abcdefghij"} <= left_out
    assert words("x" * 500, 200).endswith("left out …")


def test_a_text_without_spaces_is_not_lost_to_its_cut() -> None:
    """Chinese has none between its words, and no secret is written in it."""
    assert len(cut("数据库" * 1000, 1000)) > 900
