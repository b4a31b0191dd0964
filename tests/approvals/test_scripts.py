"""Words that are not what they seem are named, and real words of every language are left alone."""

from dataclasses import replace
from typing import Any

import pytest

from approvals.scripts import LOOK_ALIKES, doubtful, doubtful_words
from tests.approvals.scene import Scene

ALIKE = "letters that look like Latin ones"


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("custom\u0435rs", "Cyrillic \u0435 among Latin letters"),
        ("p\u0430yp\u0430l", "Cyrillic \u0430 among Latin letters"),
        ("\u03b1pi_v2", "Greek \u03b1 among Latin letters"),
        ("\u0586rders", "Armenian \u0586 among Latin letters"),
        ("\u0430b", "Cyrillic \u0430 among Latin letters"),
        ("прив\u0065т", "Latin e among Cyrillic letters"),
        ("\u0441\u043e\u0440\u0443", f"Cyrillic {ALIKE}"),
        ("\u0440\u0430\u0443_1", f"Cyrillic {ALIKE}"),
        ("\u039f\u039a", f"Greek {ALIKE}"),
        ("\uff44rop", "\uff44 only looks like d"),
        ("\U0001d41d\U0001d428", "\U0001d41d only looks like d"),
        ("\ufb01nal", "\ufb01 only looks like fi"),
        ("\u212aelvin", "\u212a only looks like K"),
    ],
)
def test_a_word_that_only_looks_like_another_is_named(word: str, why: str) -> None:
    """With the letters that make it another, among words that are what they seem."""
    (found,) = doubtful_words([f"DROP TABLE {word}.x; -- café 1"])
    assert (found.word, found.why) == (word, why)


@pytest.mark.parametrize(
    "text",
    [
        "customers", "Straße in Łódź, naïve café", "Привет, мир", "сор из избы не выносят",
        "Ελληνικά ονόματα", "データ同期 sync3回", "東京tower", "한국어 API", "हिन्दी", "اسم الجدول",
        "5 µs at 10 Ω", "x² ≤ 3", "№ 5", "٣٤", "", "🚀 go", "Հայերեն",
    ],
)  # fmt: skip
def test_words_of_one_script_and_usual_mixtures_are_left_alone(text: str) -> None:
    """Russian is no attack, nor is Latin beside Japanese."""
    assert doubtful_words([text]) == ()


def test_letters_that_pass_for_latin_are_no_finding_where_their_language_is_written() -> None:
    """The same word stands in a Russian sentence, and in a command."""
    assert doubtful_words(["нос", "сору"]) == ()
    assert len(doubtful_words(["rm", "сору"])) == 1


def test_a_word_is_named_once_and_in_the_order_of_the_request() -> None:
    named = doubtful_words(["b\u0430 \u0430b", "\u0430b c\u0435"])
    assert [one.word for one in named] == ["b\u0430", "\u0430b", "c\u0435"]


@pytest.mark.parametrize("script", LOOK_ALIKES)
def test_every_look_alike_belongs_to_its_script_alone(script: str) -> None:
    for letter in LOOK_ALIKES[script]:
        (found,) = doubtful_words([letter])
        assert found.why == f"{script} letters that look like Latin ones"


def opened(**body: Any) -> Scene:
    """Asked for."""
    scene = Scene(**body)
    scene.open()
    return scene


BAD = "custom\u0435rs"


@pytest.mark.parametrize(
    "place",
    [
        {"title": f"Drop {BAD}"},
        {"operation": {"name": BAD, "arguments": {}}},
        {"operation": {"name": "x", "arguments": {BAD: 1}}},
        {"operation": {"name": "x", "arguments": {"argv": ["drop", BAD]}}},
        {"operation": {"name": "x", "arguments": {"a": [{"b": {"c": f"DROP {BAD}"}}]}}},
        {
            "operation": {
                "name": "x",
                "arguments": {},
                "money": {"amount_minor": 1, "currency": "EUR", "beneficiary": BAD},
            }
        },
        {"context": {"affected_services": [BAD]}},
        {"context": {"links": [{"title": "x", "url": f"https://{BAD}.example"}]}},
    ],
)
def test_it_is_looked_for_wherever_something_is_named(place: dict[str, Any]) -> None:
    """Title, operation, arguments at any depth, accounts, services, addresses."""
    found = doubtful(opened(**place).e)
    assert [one.word for one in found] == [BAD]


def test_labels_and_arguments_of_options_are_names_too() -> None:
    e = opened().e
    one, *others = e.options
    options = (replace(one, label=f"Drop {BAD}", arguments={"sql": "\u0430b"}), *others)
    found = doubtful(replace(e, options=options))
    assert [one.word for one in found] == [BAD, "\u0430b"]
