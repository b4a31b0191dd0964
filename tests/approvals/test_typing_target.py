"""The typed word: the right one however a phone writes it, and no other."""

import pytest

from approvals.typing_target import same_word, word_to_type
from tests.approvals.scene import BODY, Scene


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("legacy_code", "legacy_code"),
        ("  Legacy_Code ", "legacy_code"),
        ("LEGACY _ CODE", "legacy_code"),
        ("web–1", "web-1"),
        ("web—1", "web-1"),
        ("web‑1", "web-1"),
        ("a—b", "a--b"),
        ("v1…2", "v1...2"),
        ("‘x’ “y”", "'x'\"y\""),
        ("STRASSE", "straße"),
    ],
)
def test_the_right_word_is_taken_however_it_is_typed(typed: str, word: str) -> None:
    """Spaces, capitals, curly quotes, long dashes and dots do not matter."""
    assert same_word(typed, word)


@pytest.mark.parametrize("typed", ["", " ", "legacy", "legacy_cod", "legacy_codes", "legacy-code"])
def test_another_word_is_not(typed: str) -> None:
    """Every letter counts."""
    assert not same_word(typed, "legacy_code")


def test_the_word_is_the_target_or_else_the_environment() -> None:
    """Short enough for a phone."""
    assert word_to_type(Scene().open().e) == "web"
    bare = Scene(operation={"name": "deploy"}).open()
    assert word_to_type(bare.e) == "production"
    none = Scene()
    none.open(request={k: v for k, v in BODY.items() if k != "operation"})
    assert word_to_type(none.e) == "production"
