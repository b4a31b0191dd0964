"""The few marks that plots are made of, as SVG. Colours are classes: the page says what they are.

Every text is escaped here, so that nothing drawn can be markup.
"""

from collections.abc import Iterable
from html import escape
from math import floor, log10

#: Widths of a plot: beside a desk, and on a phone, where it is drawn anew and not made smaller.
WIDE, NARROW = 860, 350


def svg(width: int, height: float, name: str, marks: Iterable[str]) -> str:
    """A whole plot. `name` is what a screen reader says instead of the marks."""
    return (
        f'<svg viewBox="0 0 {width} {number(height)}" width="{width}" role="img" '
        f'aria-label="{escape(name)}">{"".join(marks)}</svg>'
    )


def rect(
    x: float, y: float, w: float, h: float, kind: str, *, title: str = "", round_: float = 0
) -> str:
    """A bar or a cell; `title` is what is said of it to who points at it."""
    corner = f' rx="{number(round_)}"' if round_ else ""
    at = f'x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}"'
    return f'<rect class="{kind}" {at}{corner}>{_title(title)}</rect>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line."""
    at = f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
    return f'<line class="{kind}" {at}/>'


def dot(x: float, y: float, r: float, kind: str, *, title: str = "") -> str:
    """A dot."""
    at = f'cx="{number(x)}" cy="{number(y)}" r="{number(r)}"'
    return f'<circle class="{kind}" {at}>{_title(title)}</circle>'


def text(x: float, y: float, said: str, kind: str = "", *, anchor: str = "start") -> str:
    """Words; `anchor` is `start`, `middle` or `end`."""
    named = f' class="{kind}"' if kind else ""
    at = f'x="{number(x)}" y="{number(y)}"'
    held = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f"<text{named} {at}{held}>{escape(said)}</text>"


def group(marks: Iterable[str], kind: str) -> str:
    """Marks that belong together."""
    return f'<g class="{kind}">{"".join(marks)}</g>'


def number(value: float) -> str:
    """A coordinate, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def _title(said: str) -> str:
    return f"<title>{escape(said)}</title>" if said else ""


def ticks(most: int, about: int = 4) -> list[int]:
    """Whole round numbers from 0 to at least `most`, about so many steps."""
    if most <= 0:
        return [0, 1]
    raw = most / about
    size = 10 ** floor(log10(raw))
    step = max(1, next(int(size * f) for f in (1, 2, 5, 10) if size * f >= raw))
    return list(range(0, most + step, step))
