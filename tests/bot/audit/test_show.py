"""`audit show`: everything an auditor asks of one escalation, safe to read anywhere."""

import json
import re
import sqlite3
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest

from approvals.events import canonical_text
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


# -- checks ---------------------------------------------------------------------------------------


def lines_of_checks(said: str) -> list[str]:
    """The last part of the text."""
    return [line.split(maxsplit=1)[1] for line in said.rpartition("Checks\n")[2].splitlines()]


def test_what_was_checked_is_said(past: Past) -> None:
    assert lines_of_checks(run(show, past.ids["ran"]).stdout) == [
        "holds: 6 records, each on the one before; all else follows from them",
        f"holds: signed by {next((past.folder / 'keys').glob('*.jwk')).stem}",
        "holds: to record 6 of 6, in blocks 1",
        "holds: 1 of 1 blocks are anchored",
    ]


def test_without_keys_and_anchors_that_is_said(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDON_SIGNING_KEYS", "nowhere")
    monkeypatch.setenv("ANDON_ANCHORS", "nowhere")
    result = run(show, past.ids["ran"])
    assert result.exit_code == 0
    assert lines_of_checks(result.stdout)[1::2] == [
        "not checked: there are no keys to check it with",
        "not checked: there is no anchor file; give --anchors",
    ]


def test_what_does_not_hold_is_said_and_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = lived(tmp_path)
    past.settle(monkeypatch)
    with closing(sqlite3.connect(tmp_path / "andon.db")) as link:
        link.execute("DROP TRIGGER bodies_stay")
        link.execute("UPDATE event_bodies SET text = replace(text, 'tested', 'untold')")
        link.commit()
    result = run(show, past.ids["ran"])
    first = lines_of_checks(result.stdout)[0]
    assert (result.exit_code, "DOES NOT HOLD: escalation" in first) == (1, True)
    assert '<dd class="wrong">DOES NOT HOLD' in run(show, past.ids["ran"], "--html").stdout


def test_anchors_kept_elsewhere_are_asked(past: Past, tmp_path: Path) -> None:
    line = json.loads((past.folder / "andon.anchors").read_text().splitlines()[0])
    copy = tmp_path / "copy"
    copy.write_text(canonical_text({**line, "hash": "sha256:" + "1" * 64}) + "\n")
    result = run(show, past.ids["ran"], "--anchors", str(copy))
    assert (result.exit_code, lines_of_checks(result.stdout)[3][:13]) == (1, "DOES NOT HOLD")
