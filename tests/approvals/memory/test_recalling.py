"""What earlier ones show: frozen at the opening, and never a reason to decide."""

import re
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from approvals.codec import dump_text, instant
from approvals.events import OPENED
from approvals.evolve import evolve
from approvals.ledger import Ledger
from approvals.memory.codec import dump_remembered, load_remembered
from approvals.memory.recalling import (
    answer_of,
    dump_summary,
    is_failed,
    key_of,
    keys_of,
    summary,
)
from approvals.memory.remembering import Remembered, remembered, searchable
from approvals.memory.values import Issue, IssueState, Likeness, Precedent, Recollection
from approvals.words import Kind, Result, Severity, Status
from tests.approvals import stories
from tests.approvals.memory.test_learned import reviewed
from tests.approvals.scene import Scene
from tests.approvals.world import START
from tests.building import ROOT


def kept(n: int, option: str | None = "go") -> Remembered:
    """One that ended so many hours after the start."""
    return Remembered(
        id=f"esc_{n}",
        service="svc",
        kind=Kind.APPROVAL,
        category="deployment",
        severity=Severity.MEDIUM,
        environment="production",
        title="Deploy",
        rule="r",
        status=Status.APPROVED if option else Status.EXPIRED,
        created_at=START,
        ended_at=START + timedelta(hours=n),
        option=option,
        people=("ana", "ben") if option else (),
        outcome=Result.FAILED if option else None,
    )


def test_a_summary_counts_answers_and_names_the_last_few() -> None:
    last = [kept(n) for n in range(7, 0, -1)]
    made = summary(Likeness.EXACT, [("no", 2, 0, 0), ("go", 5, 1, 2), ("expired", 2, 0, 0)], last)
    assert made == Recollection(
        likeness=Likeness.EXACT,
        times=9,
        ended={"go": 5, "expired": 2, "no": 2},
        failed=1,
        undone=2,
        precedents=tuple(
            Precedent(
                id=f"esc_{n}",
                at=START + timedelta(hours=n),
                option="go",
                outcome="failed",
                person="ben",
            )
            for n in range(7, 2, -1)
        ),
    )
    assert list(made.ended) == ["expired", "go", "no"]


def test_of_none_there_is_no_summary() -> None:
    assert summary(Likeness.ERROR, [], []) is None


def test_one_that_nobody_decided_names_nobody() -> None:
    made = summary(Likeness.EXACT, [("expired", 1, 0, 0)], [kept(1, None)])
    assert made is not None
    assert made.precedents == (Precedent(id="esc_1", at=START + timedelta(hours=1)),)


@pytest.mark.parametrize(
    ("known", "shown"),
    [(list(Likeness), "exact"), (["template", "error"], "template"), (["error"], "error")],
)
def test_the_closest_look_is_shown(known: list[str], shown: str) -> None:
    scene = Scene(context={"error": {"message": "no answer"}})
    (blank,) = scene.try_to_open().records
    keys = {likeness: key for key, likeness in keys_of(scene.open().e.fingerprint).items()}
    assert blank.body["escalation"].get("recalled") is None
    ledger = Ledger(
        recollections={
            keys[Likeness(name)]: {"likeness": name, "times": n}
            for n, name in enumerate(known, start=1)
        }
    )
    done = scene.try_to_open(ledger=ledger)
    assert done.escalation is not None
    assert done.escalation.recalled == Recollection(likeness=Likeness(shown), times=1)


def test_what_is_opened_with_a_summary_is_to_the_byte_what_its_record_says() -> None:
    """Stores keep the text, and an audit makes it anew from the records."""
    scene = Scene()
    (key, *_) = keys_of(scene.open().e.fingerprint)
    made = summary(Likeness.EXACT, [("go", 5, 0, 0), ("no", 9, 0, 0), ("expired", 1, 0, 0)], [])
    assert made is not None
    known = {key: orjson.loads(dump_summary(made))}
    done = scene.try_to_open(ledger=Ledger(recollections=known))
    (record,) = done.records
    again = evolve(None, replace(record, body=orjson.loads(record.text)["body"]))
    assert done.escalation is not None
    assert dump_text(again) == dump_text(done.escalation)


def test_whatever_is_remembered_the_verdict_is_the_same() -> None:
    scene = Scene(context={"error": {"message": "no answer"}})
    (key, *_) = keys_of(scene.open().e.fingerprint)
    bad = {"likeness": "exact", "times": 9, "ended": {"no": 9}, "failed": 9, "undone": 9}
    plain, shown = (
        scene.try_to_open(ledger=Ledger(recollections=known)) for known in ({}, {key: bad})
    )
    assert (plain.answer.case, plain.refusal, plain.work) == (
        shown.answer.case,
        shown.refusal,
        shown.work,
    )
    assert plain.escalation is not None
    assert shown.escalation is not None
    same = {"id": "", "head": "", "recalled": None}
    assert replace(shown.escalation, **same) == replace(plain.escalation, **same)
    assert [record.kind for record in shown.records] == [OPENED]


def test_nothing_that_decides_reads_what_is_remembered() -> None:
    core = ROOT / "approvals"
    reads = [
        path.relative_to(core).as_posix()
        for path in (*core.glob("*.py"), *core.glob("decide/*.py"), *core.glob("policy/*.py"))
        if re.search(r"recall(?!_)|recollect", path.read_text(encoding="utf-8"))
    ]
    assert sorted(reads) == ["decide/open.py", "escalation.py", "ledger.py"]


def test_a_summary_goes_through_json_as_an_opening_event_says_it() -> None:
    made = summary(Likeness.EXACT, [("go", 1, 1, 0)], [kept(1)])
    assert made is not None
    assert orjson.loads(dump_summary(made)) == {
        "likeness": "exact",
        "times": 1,
        "ended": {"go": 1},
        "failed": 1,
        "precedents": [
            {
                "id": "esc_1",
                "at": instant(START + timedelta(hours=1)).replace(".000000", ""),
                "option": "go",
                "outcome": "failed",
                "person": "ben",
            }
        ],
    }


def test_keys_name_the_look_and_its_hash() -> None:
    made = stories.succeeded().e.fingerprint
    assert made is not None
    assert keys_of(made) == {
        key_of(Likeness.EXACT, made.exact): Likeness.EXACT,
        key_of(Likeness.TEMPLATE, made.template or ""): Likeness.TEMPLATE,
    }
    assert keys_of(None) == {}


ENDED = [
    stories.succeeded,
    stories.unknown_then_failed,
    stories.rejected,
    stories.expired,
    stories.withdrawn,
    stories.stopped,
    stories.void,
    stories.overridden,
    stories.resolved,
    stories.recovered,
]


@pytest.mark.parametrize("story", ENDED)
def test_what_is_remembered_goes_through_json(story: stories.Story) -> None:
    found = remembered(story().e)
    assert found is not None
    assert load_remembered(dump_remembered(found)) == found


def test_it_is_counted_by_its_option_or_by_how_it_ended() -> None:
    assert [(answer_of(it), is_failed(it)) for it in (kept(1), kept(2, None))] == [
        ("go", True),
        ("expired", False),
    ]


def test_a_vote_without_words_leaves_the_last_word_to_another() -> None:
    scene = Scene("other").open()
    scene.vote("UANA", rationale="looks fine")
    scene.vote("UBEN", rationale=None)
    scene.vote("UCEM", rationale=None)
    found = remembered(scene.e)
    assert found is not None
    assert (found.people, found.rationale) == (("ana", "ben"), "looks fine")


def test_what_waits_and_what_is_erased_is_not_remembered() -> None:
    assert (remembered(stories.pending().e), remembered(stories.erased().e)) == (None, None)


def test_how_it_ended_is_remembered() -> None:
    stopped, void = remembered(stories.stopped().e), remembered(stories.void().e)
    assert stopped is not None
    assert void is not None
    assert [(it.stopped, it.void, it.is_reversed) for it in (stopped, void)] == [
        (True, False, True),
        (False, True, False),
    ]


def test_the_last_words_of_whoever_decided_are_remembered() -> None:
    scene = Scene().open()
    scene.vote("UBEN", rationale="looks fine")
    first = remembered(scene.e)
    assert first is not None
    assert (first.rationale, first.option, first.label, first.people) == (
        "looks fine",
        "go",
        "Go",
        ("ben",),
    )
    scene.reason("tested twice", "UBEN")
    later = remembered(scene.e)
    assert later is not None
    assert later.rationale == "tested twice"


def test_what_was_written_down_is_found_and_says_what_was_done_by_hand() -> None:
    e = replace(
        reviewed(),
        issue=Issue(
            state=IssueState.KNOWN, at=START, by="person:ana", scenario="slow", workarounds="waited"
        ),
    )
    found = remembered(e)
    assert found is not None
    assert found.by_hand == "waited"
    lines = searchable(e).split("\n")
    assert {"slow", "waited", "Unknown", "a lock", "Deploy 41", "deploy"} <= set(lines)


def test_of_an_incident_the_cause_is_remembered_and_found() -> None:
    e = stories.resolved().e
    found = remembered(e)
    assert found is not None
    assert e.resolution is not None
    assert (found.rationale, found.by_hand) == (e.resolution.root_cause, e.resolution.by_hand)
    assert e.resolution.root_cause in searchable(e)


def test_impact_and_error_are_found() -> None:
    context = {"error": {"type": "Timeout", "message": "no answer"}, "user_impact": "orders wait"}
    lines = searchable(Scene(context=context).open().e).split("\n")
    assert {"Timeout", "no answer", "orders wait"} <= set(lines)
