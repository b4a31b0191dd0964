"""From a number down to the escalations behind it: each number is a link to a list in the page."""

from collections.abc import Iterator
from html import escape

from approvals.memory.oversight import NAMED, Count, Named
from bot.report.words import line, moment

#: Characters at the end of an id that people type after `show`.
SUFFIX = 6


class Lists:
    """The lists that were linked so far. Those that would say the same are one."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._found: dict[tuple[int, tuple[str, ...]], tuple[Count, list[str]]] = {}

    def number(self, count: Count, heading: str, most: int = NAMED) -> str:
        """The number as HTML: a link to its list, where there is one, of at most so many."""
        shown = Count(n=count.n, newest=count.newest[-most:])
        return self.link(f"{count.n:,}", shown, heading)

    def link(self, said: str, count: Count, heading: str) -> str:
        """Words as HTML that lead to a list, where there is one."""
        if not count.newest:
            return escape(said)
        key = (count.n, tuple(one.id for one in count.newest))
        _, headings = self._found.setdefault(key, (count, []))
        if heading not in headings:
            headings.append(heading)
        place = list(self._found).index(key) + 1
        label = escape(f"{said}: {heading}")
        return f'<a href="#l{place}" aria-label="{label}">{escape(said)}</a>'

    def sections(self) -> Iterator[str]:
        """The lists, in the order in which they were linked first."""
        for place, (count, headings) in enumerate(self._found.values(), 1):
            items = "".join(self._item(one) for one in reversed(count.newest))
            more = count.n - len(count.newest)
            rest = f"<p>and {more:,} more</p>" if more else ""
            head = escape("; ".join(headings))
            yield (
                f'<details><summary>{head} <span class="muted">({count.n:,})</span></summary>'
                f'<div id="l{place}" class="list"><ol>{items}</ol>{rest}</div></details>'
            )

    def _item(self, one: Named) -> str:
        at = moment(one.at, self._zone)
        return (
            f"<li><code>/escalations show {escape(one.id[-SUFFIX:])}</code> "
            f'<span class="what">{escape(line(one.title))}</span> '
            f'<time datetime="{one.at:%Y-%m-%dT%H:%M:%SZ}">{at}</time></li>'
        )
