"""`audit show`: everything an auditor asks of one escalation, safe to read anywhere."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot.audit.show import show
from tests.bot.audit.past import Past, lived, run
from tests.building import an_erasure


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """It is only read."""
    return lived(tmp_path_factory.mktemp("past"))


@pytest.fixture(autouse=True)
def here(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands are run in its folder."""
    past.settle(monkeypatch)


#: What an auditor asks, and where the answer stands.
ASKED = {
    "who asked": "lena@example.com, Lena Vogel, person lena",
    "for which change": "Reference                 CHG-1",
    "what ran": "sync --batch 8813",
    "bound to what": "Digest                    sha256:",
    "under which rule": "Rule                      recoveries",
    "what it required": "Required                  1 of platform-oncall",
    "in the policy's words": '| name = "recoveries"',
    "who voted": "Sam (sam)                 retry «Try 3 more times»",
    "with which right": "entitled as a member of platform-oncall, known as of 2026-11-12T21:30:05",
    "what they were shown": "shown the operation of this digest with context 0 of 0",
    "why": "reason: tested",
    "what was asked before": "asked 2026-11-12 21:30:05.000Z: is it tested?",
    "what was decided": "approved: retry, effect release",
    "by whom": "votes: sam",
    "who took it": "by service data-sync, once",
    "what came of it": "Outcome                   succeeded",
    "in which order": "operation:reported by service:data-sync",
}


@pytest.mark.parametrize("question", ASKED)
def test_what_an_auditor_asks_is_answered(past: Past, question: str) -> None:
    result = run(show, past.ids["ran"])
    assert result.exit_code == 0, result.output
    assert ASKED[question] in result.stdout


@pytest.mark.parametrize("name", ["ran", "stopped", "waits", "trouble"])
def test_it_is_found_by_its_id_and_by_the_end_of_it(past: Past, name: str) -> None:
    id_ = past.ids[name]
    assert run(show, id_).stdout == run(show, id_[-6:]).stdout
    assert id_ in run(show, id_).stdout


def test_a_reference_shows_every_escalation_that_names_it(past: Past) -> None:
    said = run(show, "CHG-1").stdout
    assert said.index(past.ids["ran"]) < said.index(past.ids["waits"])
    assert past.ids["stopped"] not in said


def test_what_is_not_there_is_said_so() -> None:
    result = run(show, "CHG-404\x1b[2J")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("There is no escalation CHG-404\\u001b[2J:")


@pytest.mark.parametrize("name", ["ran", "stopped", "waits", "trouble"])
def test_a_terminal_obeys_nobody(past: Past, name: str) -> None:
    said = run(show, past.ids[name]).stdout
    assert re.findall(r"[^\n\x20-\x7e\xa0-\uffff]|\u202e", said) == []


class _Tags(HTMLParser):
    """Every tag and address of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def test_the_page_is_one_file_without_scripts_or_assets(past: Past) -> None:
    page = run(show, past.ids["ran"], "--html").stdout
    found = _Tags()
    found.feed(page)
    known = {"html", "head", "meta", "title", "style", "body", "article", "h1", "h2", "p"}
    assert set(found.tags) <= known | {"section", "dl", "dt", "dd", "pre"}
    harmless = {"charset", "class", "content", "http-equiv", "lang", "name"}
    assert {name for name, _ in found.attributes} <= harmless
    assert "default-src &#x27;none&#x27;" in page
    assert "url(" not in page
    assert "@import" not in page


def test_what_was_written_is_read_on_the_page_and_is_no_markup(past: Past) -> None:
    page = run(show, past.ids["ran"], "--html").stdout
    assert "<script" not in page
    assert "\\u001b[2J\\u202e&lt;script&gt;alert(1)&lt;/script&gt; =1+1" in page
    assert "\u202e" not in page


def test_the_page_ends_with_the_whole_policy(past: Past) -> None:
    page = run(show, past.ids["ran"], "--html").stdout
    assert "The policy in force then" in page
    assert "[[rules]]" in page.rpartition("<h2>")[2]


def test_the_document_holds_all_of_it(past: Past) -> None:
    (found,) = json.loads(run(show, past.ids["ran"], "--json").stdout)
    assert found["escalation"]["id"] == past.ids["ran"]
    assert found["records"][0]["kind"] == "escalation:opened"
    assert found["grant"]["jws"].count(".") == 2
    assert found["policy"].startswith("#:schema")


def test_what_was_erased_shows_who_decided_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = lived(tmp_path)
    past.settle(monkeypatch)
    past.change(lambda stand: stand.submit(an_erasure(past.ids["ran"], "request 12")))
    for arguments in ([], ["--html"], ["--json"]):
        said = run(show, past.ids["ran"], *arguments).stdout
        assert [w for w in ("Vogel", "tested", "script", "is it") if w in said] == []
        assert "request 12" in said
    assert "sam                       retry 2026-11-12" in run(show, past.ids["ran"]).stdout


def test_without_a_file_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDON_DATABASE_URL", f"sqlite:///{tmp_path / 'no.db'}")
    result = run(show, "CHG-1")
    assert (result.exit_code, "there is no such file" in result.stderr) == (3, True)
