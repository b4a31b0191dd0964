"""What stayed unresolved is written down: first by itself, then by people."""

from datetime import timedelta
from typing import Any

import pytest

from approvals.memory.issue import (
    LONGEST,
    drafted,
    is_by_hand,
    is_unresolved,
    is_written_by_itself,
    may_have_issue,
)
from approvals.memory.values import Issue, IssueState
from approvals.refusals import Why
from approvals.verdict import Case
from tests.approvals.scene import Scene, case, incident, kinds, why
from tests.approvals.stories import STORIES

TOLD: dict[str, Any] = {
    "error": {"type": "SchemaConflictError", "message": "field 'lang' is keyword"},
    "recent_changes": ["22:05 firewall", "22:15 deploy 8f2c41"],
    "attempts": [
        {"at": "2026-11-12T20:50:00Z", "action": "automatic merge", "error": "refused"},
        {"action": "merge again"},
        "once more, in words",
    ],
    "system_state": {"documents": "41 million", "lag_s": 0},
}


def by_hand(label: str = "Stop", rationale: str = "I do it by hand. It is quicker.") -> Scene:
    """Stopped, since a person does it."""
    options = [{"key": "go", "label": "Go", "effect": "release"}]
    options.append({"key": "no", "label": label, "effect": "abort"})
    scene = Scene(options=options, context=TOLD).open()
    scene.vote("UANA", "no", rationale=rationale)
    return scene


@pytest.mark.parametrize(
    ("label", "rationale"),
    [
        ("Stop", "I do it by hand"),
        ("Stop", "I do it by hand. It is quicker."),
        ("I will resolve it by hand", "not now"),
        ("Manual resolution", "not now"),
    ],
)
def test_who_says_so_does_it_by_hand(label: str, rationale: str) -> None:
    """By the reason or by the option; then an issue is begun."""
    scene = by_hand(label, rationale)
    assert is_by_hand(scene.e)
    assert scene.e.issue is not None
    assert (scene.e.issue.by, scene.e.issue.owner) == ("andon", "ana")


@pytest.mark.parametrize("rationale", ["not now", "I do it by handing it on"])
def test_who_only_stops_it_does_nothing_by_hand(rationale: str) -> None:
    scene = by_hand(rationale=rationale)
    assert not is_by_hand(scene.e)
    assert (scene.e.issue, may_have_issue(scene.e)) == (None, False)


def test_what_the_policy_ended_was_done_by_nobody() -> None:
    scene = by_hand()
    scene.change(decision=None)
    assert not is_by_hand(scene.e)


def test_the_first_form_says_what_is_known() -> None:
    """From context and events; the rest as the seed has it."""
    scene = by_hand()
    assert scene.e.issue == Issue(
        state=IssueState.OPEN,
        at=scene.now,
        by="andon",
        scenario="Deploy 41\nSchemaConflictError: field 'lang' is keyword",
        trigger="22:15 deploy 8f2c41",
        attempts=("2026-11-12T20:50:00Z automatic merge: refused", "merge again"),
        retry_count=2,
        root_cause="Unknown",
        blockers=None,
        system_state="documents: 41 million, lag_s: 0",
        workarounds=None,
        requires="Manual investigation",
        owner="ana",
        due=None,
        priority="medium",
    )


def test_the_newest_change_is_the_one_that_says_so() -> None:
    """Where changes name their time."""
    changes = [{"at": "22:15", "what": "deploy"}, {"at": "22:05", "what": "firewall"}]
    scene = Scene(context={"recent_changes": changes}).open()
    assert drafted(scene.e).trigger == "at: 22:15, what: deploy"


def test_what_is_long_is_cut() -> None:
    """People complete it."""
    scene = Scene(summary="x" * 3000).open()
    said = drafted(scene.e).scenario
    assert said is not None
    assert (len(said), said[-1]) == (LONGEST, "…")


@pytest.mark.parametrize(
    ("story", "itself", "asked", "blockers"),
    [
        ("expired", True, True, "Nobody decided in time."),
        ("unknown_then_failed", True, True, None),
        ("rejected", False, False, None),
        ("succeeded", False, False, None),
        ("withdrawn", False, False, None),
        ("recovered", False, True, None),
        ("resolved", False, False, None),
        ("pending", False, False, None),
    ],
)
def test_what_stayed_unresolved(story: str, itself: bool, asked: bool, blockers: str) -> None:
    """An incident that went away is for people to say something of, or not."""
    e = STORIES[story]().e
    assert (is_written_by_itself(e), is_unresolved(e), may_have_issue(e)) == (itself, asked, asked)
    assert (e.issue is not None, e.issue and e.issue.blockers) == (itself, blockers)


def test_why_it_failed_is_what_stands_in_the_way() -> None:
    scene = Scene().approved()
    scene.claim()
    scene.report("failed", detail="disk full")
    assert scene.e.issue is not None
    assert scene.e.issue.blockers == "disk full"


def test_what_an_incident_ended_with_is_in_its_first_form() -> None:
    """Whoever resolved it has said so already."""
    draft = drafted(STORIES["resolved"]().e)
    assert (draft.root_cause, draft.workarounds, draft.owner) == (
        "a full disk",
        "deleted logs",
        "ana",
    )
    scene = incident().open()
    scene.resolve()
    assert drafted(scene.e).owner is None


def test_a_storm_is_written_down_once() -> None:
    """By the first of it; but what fails of it stands for itself."""
    second = Scene().open()
    second.change(storm_id="stm_1", storm_place=2)
    second.now = second.e.deadline_at
    assert kinds(second.tick()) == ["escalation:decided"]


# -- people write ---------------------------------------------------------------------------------


def test_people_complete_it() -> None:
    """What they say replaces what was filled in; what only the context says stays."""
    scene = by_hand()
    done = scene.write_issue(
        scenario="  two mappings  ",
        workarounds="alembic by hand",
        owner="UCEM",
        due="2026-12-01",
    )
    assert (case(done), kinds(done)) == (Case.ISSUE_WRITTEN, ["issue:written"])
    issue = scene.e.issue
    assert issue is not None
    assert (issue.state, issue.by, issue.at) == (IssueState.KNOWN, "person:ben", scene.now)
    assert (issue.scenario, issue.workarounds) == ("two mappings", "alembic by hand")
    assert (issue.root_cause, issue.requires) == ("Unknown", "Manual investigation")
    assert (issue.owner, issue.due, issue.trigger) == ("cem", "2026-12-01", "22:15 deploy 8f2c41")
    again = scene.write_issue(
        scenario="two mappings", workarounds="alembic by hand", owner="UCEM", due="2026-12-01"
    )
    assert (case(again), again.records) == (Case.REPEATED, ())
    scene.write_issue("UREQ", "fixed")
    assert (scene.e.issue.state, scene.e.issue.owner) == (IssueState.FIXED, None)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"scenario": "x" * 1001}, Why.REASON_TOO_LONG),
        ({"owner": "UNOBODY"}, Why.NO_SUCH_PERSON),
        ({"due": "soon"}, Why.NOT_A_DAY),
        ({"due": "2026-02-30"}, Why.NOT_A_DAY),
        ({"due": "20261201"}, Why.NOT_A_DAY),
        ({"due": "2026-11-10"}, Why.NOT_A_DAY),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field(given: dict[str, str], field: Why) -> None:
    scene = by_hand()
    done = scene.write_issue(**given)
    assert (why(done), done.records) == (field, ())
    assert done.refusal is not None
    assert done.refusal.values["field"] == next(iter(given))


def test_a_day_is_over_when_it_is_over_everywhere() -> None:
    """And one that was chosen in time stays, however late the rest is completed."""
    scene = by_hand()
    today = scene.now.date()
    assert why(scene.write_issue(due=today.isoformat())) is None
    scene.now += timedelta(days=1, hours=12)
    assert why(scene.write_issue(due=today.isoformat(), scenario="it came again")) is None
    assert why(by_hand().write_issue(due=(today - timedelta(days=2)).isoformat())) is Why.NOT_A_DAY


@pytest.mark.parametrize(("hour", "refused"), [(11, None), (12, Why.NOT_A_DAY)])
def test_yesterday_is_over_from_noon_in_utc(hour: int, refused: Why | None) -> None:
    """Until then somebody lives in it: no zone is further than twelve hours behind."""
    scene = by_hand()
    scene.now = (scene.now + timedelta(days=1)).replace(hour=hour, minute=0)
    yesterday = scene.now.date() - timedelta(days=1)
    assert why(scene.write_issue(due=yesterday.isoformat())) is refused


def test_known_is_what_has_a_cause_or_a_way_round_it() -> None:
    """Of the issue itself, or of its review; what is open or fixed may be without."""
    for given in ({"workarounds": "restarted it"}, {"root_cause": "a full disk"}):
        assert why(by_hand().write_issue(**given)) is None
    done = by_hand().write_issue(workarounds=" ", requires="a bigger disk")
    assert (why(done), done.records) == (Why.REASON_NEEDED, ())
    assert done.refusal is not None
    assert done.refusal.values["field"] == "workarounds"
    for state in ("open", "fixed"):
        assert why(by_hand().write_issue(state=state)) is None
    scene = Scene().approved()
    scene.claim()
    scene.report("failed")
    scene.write_review(root_cause="a full disk")
    assert why(scene.write_issue(workarounds="")) is None


def test_what_waits_for_a_decision_is_not_written_down() -> None:
    assert why(Scene().open().write_issue()) is Why.NOT_OVER


def test_what_is_erased_is_written_to_no_more() -> None:
    scene = by_hand()
    scene.erase()
    assert why(scene.write_issue()) is Why.ALREADY_ERASED
    assert not may_have_issue(scene.e)
    assert not is_written_by_itself(scene.e)


# -- who may --------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", ["UANA", "UBEN", "UREQ", "UREQ2"])
def test_approvers_and_who_asked_may_write(account: str) -> None:
    """The requester releases nothing by it."""
    assert why(by_hand().write_issue(account)) is None


def test_owners_of_the_service_may_write() -> None:
    assert why(by_hand().write_issue("UDEE")) is Why.NOT_A_WRITER
    owned = Scene()
    owned.plan["owners"] = ("dee",)
    owned.open()
    owned.now = owned.e.deadline_at + timedelta(seconds=1)
    owned.tick()
    assert why(owned.write_issue("UDEE")) is None


def test_outsiders_are_told_who_may() -> None:
    done = by_hand().write_issue("UCEM")
    assert why(done) is Why.NOT_A_WRITER
    assert done.refusal is not None
    assert done.refusal.values["can"] == ["Ana", "Ben"]


def test_strangers_and_those_who_left_may_not() -> None:
    scene = by_hand()
    assert why(scene.write_issue("USTRANGER")) is Why.UNKNOWN_ACCOUNT
    assert why(scene.write_issue("UANA", foreign=True)) is Why.NOT_A_MEMBER
    scene.gone.add("req")
    assert why(scene.write_issue("UREQ")) is Why.NOT_A_WRITER
    scene.gone.add("ben")
    assert why(scene.write_issue("UBEN")) is Why.NOT_A_MEMBER
    scene.nobody_known = True
    assert why(scene.write_issue("UANA")) is Why.PEOPLE_UNKNOWN


def test_who_asked_by_an_account_alone_is_told_how_to_be_known() -> None:
    """Whoever writes is on record by name."""
    scene = Scene(requested_by={"id": "new", "slack": "UNEW"}).open()
    scene.vote("UBEN", "no", rationale="I do it by hand")
    assert why(scene.write_issue("UNEW")) is Why.UNKNOWN_ACCOUNT


def test_whoever_looks_after_an_incident_may_write() -> None:
    scene = incident().open()
    scene.withdraw(reason="recovered")
    assert why(scene.write_issue("UBEN")) is None
    assert why(scene.write_issue("UDEE")) is Why.NOT_A_WRITER
    scene.write_issue(owner="UDEE")
    assert why(scene.write_issue("UDEE")) is None
