"""Noise that knows JSON: a valid value, bent at a few places; and bytes that no longer are JSON.

All of it comes from one `Random`, so that a seed brings the same again.
"""

import copy
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

Json = Any
Place = tuple[str | int, ...]

#: Texts that somebody, somewhere, has fallen over.
TEXTS = (
    "", " ", "\t\r\n", "\x00", "a\x00b", "\x7f", "\x1b[31mred\x1b[0m", "\u202egnirts\u202c",
    "\u200b", "\ufeff", "\ufffe", "\U0010ffff", "e\u0301" * 40, "\u0600" * 9, "İ", "ß", "🧨" * 50,
    "<!channel>", "<@U123>", "&lt;b&gt;", "*bold* `code` ~gone~", "{{7*7}}", "${jndi:x}", "%s%n%x",
    "' OR 1=1 --", "\"; DROP TABLE events; --", "../../etc/passwd", "C:\\nul", "=1+1", "null",
    "true", "0", "-1", "NaN", "1e400", "0x7f", "esc_" + "0" * 32, "grp_x", "sha256:" + "0" * 64,
    "sha256:" + "g" * 64, "http://127.0.0.1:1/", "https://[::1", "javascript:alert(1)", "a" * 151,
    "a" * 301, "a" * 2001, "x" * 10_001, "production", "critical", "approve", "١٢٣", "１２３",
    "2026-11-12T21:30:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "-" * 64,
)  # fmt: skip

#: Numbers at the edges of what readers of JSON can hold.
NUMBERS = (
    0, -0.0, 1, -1, 2, 59, 60, 61, 255, 256, 2**31, 2**31 - 1, -(2**31), 2**53 - 1, 2**53,
    2**53 + 1,
    -(2**53), 2**63, 2**64, 10**30, 10**400, 0.1, 1e-320, 1.5, 1e21, 9.007199254740993e15,
    30 * 86400,
    30 * 86400 + 1,
)  # fmt: skip


class Noise:
    """Bends values. `words` are more texts worth trying: ids, keys, digests that exist."""

    def __init__(self, random: Random, words: tuple[str, ...] = ()) -> None:
        self.random = random
        self._texts = (*TEXTS, *words)

    def text(self) -> str:
        """An odd text, sometimes of several."""
        made = self.random.choice(self._texts)
        while self.random.random() < 0.2 and len(made) < 20_000:
            made += self.random.choice(self._texts)
        return made

    def scalar(self) -> Json:
        """An odd value without parts."""
        return self.random.choice(
            [None, True, False, self.text(), self.text(), self.random.choice(NUMBERS)]
        )

    def value(self) -> Json:
        """An odd value of any shape."""
        deep: list[Callable[[], Json]] = [
            self.scalar,
            self.scalar,
            list,
            dict,
            lambda: [self.scalar() for _ in range(self.random.randint(1, 12))],
            lambda: {self.text(): self.scalar() for _ in range(self.random.randint(1, 12))},
            lambda: _nested(self.random.choice([3, 60, 63, 64, 65, 70])),
        ]
        return self.random.choice(deep)()

    def bent(self, value: Json) -> Json:
        """The value, bent at one to three places."""
        made = copy.deepcopy(value)
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            made = self._once(made)
        return made

    def _once(self, value: Json) -> Json:
        places = list(places_of(value))
        if not places or self.random.random() < 0.03:
            return self.value()
        *way, last = self.random.choice(places)
        parent = at(value, tuple(way))
        self.random.choice(self._bends)(self, parent, last)
        return value

    def _replace(self, parent: Json, key: Any) -> None:
        parent[key] = self.value()

    def _remove(self, parent: Json, key: Any) -> None:
        del parent[key]

    def _wrap(self, parent: Json, key: Any) -> None:
        parent[key] = self.random.choice([[parent[key]], {"value": parent[key]}])

    def _grow(self, parent: Json, key: Any) -> None:
        here = parent[key]
        if isinstance(here, str):
            cut = self.random.randint(0, len(here))
            parent[key] = here[:cut] + self.text() + here[cut:]
        elif isinstance(here, list):
            parent[key] = (here or [self.scalar()]) * self.random.choice([2, 11, 101])
        elif isinstance(here, dict):
            here[self.text()] = self.value()
        else:
            parent[key] = str(here)

    def _rename(self, parent: Json, key: Any) -> None:
        if isinstance(parent, dict):
            parent[self.random.choice([self.text(), str(key).upper(), f"{key} "])] = parent.pop(key)

    def _swap(self, parent: Json, key: Any) -> None:
        keys = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
        other = self.random.choice(keys)
        parent[key], parent[other] = parent[other], parent[key]

    _bends = (_replace, _replace, _replace, _remove, _wrap, _grow, _grow, _rename, _swap)

    # -- bytes ----------------------------------------------------------------------------------

    def written(self, value: Json) -> bytes:
        """The value as JSON, now and then with what JSON leaves open."""
        raw = json.dumps(value, ensure_ascii=self.random.random() < 0.5).encode(
            errors="surrogatepass"
        )
        return self.random.choice(self._spoilers)(self, raw) if self.random.random() < 0.25 else raw

    def _torn(self, raw: bytes) -> bytes:
        return raw[: self.random.randint(0, len(raw))]

    def _doubled(self, raw: bytes) -> bytes:
        return raw.replace(b'": ', b'": 1, "', 1) if raw[:1] == b"{" else raw * 2

    def _twice(self, raw: bytes) -> bytes:
        return b"{" + raw[1:-1] + b", " + raw[1:] if raw[:1] == b"{" and len(raw) > 2 else raw

    def _planted(self, raw: bytes) -> bytes:
        at_ = self.random.randint(0, len(raw))
        found = self.random.choice(
            [b"NaN", b"-Infinity", b"1e999", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\x00",
             b"\\ud800", b"\\u0000", b"//", b"'", b"\xef\xbb\xbf", b"," * 9, b"[" * 70,
             b'{"":' * 70,
             b"9" * 5000, b"-", b"\x0c", b"\\x41", b'"' * 3]
        )  # fmt: skip
        return raw[:at_] + found + raw[at_:]

    def _coded(self, raw: bytes) -> bytes:
        return raw.decode(errors="replace").encode(self.random.choice(["utf-16", "utf-32"]))

    def _flipped(self, raw: bytes) -> bytes:
        made = bytearray(raw or b" ")
        for _ in range(self.random.randint(1, 8)):
            made[self.random.randrange(len(made))] = self.random.randrange(256)
        return bytes(made)

    _spoilers = (_torn, _doubled, _twice, _planted, _planted, _planted, _coded, _flipped)


def places_of(value: Json, at_: Place = ()) -> Iterator[Place]:
    """Where its parts are, every one."""
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, part in items:
        yield (*at_, key)
        yield from places_of(part, (*at_, key))


def at(value: Json, place: Place) -> Json:
    """The part at that place."""
    for key in place:
        value = value[key]
    return value


def _nested(depth: int) -> Json:
    made: Json = "deep"
    for _ in range(depth):
        made = [made]
    return made
