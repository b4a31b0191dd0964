"""A sheet as text for a terminal, and as one HTML file for paper and phones.

What people and services wrote moves no cursor and is no markup: everything that cannot be seen is
written out, and the page has neither script nor any asset from outside.
"""

from collections.abc import Iterable, Iterator
from html import escape

from approvals.showing import visible
from bot.audit.sheet import Fact, Part, Sheet

#: Columns of names on a terminal.
NAMES = 24

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.45 system-ui,sans-serif;margin:1.5rem auto;max-width:62rem;padding:0 1rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .2rem;overflow-wrap:anywhere}
h2{border-bottom:1px solid #8888;font-size:1.05rem;margin:1.6rem 0 .4rem;padding-bottom:.2rem}
dl{display:grid;gap:.25rem 1rem;grid-template-columns:minmax(7rem,13rem) 1fr;margin:0}
dt{color:GrayText;overflow-wrap:anywhere}
dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}
pre{border-left:3px solid #8888;font:.9em/1.4 ui-monospace,monospace;margin:0;
overflow-wrap:anywhere;padding-left:.6rem;white-space:pre-wrap}
.long dd{font:.85em/1.5 ui-monospace,monospace}
.wrong{font-weight:bold}
@media(max-width:36rem){dl{grid-template-columns:1fr;gap:0}dd{margin:0 0 .5rem}}
@media print{body{font-size:10pt;margin:0;max-width:none}h2,dt{break-after:avoid}}
"""


def text(sheets: Iterable[Sheet]) -> str:
    """All of them, one below the other."""
    return "\n\n".join("\n".join(_lines(sheet)) for sheet in sheets)


def _lines(sheet: Sheet) -> Iterator[str]:
    title = _one(sheet.title)
    yield f"{title}  ({sheet.end})"
    yield "=" * min(len(title), 100)
    for part in sheet.parts:
        yield ""
        yield _one(part.heading)
        for fact in part.facts:
            yield from _said(fact)


def _said(fact: Fact) -> Iterator[str]:
    """The name in a column; further lines, and long texts, below and set in."""
    name, lines = _one(fact.name), visible(fact.text).split("\n")
    head = f"  {name:<{NAMES}}"
    if fact.whole:
        yield head.rstrip()
        yield from (f"    | {_tabbed(line)}" for line in lines)
        return
    yield f"{head}  {_tabbed(lines[0])}"
    yield from (f"{'':<{NAMES + 4}}{_tabbed(line)}" for line in lines[1:])


def _one(said: str) -> str:
    return _tabbed(visible(" ".join(said.split())))


def _tabbed(line: str) -> str:
    return line.replace("\t", "    ")


def page(sheets: Iterable[Sheet]) -> str:
    """One whole page."""
    made = list(sheets)
    title = _html(made[0].title) if len(made) == 1 else f"{len(made)} escalations"
    body = "\n".join(_article(sheet) for sheet in made)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title} · Andon</title>\n<style>{_STYLE}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def _article(sheet: Sheet) -> str:
    parts = "\n".join(map(_section, sheet.parts))
    return (
        f"<article>\n<h1>{_html(sheet.title)}</h1>\n<p>{_html(sheet.end)}</p>\n{parts}\n</article>"
    )


def _section(part: Part) -> str:
    rows = "\n".join(map(_row, part.facts))
    kind = ' class="long"' if part.heading == "Records" else ""
    return f"<section{kind}>\n<h2>{_html(part.heading)}</h2>\n<dl>\n{rows}\n</dl>\n</section>"


def _row(fact: Fact) -> str:
    wrong = ' class="wrong"' if fact.text.startswith("DOES NOT HOLD") else ""
    said = f"<pre>{_html(fact.text)}</pre>" if fact.whole else _html(fact.text)
    return f"<dt>{_html(fact.name)}</dt><dd{wrong}>{said}</dd>"


def _html(said: str) -> str:
    return escape(visible(said))
