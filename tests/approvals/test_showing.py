"""What people are shown of an operation: all of it, or honestly a part; nothing unseen."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approvals.currencies import decimals_of
from approvals.escalation import Money
from approvals.showing import (
    CARD_CHARACTERS,
    MOST_CHARACTERS,
    MOST_LINES,
    amount,
    arguments_text,
    excerpt,
    excerpts,
    in_words,
    is_shown_whole,
    parts,
    visible,
)
from tests.approvals.scene import GO, NO, Scene


def money(minor: int, currency: str, **more: str) -> Money:
    """So much."""
    return Money(amount_minor=minor, currency=currency, **more)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (9_000_000, "EUR", "90,000.00 EUR"),
        (5, "EUR", "0.05 EUR"),
        (0, "USD", "0.00 USD"),
        (100, "CHF", "1.00 CHF"),
        (-9_000_050, "EUR", "-90,000.50 EUR"),
        (-5, "EUR", "-0.05 EUR"),
        (9_000_000, "JPY", "9,000,000 JPY"),
        (-7, "KRW", "-7 KRW"),
        (0, "XOF", "0 XOF"),
        (1_234_567, "KWD", "1,234.567 KWD"),
        (1, "BHD", "0.001 BHD"),
        (12_345, "CLF", "1.2345 CLF"),
        (2**53, "EUR", "90,071,992,547,409.92 EUR"),
        (9_000_000, "XAU", "9,000,000 minor units of XAU"),
        (-1, "QQQ", "-1 minor units of QQQ"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(minor: int, currency: str, text: str) -> None:
    """A currency that has none, or is none, is not given any."""
    assert amount(money(minor, currency)) == text


@pytest.mark.parametrize(
    ("decimals", "currencies"),
    [
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (2, "EUR USD GBP CHF CZK HUF IDR MGA MRU TWD COP ZWG XCG SLE VED"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
        (None, "XAU XAG XDR XXX XTS eur EURO"),
    ],
)
def test_decimals_are_those_of_iso_4217(decimals: int | None, currencies: str) -> None:
    """All that do not have two, and some that do though their money says otherwise."""
    assert {decimals_of(code) for code in currencies.split()} == {decimals}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, ""),
        ({"argv": ["alembic", "upgrade", "8f2c:9a41"]}, "alembic upgrade 8f2c:9a41"),
        ({"argv": ["sh", "-c", "rm -rf 'a b'; x"]}, """sh -c 'rm -rf '"'"'a b'"'"'; x'"""),
        ({"argv": ["a", 1, None, True, {"b": 1}]}, """a 1 null true '{"b":1}'"""),
        ({"argv": ["a"], "cwd": "/srv", "env": {"B": "2", "A": 1}}, "a\nin /srv\nA=1\nB=2"),
        ({"sql": "ALTER TABLE t\n  DROP x;", "cwd": "/x"}, "in /x\nALTER TABLE t\n  DROP x;"),
        ({"b": 1, "a": "text", "c": {"y": [1], "x": None}}, 'a: text\nb: 1\nc: {"x":null,"y":[1]}'),
        ({"argv": "rm", "cwd": 3, "env": ["X"], "sql": 5}, 'argv: rm\ncwd: 3\nenv: ["X"]\nsql: 5'),
        ({"argv": [], "cwd": "", "env": {}, "sql": ""}, "argv: []\ncwd: \nenv: {}\nsql: "),
    ],
)
def test_arguments_are_drawn_by_what_they_are(arguments: dict[str, Any], text: str) -> None:
    """Command, place, names, SQL, then the rest by name; nothing is left out."""
    assert arguments_text(arguments, None) == text


def test_money_comes_first_with_between_whom_it_moves() -> None:
    """What is being decided."""
    moved = money(9_000_000, "EUR", account="DE02 1203", beneficiary="Nordwind GmbH")
    assert arguments_text({"reference": "NW-2291"}, moved) == (
        "90,000.00 EUR\nfrom  DE02 1203\nto    Nordwind GmbH\nreference: NW-2291"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"reference": "NW-1\nto    somebody else"},
        {"reference": "NW-1\r\nto    somebody else"},
        {"reference\nto    somebody else": 1},
        {"cwd": "/srv\nto    somebody else"},
        {"env": {"A": "1\nto    somebody else"}},
    ],
)
def test_no_value_passes_for_a_line_of_its_own(arguments: dict[str, Any]) -> None:
    """Its further lines are set in."""
    text = arguments_text(arguments, money(1, "EUR"))
    assert [line for line in text.splitlines() if line.startswith("to ")] == []
    assert "\n  to    somebody else" in text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain ascii", "plain ascii"),
        ("Zürich, 東京, привет 😀", "Zürich, 東京, привет 😀"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("dos\r\nline", "dos\nline"),
        ("over\rwritten", "over\\u000dwritten"),
        ("\u202egnihton\u202c", "\\u202egnihton\\u202c"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\x1b[2Kgone\x7f\0", "\\u001b[2Kgone\\u007f\\u0000"),
        ("next\u2028line\u0085", "next\\u2028line\\u0085"),
        ("\U000e0041tag\ue000", "\\U000e0041tag\\ue000"),
        ("soft\u00adhyphen", "soft\\u00adhyphen"),
        ("fill\u3164er\u115f\uffa0\u2800", "fill\\u3164er\\u115f\\uffa0\\u2800"),
        ("join\u034fed\ufe0f\U000e0100", "join\\u034fed\\ufe0f\\U000e0100"),
        ("\u0378 is unassigned", "\\u0378 is unassigned"),
        ("struck\u0336 out\u20e0", "struck\\u0336 out\\u20e0"),
        ("Z\u0334\u0335\u0360x", "Z\\u0334\\u0335\\u0360x"),
        ("\u0301on nothing, \u0301 5\u20e3", "\\u0301on nothing, \\u0301 5\\u20e3"),
        ("a\u0301\u0302\u0303\u0304\u0305b", "a\u0301\u0302\u0303\\u0304\\u0305b"),
        (
            "Vie\u0302\u0323t, \u05d1\u05bc\u05b0, \u0939\u093f",
            "Vie\u0302\u0323t, \u05d1\u05bc\u05b0, \u0939\u093f",
        ),
    ],
)
def test_what_leaves_no_mark_is_written_out(text: str, seen: str) -> None:
    """Control, direction, width, fillers; what can be read stays as it is."""
    assert visible(text) == seen
    assert visible(seen) == seen


@pytest.mark.parametrize("space", "\u00a0\u1680\u2003\u200a\u202f\u205f\u3000")
def test_in_an_operation_a_space_that_is_none_is_written_out(space: str) -> None:
    """A shell and a database tell them apart, eyes cannot."""
    text = arguments_text({"argv": [f"rm{space}-rf"]}, None)
    assert text == f"'rm\\u{ord(space):04x}-rf'"
    assert visible(space) == space


# -- whole or in part ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("96 GB", "96 GB"),
        ({"documents": "41.2 million", "shards": 12}, "documents: 41.2 million, shards: 12"),
        (["eu-1", {"zone": "b"}], 'eu-1, {"zone":"b"}'),
        (True, "true"),
        (None, "null"),
    ],
)
def test_what_json_says_is_said_in_words(value: Any, words: str) -> None:
    assert in_words(value) == words


def test_a_short_text_is_shown_whole() -> None:
    """Twelve lines, twelve hundred characters."""
    text = "\n".join("x" * 99 for _ in range(MOST_LINES))
    assert len(text) == MOST_CHARACTERS - 1
    shown = excerpt(text)
    assert (shown.is_whole, shown.hidden, shown.total, shown.tail) == (True, 0, 12, ())
    assert "\n".join(shown.head) == text


def test_of_a_long_text_head_and_tail_are_shown_and_the_rest_counted() -> None:
    """The end is where the danger hides."""
    lines = [f"line {n}" for n in range(1, 413)]
    shown = excerpt("\n".join(lines))
    assert (shown.head, shown.tail) == (tuple(lines[:6]), tuple(lines[-3:]))
    assert (shown.hidden, shown.total, shown.is_whole) == (403, 412, False)


def test_of_a_long_line_the_start_is_shown_and_the_rest_counted() -> None:
    """Never cut in silence."""
    shown = excerpt("y" * 1500)
    assert shown.head == ("y" * 120 + "… 1380 more characters",)
    assert (shown.is_whole, shown.cut, shown.hidden) == (False, True, 0)


def test_a_line_just_over_is_a_text_in_part() -> None:
    """One character more is one that is not seen."""
    assert excerpt("y" * 1200).is_whole
    assert not excerpt("y" * 1201).is_whole


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    lines=st.lists(st.integers(0, 400), min_size=1, max_size=30), most=st.sampled_from((360, 1200))
)
def test_nothing_is_ever_cut_in_silence(lines: list[int], most: int) -> None:
    """Every line is shown whole, shown cut with the number of what is missing, or counted."""
    text = "\n".join("z" * n for n in lines)
    shown = excerpt(text, most)
    assert len(shown.head) + len(shown.tail) + shown.hidden == shown.total
    missing = 0
    for line in (*shown.head, *shown.tail):
        _, cut, rest = line.partition("… ")
        missing += int(rest.split()[0]) if cut else 0
    seen = sum(line.count("z") for line in (*shown.head, *shown.tail))
    if shown.hidden == 0:
        assert seen + missing == sum(lines)
    assert shown.is_whole == (shown.hidden == 0 and missing == 0)


def test_a_card_has_room_for_every_part() -> None:
    """Ten options share it, and what does not fit says so."""
    options = [
        {"key": f"o{n}", "label": f"O{n}", "effect": "release", "arguments": {"sql": "s" * 500}}
        for n in range(9)
    ]
    scene = Scene(options=[*options, NO]).open()
    found = excerpts(scene.e)
    assert [part.option for part, _ in found] == [None, *(f"o{n}" for n in range(9))]
    shown = sum(len(line) for _, x in found for line in (*x.head, *x.tail))
    assert shown <= CARD_CHARACTERS
    assert not is_shown_whole(scene.e)


@pytest.mark.parametrize(
    ("operation", "options", "texts"),
    [
        (
            {"name": "deploy", "arguments": {"x": 1}},
            [GO, NO],
            [(None, "deploy\nx: 1"), ("go", "go")],
        ),
        (
            {"name": "sync", "arguments": {"argv": ["sync", "-v"], "x": 1}},
            [{**GO, "arguments": {}}, NO],
            [(None, "sync -v\nx: 1")],
        ),
        ({"name": "deploy"}, [GO, NO], [("go", "go")]),
        ({"name": "dep\u200bloy"}, [{**GO, "arguments": {}}, NO], [(None, "dep\\u200bloy")]),
        (
            {"name": "pay", "money": {"amount_minor": 1, "currency": "EUR"}},
            [{**GO, "arguments": {}}, NO],
            [(None, "0.01 EUR")],
        ),
    ],
)
def test_everything_that_would_run_is_a_part(
    operation: dict[str, Any], options: list[Any], texts: list[tuple[str | None, str]]
) -> None:
    """The operation itself, by its name where nothing in it says what is done; then what each
    option adds.
    """
    scene = Scene(operation=operation, options=options).open()
    assert [(part.option, part.text) for part in parts(scene.e)] == texts


def test_an_incident_has_no_parts() -> None:
    """Nothing would run."""
    scene = Scene()
    scene.open(request={k: v for k, v in scene.body.items() if k != "operation"})
    assert parts(scene.e) == ()
    assert is_shown_whole(scene.e)
