"""Which runbooks an escalation links: what its rule names first, then what names or matches it."""

from typing import Any

import pytest

from approvals.codec import load
from approvals.decide import State
from approvals.facts import Facts
from approvals.memory.pages import page_of
from approvals.memory.runbooks import Page, PageMatch, Shelf
from approvals.memory.values import Runbook
from approvals.policy.check_runbooks import missing_pages
from approvals.policy.load import PolicyError, parse_policy
from approvals.policy.match import Said
from approvals.step import step
from approvals.words import Severity
from tests.building import BODY, SAMPLE, START, an_automation, an_incident, an_open

URL = 'runbooks_url = "https://git.example.com/ops/runbooks/"'
NAMED = SAMPLE.replace(
    'name = "recoveries"', 'name = "recoveries"\nrunbooks = ["sync.md", "gone.md"]'
)
TIMEOUT = {"type": "ConnectTimeout", "message": "warehouse-db:5432 after 10 s"}


def page(name: str, **match: Any) -> Page:
    """A page that is for something."""
    return Page(name=name, title=f"About {name}", match=PageMatch(**match) if match else None)


def facts(*pages: Page, text: str = SAMPLE) -> Facts:
    """Facts with these pages."""
    policy = parse_policy(text)
    return Facts(people=policy.file_people(START), policy=policy, runbooks=pages)


def books(known: Facts, command: Any) -> tuple[Runbook, ...]:
    """What a new escalation links, read from its event as every reader does."""
    done = step(State(), command, known, START)
    assert done.escalation is not None, done.refusal
    opened = done.records[0].body["escalation"]
    assert load({**opened, "version": 1}).runbooks == done.escalation.runbooks
    return done.escalation.runbooks


def names(known: Facts, command: Any) -> list[tuple[str, str]]:
    """By name, and what each was found by."""
    return [(book.name, book.by) for book in books(known, command)]


def test_the_pages_a_rule_names_come_first_and_only_those_that_are_there() -> None:
    known = facts(page("any.md", service="*"), page("sync.md"), text=NAMED)
    assert books(known, an_open()) == (
        Runbook(name="sync.md", title="About sync.md", by="rule"),
        Runbook(name="any.md", title="About any.md", by="match"),
    )


def test_a_page_matched_by_rule_and_by_itself_is_linked_once() -> None:
    known = facts(page("sync.md", service="data-*"), text=NAMED)
    assert names(known, an_open()) == [("sync.md", "rule")]


@pytest.mark.parametrize(
    ("match", "found"),
    [
        ({"service": "data-*"}, True),
        ({"service": "payments"}, False),
        ({"category": "retries_exhausted", "environment": "prod*"}, True),
        ({"category": "retries_exhausted", "environment": "staging"}, False),
        ({"operation": "sync_data"}, True),
        ({"kind": "approval"}, True),
        ({"kind": "incident"}, False),
        ({"severity": "medium"}, True),
        ({"severity": "high"}, False),
        ({"error": "ConnectTimeout: *"}, True),
        ({"error": "connecttimeout: other-db:1 after 3 s"}, False),
        ({"error": "ConnectTimeout: warehouse-db:6000 after 99 s"}, True),
        ({"error": ["Refused*", "*timeout*"]}, True),
        ({"error": "*", "service": "payments"}, False),
    ],
)
def test_a_page_is_found_when_every_key_it_gives_fits(match: dict[str, Any], found: bool) -> None:
    known = facts(page("a.md", **match))
    assert bool(books(known, an_open(context={"error": TIMEOUT}))) is found


def test_a_page_for_an_error_is_not_found_where_there_is_none() -> None:
    assert books(facts(page("a.md", error="*")), an_open()) == ()


def test_severity_is_what_the_policy_made_of_it() -> None:
    text = SAMPLE.replace('name = "recoveries"', 'name = "recoveries"\nseverity = "high"')
    assert names(facts(page("a.md", severity="high"), text=text), an_open()) == [("a.md", "match")]


def test_at_most_three_are_linked_in_the_order_of_their_names() -> None:
    every = [page(f"{n}.md", service="*") for n in "abcde"]
    assert names(facts(*every), an_open()) == [(f"{n}.md", "match") for n in "abc"]


def test_a_page_without_a_match_is_found_by_name_alone() -> None:
    assert books(facts(page("sync.md")), an_open()) == ()


def test_an_incident_links_pages_and_an_automation_which_asks_nobody_none() -> None:
    known = facts(page("a.md", service="*"))
    assert names(known, an_incident()) == [("a.md", "match")]
    assert books(known, an_automation()) == ()


def test_a_fingerprint_comes_before_a_match_and_after_the_rule() -> None:
    exact = "9f41c2d07ab3"
    shelf = Shelf(
        [
            page("any.md", service="*"),
            Page(name="exact.md", title="Exact", fingerprints=("another1", exact)),
            page("sync.md"),
        ]
    )
    said = Said("retries_exhausted", "production", "data-sync", "sync", Severity.MEDIUM)
    assert shelf.asked({"fingerprint": {"version": 1, "exact": exact}}) == (exact, "")
    assert shelf.asked({"fingerprint": {"version": 1, "exact": "unheard-of"}}) == (None, "")
    found = shelf.matching(said, ("sync.md",), exact, "")
    assert [(p.name, by) for p, by in found] == [
        ("sync.md", "rule"),
        ("exact.md", "fingerprint"),
        ("any.md", "match"),
    ]


def test_a_page_that_names_the_fingerprint_of_an_escalation_is_linked_by_the_next_like_it() -> None:
    """As Details show it, copied into the page."""
    first = step(State(), an_open(context={"error": TIMEOUT}), facts(), START).escalation
    assert first is not None
    assert first.fingerprint is not None
    exact = Page(name="exact.md", title="Exact", fingerprints=(first.fingerprint.exact,))
    known, later = facts(exact), {**TIMEOUT, "message": "warehouse-db:6000 after 99 s"}
    assert names(known, an_open("k2", context={"error": later})) == [("exact.md", "fingerprint")]
    assert names(known, an_open("k3")) == []


def test_the_address_is_the_policys_and_the_path_of_the_page() -> None:
    text = f"{SAMPLE}\n[memory]\n{URL}\n"
    (book,) = books(facts(page("search/reindex.md", service="*"), text=text), an_open())
    assert book.url == "https://git.example.com/ops/runbooks/search/reindex.md"


def test_what_the_service_names_itself_stays_as_it_is() -> None:
    sent = {"runbook": "https://wiki.example.com/sync", "error": TIMEOUT}
    known = facts(page("a.md", service="*"))
    done = step(State(), an_open(context=sent), known, START)
    assert done.escalation is not None
    assert done.escalation.context == sent


def test_without_pages_the_opening_event_says_nothing_of_them() -> None:
    for known in (facts(), facts(page("a.md", service="payments"))):
        done = step(State(), an_open(), known, START)
        assert "runbooks" not in done.records[0].body["escalation"]


def test_a_found_runbook_is_not_asked_for() -> None:
    asked = ("user_impact", "rollback")
    found = step(State(), an_open(), facts(page("a.md", service="*")), START).escalation
    missed = step(State(), an_open(), facts(), START).escalation
    assert found is not None
    assert missed is not None
    assert (found.asked_for, missed.asked_for) == (asked, (*asked, "runbook"))


class Counting(Facts):
    """Facts that count how often they looked for runbooks."""

    def remembered(self, question: Any, find: Any) -> Any:
        """As ever."""

        def counted() -> Any:
            LOOKED.append(question)
            return find()

        ours = question is Shelf or (isinstance(question, tuple) and question[0] == "runbooks")
        return super().remembered(question, counted if ours else find)


LOOKED: list[Any] = []


def test_the_same_question_looks_once() -> None:
    """However many ask: the pages, the rule and what was said are all it rests on."""
    LOOKED.clear()
    known = facts(page("a.md", error="*"))
    counting = Counting(people=known.people, policy=known.policy, runbooks=known.runbooks)
    for key, port in enumerate((5432, 6000, 7000)):
        error = {"type": "ConnectTimeout", "message": f"warehouse-db:{port}"}
        step(State(), an_open(str(key), context={"error": error}), counting, START)
    assert len(LOOKED) == 2  # the shelf, and its pages


# -- what a policy may say of them ---------------------------------------------------------------


def mistake(text: str) -> str:
    """The only mistake of a policy."""
    with pytest.raises(PolicyError) as error:
        parse_policy(text)
    return str(error.value).partition(": ")[2]


@pytest.mark.parametrize(
    "name", ["../secrets.md", "/etc/a.md", ".hidden.md", "a b.md", "a.txt", "a//b.md", "a.md\n"]
)
def test_a_page_that_could_lie_elsewhere_is_no_name(name: str) -> None:
    written = name.replace("\n", "\\n")
    said = mistake(NAMED.replace('"gone.md"', f'"{written}"'))
    assert said.startswith("rules[4].runbooks[1]: String should match pattern")


def test_a_page_named_twice_is_a_mistake() -> None:
    said = mistake(NAMED.replace("gone.md", "sync.md"))
    assert said == 'rules[4].runbooks[1]: "sync.md" is named twice'


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://git.example.com",
        "https://",
        "https://git.example.com/a?b=c",
        "https://user:secret@git.example.com",
        "https://git.example.com/a b",
        f"https://git.example.com/{'a' * 1000}",
    ],
)
def test_an_address_that_no_path_may_follow_is_a_mistake(url: str) -> None:
    said = mistake(f'{SAMPLE}\n[memory]\nrunbooks_url = "{url}"\n')
    assert said.startswith("memory.runbooks_url: is no address that a path may follow")


def test_pages_that_are_not_there_are_named_with_what_was_perhaps_meant() -> None:
    found = list(missing_pages(parse_policy(NAMED), {"sync.md", "done.md"}))
    assert found == [
        (("rules", 4, "runbooks", 1), 'unknown runbook "gone.md"; did you mean "done.md"?')
    ]


def test_a_page_read_from_text_is_found_by_what_it_says() -> None:
    text = '+++\n[match]\nservice = "data-sync"\nerror = "ConnectTimeout: *"\n+++\n# Sync'
    known = facts(page_of("sync.md", text))
    assert names(known, an_open(context={"error": TIMEOUT})) == [("sync.md", "match")]
    assert BODY.get("context") is None
    assert names(known, an_open("k2")) == []
