"""A page of a runbook: its front matter is read whole, or each mistake is named with its line."""

import pytest

from approvals.memory.pages import PageError, page_of
from approvals.memory.runbooks import Page, PageMatch
from approvals.words import Kind, Severity

WHOLE = """+++
title = "Reindex a search index"
fingerprints = ["9f41c2d07ab3"]

[match]
service = "search-*"
severity = "high"
kind = "approval"
error = ["SchemaConflictError: field 'lang' is keyword*", "OSError: [Errno 28] *"]
+++

# What you read first
"""


def test_a_page_is_what_its_front_matter_says() -> None:
    assert page_of("search/reindex.md", WHOLE) == Page(
        name="search/reindex.md",
        title="Reindex a search index",
        match=PageMatch(
            service=("search-*",),
            severity=Severity.HIGH,
            kind=Kind.APPROVAL,
            error=("SchemaConflictError: field 'lang' is keyword*", "OSError: [Errno 28] *"),
        ),
        fingerprints=("9f41c2d07ab3",),
    )


def test_errors_are_compared_without_their_accidents() -> None:
    """As the errors of escalations are; a bracket in one is a bracket, and no pattern."""
    page = page_of("a.md", WHOLE)
    assert page.match is not None
    assert page.match.error == (
        "schemaconflicterror: field <text> is keyword*",
        "oserror: [[]errno <n>] *",
    )


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Restart the sync\n\ntext", "Restart the sync"),
        ("text\n\n##  Restart  ##\n", "Restart"),
        ("no heading", "sync/restart.md"),
        ("", "sync/restart.md"),
        ("+++\n+++\n# Restart", "Restart"),
        ("\ufeff+++\ntitle = 'Restart'\n+++\n# Another", "Restart"),
        ("---\ntitle: of another kind\n---\n# Restart", "Restart"),
        (f"# {'x' * 200}", "x" * 120),
    ],
)
def test_a_page_goes_by_its_title_its_first_heading_or_its_name(text: str, title: str) -> None:
    assert page_of("sync/restart.md", text) == Page(name="sync/restart.md", title=title)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("+++\ntitle = 1\n+++", "a.md:2: title: should be a valid string"),
        ("+++\n\ntitel = 'x'\n+++", 'a.md:3: titel: there is no such key; did you mean "title"?'),
        (
            "+++\n[match]\nservce = 'x'\n+++",
            'a.md:3: match.servce: there is no such key; did you mean "service"?',
        ),
        (
            "+++\n[match]\ncategory = 'schema_migratoin'\n+++",
            'a.md:3: match.category[0]: unknown category "schema_migratoin"; '
            'did you mean "schema_migration"?',
        ),
        (
            "+++\n[match]\n+++",
            "a.md:2: match: says nothing; write what the page is for, or leave it out",
        ),
        ("+++\ntitle =\n+++", "a.md:2: this is not TOML: Invalid value (at end of document)"),
        (
            "+++\ntitle = 'x'\n",
            "a.md:1: the front matter has no end; close it with a line +++",
        ),
        (
            "+++\nfingerprints = ['abc']\n+++",
            "a.md:2: fingerprints[0]: String should have at least 8 characters",
        ),
    ],
)
def test_every_mistake_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(PageError) as error:
        page_of("a.md", text)
    assert str(error.value).replace("Input ", "") == said
