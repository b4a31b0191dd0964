"""Pictures of text have few colours: kept as a palette they take a quarter of the room."""

import struct
import zlib
from collections import Counter
from pathlib import Path

_HEAD = b"\x89PNG\r\n\x1a\n"
#: Colours kept, and how far from one another: what is seldom but different stays.
_MOST, _APART = 64, 120


def shrink(path: Path) -> None:
    """Rewrite a PNG of 8-bit RGB with its most frequent colours; others become the nearest."""
    width, height, rows = _read(path.read_bytes())
    pixels = [[row[x : x + 3] for x in range(0, 3 * width, 3)] for row in rows]
    counted = Counter(colour for row in pixels for colour in row)
    palette = _palette(counted)
    place = {colour: _nearest(colour, palette) for colour in counted}
    packed = b"".join(b"\0" + bytes(map(place.__getitem__, row)) for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(packed, 9)))
    path.write_bytes(_HEAD + b"".join(_chunk(*one) for one in (*chunks, (b"IEND", b""))))


def _palette(counted: Counter[bytes]) -> list[bytes]:
    found: list[bytes] = []
    for colour, _ in counted.most_common():
        if len(found) < _MOST and all(_distance(colour, one) > _APART for one in found):
            found.append(colour)
    return found


def _nearest(colour: bytes, palette: list[bytes]) -> int:
    return min(range(len(palette)), key=lambda place: _distance(colour, palette[place]))


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunk(name: bytes, content: bytes) -> bytes:
    checked = name + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def _read(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and rows of an RGB picture that is not interlaced."""
    at, packed, width, height = len(_HEAD), b"", 0, 0
    while at < len(png):
        size, name = struct.unpack(">I4s", png[at : at + 8])
        content = png[at + 8 : at + 8 + size]
        at += size + 12
        if name == b"IHDR":
            width, height, depth, kind = struct.unpack(">IIBB", content[:10])
            assert (depth, kind) == (8, 2), "only 8-bit RGB"
        elif name == b"IDAT":
            packed += content
    return width, height, _rows(zlib.decompress(packed), 3 * width)


def _rows(raw: bytes, length: int) -> list[bytes]:
    """Undo the filter of each row."""
    rows, above = [], bytes(length)
    for start in range(0, len(raw), length + 1):
        row = bytearray(raw[start + 1 : start + 1 + length])
        _undo(raw[start], row, above)
        above = bytes(row)
        rows.append(above)
    return rows


def _undo(kind: int, row: bytearray, above: bytes) -> None:
    for x in range(len(row)) if kind else ():
        left = row[x - 3] if x >= 3 else 0
        up, corner = above[x], above[x - 3] if x >= 3 else 0
        guess = (left, up, (left + up) // 2, _paeth(left, up, corner))[kind - 1]
        row[x] = (row[x] + guess) & 255


def _paeth(left: int, up: int, corner: int) -> int:
    near = left + up - corner
    return min((left, up, corner), key=lambda one: abs(near - one))
