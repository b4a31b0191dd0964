"""Reading a page: its front matter, in TOML between two lines of `+++`, and its title.

::

    +++
    title = "Reindex a search index"
    fingerprints = ["…"]
    [match]
    service = "search-*"
    error = "SchemaConflictError: *"
    +++
    # What follows is for people
"""

import re
from typing import Annotated

from pydantic import Field

from approvals.memory.runbooks import Page, PageMatch
from approvals.policy.check_rules import misspelt
from approvals.policy.entries import Part
from approvals.policy.load import Finding, PolicyError, placed, shaped

#: Opens and closes the front matter.
FENCE = "+++"

_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)

Title = Annotated[str, Field(min_length=1, max_length=120)]
Exact = Annotated[str, Field(min_length=8, max_length=200)]


class PageError(PolicyError):
    """The page cannot be used. Mend what is named; until then it stays as it was."""


class FrontMatter(Part):
    """What a page says of itself."""

    title: Title | None = None
    match: PageMatch | None = None
    fingerprints: tuple[Exact, ...] = Field(default=(), max_length=50)


def page_of(name: str, text: str) -> Page:
    """The page of a file's text. Raises PageError naming every finding with its line."""
    text = text.removeprefix("\ufeff")
    written, body = _parted(name, text)
    try:
        # An empty line stands for the fence, so that lines are those of the file.
        front, lines = shaped(FrontMatter, f"\n{written}", name)
    except PolicyError as error:
        raise PageError(name, error.findings) from error
    wrong = list(misspelt(front.match, ("match",))) if front.match is not None else []
    if front.match == PageMatch():
        wrong.append((("match",), "says nothing; write what the page is for, or leave it out"))
    if wrong:
        raise PageError(name, placed(wrong, lines))
    heading = _HEADING.search(body)
    title = front.title or (heading[1][:120] if heading else name)
    return Page(name=name, title=title, match=front.match, fingerprints=front.fingerprints)


def _parted(name: str, text: str) -> tuple[str, str]:
    """The front matter, empty without one, and what follows it. Raises PageError."""
    lines = text.splitlines()
    if not lines or lines[0].rstrip() != FENCE:
        return "", text
    for n, line in enumerate(lines[1:], 1):
        if line.rstrip() == FENCE:
            return "\n".join(lines[1:n]), "\n".join(lines[n + 1 :])
    reason = f"the front matter has no end; close it with a line {FENCE}"
    raise PageError(name, [Finding(line=1, where="", reason=reason)])
