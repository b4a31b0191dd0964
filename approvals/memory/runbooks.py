"""Runbooks: pages of Markdown in git that say what to do, and which of them an escalation is about.

::

    the rule names it -> a fingerprint names it -> what the page itself says it is for
    (first)                                        (`match` in its front matter; without one, never)

They inform and never decide, so a page that cannot be read is left out and everything goes on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator

from approvals.joining import error_said, normalised
from approvals.memory.values import Runbook
from approvals.policy.match import Globs, Match, Said, fits

#: Pages that one escalation links.
MOST = 3

#: Characters of an error that pages are matched with.
LONGEST_ERROR = 2_000

_normalised = lru_cache(maxsize=512)(normalised)


def _as_compared(globs: tuple[str, ...]) -> tuple[str, ...]:
    """Without accidents, as the errors are. Only `*` and `?` mean more: errors have brackets."""
    return tuple(normalised(glob).replace("[", "[[]") for glob in globs)


class PageMatch(Match):
    """What a page is for: what a rule may match, and the error, as `Type: message`."""

    error: Annotated[Globs, AfterValidator(_as_compared)] = ()

    def suits(self, said: Said, error: str) -> bool:
        """Whether an escalation that says this, with this normalised error, is what it is for."""
        if self.error and not (error and fits(error, self.error)):
            return False
        return self.admits(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as its front matter says."""

    name: str  #: its path in the folder, such as `search/reindex.md`
    title: str
    match: PageMatch | None = None
    fingerprints: tuple[str, ...] = ()  #: exact ones, as Details show them


class Shelf:
    """Pages in the order of their names, found fast: most escalations look, and few find one."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.named = {page.name: page for page in pages}
        self._matched = tuple(page for page in pages if page.match is not None)
        self._by_fingerprint: dict[str, list[Page]] = {}
        for page in pages:
            for exact in page.fingerprints:
                self._by_fingerprint.setdefault(exact, []).append(page)
        self._reads_errors = any(p.match is not None and p.match.error for p in pages)

    def asked(self, fields: Mapping[str, Any]) -> tuple[str | None, str]:
        """Of a new escalation's fields, what its pages hang on: fingerprint and normalised error.

        What no page names is left out, so that the same is asked again and again.
        """
        exact = (fields.get("fingerprint") or {}).get("exact")
        error = error_said(fields)[:LONGEST_ERROR] if self._reads_errors else ""
        return exact if exact in self._by_fingerprint else None, _normalised(error)

    def matching(
        self, said: Said, rule: Sequence[str], exact: str | None, error: str
    ) -> Iterator[tuple[Page, str]]:
        """Its pages, each once and the closest first, and what each was found by."""
        found = {name: "rule" for name in rule if name in self.named}
        for page in self._by_fingerprint.get(exact or "", ()):
            found.setdefault(page.name, "fingerprint")
        for page in self._matched:
            if len(found) >= MOST:
                break
            if page.match is not None and page.match.suits(said, error):
                found.setdefault(page.name, "match")
        yield from ((self.named[name], by) for name, by in list(found.items())[:MOST])


def linked(page: Page, by: str, base: str | None) -> Runbook:
    """The page as an escalation links it; `base` is the policy's `memory.runbooks_url`."""
    url = f"{base.rstrip('/')}/{page.name}" if base else None
    return Runbook(name=page.name, title=page.title, by=by, url=url)
