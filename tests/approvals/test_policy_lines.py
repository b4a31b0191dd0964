"""Where things stand in a TOML text, however it is written."""

import tomllib

import pytest

from approvals.policy.lines import Lines, Path
from tests.building import SAMPLE

TEXT = '''\
# a comment = "with # and = and ["
a = """x ] } \\"""
[not.a.table]
"""
b = \'\'\'it's
b = 2\'\'\'
"q.r".s = [ # one
  1979-05-27 07:32:00, { x = 1, y = [true,
  2.0] }, "]", # two
]
'c "d"' = 'x'
[[rules]] # first
  match = { a.b = "}", c = -1e3 }
[ rules . match2 ]
k = 'v'
[[rules.reversible]]
o = 1
[[rules.reversible]]
o = 2
[[rules]]
name = "second"
[z."y z"]
k = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 2),
        (("b",), 5),
        (("q.r",), 7),
        (("q.r", "s"), 7),
        (("q.r", "s", 0), 8),
        (("q.r", "s", 1, "x"), 8),
        (("q.r", "s", 1, "y", 1), 9),
        (("q.r", "s", 2), 9),
        (('c "d"',), 11),
        (("rules",), 12),
        (("rules", 0), 12),
        (("rules", 0, "match", "a", "b"), 13),
        (("rules", 0, "match", "c"), 13),
        (("rules", 0, "match2", "k"), 15),
        (("rules", 0, "reversible", 0, "o"), 17),
        (("rules", 0, "reversible", 1, "o"), 19),
        (("rules", 1, "name"), 21),
        (("z", "y z", "k"), 23),
    ],
)
def test_every_place_has_its_line(path: Path, line: int) -> None:
    """Texts over several lines, lists, inline tables, quoted and dotted names."""
    tomllib.loads(TEXT)
    assert Lines(TEXT).of(path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("rules", 0, "match", "nothing"), 13),
        (("rules", 1, "requirements", 3, "group"), 20),
        (("nothing", "at", "all"), 1),
        ((), 1),
    ],
)
def test_a_place_that_is_not_there_has_the_line_around_it(path: Path, line: int) -> None:
    """Something missing is missing somewhere."""
    assert Lines(TEXT).of(path) == line


def places(value: object, path: Path = ()) -> list[Path]:
    """Every place in a value that was read."""
    if isinstance(value, dict):
        return [path, *(p for k, v in value.items() for p in places(v, (*path, k)))]
    if isinstance(value, list):
        return [path, *(p for n, v in enumerate(value) for p in places(v, (*path, n)))]
    return [path]


@pytest.mark.parametrize("text", [TEXT, SAMPLE])
def test_no_place_is_overlooked(text: str) -> None:
    """Whatever the standard reader finds has a line of its own."""
    lines = Lines(text)
    found = [p for p in places(tomllib.loads(text)) if p]
    assert [p for p in found if p not in lines._known] == []


def test_rules_written_as_a_list_have_a_text_too() -> None:
    """Each from its own line."""
    text = "rules = [\n  { name = 'a' },\n  { name = 'b' },\n]\n"
    assert Lines(text).rules()[0].startswith("  { name = 'a' }")
