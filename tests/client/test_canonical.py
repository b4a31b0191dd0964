"""Our RFC 8785 against the library and against the server's."""

from typing import Any

import pytest
import rfc8785
from andon.canonical import LARGEST, NotCanonicalError, canonical
from andon.operation import digest_of
from hypothesis import example, given
from hypothesis import strategies as st

from approvals.canonical import NotStrictJson, operation_digest
from approvals.canonical import canonical as servers

SAFE = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"))
WHOLE = st.integers(-LARGEST, LARGEST)
DOUBLES = st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda f: not LARGEST < abs(f) < 1e21
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | WHOLE | DOUBLES | SAFE,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(SAFE, inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
@example({"\U0001f600": 1, "ﬀ": 2, "a": -0.0})
@example([1e21, 1e-7, 5e-324, 1.7976931348623157e308, 0.000001, 123456789012345.6, 1.0])
def test_every_value_is_written_as_the_library_and_the_server_write_it(value: Any) -> None:
    """Three writers, the same bytes."""
    written = canonical(value)
    assert written == rfc8785.dumps(value)
    assert written == servers(value)


@pytest.mark.parametrize(
    "value",
    [2**53, -(2**53), float("nan"), float("inf"), 9.1e15, {1: "a"}, {"a"}, b"x", object()],
)
def test_what_two_readers_could_understand_differently_is_refused(value: Any) -> None:
    """No digest over something that arrives as another thing."""
    with pytest.raises(NotCanonicalError):
        canonical(value)


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_text_that_no_body_can_carry_is_refused(text: str) -> None:
    """NUL and halves of surrogate pairs, as keys and as values."""
    for value in ({"k": text}, {text: 1}):
        with pytest.raises(NotCanonicalError):
            canonical(value)


def test_a_place_is_named() -> None:
    """Who reads the error knows where to look."""
    with pytest.raises(NotCanonicalError, match="at /arguments/0/amount"):
        canonical({"arguments": [{"amount": 2**60}]})


def test_depth_ends() -> None:
    """A value that holds itself is refused, not followed."""
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(NotCanonicalError, match="nests deeper"):
        canonical(loop)


@given(st.dictionaries(SAFE, VALUES, max_size=4))
def test_digests_agree_with_the_servers(arguments: dict[str, Any]) -> None:
    """What we compute before asking is what the server stores."""
    operation = {"name": "x", "arguments": arguments}
    assert digest_of(operation) == operation_digest(operation, None)


def test_the_server_refuses_what_we_refuse() -> None:
    """Neither side digests an integer that doubles cannot hold."""
    with pytest.raises(NotStrictJson):
        servers(2**53 + 1)
