"""Bodies that two readers could understand differently never get in; equal values hash alike."""

import hashlib
import json
import subprocess
import sys
import time
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from approvals.canonical import (
    DEFAULT_OPTIONS,
    LARGEST,
    MOST_BYTES,
    NotStrictJson,
    TooLarge,
    canonical,
    operation_digest,
    parse_strict,
    sha256_of,
)

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-LARGEST, LARGEST)
    | st.floats(-LARGEST, LARGEST)
    | st.floats(1e21, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_the_fast_way_gives_the_bytes_of_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def refusal(raw: bytes, **limits: int) -> NotStrictJson:
    """How the body is refused."""
    with pytest.raises(NotStrictJson) as caught:
        parse_strict(raw, **limits)
    return caught.value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"{}", {}),
        (b" [1, 2.5, -0, true, null]\n", [1, 2.5, 0, True, None]),
        (b'"\\u00e9\\ud83d\\ude00"', "é😀"),
        ('"é😀"'.encode(), "é😀"),
        (b"9007199254740991", LARGEST),
        (b"-9007199254740991", -LARGEST),
        (b"1e308", 1e308),
        (b"1e-400", 0.0),
        (b'{"a": {"a": 1}, "b": {"a": 2}}', {"a": {"a": 1}, "b": {"a": 2}}),
        (b'["NaN", "\\\\u0000"]', ["NaN", "\\u0000"]),
    ],
)
def test_plain_json_is_taken_as_it_is(raw: bytes, value: Any) -> None:
    assert parse_strict(raw) == value


@pytest.mark.parametrize(
    ("raw", "reason", "pointer"),
    [
        (b'{"a":1,"a":2}', "'a' stands twice", "/a"),
        (b'{"a":1,"\\u0061":2}', "'a' stands twice", "/a"),
        (b'{"x":[{"k":1},{"k":1,"k":1}]}', "'k' stands twice", "/x/1/k"),
        (b'{"a/b":{"c~d":NaN}}', "NaN is not JSON", "/a~1b/c~0d"),
        (b"[Infinity]", "Infinity is not JSON", "/0"),
        (b"[-Infinity]", "-Infinity is not JSON", "/0"),
        (b"[[0],[1e400]]", "larger than any double", "/1/0"),
        (b"-1e400", "larger than any double", ""),
        (b'{"n":9007199254740992}', "beyond 2^53", "/n"),
        (b'{"n":-9007199254740992}', "beyond 2^53", "/n"),
        (b'{"n":9007199254740993.0}', "stands for an integer beyond 2^53", "/n"),
        (b'{"n":-1e17}', "stands for an integer beyond 2^53", "/n"),
        (b'{"n":' + b"9" * 5000 + b"}", "beyond 2^53", "/n"),
        (b'["\\ud800"]', "half of a surrogate pair", "/0"),
        (b'{"a":["\\udc00\\ud800"]}', "half of a surrogate pair", "/a/0"),
        (b'{"a":{"\\ud800":1}}', "half of a surrogate pair", "/a"),
        (b'{"a":"x\\u0000y"}', "NUL", "/a"),
        (b'{"a\\u0000":1}', "NUL", ""),
    ],
)
def test_what_readers_understand_differently_is_refused_with_its_place(
    raw: bytes, reason: str, pointer: str
) -> None:
    refused = refusal(raw)
    assert reason in refused.reason
    assert pointer == refused.pointer


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "Expecting value"),
        (b"{} {}", "Extra data"),
        (b"[1,]", "at line 1, column"),
        (b"{'a':1}", "at line 1, column"),
        (b'"\x00"', "Invalid control character"),
        (b'"a\nb"', "Invalid control character"),
        (b"\x00", "Expecting value"),
        (b"[01]", "at line 1, column"),
        (b"[+1]", "Expecting value"),
        (b"[.5]", "Expecting value"),
        (b'"\\x41"', "escape"),
        (b'["\\ud8"]', "escape"),
        (b"\xff", "Byte 0 is not UTF-8"),
        (b'"a\xc0\xaf"', "Byte 2 is not UTF-8"),
        (b'"\xed\xa0\x80"', "Byte 1 is not UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ("{}".encode("utf-16"), "not UTF-8"),
        ("\xa0{}".encode(), "Expecting value"),
        (b'[NaN, "', "NaN is not JSON"),
    ],
)
def test_what_is_not_json_is_refused_without_a_place(raw: bytes, reason: str) -> None:
    refused = refusal(raw)
    assert reason in str(refused)
    assert refused.pointer is None


def test_a_body_of_the_limit_is_taken_and_one_byte_more_is_too_large() -> None:
    fits = b'"' + b"x" * (MOST_BYTES - 2) + b'"'
    assert len(parse_strict(fits)) == MOST_BYTES - 2
    assert isinstance(refusal(fits + b" "), TooLarge)
    assert isinstance(refusal(b"[1]", max_bytes=2), TooLarge)


@pytest.mark.parametrize(("opens", "closes"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_64_levels_are_taken_and_65_are_not(opens: bytes, closes: bytes) -> None:
    parse_strict(opens * 64 + b"1" + closes * 64)
    assert "64 levels" in refusal(opens * 65 + b"1" + closes * 65).reason


def test_brackets_in_texts_and_beside_one_another_are_no_depth() -> None:
    value: list[Any] = [{"text": '[{"\\' * 100}] + [[]] * 200
    assert value == parse_strict(json.dumps(value).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[[]," * 100_000,
        b"[" + b"[]," * 70 + b'"' + b'\\"' * 500_000,
        b"[" + b"[]," * 70 + b'"' * 1_000_000,
        b"[" + b"[]," * 70 + b'"' + b"\\" * 999_999,
        b"[" + b'{"a":1,' * 60 + b'"a":' * 100_000,
        b"[" + b"1e400," * 150_000 + b"1]",
        b"[" + b"1" * 1_000_000 + b"]",
    ],
)
def test_a_hostile_body_is_refused_in_linear_time(raw: bytes) -> None:
    start = time.process_time()
    refusal(raw)
    assert time.process_time() - start < 10


def test_a_body_at_the_largest_depth_does_not_need_a_deep_stack() -> None:
    """Where the interpreter has little stack left, the answer is still a refusal or a value."""
    program = (
        "import sys; from approvals.canonical import parse_strict, NotStrictJson\n"
        "sys.setrecursionlimit(200)\n"
        "try: parse_strict(b'[' * 100_000)\n"
        "except NotStrictJson as refused: print(refused.reason)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "Nested deeper than 64 levels.\n" == done.stdout


def test_a_refusal_repeats_little_and_only_what_an_answer_can_carry() -> None:
    key = b"\\ud800" + b"k" * 100_000
    refused = refusal(b'{"' + key + b'":1,"' + key + b'":2}')
    assert len(str(refused)) < 600
    str(refused).encode()
    assert isinstance(refused, ValueError)
    assert "not JSON that every reader" in str(NotStrictJson())


@given(VALUES)
def test_canonical_bytes_are_read_back_as_the_same_value(value: Any) -> None:
    assert parse_strict(canonical(value)) == value


@given(VALUES)
def test_canonical_bytes_are_the_same_whoever_wrote_the_body(value: Any) -> None:
    spellings = (
        json.dumps(value, ensure_ascii=True, indent=3),
        json.dumps(value, ensure_ascii=False, sort_keys=True),
    )
    assert {canonical(value)} == {canonical(parse_strict(s.encode())) for s in spellings}


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_a_value_with_a_digest_or_a_refusal(raw: bytes) -> None:
    try:
        value = parse_strict(raw)
    except NotStrictJson:
        return
    assert sha256_of(value).startswith("sha256:")


@given(VALUES)
def test_a_second_key_of_the_same_name_is_never_lost_in_silence(value: Any) -> None:
    raw = canonical(value)
    assert refusal(b'{"k":' + raw + b',"k":' + raw + b"}").pointer == "/k"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, b"1"),
        (-0.0, b"0"),
        (1e21, b"1e+21"),
        (1e20, b"100000000000000000000"),
        (1e-7, b"1e-7"),
        (0.000001, b"0.000001"),
        (333333333.33333329, b"333333333.3333333"),
        ({"b": 1, "a": 2}, b'{"a":2,"b":1}'),
        ('€$\x0f\nA\'B"\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\"/"'.encode()),
        # RFC 8785 3.2.3: by UTF-16 units, so that U+1F600 stands before U+FB33.
        (
            {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\u00f6": 7},
            '{"\\r":2,"1":4,"\x80":6,"ö":7,"€":1,"😀":5,"\ufb33":3}'.encode(),
        ),
    ],
)
def test_canonical_bytes_follow_rfc_8785(value: Any, expected: bytes) -> None:
    assert expected == canonical(value)


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        2**53,
        -(2**53),
        "\ud800",
        {"\ud800": 1, "a": 2},
        {1: 2},
        b"bytes",
        {1, 2},
        object(),
    ],
)
def test_what_json_cannot_say_has_no_canonical_bytes(value: Any) -> None:
    with pytest.raises(NotStrictJson):
        canonical(value)


def test_a_value_without_end_has_no_canonical_bytes() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(NotStrictJson):
        canonical(endless)


def test_a_digest_is_sha256_over_the_canonical_bytes() -> None:
    assert (
        sha256_of({"b": [], "a": 1.0}) == "sha256:" + hashlib.sha256(b'{"a":1,"b":[]}').hexdigest()
    )


def test_the_operations_digest_is_over_operation_and_options_alone() -> None:
    operation = {"name": "alembic upgrade head", "arguments": {"sql": "ALTER TABLE é"}}
    options = [{"key": "go", "label": "Go", "effect": "release"}]
    expected = (
        '{"operation":{"arguments":{"sql":"ALTER TABLE é"},"name":"alembic upgrade head"},'
        '"options":[{"effect":"release","key":"go","label":"Go"}]}'
    )
    assert operation_digest(operation, options) == (
        "sha256:" + hashlib.sha256(expected.encode()).hexdigest()
    )


def test_a_request_without_options_has_the_digest_of_the_default_ones() -> None:
    assert json.dumps(list(DEFAULT_OPTIONS), separators=(",", ":")) == (
        '[{"key":"approve","label":"Approve","effect":"release"},'
        '{"key":"reject","label":"Reject","effect":"abort"}]'
    )
    operation = {"name": "x"}
    assert operation_digest(operation, None) == operation_digest(operation, DEFAULT_OPTIONS)
    # Frozen: clients that computed it once must find it the same for ever.
    assert operation_digest(operation, None) == (
        "sha256:"
        + hashlib.sha256(
            b'{"operation":{"name":"x"},"options":[{"effect":"release","key":"approve",'
            b'"label":"Approve"},{"effect":"abort","key":"reject","label":"Reject"}]}'
        ).hexdigest()
    )


@given(VALUES, VALUES)
def test_operations_that_differ_have_digests_that_differ(one: Any, other: Any) -> None:
    same = canonical(one) == canonical(other)
    assert (operation_digest(one, None) == operation_digest(other, None)) is same


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\xef\xbb\xbf{}", "The body starts with a byte order mark; leave it out."),
        (b"\xff", "Byte 0 is not UTF-8."),
        (b'{"a":"x\\u0000y"}', "A text contains NUL. It is at /a."),
        (b'["\\ud800"]', "A text contains half of a surrogate pair. It is at /0."),
        (b'{"a":9007199254740993}', "An integer is beyond 2^53; send it as text. It is at /a."),
        (b'{"a":1e999}', "A number is larger than any double. It is at /a."),
        (
            b'{"a":90071992547409930.0}',
            "A number stands for an integer beyond 2^53; send it as text. It is at /a.",
        ),
        (b"{", "Expecting property name enclosed in double quotes at line 1, column 2."),
    ],
)
def test_a_refusal_says_word_for_word_what_to_mend(raw: bytes, said: str) -> None:
    """Services print it for the developer who reads it."""
    with pytest.raises(NotStrictJson) as caught:
        parse_strict(raw)
    assert str(caught.value) == said


def test_too_large_a_body_is_told_both_sizes() -> None:
    """So that nobody has to count."""
    with pytest.raises(TooLarge) as caught:
        parse_strict(b"[1, 2]", max_bytes=5)
    assert str(caught.value) == "The body has 6 bytes, at most 5 are taken."


@pytest.mark.parametrize(
    ("raw", "fits"),
    [
        (b"[[]]", True),
        (b"[{}]", True),
        (b'[[],[],[],{"a":1},{},[]]', True),
        (b'{"a":{},"b":{},"c":[]}', True),
        (b"[[[]]]", False),
        (b'{"a":{"b":{}}}', False),
        (b'[{"a":[]}]', False),
    ],
)
def test_depth_counts_what_is_open_at_one_time(raw: bytes, fits: bool) -> None:
    """Not how many brackets there are."""
    if fits:
        parse_strict(raw, max_depth=2)
        return
    with pytest.raises(NotStrictJson, match=r"^Nested deeper than 2 levels\.$"):
        parse_strict(raw, max_depth=2)
